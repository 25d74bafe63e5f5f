/** A question taken apart: what is quoted or dictated, and its clauses. */
import type { Language } from "../config.ts";
import { languageOf } from "./demo_words.ts";

/** Text that belongs to an argument and says nothing about which tool is meant. */
export interface Piece {
  readonly kind: "url" | "email" | "subject" | "body" | "quote";
  readonly text: string;
}

export interface Reading {
  readonly text: string;
  readonly language: Language;
  /** The text with each piece replaced by one character that stands for it. */
  readonly masked: string;
  readonly pieces: readonly Piece[];
}

// Private-use characters: they occur in no question, and no other rule matches them.
const firstMark = 0xe000;
const marks = /[\uE000-\uE0FF]/g;
const maxPieces = 256;

const quoted = '[“"「『]([^”"」』]+)[”"」』]';
const pieceRules: readonly (readonly [Piece["kind"], RegExp])[] = [
  ["url", /(https?:\/\/[^\s，。；）)"”]+)/giu],
  ["email", /([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/gu],
  [
    "subject",
    new RegExp(
      `(?:，|,)?\\s*(?:with )?(?:the )?(?:主题|标题|subject|title)(?: line)?\\s*(?:是|为|is|[：:=])?\\s*${quoted}`,
      "giu",
    ),
  ],
  [
    "subject",
    /[，,]?\s*(?:with )?(?:the )?(?:主题|标题|\bsubject|\btitle)\s*(?:是|为|is\b|[：:=])\s*([^，,；;。\n]+?)(?=\s*(?:[，,；;。\n]|\band\b|\bwith\b|$))/giu,
  ],
  [
    "body",
    new RegExp(
      `(?:(?:，|,)?\\s*(?:with |and )?(?:the )?(?:内容|正文|body|content|message|text))\\s*(?:是|为|is|[：:=])?\\s*${quoted}`,
      "giu",
    ),
  ],
  [
    "body",
    /[，,]?\s*(?:and )?(?:the )?(?:内容|正文|\bbody|\bcontent|\bmessage|\btext)\s*(?:是|为|is\b|says\b|[：:=])\s*(.+)$/isu,
  ],
  ["quote", new RegExp(quoted, "gu")],
  ["quote", /《([^》]+)》/gu],
  ["quote", /(?<=^|[\s\p{Script=Han}])['‘]([^'’]+)['’](?=$|[\s\p{P}\p{Script=Han}])/gu],
  ["body", /[，,]?\s*(?:告诉|通知|转告|提醒)(?:他们|她们|他|她|对方|大家)[，,：:]?\s*(.+)$/su],
  ["body", /(?<=(?:跟|对|给|和)[^，,。]{1,16})说[，,：:]?\s*(.+)$/su],
  [
    "body",
    /\b(?:saying|that says|to say|telling (?:him|her|them)|(?:and )?tell (?:him|her|them|everyone))\b(?: that)?[,:]?\s+(.+)$/isu,
  ],
  ["body", /(?:：|:(?![\d/]))\s*(.+)$/su],
];

/** Takes quoted and dictated text out of a question. */
export function readQuestion(text: string): Reading {
  const pieces: Piece[] = [];
  let masked = text.trim().replace(marks, "");
  for (const [kind, rule] of pieceRules) {
    masked = masked.replace(rule, (whole: string, value: string) => {
      const piece = unmask(value, pieces).trim();
      if (piece === "" || pieces.length >= maxPieces) return whole;
      pieces.push({ kind, text: piece });
      return ` ${String.fromCharCode(firstMark + pieces.length - 1)} `;
    });
  }
  return { text, language: languageOf(text), masked, pieces };
}

/** The same text with nothing taken out: for questions that are dictated as a whole. */
export function readPlainly(text: string): Reading {
  return { text, language: languageOf(text), masked: text.trim().replace(marks, ""), pieces: [] };
}

/** Puts the pieces back into a stretch of masked text. */
export function unmask(masked: string, pieces: readonly Piece[]): string {
  return masked.replace(marks, (mark) => pieces[mark.charCodeAt(0) - firstMark]?.text ?? "");
}

/** The pieces whose marks stand in a stretch of masked text. */
export function piecesIn(masked: string, pieces: readonly Piece[]): Piece[] {
  return [...masked.matchAll(marks)].map(([mark]) => pieces[mark.charCodeAt(0) - firstMark])
    .filter((piece) => piece !== undefined);
}

/** A stretch of a question; `later` when its words say that it follows on what stands before it. */
export interface Clause {
  readonly text: string;
  readonly later: boolean;
}

const borders = new RegExp(
  "(?<later>然后|接着|随后|之后再|再(?=[给发查告把去看将])|并(?=[给发查告把将])|\\b(?:and )?then\\b|\\bafter that\\b)" +
    "|并且|同时|顺便|另外|还有|\\b(?:and )?also\\b" +
    "|[，。；;？?！!\\n]+|,(?!\\d)|(?<!\\b(?:St|Mt|Ft|Mr|Mrs|Ms|Dr|[A-Z]))\\.(?=\\s|$)",
  "giu",
);

/** Clauses in order, each with the separator that ends it, so that joining them gives the text again. */
export function clausesOf(masked: string): Clause[] {
  const clauses: Clause[] = [];
  let from = 0;
  let later = false;
  for (const border of masked.matchAll(borders)) {
    const end = border.index + border[0].length;
    if (masked.slice(from, border.index).trim() !== "") {
      clauses.push({ text: masked.slice(from, end), later });
      later = false;
      from = end;
    }
    later ||= border.groups?.later !== undefined;
  }
  if (masked.slice(from).trim() !== "") clauses.push({ text: masked.slice(from), later });
  return clauses;
}

/** Parts of a clause around its "and"s, each with the joint that ends it, so that joining them gives the clause again. */
export function partsOf(clause: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const joint of clause.matchAll(/以及|[和与跟及、&]|\band\b|\bplus\b/giu)) {
    parts.push(clause.slice(from, joint.index + joint[0].length));
    from = joint.index + joint[0].length;
  }
  return [...parts, clause.slice(from)].filter((part) => part.trim() !== "");
}

/** Arguments of a call, found in a question by the tool's JSON schema. */
import { choiceIn, contains, fittingNumber, says, truthIn } from "./demo_choice.ts";
import type { Entity } from "./demo_names.ts";
import { type Piece, piecesIn, type Reading, unmask } from "./demo_reading.ts";
import { remainder } from "./demo_remainder.ts";
import { type Slot, slotsOf } from "./demo_slots.ts";
import {
  codesIn,
  dateIn,
  expressionIn,
  numbersIn,
  pathIn,
  type Quantity,
  targetLanguageIn,
  timeIn,
} from "./demo_values.ts";

/** Where arguments are looked for. */
export interface Scope {
  readonly reading: Reading;
  /** The clause the tool was chosen for, masked. */
  readonly clause: string;
  readonly entities: readonly Entity[];
  /** What the tool is about, as tokens: these words are commands, not content. */
  readonly topics: ReadonlySet<string>;
  /** True when the clause is not the tool's own: names may be taken from it, free text may not. */
  readonly borrowed: boolean;
  /** What tools of this turn found before: may be sent on. */
  readonly found: string;
  readonly now: Date;
}

export interface Filled {
  /** One set of arguments per call: "Berlin and Paris" makes two. */
  readonly sets: readonly Record<string, unknown>[];
  readonly missing: readonly Slot[];
}

// What can be told by its form comes first; free text takes what is left.
const order = [
  "number",
  "boolean",
  "email",
  "url",
  "language",
  "expression",
  "date",
  "time",
  "path",
  "origin",
  "destination",
  "recipient",
  "place",
  "code",
  "name",
  "entity",
  "subject",
  "text",
  "query",
];
const named: ReadonlySet<string> = new Set(["place", "recipient", "name", "entity", "code"]);

function rank(slot: Slot): number {
  if (slot.choices.length > 0) return -1;
  const at = order.indexOf(slot.type === "integer" ? "number" : slot.type);
  return at >= 0 ? at : order.indexOf(slot.kind);
}

/** Fills the slots of one tool; optional ones only with what the question clearly says. */
export function fillSlots(slots: readonly Slot[], scope: Scope): Filled {
  const finder = new ArgumentFinder(scope);
  const values = new Map<string, unknown>();
  for (const slot of [...slots].sort((a, b) => rank(a) - rank(b))) {
    const value = finder.find(slot);
    if (value !== undefined) values.set(slot.name, value);
  }
  finder.complete(slots, values);
  const args = Object.fromEntries(
    slots.filter((slot) => values.has(slot.name)).map((slot) => [slot.name, values.get(slot.name)]),
  );
  const missing = slots.filter((slot) =>
    slot.required && !values.has(slot.name) && !("default" in slot.schema)
  );
  const shared = slots.filter((slot) =>
    slot.type === "string" && named.has(slot.kind) && values.has(slot.name)
  );
  const others = shared.length === 1 ? finder.companions(String(values.get(shared[0].name))) : [];
  return { sets: [args, ...others.map((other) => ({ ...args, [shared[0].name]: other }))], missing };
}

const towards = /^(?:到|去|往|至|to)$/;

/** Looks for values in one clause; what one slot has taken no other gets. */
class ArgumentFinder {
  readonly #scope: Scope;
  #entities: Entity[];
  #pieces: Piece[];
  #numbers: Quantity[];
  #codes: string[];
  #text: string;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#text = unmask(scope.clause, scope.reading.pieces);
    this.#pieces = piecesIn(scope.clause, scope.reading.pieces);
    this.#entities = [...scope.entities];
    const plain = scope.clause.replace(/[\uE000-\uE0FF]/g, " ");
    this.#numbers = numbersIn(plain);
    this.#codes = codesIn(plain);
  }

  find(slot: Slot): unknown {
    if (slot.type === "array") return this.#list(slot);
    if (slot.type === "object") return this.#object(slot);
    if (slot.choices.length > 0) return choiceIn(this.#text, slot, this.#scope.reading.language);
    if (slot.type === "boolean") return truthIn(this.#text, slot);
    if (slot.type === "number" || slot.type === "integer") return this.#number(slot);
    return this.#example(slot) ?? this.#textual(slot);
  }

  /** Names that were joined by "and" with the one a slot has taken. */
  companions(taken: string): string[] {
    const all = this.#scope.entities;
    const group = all.find((entity) => entity.text === taken)?.group;
    const names = all.filter((entity) => entity.group === group && entity.text !== taken).map(({ text }) =>
      text
    );
    const emails = taken.includes("@")
      ? this.#pieces.filter(({ kind }) => kind === "email").map(({ text }) => text)
      : [];
    return [...new Set([...names, ...emails])].filter((name) => name !== taken);
  }

  /** A text without content gets what was found before, and a letter without a subject the start of its text. */
  complete(slots: readonly Slot[], values: Map<string, unknown>): void {
    const { found, reading } = this.#scope;
    const ofKind = (kind: Slot["kind"]) => slots.find((slot) => slot.kind === kind && slot.type === "string");
    const text = ofKind("text");
    const subject = ofKind("subject");
    if (text && !values.has(text.name)) {
      const content = found || (text.required && subject && values.get(subject.name));
      if (content) values.set(text.name, content);
    }
    if (!subject || values.has(subject.name)) return;
    const body = text && values.get(text.name);
    // What was found is a table or a list: the request that led to it makes the better headline.
    const line = body !== undefined && body === found ? reading.text : body;
    const own = line ??
      (subject.required ? this.#piece("body", "quote") ?? this.#remainder(false) : undefined);
    if (own) values.set(subject.name, headline(String(own)));
  }

  #textual(slot: Slot): string | undefined {
    const { now } = this.#scope;
    switch (slot.kind) {
      case "email":
      case "url":
        return this.#piece(slot.kind);
      case "date":
        return dateIn(this.#text, slot.schema.format === "date" || slot.schema.format === "date-time", now);
      case "time":
        return timeIn(this.#text);
      case "path":
        return pathIn(this.#text) ?? this.#piece("quote");
      case "expression":
        return expressionIn(this.#text, true) ?? this.#piece("quote", "body");
      case "language":
        return this.#language();
      case "recipient":
        return this.#piece("email") ?? this.#name(slot, /^(?:给|向|to|for)$/);
      case "origin":
        return this.#name(slot, /^(?:从|自|from)$/, towards);
      case "destination":
        return this.#name(slot, towards, /^(?:从|自|from)$/);
      case "place":
        return this.#name(slot, /^(?:在|去|到|in|at|for|of|near)$/);
      case "code":
        return this.#codes.shift() ?? this.#name(slot, /^(?:of|for)$/);
      case "name":
      case "entity":
        return this.#name(slot, /^(?:给|向|对|叫|to|for|by|of|from)$/) ?? this.#quote(slot);
      case "subject":
        return this.#piece("subject") ?? this.#topic();
      case "text":
        return this.#piece("body", "quote") ?? (slot.required ? this.#remainder(false) : undefined);
      case "query":
        return this.#piece("quote", "body") ?? this.#remainder(true);
    }
  }

  #quote(slot: Slot): string | undefined {
    return this.#piece("quote") ?? (slot.required ? this.#piece("body") : undefined);
  }

  #remainder(query: boolean): string | undefined {
    if (this.#scope.borrowed) return undefined;
    return remainder(this.#text, this.#scope.topics, query) || undefined;
  }

  /** The first piece of one of the kinds, in order of the kinds. */
  #piece(...kinds: Piece["kind"][]): string | undefined {
    for (const kind of kinds) {
      const at = this.#pieces.findIndex((piece) => piece.kind === kind);
      if (at < 0) continue;
      const [{ text }] = this.#pieces.splice(at, 1);
      this.#cut(text);
      return text;
    }
  }

  /** What one slot has taken is not part of the free text. */
  #cut(taken: string): void {
    this.#text = this.#text.replace(taken, " ");
  }

  /** A name, best one that stands after the right word; an optional slot takes only what surely is a name. */
  #name(slot: Slot, lead: RegExp, not?: RegExp): string | undefined {
    const suited = this.#entities.filter((entity) =>
      (entity.strong || slot.required) && !not?.test(entity.lead)
    );
    const chosen = suited.find((entity) => entity.strong && lead.test(entity.lead)) ??
      suited.find((entity) => entity.strong) ?? suited.find((entity) => lead.test(entity.lead)) ?? suited[0];
    if (!chosen) return undefined;
    this.#entities = this.#entities.filter((entity) => entity !== chosen);
    this.#cut(chosen.text);
    return chosen.text;
  }

  /** What a letter is about: "about the meeting", 关于会议的邮件. */
  #topic(): string | undefined {
    const found = /关于(.+?)的(?:邮件|信|消息|通知)/u.exec(this.#text) ??
      /\babout\s+(?:the )?(.+?)(?=$|[,.;!?]|\s+(?:and|saying|with)\s)/i.exec(this.#text);
    if (found) this.#cut(found[0]);
    return found?.[1];
  }

  #language(): string | undefined {
    const found = targetLanguageIn(this.#text);
    if (found) this.#cut(found.phrase);
    return found?.value;
  }

  #example(slot: Slot): string | undefined {
    if (slot.kind === "text" || slot.kind === "query") return undefined;
    return slot.examples.find((example) => contains(this.#text, example));
  }

  #number(slot: Slot): number | undefined {
    const at = fittingNumber(this.#numbers, slot);
    if (at < 0) return undefined;
    const [{ value }] = this.#numbers.splice(at, 1);
    return slot.type === "integer" ? Math.round(value) : value;
  }

  #list(slot: Slot): unknown[] | undefined {
    const item = slotsOf({
      properties: { [slot.name]: slot.schema.items ?? {} },
      required: slot.required ? [slot.name] : [],
    })[0];
    if (item.choices.length > 0) {
      const found = item.choices.filter((choice) => says(this.#text, choice, slot.description));
      return found.length > 0 ? found : undefined;
    }
    if (item.type === "number" || item.type === "integer") {
      return this.#numbers.length > 0 ? this.#numbers.splice(0).map(({ value }) => value) : undefined;
    }
    if (item.type !== "string") return undefined;
    const first = this.#textual(item);
    if (first === undefined) return undefined;
    return item.kind === "text"
      ? first.split(/\s*(?:[、，,;；]|\band\b|和)\s*/u).filter(Boolean)
      : [first, ...this.companions(first)];
  }

  #object(slot: Slot): Record<string, unknown> | undefined {
    const found = slotsOf(slot.schema).flatMap((member) => {
      const value = this.find(member);
      return value === undefined ? [] : [[member.name, value] as const];
    });
    return found.length > 0 ? Object.fromEntries(found) : undefined;
  }
}

/** The start of a text, short enough for a subject line. */
function headline(text: string): string {
  const line = text.split(/[\n，。！？!?；;]|然后/u)[0].trim();
  const characters = [...line];
  return characters.length <= 40 ? line : `${characters.slice(0, 40).join("").trim()}…`;
}

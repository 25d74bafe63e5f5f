/** What a question makes the scripted agent do: known to the server, which plays it, and to the checks. */
import { Random } from "../fuzz/random.ts";

/** Whether a tool may run again after a crash, and who is asked before it runs. */
export const toolKinds = {
  once: { idempotent: false, userConfirm: false },
  again: { idempotent: true, userConfirm: false },
  failing: { idempotent: false, userConfirm: false },
  guarded: { idempotent: false, userConfirm: true },
  guarded_again: { idempotent: true, userConfirm: true },
  /** Asks while it runs. */
  asking: { idempotent: true, userConfirm: false },
} as const;

export type ToolName = keyof typeof toolKinds;

export interface ScriptCall {
  readonly tool: ToolName;
  /** Names this call among all others: two side effects under one note are one too many. */
  readonly note: string;
}

export interface ScriptTurn {
  /** What the model says before it calls; may be empty. */
  readonly pieces: readonly string[];
  readonly calls: readonly ScriptCall[];
}

export interface Script {
  readonly turns: readonly ScriptTurn[];
  /** The answer, in the pieces in which it is streamed. */
  readonly answer: readonly string[];
  /** Longest wait between two pieces, in milliseconds. */
  readonly pauseMs: number;
}

/** One line of the ledger file: a side effect of a tool. */
export interface LedgerLine {
  readonly note: string;
  readonly key: string;
  readonly tool: ToolName;
  /** What the user put into the arguments, if anything. */
  readonly extra?: string;
}

export type Decision = "confirm" | "edit" | "decline";

/** What edited arguments carry. */
export const editedExtra = "edited by the user";

const words = ["river ", "stone ", "北京 ", "☀️🌧️ ", "quick ", "\n", "a", "été ", '"quoted" ', "\\ ", "端 "];

/** A number for a text, the same on both sides (FNV-1a). */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The choices that belong to a text. */
export const choicesOf = (text: string): Random => Random.of(numberOf(text), 0);

function piecesOf(random: Random, count: number, name: string): string[] {
  const pieces = Array.from({ length: count }, () => random.pick(words) + random.pick(words));
  return [`${name}: `, ...pieces];
}

export function scriptOf(question: string): Script {
  const random = choicesOf(question);
  const turns = Array.from({ length: random.int(4) }, (_, turn): ScriptTurn => ({
    // Never the same text twice in a row, which would end the run.
    pieces: random.chance(0.4) ? piecesOf(random, 1 + random.int(12), `Turn ${turn} of ${question}`) : [],
    calls: Array.from({ length: 1 + random.int(3) }, (_, index): ScriptCall => ({
      tool: random.weighted<ToolName>([
        [4, "once"],
        [4, "again"],
        [1, "failing"],
        [2, "guarded"],
        [2, "guarded_again"],
        [1, "asking"],
      ]),
      note: `${question}/${turn}/${index}`,
    })),
  }));
  const isLong = random.chance(0.05);
  const length = isLong ? 300 : 2 + random.int(40);
  return { turns, answer: piecesOf(random, length, `Answer to ${question}`), pauseMs: isLong ? 2 : 12 };
}

/** What the user of this test decides about a call: always the same, whoever answers. */
export function decisionOn(note: string): Decision {
  return choicesOf(`decision ${note}`).weighted<Decision>([[5, "confirm"], [2, "edit"], [2, "decline"]]);
}

/** What the writing process writes, so that the test can tell what must be there. */
import { linesOf } from "../bench/child.ts";
import type { Changes, Entry } from "../../src/store/store.ts";
import { entry } from "../helpers/store_conformance.ts";

export interface WriterOptions {
  readonly path: string;
  readonly durability: "sync" | "batch" | "memory";
  readonly sessions: number;
  readonly settleAfter?: number;
  /** Commits of each session; default: without end. */
  readonly commits?: number;
}

/** Every commit is told from every other, and changes something of each kind. */
export function commitOf(id: string, seq: number): { entry: Entry; changes: Changes } {
  const isStart = seq % 5 === 1;
  return {
    entry: entry(seq, `${id} ${seq} ${"…".repeat(seq % 200)}`),
    changes: {
      values: { newest: seq },
      messages: [{ role: "user", content: `${seq}` }],
      call: { stepId: `step_${seq}`, runId: "r", tool: "t", args: { seq }, outcome: "started" },
      input: { messageId: `m-${seq}`, runId: `r-${seq}` },
      run: isStart ? null : { id: "r", step: seq % 5, startedAt: seq },
    },
  };
}

/** The newest acknowledged number of each session. */
export type Acknowledged = Map<string, number>;

/** Runs the writer, kills it when `isEnough` says so, and tells what it had acknowledged by then. */
export async function writeAndKill(
  options: WriterOptions,
  isEnough: (lines: number) => boolean,
): Promise<Acknowledged> {
  const writer = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "-A",
      new URL("./sqlite_writer.ts", import.meta.url).pathname,
      JSON.stringify(options),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const acknowledged: Acknowledged = new Map();
  let lines = 0;
  for await (const line of linesOf(writer.stdout)) {
    const [id, seq] = line.split(" ");
    if (seq) acknowledged.set(id, Number(seq));
    lines++;
    if (lines === 1 || !isEnough(line === "ready" ? Infinity : lines)) continue;
    try {
      writer.kill("SIGKILL");
    } catch {
      // Killed already: what is still in the pipe was acknowledged before that.
    }
  }
  const { signal } = await writer.status;
  if (signal !== "SIGKILL") throw new Error(`The writer ended by itself, after ${lines} lines`);
  return acknowledged;
}

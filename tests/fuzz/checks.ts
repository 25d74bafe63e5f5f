/** What must be true of every frame, whatever was sent before. */
import { maxInboundBytes as maxOutboundBytes } from "../../src/protocol/event.ts";
import { events } from "../../src/protocol/schema.ts";
import type { AnyFrame } from "../helpers/client.ts";
import type { Findings } from "./findings.ts";

/** Nothing the fuzz sends looks like this. */
const stackTrace = /\bat (async )?[\w.#<>]+ \(|file:\/\/|\.ts:\d/;

/** Checks a frame by itself. */
export function checkFrame(frame: AnyFrame, text: string, findings: Findings): void {
  if (stackTrace.test(text)) findings.add("A frame holds a stack trace", text);
  if (text.length > maxOutboundBytes / 3 && new TextEncoder().encode(text).length >= maxOutboundBytes) {
    findings.add("A frame is too large", text);
  }
  const type = events.get(frame.event);
  const problem = type?.safeParse(frame).error?.issues[0];
  if (problem) {
    findings.add(`${frame.event} breaks its type: ${problem.path.join(".")}: ${problem.message}`, text);
  }
  if (!type && frame.event !== "fuzz.custom") findings.add("A frame has an unknown event", text);
  const empty = Object.keys(frame).find((key) => frame[key] === null);
  if (empty) findings.add(`A frame has ${empty}: null`, text);
  // A run may fail with any fault of its agent; a command may not fail with one of the server.
  if (frame.seq === undefined && String(frame.content).includes("Unexpected fault")) {
    findings.add("A command met a fault of the server", text);
  }
}

/** Follows the numbers of the sessions on one connection: no gap, no repetition, except where an attach begins. */
export class Sequence {
  readonly #last = new Map<string, number>();

  check(frame: AnyFrame, text: string, findings: Findings): void {
    const { session_id, seq, metadata } = frame;
    const isAttach = metadata.reconnected === true && seq === undefined;
    if (isAttach) this.#last.delete(session_id);
    // What was missed of the session a state came from is replayed from any place.
    if (metadata.original_session_id) this.#last.delete(metadata.original_session_id);
    if (seq === undefined || metadata.reoffered) return;
    const last = this.#last.get(session_id);
    if (last !== undefined && seq !== last + 1) {
      findings.add("Events have a gap or come twice", `${seq} after ${last}: ${text}`);
    }
    this.#last.set(session_id, seq);
  }

  /** A new connection starts anew. */
  clear(): void {
    this.#last.clear();
  }
}

/** One connection watching one session: replays what it missed, then passes on what comes, without gap or repeat. */
import type { CloseReason } from "../errors.ts";
import type { DeliveryMark } from "../protocol/codec.ts";
import type { Entry } from "../store/store.ts";
import type { SessionLog } from "./log.ts";

/** Where entries go. */
export interface Sink {
  deliver(entry: Entry, marks: readonly DeliveryMark[]): void;
  /** Undefined when more can be taken; else resolves when it can. */
  ready(): Promise<void> | undefined;
  /** The connection cannot be served any more. */
  fail(reason: CloseReason): void;
}

/** Entries read from the log at a time: enough to keep a socket busy, little enough to hold in memory. */
const batch = 64;

export class Attachment {
  readonly #log: SessionLog;
  readonly #sink: Sink;
  readonly #isResolved: (stepId: string) => boolean;
  /** Number of the last entry that was delivered. */
  #cursor: number;
  #live = false;
  #closed = false;

  /** @param isResolved - whether a question in the log has been answered */
  constructor(log: SessionLog, sink: Sink, after: number, isResolved: (stepId: string) => boolean) {
    this.#log = log;
    this.#sink = sink;
    this.#cursor = after;
    this.#isResolved = isResolved;
  }

  /** A new entry of the session; while it catches up, entries are read from the log instead. */
  push(entry: Entry): void {
    if (!this.#live || entry.seq <= this.#cursor) return;
    this.#cursor = entry.seq;
    this.#sink.deliver(entry, []);
  }

  /** Delivers the entries up to `to` as replayed, at the reader's pace; gives their number. */
  replay(to: number): Promise<number> {
    return this.#drain(to, (entry) => {
      const resolved = entry.event === "agent.user_confirm" &&
        this.#isResolved((JSON.parse(entry.frame) as { step_id: string }).step_id);
      return resolved ? ["replayed", "resolved"] : ["replayed"];
    });
  }

  /** Catches up with what was appended meanwhile, then passes entries on as they come. */
  async goLive(): Promise<void> {
    while (!this.#closed && this.#cursor < this.#log.latest) await this.#drain(this.#log.latest, () => []);
    this.#live = !this.#closed;
  }

  /** Starts without a replay: for the creator of a session, and for one that is up to date. */
  startLive(): void {
    this.#live = true;
  }

  close(): void {
    this.#closed = true;
    this.#live = false;
  }

  fail(reason: CloseReason): void {
    this.#sink.fail(reason);
  }

  async #drain(to: number, marks: (entry: Entry) => readonly DeliveryMark[]): Promise<number> {
    const from = this.#cursor;
    while (!this.#closed && this.#cursor < to) {
      const read = this.#log.read(this.#cursor, Math.min(batch, to - this.#cursor));
      const entries = read instanceof Promise ? await read : read;
      if (!entries?.length) {
        // The log was trimmed past a reader this slow: it must come back and be told so.
        this.#sink.fail("slow_consumer");
        this.#closed = true;
        break;
      }
      for (const entry of entries) {
        // Asked for each: a few large entries may be all that a reader can take for now.
        const ready = this.#sink.ready();
        if (ready) await ready;
        if (this.#closed) break;
        this.#cursor = entry.seq;
        this.#sink.deliver(entry, marks(entry));
      }
    }
    return this.#cursor - from;
  }
}

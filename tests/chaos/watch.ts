/** What one client has received of one session, over all its connections: every event once, in order. */
import type { Findings } from "../fuzz/findings.ts";
import type { AnyFrame } from "../helpers/client.ts";

/** A frame as the log holds it: without the marks of its delivery. */
export function bareText(frame: AnyFrame): string {
  const { replayed: _, reoffered: __, resolved: ___, ...metadata } = frame.metadata ?? {};
  return JSON.stringify({ ...frame, metadata });
}

/** A question of the agent that waits for an answer. */
export interface OpenQuestion {
  readonly runId: string;
  readonly note: string;
  /** When to answer, or to answer again. */
  answerAt: number;
}

export class Watch {
  readonly id: string;
  readonly questions = new Map<string, OpenQuestion>();
  /** Frames as the log should hold them; index 0 is seq 1. */
  readonly frames: string[] = [];
  readonly #findings: Findings;
  readonly #who: string;
  #epoch: string | undefined;
  #lastEventId: string | undefined;
  /** Frames marked as replayed since the last attach was confirmed. */
  #replayed = 0;
  /** Whether this connection is attached: its replay is over. */
  attached = false;
  /** When the attach was asked for; 0: it was not. */
  askedAt = 0;
  /** Whether `user.reconnect` was sent on this connection. */
  isReconnecting = false;
  /** Newest event of the server at the last attach. */
  latestSeq = 0;

  constructor(id: string, who: string, findings: Findings) {
    this.id = id;
    this.#who = who;
    this.#findings = findings;
  }

  get seq(): number {
    return this.frames.length;
  }

  /** Where this client stands, as members of a command. */
  position(byNumber: boolean): Record<string, unknown> {
    if (this.seq === 0) return {};
    return byNumber ? { last_seq: this.seq } : { last_event_id: this.#lastEventId };
  }

  /** A new connection knows nothing of what the old one had asked for. */
  disconnect(): void {
    this.attached = this.isReconnecting = false;
    this.askedAt = 0;
    this.#replayed = 0;
  }

  /** A frame of this session that is in its log; false when it was there already, being offered again. */
  take(frame: AnyFrame): boolean {
    const { seq, metadata } = frame;
    const bare = bareText(frame);
    if (metadata?.reoffered) {
      if (this.frames[seq - 1] !== bare) this.#report("A question changed when it was offered again", frame);
      return false;
    }
    if (metadata?.replayed) this.#replayed++;
    if (seq !== this.seq + 1) {
      const what = seq > this.seq + 1
        ? "Events are missing"
        : this.frames[seq - 1] === bare
        ? "An event came twice"
        : "A number was used for two events";
      this.#report(what, frame);
      if (seq <= this.seq) return false;
      while (this.seq < seq - 1) this.frames.push("");
    }
    this.#checkId(frame);
    this.frames.push(bare);
    this.#lastEventId = frame.event_id;
    return true;
  }

  #checkId(frame: AnyFrame): void {
    const [id, epoch, seq] = String(frame.event_id).split("~");
    this.#epoch ??= epoch;
    if (id === this.id && epoch === this.#epoch && seq === String(frame.seq)) return;
    this.#report("An event id does not fit", frame);
  }

  /** The answer to `user.reconnect`, or the notice of an implicit attach. */
  confirmAttach(frame: AnyFrame): void {
    const { recovered, latest_seq } = frame.metadata;
    this.latestSeq = latest_seq;
    if (!recovered) this.#report("A session could not be recovered", frame);
    if (latest_seq < this.seq) this.#report("The server knows fewer events than it has sent", frame);
    this.#replayed = 0;
  }

  /** The notice at the end of a replay. */
  endReplay(frame: AnyFrame): void {
    if (frame.metadata.replayed !== this.#replayed) {
      this.#report(`A replay of ${this.#replayed} frames was counted wrongly`, frame);
    }
    if (this.seq < this.latestSeq) this.#report("A replay ended too early", frame);
    this.attached = true;
  }

  #report(what: string, frame: AnyFrame): void {
    this.#findings.add(what, `${this.#who} is at ${this.seq} and got ${JSON.stringify(frame)}`);
  }
}

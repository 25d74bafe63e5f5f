/** How far a session has been read, and whether an event is the next one. */
import type { Frame } from "./events.ts";

/** Where a client stands in a session; can be kept as JSON and handed to `client.resume`. */
export interface SessionPosition {
  /** Number of the last event; 0: none. */
  readonly seq: number;
  /** Id of that event; opaque. */
  readonly eventId?: string;
  /** Of the numbering, in case there is no event id. */
  readonly epoch?: string;
}

export class Cursor {
  #position: SessionPosition;

  constructor(position: SessionPosition) {
    this.#position = position;
  }

  get position(): SessionPosition {
    return this.#position;
  }

  get seq(): number {
    return this.#position.seq;
  }

  /** Moves to an event if it is the next one; else says why not. */
  advance({ seq = 0, event_id: eventId }: Frame): "moved" | "old" | "gap" {
    if (seq <= this.seq) return "old";
    if (seq > this.seq + 1) return "gap";
    this.#position = { ...this.#position, seq, eventId };
    return "moved";
  }

  /** The server has told where it stands; unless the position was recovered, that is where we stand now. */
  confirm({ epoch, recovered, latest_seq: latest }: Record<string, unknown>): void {
    const kept = recovered ? this.#position : { seq: Number(latest) };
    this.#position = { ...kept, epoch: String(epoch) };
  }

  /** As `user.reconnect` and `user.ack` name it. */
  get wire(): Record<string, unknown> {
    const { seq, eventId, epoch } = this.#position;
    return eventId ? { last_event_id: eventId } : { last_seq: seq, epoch };
  }
}

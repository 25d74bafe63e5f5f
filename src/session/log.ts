/** The append-only log of one session: numbers, stores, then fans out. Nothing is sent that is not first in here. */
import { AppError, describeCause } from "../errors.ts";
import { encodeFrame, type FrameBody } from "../protocol/codec.ts";
import { eventId } from "../protocol/position.ts";
import { byteLength } from "../protocol/shrink.ts";
import type { Awaitable, Changes, Entry, SessionRecord, Store, StoredSession } from "../store/store.ts";

export interface LogLimits {
  readonly logMaxEvents: number;
  readonly logMaxBytes: number;
}

export interface LogEvents {
  /** Called once per entry, in order, after it is stored. */
  onEntry(entry: Entry): void;
  /** The store refused: the session cannot go on. `reason` is for the server's own log. */
  onFailure(reason: string): void;
}

export class SessionLog {
  readonly #record: SessionRecord;
  readonly #store: Store;
  readonly #fence: number;
  readonly #limits: LogLimits;
  readonly #events: LogEvents;
  /** Bytes of each retained entry, oldest first. */
  #sizes: number[] = [];
  #bytes = 0;
  #appended = 0;
  #delivered = 0;
  /** Set while the store is still writing. */
  #writing: Promise<void> | undefined;
  #failure: AppError | undefined;

  /** @param stored - what is there already, for a session that is read back */
  constructor(
    record: SessionRecord,
    store: Store,
    fence: number,
    limits: LogLimits,
    events: LogEvents,
    stored?: Pick<StoredSession, "latestSeq" | "sizes">,
  ) {
    this.#record = record;
    this.#store = store;
    this.#fence = fence;
    this.#limits = limits;
    this.#events = events;
    if (!stored) return;
    this.#appended = this.#delivered = stored.latestSeq;
    this.#sizes = [...stored.sizes];
    this.#bytes = stored.sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Number of the newest event that is stored and was handed out. */
  get latest(): number {
    return this.#delivered;
  }

  /** Number of the newest event, stored or not. */
  get appended(): number {
    return this.#appended;
  }

  /** Number of the oldest retained event; one more than the newest when none is. */
  get oldest(): number {
    return this.#appended - this.#sizes.length + 1;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends one event together with what changes with it. It is numbered at once; it is handed out when it is
   * stored, which with a store in memory is before this returns.
   *
   * @throws AppError ERR_EXECUTION_602 after the store has failed
   */
  append(body: FrameBody, changes?: Changes): Entry {
    return this.appendWith(body, changes && (() => changes));
  }

  /** As `append`, for changes that hold the entry itself. */
  appendWith(body: FrameBody, changes?: (entry: Entry) => Changes): Entry {
    this.#assertSound();
    const { id, epoch, language } = this.#record;
    const seq = this.#appended + 1;
    const frame = encodeFrame(body, language, { session_id: id, seq, event_id: eventId(id, epoch, seq) });
    const entry: Entry = { seq, event: body.event, frame, bytes: byteLength(frame) };
    // What only a restart needs is not kept where none is survived.
    this.#commit([entry], this.#store.durable ? changes?.(entry) : undefined);
    return entry;
  }

  /** Stores changes that come without an event. */
  note(changes: Changes): void {
    this.#assertSound();
    if (this.#store.durable) this.#commit([], changes);
  }

  #assertSound(): void {
    if (this.#failure) throw this.#failure;
  }

  /**
   * Resolves when everything appended so far is stored; undefined when it is already.
   *
   * @throws AppError ERR_EXECUTION_602, or rejects with it, when the store has failed
   */
  stored(): Promise<void> | undefined {
    this.#assertSound();
    return this.#writing?.then(() => this.#assertSound());
  }

  /** Stored entries after `after`; null when some of them were dropped. */
  read(after: number, limit: number): Awaitable<readonly Entry[] | null> {
    return this.#store.read(this.#record.id, after, limit);
  }

  #commit(entries: Entry[], changes?: Changes): void {
    const written = this.#write(entries, changes);
    this.#appended += entries.length;
    for (const entry of entries) {
      this.#sizes.push(entry.bytes);
      this.#bytes += entry.bytes;
    }
    if (written === undefined && this.#writing === undefined) return this.#deliver(entries);
    const before = this.#writing;
    const writing: Promise<void> = Promise.all([before, written]).then(
      () => {
        if (this.#writing === writing) this.#writing = undefined;
        // After a gap nothing more is handed out: a client must never see an event that is not in the log.
        if (!this.#failure) this.#deliver(entries);
      },
      (cause) => this.#fail(cause),
    );
    this.#writing = writing;
  }

  #write(entries: Entry[], changes?: Changes): Awaitable<void> {
    try {
      return this.#store.commit(this.#record.id, this.#fence, entries, changes);
    } catch (cause) {
      this.#fail(cause);
      throw this.#failure;
    }
  }

  #deliver(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#delivered = entry.seq;
      this.#events.onEntry(entry);
    }
    this.#retain();
  }

  #fail(cause: unknown): void {
    if (this.#failure) return;
    this.#failure = new AppError("ERR_EXECUTION_602", "Cannot store the session's events", { cause });
    this.#events.onFailure(describeCause(this.#failure));
  }

  /** Drops the oldest entries once a tenth too many are held, so that dropping is rare and cheap. */
  #retain(): void {
    const { logMaxEvents, logMaxBytes } = this.#limits;
    if (this.#sizes.length <= logMaxEvents * 1.1 && this.#bytes <= logMaxBytes * 1.1) return;
    let drop = 0;
    let bytes = this.#bytes;
    while (
      this.#sizes.length - drop > 1 && (this.#sizes.length - drop > logMaxEvents || bytes > logMaxBytes)
    ) {
      bytes -= this.#sizes[drop++];
    }
    const through = this.oldest + drop - 1;
    this.#sizes = this.#sizes.slice(drop);
    this.#bytes = bytes;
    void this.#trim(through);
  }

  /** Old entries that could not be dropped cost space, not correctness. */
  async #trim(through: number): Promise<void> {
    try {
      await this.#store.trim(this.#record.id, through);
    } catch {
      return;
    }
  }
}

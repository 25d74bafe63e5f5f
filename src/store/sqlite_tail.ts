/** What is in the journal and not yet in the tables, by session: the newest part of every log, held in memory. */
import type { Database, Row } from "./sqlite_database.ts";
import type { Changes, Entry } from "./store.ts";

/** One row of the journal. */
export interface JournalRow {
  readonly at: number;
  readonly entry?: Entry;
  readonly changes?: Changes;
}

/** A session that has been used since it was last settled. */
export interface HotSession {
  readonly no: number;
  readonly id: string;
  fence: number;
  /** Newest and oldest entry that can be read. */
  latestSeq: number;
  oldestSeq: number;
  /** Newest entry that was accepted, stored or not. */
  acceptedSeq: number;
  activeAt: number;
  /** Stored and not settled, oldest first. */
  rows: JournalRow[];
  /** Journal rows that wait to be stored. */
  waiting: number;
  /** Rows, or a new `oldestSeq` or `activeAt`, are to be settled. */
  isDirty: boolean;
}

export class Tail {
  readonly #database: Database;
  readonly #sessions = new Map<string, HotSession>();
  #rows = 0;
  #bytes = 0;
  #latestAt: number;

  /** @param latestAt - number of the newest journal row */
  constructor(database: Database, latestAt: number) {
    this.#database = database;
    this.#latestAt = latestAt;
  }

  /** Journal rows that are not settled. */
  get rows(): number {
    return this.#rows;
  }

  /** Bytes of their frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the newest stored journal row. */
  get latestAt(): number {
    return this.#latestAt;
  }

  sessions(): Iterable<HotSession> {
    return this.#sessions.values();
  }

  /** The session if it is held already. */
  held(id: string): HotSession | undefined {
    return this.#sessions.get(id);
  }

  /** The session, read when it is not held; undefined when it does not exist. */
  get(id: string): HotSession | undefined {
    const held = this.#sessions.get(id);
    if (held) return held;
    const row = this.#database.get(
      "SELECT no, fence, latest_seq, oldest_seq, active_at FROM sessions WHERE id = ?",
      id,
    );
    return row && this.add(id, row);
  }

  /** Holds a session. @param row - its numbers, by the names of their columns */
  add(id: string, row: Row): HotSession {
    const hot: HotSession = {
      no: row.no as number,
      id,
      fence: row.fence as number,
      latestSeq: row.latest_seq as number,
      oldestSeq: row.oldest_seq as number,
      acceptedSeq: row.latest_seq as number,
      activeAt: row.active_at as number,
      rows: [],
      waiting: 0,
      isDirty: false,
    };
    this.#sessions.set(id, hot);
    return hot;
  }

  /** Makes a stored row visible. */
  apply(hot: HotSession, row: JournalRow, at: number): void {
    hot.rows.push(row);
    hot.activeAt = Math.max(hot.activeAt, at);
    hot.isDirty = true;
    if (row.entry) hot.latestSeq = row.entry.seq;
    this.#latestAt = Math.max(this.#latestAt, row.at);
    this.#rows++;
    this.#bytes += row.entry?.bytes ?? 0;
  }

  /** Drops the oldest rows of a session: they are settled now, or their session is gone. */
  drop(hot: HotSession, count: number): void {
    for (const row of hot.rows.splice(0, count)) {
      this.#rows--;
      this.#bytes -= row.entry?.bytes ?? 0;
    }
    hot.isDirty = hot.rows.length > 0;
    this.release(hot);
  }

  /** Stops holding a session that has nothing to be settled and nothing that waits. */
  release(hot: HotSession): void {
    if (!hot.isDirty && hot.waiting === 0 && this.#sessions.get(hot.id) === hot) {
      this.#sessions.delete(hot.id);
    }
  }

  /** Forgets a session that was removed. */
  forget(hot: HotSession): void {
    this.#sessions.delete(hot.id);
    this.drop(hot, hot.rows.length);
  }
}

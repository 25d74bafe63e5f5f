/** What is stored and not yet settled, by session: where the newest entries lie, and the newest changes. */
import type { Database, Row } from "./sqlite_database.ts";
import type { Changes, Entry } from "./store.ts";

/** A part of a commit, by its number in the file. */
export interface StoredRow {
  readonly at: number;
  readonly entry?: Pick<Entry, "seq" | "bytes">;
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
  /** Where the newest entries lie, oldest first, and their bytes. */
  places: number[];
  sizes: number[];
  changes: Changes[];
  /** The newest number of this session. */
  latestAt: number;
  /** Rows that wait to be stored. */
  waiting: number;
  /** Something of it is to be settled. */
  isDirty: boolean;
  /** It was removed: what is still on its way leads nowhere. */
  isGone: boolean;
}

export class Tail {
  readonly #database: Database;
  readonly #sessions = new Map<string, HotSession>();
  /** The newest number of all. */
  #latestAt: number;
  /** Rows that were stored since the last settling began. */
  weight = 0;

  /** @param latestAt - the newest number in the file */
  constructor(database: Database, latestAt: number) {
    this.#database = database;
    this.#latestAt = latestAt;
  }

  get latestAt(): number {
    return this.#latestAt;
  }

  /** Sessions that are held. */
  get size(): number {
    return this.#sessions.size;
  }

  sessions(): Iterable<HotSession> {
    return this.#sessions.values();
  }

  /** The session if it is held already. */
  held(id: string): HotSession | undefined {
    return this.#sessions.get(id);
  }

  /** The session, read and held when it is not; undefined when it does not exist. */
  get(id: string): HotSession | undefined {
    const held = this.#sessions.get(id);
    if (held) return held;
    const row = this.#database.get(
      "SELECT no, id, fence, latest_seq, oldest_seq, active_at, settled FROM sessions WHERE id = ?",
      id,
    );
    return row && this.hold(row);
  }

  /** Holds a session. @param row - of the table of sessions */
  hold(row: Row): HotSession {
    const hot: HotSession = {
      no: row.no as number,
      id: row.id as string,
      fence: row.fence as number,
      latestSeq: row.latest_seq as number,
      oldestSeq: row.oldest_seq as number,
      acceptedSeq: row.latest_seq as number,
      activeAt: row.active_at as number,
      places: [],
      sizes: [],
      changes: [],
      latestAt: row.settled as number,
      waiting: 0,
      isDirty: false,
      isGone: false,
    };
    this.#sessions.set(hot.id, hot);
    return hot;
  }

  /** Makes a stored row visible. @param time - of the commit */
  apply(hot: HotSession, { at, entry, changes }: StoredRow, time: number): void {
    this.#latestAt = Math.max(this.#latestAt, at);
    if (hot.isGone) return;
    if (entry) {
      hot.latestSeq = entry.seq;
      hot.places.push(at);
      hot.sizes.push(entry.bytes);
    }
    if (changes) hot.changes.push(changes);
    hot.latestAt = Math.max(hot.latestAt, at);
    hot.activeAt = Math.max(hot.activeAt, time);
    hot.isDirty = true;
    this.weight++;
  }

  /** The session was settled. */
  settled(hot: HotSession): void {
    hot.places = [];
    hot.sizes = [];
    hot.changes = [];
    hot.isDirty = false;
    this.release(hot);
  }

  /** Stops holding a session that has nothing to be settled and nothing that waits. */
  release(hot: HotSession): void {
    if (hot.isDirty || hot.waiting > 0 || hot.isGone) return;
    this.#sessions.delete(hot.id);
  }

  /** Forgets a session that was removed. */
  forget(hot: HotSession): void {
    hot.isGone = true;
    this.#sessions.delete(hot.id);
  }
}

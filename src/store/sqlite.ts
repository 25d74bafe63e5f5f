/** Sessions in one SQLite file: they survive the process. */
import { AppError } from "../errors.ts";
import type { Database } from "./sqlite_database.ts";
import { type Committer, type Durability, RowWriter } from "./sqlite_commit.ts";
import { EachCommit } from "./sqlite_each_commit.ts";
import { GroupCommit } from "./sqlite_group_commit.ts";
import { WriteBehind } from "./sqlite_write_behind.ts";
import { type OpenFile, openFile } from "./sqlite_open.ts";
import { listSessions, loadSession } from "./sqlite_read.ts";
import { markClosed, removeSession } from "./sqlite_recover.ts";
import { settleAfterRows, Settler } from "./sqlite_settle.ts";
import { findPlaces, readEntries } from "./sqlite_places.ts";
import { Sweeper } from "./sqlite_sweep.ts";
import { type HotSession, Tail } from "./sqlite_tail.ts";
import type {
  Awaitable,
  Changes,
  EndedSession,
  Entry,
  ListOptions,
  SessionRecord,
  SessionSummary,
  Store,
  StoredSession,
} from "./store.ts";

export interface SqliteOptions {
  /** When a commit counts as stored. Default: "batch" */
  readonly durability?: Durability;
  /** Commits after which the journal is settled. Default: 65 536; more cost less and make the next start longer */
  readonly settleAfter?: number;
}

/**
 * Opens a store, and makes it with its folder (0700) and files (0600) when there is none. It belongs to this process
 * until it is disposed of. Checking the whole file takes about 0.4 s for each GB.
 *
 * @throws AppError ERR_EXECUTION_602 with one sentence that names the file, the obstacle and what to do: it is in use
 *   (by whom), not writable, damaged, of another program or of a newer version, or stored commits are missing
 */
export function openSqlite(path: string, options: SqliteOptions = {}): SqliteStore {
  const { durability = "batch", settleAfter = settleAfterRows } = options;
  return new SqliteStore(openFile(path, durability), settleAfter);
}

export class SqliteStore implements Store {
  readonly name: string;
  readonly durable = true;
  /** Something the operator should know: what opening the file has found. */
  readonly warning: string | undefined;
  readonly #file: OpenFile;
  readonly #database: Database;
  readonly #tail: Tail;
  readonly #settler: Settler;
  readonly #sweeper: Sweeper;
  readonly #committer: Committer;
  #closed: Promise<void> | undefined;

  constructor(file: OpenFile, settleAfter: number) {
    const { path, database, durability, latestCommit, warning } = file;
    this.name = `sqlite:${path} (${durability})`;
    this.warning = warning;
    this.#file = file;
    this.#database = database;
    this.#tail = new Tail(database, latestCommit);
    this.#sweeper = new Sweeper(database);
    this.#settler = new Settler({
      database,
      tail: this.#tail,
      startRows: settleAfter,
      write: () => this.#committer.flush(),
      trimmed: () => this.#sweeper.wake(),
    });
    this.#committer = committerOf(file, this.#tail, () => this.#settler.wake());
    this.#sweeper.wake();
  }

  create(record: SessionRecord): number {
    const { changes } = this.#database.transaction(() =>
      this.#database.run(
        `INSERT INTO sessions (id, record, fence, active_at, latest_seq, oldest_seq, message_count, input_count,
          remembered, settled) VALUES (?, ?, 1, ?, 0, 1, 0, 0, ?, 0) ON CONFLICT DO NOTHING`,
        record.id,
        JSON.stringify(record),
        record.createdAt,
        '{"values":{},"calls":[],"questions":[],"queue":[]}',
      )
    );
    if (changes === 1) return 1;
    throw new AppError("ERR_EXECUTION_602", `Cannot create session "${record.id}": it exists`);
  }

  claim(id: string): Awaitable<number | null> {
    return this.#afterWriting(() => {
      const hot = this.#tail.get(id);
      if (!hot) return null;
      const fence = hot.fence + 1;
      this.#database.transaction(() =>
        this.#database.run("UPDATE sessions SET fence = ? WHERE no = ?", fence, hot.no)
      );
      hot.fence = fence;
      this.#tail.release(hot);
      return fence;
    });
  }

  commit(id: string, fence: number, entries: readonly Entry[], changes?: Changes): Awaitable<void> {
    try {
      this.#settler.check();
      const hot = this.#owned(id, fence);
      if (!hot) throw new AppError("ERR_EXECUTION_602", "Cannot write to a session that does not exist");
      const next = hot.acceptedSeq + 1;
      if (entries.some((entry, index) => entry.seq !== next + index)) {
        this.#tail.release(hot);
        throw new AppError("ERR_EXECUTION_602", `Cannot append: the next number is ${next}`);
      }
      return this.#committer.add(hot, entries, changes);
    } catch (cause) {
      return Promise.reject(cause);
    }
  }

  read(id: string, after: number, limit: number): readonly Entry[] | null {
    return this.#database.reading(() => {
      const hot = this.#tail.get(id);
      if (!hot) return null;
      this.#tail.release(hot);
      if (after + 1 < hot.oldestSeq) return null;
      this.#committer.flush();
      const settledSeq = hot.latestSeq - hot.places.length;
      const settled = after < settledSeq ? findPlaces(this.#database, hot.no, after, limit) : [];
      const skipped = Math.max(0, after - settledSeq);
      const recent = hot.places.slice(skipped, skipped + limit - settled.length);
      return readEntries(this.#database, hot.no, after + 1, [...settled, ...recent]);
    });
  }

  trim(id: string, through: number): void {
    this.#adjust(id, (hot) => {
      hot.oldestSeq = Math.max(hot.oldestSeq, Math.min(through, hot.latestSeq) + 1);
    });
  }

  load(id: string): Awaitable<StoredSession | null> {
    return this.#afterWriting(() => {
      const hot = this.#tail.held(id);
      if (hot) this.#settler.one(hot);
      return this.#database.reading(() => loadSession(this.#database, id));
    });
  }

  list(options: ListOptions): Awaitable<readonly SessionSummary[]> {
    return this.#afterWriting(() => {
      this.#settler.all();
      return this.#database.reading(() => listSessions(this.#database, options));
    });
  }

  touch(id: string, at: number): void {
    this.#adjust(id, (hot) => {
      hot.activeAt = Math.max(hot.activeAt, at);
    });
  }

  expired(before: number, limit: number): readonly string[] {
    return this.#database.reading(() => {
      const found: string[] = [];
      const sql = "SELECT id FROM sessions WHERE active_at < ? ORDER BY active_at";
      for (const { id } of this.#database.iterate(sql, before)) {
        if (found.length >= limit) break;
        const hot = this.#tail.held(id as string);
        if (!hot || hot.activeAt < before) found.push(id as string);
      }
      return found;
    });
  }

  end(id: string, fence: number, at: number): Awaitable<void> {
    return this.#afterWriting(() => {
      const hot = this.#owned(id, fence);
      if (!hot) return;
      this.#remove(hot, () => {
        this.#database.run(
          "INSERT OR REPLACE INTO ended SELECT id, record -> '$.owner', ? FROM sessions WHERE no = ?",
          at,
          hot.no,
        );
      });
    });
  }

  ended(id: string): EndedSession | null {
    return this.#database.reading(() => {
      const row = this.#database.get("SELECT owner, at FROM ended WHERE id = ?", id);
      return row ? { owner: JSON.parse(row.owner as string), at: row.at as number } : null;
    });
  }

  forget(before: number, limit: number): number {
    return this.#database.transaction(() =>
      this.#database.run(
        "DELETE FROM ended WHERE id IN (SELECT id FROM ended WHERE at < ? ORDER BY at LIMIT ?)",
        before,
        limit,
      ).changes
    );
  }

  remove(id: string): Awaitable<void> {
    return this.#afterWriting(() => {
      const hot = this.#tail.get(id);
      if (hot) this.#remove(hot, () => {});
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const { wal, lock } = this.#file;
    try {
      await this.#committer.close();
      this.#settler.all();
      markClosed(this.#database);
      lock.clear();
    } finally {
      this.#settler.stop();
      this.#sweeper.stop();
      wal.close();
      this.#database.close();
      lock[Symbol.dispose]();
    }
  }

  /** Does `work` when all earlier commits are stored or refused: at once when none is on its way. */
  #afterWriting<T>(work: () => T): Awaitable<T> {
    const writing = this.#committer.drain();
    return writing ? writing.then(work) : work();
  }

  /** The session, if it exists. @throws AppError when another owner has taken it over */
  #owned(id: string, fence: number): HotSession | undefined {
    const hot = this.#database.reading(() => this.#tail.get(id));
    if (!hot || hot.fence === fence) return hot;
    this.#tail.release(hot);
    throw new AppError("ERR_EXECUTION_602", "Cannot write to a session that another owner has taken over");
  }

  /** Changes what is settled with the session's next rows. */
  #adjust(id: string, change: (hot: HotSession) => void): void {
    const hot = this.#database.reading(() => this.#tail.get(id));
    if (!hot) return;
    change(hot);
    hot.isDirty = true;
    this.#settler.wake();
  }

  #remove(hot: HotSession, before: () => void): void {
    this.#database.transaction(() => {
      before();
      removeSession(this.#database, hot);
    });
    this.#tail.forget(hot);
    this.#sweeper.wake();
  }
}

function committerOf(
  { database, lock, wal, durability }: OpenFile,
  tail: Tail,
  stored: () => void,
): Committer {
  const writer = new RowWriter(database, tail, stored);
  if (durability === "sync") return new EachCommit(writer, lock);
  if (durability === "batch") return new GroupCommit({ writer, tail, lock, wal });
  return new WriteBehind(writer, tail);
}

/** The ways in which a commit gets into the file, and what each of them promises. */
import type { Database, Value } from "./sqlite_database.ts";
import type { HotSession, StoredRow, Tail } from "./sqlite_tail.ts";
import type { Awaitable, Changes, Entry } from "./store.ts";

/**
 * What a commit promises when it is done.
 *
 * - `sync`: it is on the disk, also after a power failure. Each commit has a transaction and an fsync of its own, in
 *   which the event loop stands still; it is done when the call returns.
 * - `batch`: the same promise. All commits that wait share one transaction and one fsync, and the event loop goes on
 *   while the disk works.
 * - `memory`: nothing. It is written within 10 ms; a kill before that loses it, a power failure may lose more. After
 *   a kill every session gets a new epoch, so that no client can take one event for another.
 */
export type Durability = "sync" | "batch" | "memory";

/** One of those ways. */
export interface Committer {
  /** Takes a commit that has been found to fit. It never throws; a failure is a rejection. */
  add(hot: HotSession, entries: readonly Entry[], changes?: Changes): Awaitable<void>;
  /** Resolves when all commits so far are done or refused; undefined when they are already. */
  drain(): Promise<void> | undefined;
  /** Writes what can be seen and is not in the file yet. @throws AppError ERR_EXECUTION_602 */
  flush(): void;
  /** Finishes what waits; later commits are refused. @throws AppError ERR_EXECUTION_602 */
  close(): Promise<void>;
}

/** A row that is to be stored. */
export interface WaitingRow extends StoredRow {
  readonly entry?: Entry;
  readonly hot: HotSession;
  /** When it was committed, milliseconds since 1970. */
  readonly time: number;
}

/** Changes of this size weigh as much as a row of their own. */
const bytesPerRow = 512;

/** Entries of one statement: of what a statement of one entry costs, a third is the call. */
const rowsPerInsert = 8;
const columns = 5;
const insertOne = "INSERT INTO entries VALUES (?, ?, ?, ?, ?)";
const insertMany = insertOne + ", (?, ?, ?, ?, ?)".repeat(rowsPerInsert - 1);

/** Numbers rows and writes them; what all ways have in common. */
export class RowWriter {
  readonly #database: Database;
  readonly #tail: Tail;
  readonly #stored: () => void;
  #nextAt: number;

  /** @param stored - called after rows became visible */
  constructor(database: Database, tail: Tail, stored: () => void) {
    this.#database = database;
    this.#tail = tail;
    this.#stored = stored;
    this.#nextAt = tail.latestAt + 1;
  }

  /** The rows of a commit; none when it holds nothing. */
  rowsOf(hot: HotSession, entries: readonly Entry[], changes?: Changes): WaitingRow[] {
    const time = Date.now();
    const last = entries.length - 1;
    const rows = entries.map((entry, index): WaitingRow => {
      return { at: this.#nextAt++, hot, entry, changes: index === last ? changes : undefined, time };
    });
    if (last < 0 && changes) rows.push({ at: this.#nextAt++, hot, changes, time });
    return rows;
  }

  /** Writes rows in one transaction. @throws AppError ERR_EXECUTION_602; then none of them is written */
  write(rows: readonly WaitingRow[]): void {
    const changed = rows.filter(({ changes }) => changes).map((
      { at, hot, changes },
    ) => [at, hot.no, changes]);
    const body = JSON.stringify(changed);
    this.#database.transaction(() => {
      this.#writeEntries(rows);
      if (changed.length > 0) this.#database.run("INSERT INTO journal VALUES (?, ?)", rows.at(-1)!.at, body);
    });
    this.#tail.weight += body.length / bytesPerRow;
  }

  /** Makes rows visible. */
  show(rows: readonly WaitingRow[]): void {
    for (const row of rows) this.#tail.apply(row.hot, row, row.time);
    this.#stored();
  }

  #writeEntries(rows: readonly WaitingRow[]): void {
    let values: Value[] = [];
    for (const { at, hot, entry } of rows) {
      if (!entry) continue;
      values.push(at, hot.no, entry.seq, entry.event, entry.frame);
      if (values.length < columns * rowsPerInsert) continue;
      this.#database.run(insertMany, ...values);
      values = [];
    }
    for (let at = 0; at < values.length; at += columns) {
      this.#database.run(insertOne, ...values.slice(at, at + columns));
    }
  }
}

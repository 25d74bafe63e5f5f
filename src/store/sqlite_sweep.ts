/**
 * Deletes what is dropped already: entries that were trimmed, and all that belonged to removed sessions. Readers do
 * not see it any more, so it can take its time: slices of a few milliseconds with pauses between.
 */
import { clearTimeout, setTimeout } from "node:timers";
import type { Database, Row } from "./sqlite_database.ts";
import { everything } from "./sqlite_schema.ts";

/** What one slice may delete: 2 to 8 ms. */
const sliceRows = 512;
const sliceBytes = 1 << 20;

/** A row of another table than that of the entries costs as much as this many of them. */
const otherWeight = 4;

/** Pause between slices: others get more of the event loop than the sweep does. */
const pauseMs = 15;

export class Sweeper {
  readonly #database: Database;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Deletes in the background what there is to delete. */
  wake(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      let isMore = false;
      try {
        isMore = this.slice();
      } catch {
        // The list of what is to be deleted stays: the next trim, removal or start tries again.
      }
      if (isMore) this.wake();
    }, pauseMs);
    this.#timer.unref();
  }

  /** Deletes a part; true when there is more. @throws AppError */
  slice(): boolean {
    return this.#database.transaction(() => {
      const slice = new Slice(this.#database);
      while (slice.hasRoom) {
        const next = this.#database.get("SELECT session, through FROM garbage LIMIT 1");
        if (!next) break;
        slice.take(next.session as number, next.through as number);
      }
      slice.end();
      return !slice.hasRoom;
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** One slice: entries of several sessions are deleted together, in the order in which they lie. */
class Slice {
  readonly #database: Database;
  readonly #entries: number[] = [];
  #rows = sliceRows;
  #bytes = sliceBytes;

  constructor(database: Database) {
    this.#database = database;
  }

  get hasRoom(): boolean {
    return this.#rows > 0 && this.#bytes > 0;
  }

  /** Takes what fits of one session. */
  take(session: number, through: number): void {
    const isWhole = this.#takeEntries(session, through) &&
      (through < everything || (this.#takeList("messages", session) && this.#takeList("inputs", session)));
    if (!isWhole) return;
    this.#database.run("DELETE FROM garbage WHERE session = ? AND through = ?", session, through);
    this.#rows -= otherWeight;
  }

  end(): void {
    this.#database.run(
      "DELETE FROM entries WHERE at IN (SELECT value FROM json_each(?))",
      JSON.stringify(this.#entries),
    );
  }

  #takeEntries(session: number, through: number): boolean {
    return this.#takeRows(
      "places",
      this.#database.iterate(
        `SELECT no, rows, (SELECT sum(value) FROM json_each(sizes)) AS bytes FROM places
          WHERE session = ? AND last <= ? ORDER BY last`,
        session,
        through,
      ),
    );
  }

  #takeList(table: "messages" | "inputs", session: number): boolean {
    const sql = `SELECT no, NULL AS rows, octet_length(body) AS bytes FROM ${table} WHERE session = ?`;
    return this.#takeRows(table, this.#database.iterate(sql, session));
  }

  /** Deletes rows of a table; false when not all fitted. */
  #takeRows(table: "places" | "messages" | "inputs", found: Iterable<Row>): boolean {
    const deleted: number[] = [];
    let isWhole = true;
    for (const { no, rows, bytes } of found) {
      isWhole = this.hasRoom;
      if (!isWhole) break;
      const entries: number[] = rows === null ? [] : JSON.parse(rows as string);
      this.#entries.push(...entries);
      this.#rows -= entries.length + otherWeight;
      this.#bytes -= bytes as number;
      deleted.push(no as number);
    }
    for (const no of deleted) this.#database.run(`DELETE FROM ${table} WHERE no = ?`, no);
    return isWhole;
  }
}

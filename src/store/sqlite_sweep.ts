/**
 * Deletes what is dropped already: entries that were trimmed, and all that belonged to removed sessions. Readers do
 * not see it any more, so it can take its time: slices of a few milliseconds with pauses between.
 */
import { clearTimeout, setTimeout } from "node:timers";
import type { Database } from "./sqlite_database.ts";
import { everything } from "./sqlite_schema.ts";

/** What one slice may delete: 2 to 5 ms. */
const sliceStretches = 64;
const sliceBytes = 2 << 20;

/** Pause between slices: others get more of the event loop than the sweep does. */
const pauseMs = 10;

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
      let stretches = sliceStretches;
      let bytes = sliceBytes;
      while (stretches > 0 && bytes > 0) {
        const next = this.#database.get("SELECT session, through FROM garbage LIMIT 1");
        if (!next) return false;
        const deleted = this.#deleteSome(next.session as number, next.through as number, stretches, bytes);
        stretches -= deleted.stretches + 1;
        bytes -= deleted.bytes;
      }
      return true;
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #deleteSome(
    session: number,
    through: number,
    maxStretches: number,
    maxBytes: number,
  ): { stretches: number; bytes: number } {
    const tables = through === everything ? ["entries", "messages", "inputs"] : ["entries"];
    let bytes = 0;
    let stretches = 0;
    for (const table of tables) {
      const rows = this.#database.iterate(
        `SELECT no, length(body) AS bytes FROM ${table} WHERE session = ? AND last <= ? ORDER BY last LIMIT ?`,
        session,
        through,
        maxStretches - stretches,
      );
      for (const row of [...rows]) {
        if (bytes >= maxBytes) break;
        this.#database.run(`DELETE FROM ${table} WHERE no = ?`, row.no);
        bytes += row.bytes as number;
        stretches++;
      }
      if (stretches >= maxStretches || bytes >= maxBytes) return { stretches, bytes };
    }
    this.#database.run("DELETE FROM garbage WHERE session = ? AND through = ?", session, through);
    return { stretches, bytes };
  }
}

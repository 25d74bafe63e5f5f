/**
 * Settling: for each session that was used, where its new entries lie is written down, and its changes are brought
 * to their tables. It goes in slices of a few milliseconds between turns of the event loop. A crash in between loses
 * nothing: each session knows up to which number it is settled, and the journal is cleared last.
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { Database } from "./sqlite_database.ts";
import { storageFailure } from "./sqlite_failure.ts";
import { rememberedOf, textOf } from "./sqlite_json.ts";
import { writePlaces } from "./sqlite_places.ts";
import type { HotSession, Tail } from "./sqlite_tail.ts";
import { remember } from "./remembered.ts";
import { keptMessages, rememberedInputs } from "./store.ts";

/** Stored rows at which it starts, by default: then a busy session has some dozens that are settled as one. */
export const settleAfterRows = 65_536;

/** What one slice may settle, and clear of the journal: 2 to 5 ms. */
const sliceRows = 2048;
const sliceBytes = 1 << 20;

/** A session costs as much as this many rows. */
const sessionWeight = 16;

/** How far behind settling may fall before the store takes no more: memory must not run full. */
const maxDelay = 16;

export interface SettlerParts {
  readonly database: Database;
  readonly tail: Tail;
  /** Stored rows at which it begins. */
  readonly startRows: number;
  /** Writes what is visible and not yet written, as `memory` allows. @throws AppError */
  readonly write: () => void;
  /** Called when there is something to be swept. */
  readonly trimmed: () => void;
}

export class Settler {
  readonly #parts: SettlerParts;
  readonly #database: Database;
  readonly #tail: Tail;
  #planned: ReturnType<typeof setImmediate> | undefined;
  #todo: HotSession[] = [];
  /** Numbers up to this one are settled when `#todo` is empty; undefined: no pass is going on. */
  #through: number | undefined;
  #failure: unknown;

  constructor(parts: SettlerParts) {
    this.#parts = parts;
    this.#database = parts.database;
    this.#tail = parts.tail;
  }

  /** Starts to settle in the background when enough has come together. */
  wake(): void {
    if (this.#planned) return;
    const { weight, size } = this.#tail;
    if (this.#through === undefined && weight + size < this.#parts.startRows) return;
    this.#planned = setImmediate(() => this.#go());
  }

  /** @throws AppError ERR_EXECUTION_602 when settling has failed for so long that memory would run full */
  check(): void {
    if (!this.#failure || this.#tail.weight < maxDelay * this.#parts.startRows) return;
    throw storageFailure(this.#failure);
  }

  /** Settles one session now. @throws AppError */
  one(hot: HotSession): void {
    if (!hot.isDirty) return;
    this.#parts.write();
    this.#database.transaction(() => this.#settle(hot));
    this.#tail.settled(hot);
  }

  /** Settles everything now. @throws AppError */
  all(): void {
    while (this.#through !== undefined) this.#slice();
    do this.#slice(); while (this.#through !== undefined);
  }

  stop(): void {
    clearImmediate(this.#planned);
    this.#planned = undefined;
  }

  #go(): void {
    this.#planned = undefined;
    try {
      this.#slice();
      this.#failure = undefined;
      if (this.#through !== undefined) this.#planned = setImmediate(() => this.#go());
    } catch (cause) {
      // Nothing is lost: it stays in the journal and in memory, and the next commit tries again.
      this.#failure = cause;
    }
  }

  #slice(): void {
    this.#parts.write();
    if (this.#through === undefined) {
      this.#through = this.#tail.latestAt;
      this.#todo = [...this.#tail.sessions()].filter((hot) => hot.isDirty);
      this.#tail.weight = 0;
    }
    if (this.#todo.length > 0) this.#settleSome();
    else if (!this.#clearSome(this.#through)) this.#through = undefined;
  }

  #settleSome(): void {
    const taken: HotSession[] = [];
    this.#database.transaction(() => {
      for (let room = sliceRows; room > 0 && taken.length < this.#todo.length;) {
        const hot = this.#todo[this.#todo.length - 1 - taken.length];
        if (hot.isDirty && !hot.isGone) this.#settle(hot);
        taken.push(hot);
        room -= sessionWeight + hot.places.length + hot.changes.length;
      }
    });
    this.#todo.length -= taken.length;
    for (const hot of taken) this.#tail.settled(hot);
  }

  /** Deletes what is settled from the journal; true when there may be more. */
  #clearSome(through: number): boolean {
    let bytes = 0;
    let upTo = 0;
    const sql = "SELECT at, octet_length(body) AS bytes FROM journal WHERE at <= ? ORDER BY at LIMIT ?";
    for (const row of this.#database.iterate(sql, through, sliceRows)) {
      upTo = row.at as number;
      bytes += row.bytes as number;
      if (bytes >= sliceBytes) break;
    }
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM journal WHERE at <= ?", upTo);
      if (upTo === 0) this.#database.run("INSERT OR REPLACE INTO facts VALUES ('settled', ?)", through);
    });
    return upTo > 0;
  }

  #settle(hot: HotSession): void {
    const { no, places, sizes, changes } = hot;
    const before = this.#database.get(
      "SELECT message_count, input_count, oldest_seq, run, remembered FROM sessions WHERE no = ?",
      no,
    )!;
    writePlaces(this.#database, no, hot.latestSeq - places.length + 1, places, sizes);
    if (hot.oldestSeq > (before.oldest_seq as number)) {
      this.#database.run("INSERT OR IGNORE INTO garbage VALUES (?, ?)", no, hot.oldestSeq - 1);
      this.#parts.trimmed();
    }
    const messages = changes.flatMap((change) => change.messages ?? []);
    const inputs = changes.flatMap(({ input }) => input ? [[input.messageId, input.runId]] : []);
    const held = rememberedOf(before.run, before.remembered);
    for (const change of changes) remember(held, change);
    const { run, remembered } = changes.length > 0 ? textOf(held) : before;
    this.#database.run(
      `UPDATE sessions SET active_at = ?, latest_seq = ?, oldest_seq = ?, message_count = ?, input_count = ?,
        run = ?, remembered = ?, settled = ? WHERE no = ?`,
      hot.activeAt,
      hot.latestSeq,
      hot.oldestSeq,
      this.#lengthen("messages", no, before.message_count as number, messages, keptMessages),
      this.#lengthen("inputs", no, before.input_count as number, inputs, rememberedInputs),
      run,
      remembered,
      hot.latestAt,
      no,
    );
  }

  /** Adds to a list of a session and drops its old part; returns its new length, counted from the beginning. */
  #lengthen(
    table: "messages" | "inputs",
    session: number,
    length: number,
    added: readonly unknown[],
    kept: number,
  ): number {
    if (added.length === 0) return length;
    const last = length + added.length;
    const body = JSON.stringify(added);
    this.#database.run(`INSERT INTO ${table} (session, last, body) VALUES (?, ?, ?)`, session, last, body);
    this.#database.run(`DELETE FROM ${table} WHERE session = ? AND last <= ?`, session, last - kept);
    return last;
  }
}

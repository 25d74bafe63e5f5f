/**
 * Settling: what the journal holds is moved to the tables, session by session, so that a session's entries lie
 * together. It goes in slices of a few milliseconds between turns of the event loop. A crash in between loses
 * nothing: a journal row is deleted only when it is settled, and each session knows up to which row it is.
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { Message } from "../protocol/transcript.ts";
import type { Database } from "./sqlite_database.ts";
import { storageFailure } from "./sqlite_failure.ts";
import { rememberedOf, textOf } from "./sqlite_json.ts";
import { writeEntries } from "./sqlite_stretches.ts";
import type { HotSession, JournalRow, Tail } from "./sqlite_tail.ts";
import { remember } from "./remembered.ts";
import { type Changes, keptMessages, rememberedInputs } from "./store.ts";

/** When to start: then a session that is busy has some dozen events that go to their place in one piece. */
const startRows = 16_384;
const startBytes = 16 << 20;

/** What one slice may move: about 5 ms. */
const sliceRows = 1024;
const sliceBytes = 1 << 20;

/** Unsettled bytes at which the store takes no more, because the disk does not let it settle. */
const maxBytes = 4 * startBytes;

interface Taken {
  readonly hot: HotSession;
  readonly rows: number;
}

export class Settler {
  readonly #database: Database;
  readonly #tail: Tail;
  #planned: ReturnType<typeof setImmediate> | undefined;
  #todo: HotSession[] = [];
  /** Journal rows up to here are settled when `#todo` is empty; undefined: no pass is going on. */
  #through: number | undefined;
  #failure: Error | undefined;

  constructor(database: Database, tail: Tail) {
    this.#database = database;
    this.#tail = tail;
  }

  /** Starts to settle in the background when enough has come together. */
  wake(): void {
    if (this.#planned) return;
    if (this.#through === undefined && this.#tail.rows < startRows && this.#tail.bytes < startBytes) return;
    this.#planned = setImmediate(() => this.#go());
  }

  /** @throws AppError ERR_EXECUTION_602 when settling has failed for so long that memory would run full */
  check(): void {
    if (this.#failure && this.#tail.bytes > maxBytes) throw storageFailure(this.#failure);
  }

  /** Settles one session now. @throws AppError */
  one(hot: HotSession): void {
    if (!hot.isDirty) return;
    this.#database.transaction(() => this.#move(hot, hot.rows));
    this.#tail.drop(hot, hot.rows.length);
  }

  /** Settles everything now. @throws AppError */
  all(): void {
    while (this.#slice());
  }

  stop(): void {
    clearImmediate(this.#planned);
    this.#planned = undefined;
  }

  #go(): void {
    this.#planned = undefined;
    try {
      const isMore = this.#slice();
      this.#failure = undefined;
      if (isMore) this.#planned = setImmediate(() => this.#go());
    } catch (cause) {
      // Nothing is lost: the rows stay in the journal and in memory, and the next commit tries again.
      this.#failure = cause as Error;
    }
  }

  /** Moves a part; true when there is more of this pass. */
  #slice(): boolean {
    if (this.#through === undefined) {
      this.#through = this.#tail.latestAt;
      this.#todo = [...this.#tail.sessions()].filter((hot) => hot.isDirty);
    }
    if (this.#todo.length > 0) this.#settleSome(this.#through);
    else if (!this.#clearJournal(this.#through)) this.#through = undefined;
    return this.#through !== undefined;
  }

  #settleSome(through: number): void {
    const taken: Taken[] = [];
    let left = this.#todo.length;
    this.#database.transaction(() => {
      let room = sliceRows;
      let bytes = sliceBytes;
      while (left > 0 && room > 0 && bytes > 0) {
        const hot = this.#todo[left - 1];
        const rows: JournalRow[] = [];
        for (const row of hot.rows) {
          if (room <= 0 || bytes <= 0) break;
          rows.push(row);
          room--;
          bytes -= row.entry?.bytes ?? 0;
        }
        if (hot.isDirty) this.#move(hot, rows);
        taken.push({ hot, rows: rows.length });
        room--;
        // A session with more rows than a slice goes on in the next one.
        if ((hot.rows[rows.length]?.at ?? Infinity) <= through) break;
        left--;
      }
    });
    this.#todo.length = left;
    for (const { hot, rows } of taken) this.#tail.drop(hot, rows);
  }

  /** Deletes settled rows of the journal; true when there are more. */
  #clearJournal(through: number): boolean {
    const oldest = this.#database.get("SELECT min(at) AS at FROM journal")?.at as number | null;
    if (oldest === null || oldest > through) return false;
    const upTo = Math.min(through, oldest + sliceRows);
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM journal WHERE at <= ?", upTo);
      this.#database.run("INSERT OR REPLACE INTO facts VALUES ('settled', ?)", upTo);
    });
    return true;
  }

  /** Writes rows of a session to their tables, and how far it is. */
  #move(hot: HotSession, rows: readonly JournalRow[]): void {
    const entries = rows.flatMap((row) => row.entry ?? []);
    const changes = rows.flatMap((row) => row.changes ?? []);
    const before = this.#database.get(
      `SELECT message_count, input_count, run, remembered, latest_seq, oldest_seq, settled
        FROM sessions WHERE no = ?`,
      hot.no,
    );
    if (!before) return;
    writeEntries(this.#database, hot.no, entries);
    if (hot.oldestSeq > (before.oldest_seq as number)) {
      this.#database.run("INSERT OR IGNORE INTO garbage VALUES (?, ?)", hot.no, hot.oldestSeq - 1);
    }
    const messages = this.#addMessages(hot.no, before.message_count as number, changes);
    const inputs = this.#addInputs(hot.no, before.input_count as number, changes);
    const held = rememberedOf(before.run, before.remembered);
    for (const change of changes) remember(held, change);
    const { run, remembered } = changes.length > 0 ? textOf(held) : before;
    this.#database.run(
      `UPDATE sessions SET active_at = ?, latest_seq = ?, oldest_seq = ?, message_count = ?, input_count = ?,
        run = ?, remembered = ?, settled = ? WHERE no = ?`,
      hot.activeAt,
      entries.at(-1)?.seq ?? before.latest_seq,
      hot.oldestSeq,
      messages,
      inputs,
      run,
      remembered,
      rows.at(-1)?.at ?? before.settled,
      hot.no,
    );
  }

  #addMessages(session: number, count: number, changes: readonly Changes[]): number {
    const messages: Message[] = changes.flatMap((change) => change.messages ?? []);
    if (messages.length === 0) return count;
    const last = count + messages.length;
    this.#database.run(
      "INSERT INTO messages (session, last, body) VALUES (?, ?, ?)",
      session,
      last,
      JSON.stringify(messages),
    );
    this.#database.run("DELETE FROM messages WHERE session = ? AND last <= ?", session, last - keptMessages);
    return last;
  }

  #addInputs(session: number, count: number, changes: readonly Changes[]): number {
    const inputs = changes.flatMap(({ input }) => input ? [[input.messageId, input.runId]] : []);
    if (inputs.length === 0) return count;
    const last = count + inputs.length;
    this.#database.run(
      "INSERT INTO inputs (session, last, body) VALUES (?, ?, ?)",
      session,
      last,
      JSON.stringify(inputs),
    );
    this.#database.run(
      "DELETE FROM inputs WHERE session = ? AND last <= ?",
      session,
      last - rememberedInputs,
    );
    return last;
  }
}

/**
 * Group commit: the commits of all sessions that come within one turn of the event loop, or while the disk is still
 * busy with those before, become one transaction and one fsync. A commit is refused at once, and alone, when it does
 * not fit; only a failure of the disk refuses a whole group.
 */
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";
import { AppError } from "../errors.ts";
import type { Database, Value } from "./sqlite_database.ts";
import { isPassing, storageFailure } from "./sqlite_failure.ts";
import type { FileLock } from "./sqlite_lock.ts";
import type { HotSession, StoredRow, Tail } from "./sqlite_tail.ts";
import type { Awaitable, Changes, Entry } from "./store.ts";

/**
 * What a resolved commit promises.
 *
 * - `sync`: it is on the disk, also after a power failure. A transaction and an fsync of its own, in which the event
 *   loop stands still; it is stored when the call returns.
 * - `batch`: the same promise. One transaction and one fsync for all that is waiting; the event loop goes on while
 *   the disk works.
 * - `memory`: nothing. It is written within 10 ms, and a kill before that loses it; a power failure may lose more.
 *   After a kill every session gets a new epoch, so that no client can take one event for another.
 */
export type Durability = "sync" | "batch" | "memory";

/** How long `memory` lets commits wait: long enough to make groups, short enough to lose little. */
const backgroundMs = 10;

/** Changes of this size weigh as much as a row of their own. */
const bytesPerRow = 512;

/** Entries of one statement: of the cost of a statement, a third is the call. */
const rowsPerInsert = 8;

const insertOne = "INSERT INTO entries VALUES (?, ?, ?, ?, ?)";
const insertMany = insertOne + ", (?, ?, ?, ?, ?)".repeat(rowsPerInsert - 1);

/** Commits that `memory` lets come together: writing them takes about 4 ms. */
const maxGroupRows = 1024;

/** Unwritten bytes at which `memory` refuses more, because the disk takes nothing. */
const maxBacklogBytes = 64 << 20;

interface Waiting extends StoredRow {
  readonly entry?: Entry;
  readonly hot: HotSession;
  readonly time: number;
}

export interface GroupParts {
  readonly database: Database;
  readonly tail: Tail;
  readonly lock: FileLock;
  /** The -wal file, open a second time for fsync without a stop of the event loop. */
  readonly wal: Pick<Deno.FsFile, "syncData">;
  readonly durability: Durability;
  /** Called after rows became visible. */
  readonly stored: () => void;
}

export class Groups {
  readonly #parts: GroupParts;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  /** The promise that all commits of the queue share. */
  #group: PromiseWithResolvers<void> | undefined;
  /** Set while an fsync is going on. */
  #syncing: Promise<void> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextAt: number;
  /** `memory`: why it could not be written. */
  #cause: unknown;
  /** Why nothing can be stored any more. */
  #failure: AppError | undefined;

  constructor(parts: GroupParts) {
    this.#parts = parts;
    this.#nextAt = parts.tail.latestAt + 1;
  }

  /** Takes a commit that has been found to fit. */
  add(hot: HotSession, entries: readonly Entry[], changes?: Changes): Awaitable<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const rows = this.#rowsOf(hot, entries, changes);
    if (rows.length === 0) return;
    const { durability } = this.#parts;
    if (durability === "sync") return this.#addNow(rows);
    if (durability === "memory" && this.#queuedBytes > maxBacklogBytes) {
      return Promise.reject(storageFailure(this.#cause));
    }
    for (const row of rows) {
      this.#queue.push(row);
      this.#queuedBytes += row.entry?.bytes ?? 0;
    }
    hot.waiting += rows.length;
    hot.acceptedSeq += entries.length;
    if (durability === "memory") {
      this.#show(rows);
      if (this.#queue.length % maxGroupRows === 0) this.#writeBehind();
      else this.#timer ??= setTimeout(() => this.#writeBehind(), backgroundMs);
      return;
    }
    this.#plan();
    this.#group ??= Promise.withResolvers();
    return this.#group.promise;
  }

  /** `memory`: writes what waits, so that it can be read. @throws AppError */
  writeNow(): void {
    if (this.#parts.durability !== "memory") return;
    this.#writeBehind();
    if (this.#queue.length > 0) throw storageFailure(this.#cause);
  }

  /** Writes what waits; resolves when it is stored or refused, undefined when nothing waits. */
  drain(): Promise<void> | undefined {
    if (this.#parts.durability === "memory") return void this.#writeBehind();
    if (!this.#group && !this.#syncing) return undefined;
    return (this.#syncing ?? Promise.resolve()).then(() => {
      if (this.#group) this.#flush();
      return this.#syncing;
    });
  }

  /** Writes what waits and stops. @throws AppError when it cannot be written */
  async close(): Promise<void> {
    for (let wait = this.drain(); wait; wait = this.drain()) await wait;
    clearImmediate(this.#immediate);
    try {
      this.writeNow();
    } finally {
      clearTimeout(this.#timer);
    }
    this.#failure ??= new AppError("ERR_EXECUTION_602", "Cannot use the store: it is closed");
  }

  #rowsOf(hot: HotSession, entries: readonly Entry[], changes?: Changes): Waiting[] {
    const time = Date.now();
    const last = entries.length - 1;
    const rows = entries.map((entry, index): Waiting => {
      return { at: this.#nextAt++, hot, entry, changes: index === last ? changes : undefined, time };
    });
    if (last < 0 && changes) rows.push({ at: this.#nextAt++, hot, changes, time });
    return rows;
  }

  #addNow(rows: readonly Waiting[]): Awaitable<void> {
    try {
      this.#write(rows);
    } catch (cause) {
      return Promise.reject(storageFailure(cause));
    }
    try {
      this.#parts.lock.acknowledge(rows.at(-1)!.at);
    } catch (cause) {
      this.#failure = storageFailure(cause);
      return Promise.reject(this.#failure);
    }
    for (const { hot, entry } of rows) hot.acceptedSeq = entry?.seq ?? hot.acceptedSeq;
    this.#show(rows);
  }

  /** At the end of this turn, so that all who commit in it share a transaction; at once after a busy disk. */
  #plan(): void {
    if (!this.#syncing) this.#immediate ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    const group = this.#group;
    if (!group || this.#syncing) return;
    const rows = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#group = undefined;
    try {
      this.#write(rows);
    } catch (cause) {
      return this.#refuse(rows, group, storageFailure(cause));
    }
    this.#syncing = this.#sync(rows, group);
  }

  async #sync(rows: readonly Waiting[], group: PromiseWithResolvers<void>): Promise<void> {
    try {
      await this.#parts.wal.syncData();
      this.#parts.lock.acknowledge(rows.at(-1)!.at);
      for (const row of rows) row.hot.waiting--;
      this.#show(rows);
      group.resolve();
    } catch (cause) {
      // Whether the rows are on the disk cannot be known any more: nothing may be built on them.
      this.#failure = storageFailure(cause);
      this.#refuse(rows, group, this.#failure);
    }
    this.#syncing = undefined;
    if (this.#failure) this.#refuseAll(this.#failure);
    else if (this.#group) this.#flush();
  }

  /** `memory`: what could not be written stays in the queue and is tried again. */
  #writeBehind(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length === 0) return;
    try {
      this.#write(this.#queue);
    } catch (cause) {
      this.#cause = cause;
      if (isPassing(cause instanceof AppError ? cause.cause : cause)) {
        this.#timer = setTimeout(() => this.#writeBehind(), 100 * backgroundMs);
        return;
      }
      this.#failure = storageFailure(cause);
    }
    for (const row of this.#queue) {
      row.hot.waiting--;
      this.#parts.tail.release(row.hot);
    }
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #write(rows: readonly Waiting[]): void {
    const { database, tail } = this.#parts;
    const changed = rows.filter(({ changes }) => changes).map((
      { at, hot, changes },
    ) => [at, hot.no, changes]);
    const body = JSON.stringify(changed);
    database.transaction(() => {
      let values: Value[] = [];
      for (const { at, hot, entry } of rows) {
        if (!entry) continue;
        values.push(at, hot.no, entry.seq, entry.event, entry.frame);
        if (values.length < 5 * rowsPerInsert) continue;
        database.run(insertMany, ...values);
        values = [];
      }
      for (let at = 0; at < values.length; at += 5) database.run(insertOne, ...values.slice(at, at + 5));
      if (changed.length > 0) database.run("INSERT INTO journal VALUES (?, ?)", rows.at(-1)!.at, body);
    });
    tail.weight += body.length / bytesPerRow;
  }

  #show(rows: readonly Waiting[]): void {
    for (const row of rows) this.#parts.tail.apply(row.hot, row, row.time);
    this.#parts.stored();
  }

  #refuse(rows: readonly Waiting[], group: PromiseWithResolvers<void>, failure: AppError): void {
    for (const { hot } of rows) {
      hot.waiting--;
      hot.acceptedSeq = hot.latestSeq;
      this.#parts.tail.release(hot);
    }
    group.reject(failure);
  }

  /** What has come since cannot stand on what was refused. */
  #refuseAll(failure: AppError): void {
    const rows = this.#queue;
    this.#queue = [];
    if (this.#group) this.#refuse(rows, this.#group, failure);
    this.#group = undefined;
  }
}

/**
 * Durability `batch`: the commits of all sessions that come within one turn of the event loop, or while the disk is
 * still busy with those before, become one transaction and one fsync. Only a failure of the disk refuses a group.
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { AppError } from "../errors.ts";
import type { Committer, RowWriter, WaitingRow } from "./sqlite_commit.ts";
import { closed, storageFailure } from "./sqlite_failure.ts";
import type { FileLock } from "./sqlite_lock.ts";
import type { HotSession, Tail } from "./sqlite_tail.ts";
import type { Awaitable, Changes, Entry } from "./store.ts";

/** Commits that are stored together, and share one promise: a promise for each would cost more than its writing. */
interface Group extends PromiseWithResolvers<void> {
  readonly rows: WaitingRow[];
}

export interface GroupParts {
  readonly writer: Pick<RowWriter, "rowsOf" | "write" | "show">;
  readonly tail: Pick<Tail, "release">;
  readonly lock: Pick<FileLock, "acknowledge">;
  /** The -wal file, open a second time: its fsync does not stop the event loop. */
  readonly wal: Pick<Deno.FsFile, "syncData">;
}

export class GroupCommit implements Committer {
  readonly #parts: GroupParts;
  /** The group that takes commits. */
  #open: Group | undefined;
  /** Set while an fsync is going on. */
  #syncing: Promise<void> | undefined;
  #planned: ReturnType<typeof setImmediate> | undefined;
  /** Why nothing can be stored any more. */
  #failure: AppError | undefined;

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  add(hot: HotSession, entries: readonly Entry[], changes?: Changes): Awaitable<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const rows = this.#parts.writer.rowsOf(hot, entries, changes);
    if (rows.length === 0) return;
    hot.waiting += rows.length;
    hot.acceptedSeq += entries.length;
    // At the end of this turn: waiting 5 ms for more was measured to halve what a busy server gets done.
    if (!this.#syncing) this.#planned ??= setImmediate(() => this.#store());
    this.#open ??= { ...Promise.withResolvers<void>(), rows: [] };
    this.#open.rows.push(...rows);
    return this.#open.promise;
  }

  drain(): Promise<void> | undefined {
    if (!this.#open && !this.#syncing) return undefined;
    return (this.#syncing ?? Promise.resolve()).then(() => {
      this.#store();
      return this.#syncing;
    });
  }

  flush(): void {}

  async close(): Promise<void> {
    for (let wait = this.drain(); wait; wait = this.drain()) await wait;
    this.#failure ??= closed();
  }

  #store(): void {
    clearImmediate(this.#planned);
    this.#planned = undefined;
    const group = this.#open;
    if (!group || this.#syncing) return;
    this.#open = undefined;
    try {
      this.#parts.writer.write(group.rows);
    } catch (cause) {
      return this.#refuse(group, storageFailure(cause));
    }
    this.#syncing = this.#sync(group);
  }

  async #sync(group: Group): Promise<void> {
    const { writer, lock, wal } = this.#parts;
    try {
      await wal.syncData();
      lock.acknowledge(group.rows.at(-1)!.at);
      for (const row of group.rows) row.hot.waiting--;
      writer.show(group.rows);
      group.resolve();
    } catch (cause) {
      // Whether the rows are on the disk cannot be known any more: nothing may be built on them.
      this.#failure = storageFailure(cause);
      this.#refuse(group, this.#failure);
      if (this.#open) this.#refuse(this.#open, this.#failure);
      this.#open = undefined;
    }
    this.#syncing = undefined;
    this.#store();
  }

  #refuse(group: Group, failure: AppError): void {
    for (const { hot } of group.rows) {
      hot.waiting--;
      hot.acceptedSeq = hot.latestSeq;
      this.#parts.tail.release(hot);
    }
    group.reject(failure);
  }
}

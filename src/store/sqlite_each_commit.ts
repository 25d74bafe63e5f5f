/** Durability `sync`: each commit is a transaction with an fsync, and done when the call returns. */
import type { AppError } from "../errors.ts";
import type { Committer, RowWriter } from "./sqlite_commit.ts";
import { closed, storageFailure } from "./sqlite_failure.ts";
import type { FileLock } from "./sqlite_lock.ts";
import type { HotSession } from "./sqlite_tail.ts";
import type { Awaitable, Changes, Entry } from "./store.ts";

export class EachCommit implements Committer {
  readonly #writer: RowWriter;
  readonly #lock: FileLock;
  #failure: AppError | undefined;

  constructor(writer: RowWriter, lock: FileLock) {
    this.#writer = writer;
    this.#lock = lock;
  }

  add(hot: HotSession, entries: readonly Entry[], changes?: Changes): Awaitable<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const rows = this.#writer.rowsOf(hot, entries, changes);
    if (rows.length === 0) return;
    try {
      this.#writer.write(rows);
    } catch (cause) {
      return Promise.reject(storageFailure(cause));
    }
    try {
      this.#lock.acknowledge(rows.at(-1)!.at);
    } catch (cause) {
      // The rows are in the file and must not be written again.
      this.#failure = storageFailure(cause);
      return Promise.reject(this.#failure);
    }
    hot.acceptedSeq += entries.length;
    this.#writer.show(rows);
  }

  drain(): undefined {}

  flush(): void {}

  close(): Promise<void> {
    this.#failure ??= closed();
    return Promise.resolve();
  }
}

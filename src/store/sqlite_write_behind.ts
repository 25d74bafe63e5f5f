/** Durability `memory`: a commit is visible at once and written in the background, together with others. */
import { clearTimeout, setTimeout } from "node:timers";
import type { AppError } from "../errors.ts";
import type { Committer, RowWriter, WaitingRow } from "./sqlite_commit.ts";
import { closed, isPassing, storageFailure } from "./sqlite_failure.ts";
import type { HotSession, Tail } from "./sqlite_tail.ts";
import type { Awaitable, Changes, Entry } from "./store.ts";

/** How long commits wait for others: long enough to make groups, short enough to lose little. */
const waitMs = 10;

/** When the disk took nothing, it is tried again after this time. */
const retryMs = 1000;

/** Commits that come together at most: writing them takes about 5 ms. */
const maxRows = 1024;

/** Unwritten bytes at which commits are refused: the disk takes nothing, and memory must not run full. */
const maxBytes = 64 << 20;

export class WriteBehind implements Committer {
  readonly #writer: RowWriter;
  readonly #tail: Tail;
  #rows: WaitingRow[] = [];
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Why the last attempt to write failed. */
  #failure: AppError | undefined;
  #isClosed = false;

  constructor(writer: RowWriter, tail: Tail) {
    this.#writer = writer;
    this.#tail = tail;
  }

  add(hot: HotSession, entries: readonly Entry[], changes?: Changes): Awaitable<void> {
    const refusal = this.#refusal();
    if (refusal) return Promise.reject(refusal);
    const rows = this.#writer.rowsOf(hot, entries, changes);
    this.#rows.push(...rows);
    for (const { entry } of rows) this.#bytes += entry?.bytes ?? 0;
    hot.waiting += rows.length;
    hot.acceptedSeq += entries.length;
    this.#writer.show(rows);
    if (this.#rows.length >= maxRows && !this.#failure) this.#write();
    else if (rows.length > 0) this.#timer ??= setTimeout(() => this.#write(), waitMs);
  }

  drain(): undefined {
    this.#write();
  }

  flush(): void {
    this.#write();
    if (this.#failure) throw this.#failure;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    try {
      this.flush();
      return Promise.resolve();
    } catch (cause) {
      return Promise.reject(cause);
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #refusal(): AppError | undefined {
    if (this.#isClosed) return closed();
    if (this.#failure && (this.#bytes > maxBytes || !isPassing(this.#failure.cause))) return this.#failure;
    return undefined;
  }

  /** What cannot be written stays and is tried again. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#rows.length === 0) return;
    try {
      this.#writer.write(this.#rows);
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = storageFailure(cause);
      this.#timer = setTimeout(() => this.#write(), retryMs);
      return;
    }
    for (const { hot } of this.#rows) {
      hot.waiting--;
      this.#tail.release(hot);
    }
    this.#rows = [];
    this.#bytes = 0;
  }
}

/** One writer, any number of readers, each of which gets every item once. */
import { MyAgentError } from "./errors.ts";

/** Items a reader may lag behind. */
const maxWaiting = 10_000;

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(cause: unknown): void;
}

const done = { done: true, value: undefined } as const;

class Reader<T> implements AsyncIterator<T, undefined> {
  readonly #items: T[];
  readonly #waiting: Waiting<T>[] = [];
  readonly #leave: (reader: Reader<T>) => void;
  #end: { error?: unknown } | undefined;

  constructor(items: T[], leave: (reader: Reader<T>) => void) {
    this.#items = items;
    this.#leave = leave;
  }

  push(item: T): void {
    const next = this.#waiting.shift();
    if (next) return next.resolve({ done: false, value: item });
    if (this.#items.push(item) <= maxWaiting) return;
    this.#items.length = 0;
    this.#leave(this);
    const message = `Cannot keep up: more than ${maxWaiting} events are waiting for this reader`;
    this.end({ error: new MyAgentError("overflow", message) });
  }

  end(end: { error?: unknown }): void {
    this.#end ??= end;
    for (const waiting of this.#waiting.splice(0)) this.#finish(waiting);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#items.length) resolve({ done: false, value: this.#items.shift()! });
      else if (this.#end) this.#finish({ resolve, reject });
      else this.#waiting.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#items.length = 0;
    this.#leave(this);
    this.end({});
    return Promise.resolve(done);
  }

  /** An error is told once; after it, there is simply nothing more. */
  #finish({ resolve, reject }: Waiting<T>): void {
    const error = this.#end?.error;
    this.#end = {};
    if (error === undefined) resolve(done);
    else reject(error);
  }
}

export class Channel<T> implements AsyncIterable<T, undefined> {
  readonly #readers = new Set<Reader<T>>();
  readonly #maxEarly: number;
  #early: T[] | undefined = [];
  #end: { error?: unknown } | undefined;

  /** @param maxEarly - items kept for the first reader */
  constructor(maxEarly = 1000) {
    this.#maxEarly = maxEarly;
  }

  push(item: T): void {
    if (this.#end) return;
    for (const reader of this.#readers) reader.push(item);
    if (this.#early && this.#early.push(item) > this.#maxEarly) this.#early.shift();
  }

  /** No more items; readers get those that wait for them, and then the error, if there is one. */
  end(error?: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    for (const reader of this.#readers) reader.end(this.#end);
    this.#readers.clear();
  }

  /** The first reader begins with what came before it, of which the newest are kept; others begin now. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const reader = new Reader<T>(this.#early ?? [], (leaving) => this.#readers.delete(leaving));
    this.#early = undefined;
    if (this.#end) reader.end(this.#end);
    else this.#readers.add(reader);
    return reader;
  }
}

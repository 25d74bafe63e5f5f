/** Two small pieces of plumbing between callbacks and generators. */

/** A queue that is filled by callbacks and read as an async iterable until it is closed and empty. */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  push(item: T): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Items that wait. */
  get size(): number {
    return this.#items.length;
  }

  /** The next item of a queue that is not closed. */
  async next(): Promise<T> {
    while (!this.#items.length) await this.#filled();
    return this.#items.shift()!;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.#items.length) yield this.#items.shift()!;
      if (this.#closed) return;
      await this.#filled();
    }
  }

  #filled(): Promise<void> {
    return new Promise<void>((resolve) => this.#wake = resolve);
  }
}

/**
 * Runs generators side by side and yields what any of them yields. Each goes on only after its item was taken,
 * so that "recorded before it continues" holds for every one of them. After a failure the others are awaited.
 */
export async function* merge<E, R>(generators: readonly AsyncGenerator<E, R>[]): AsyncGenerator<E, R[]> {
  const results: R[] = [];
  const ready = new EventQueue<{ index: number; step?: IteratorResult<E, R>; cause?: unknown }>();
  const latest: Promise<void>[] = [];
  const advance = (index: number) => {
    latest[index] = generators[index].next().then(
      (step) => ready.push({ index, step }),
      (cause) => ready.push({ index, cause }),
    );
  };
  generators.forEach((_, index) => advance(index));
  let running = generators.length;
  try {
    while (running > 0) {
      const { index, step, cause } = await ready.next();
      if (!step) throw cause;
      if (step.done) {
        results[index] = step.value;
        running--;
      } else {
        yield step.value;
        advance(index);
      }
    }
    return results;
  } finally {
    await Promise.allSettled(latest);
    // What was left half-way still tidies up.
    await Promise.allSettled(generators.map((generator) => generator.return(undefined as never)));
  }
}

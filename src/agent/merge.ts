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

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.#items.length) yield this.#items.shift()!;
      if (this.#closed) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/**
 * Runs generators side by side and yields what any of them yields. Each goes on only after its item was taken,
 * so that "recorded before it continues" holds for every one of them. After a failure the others are awaited.
 */
export async function* merge<E, R>(generators: readonly AsyncGenerator<E, R>[]): AsyncGenerator<E, R[]> {
  const results: R[] = [];
  const advance = (index: number) => generators[index].next().then((step) => ({ index, step }));
  const pending = new Map(generators.map((_, index) => [index, advance(index)]));
  try {
    while (pending.size) {
      const { index, step } = await Promise.race(pending.values());
      if (step.done) {
        results[index] = step.value;
        pending.delete(index);
      } else {
        yield step.value;
        pending.set(index, advance(index));
      }
    }
    return results;
  } finally {
    await Promise.allSettled(pending.values());
  }
}

/** Chance that can be repeated: the same seed gives the same choices. */
export class Random {
  #state: number;

  /** @param seed - any whole number */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Another generator that depends on this one's seed only, for one of many players. */
  static of(seed: number, player: number): Random {
    return new Random(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(player + 1, 0xc2b2ae35));
  }

  /** At least 0, below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number at least 0, below `limit`. */
  int(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)];
  }

  /** One of the weighted items. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T {
    let left = this.next() * items.reduce((sum, [weight]) => sum + weight, 0);
    return (items.find(([weight]) => (left -= weight) < 0) ?? items[0])[1];
  }
}

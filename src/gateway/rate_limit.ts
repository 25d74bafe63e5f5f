/** How many messages one connection may send: a token bucket (protocol.md §14). */

/** More drops than this within the window close the connection. */
const maxDrops = 100;
const dropWindowMs = 10_000;

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = Date.now();
  /** When the last messages were dropped, oldest first. */
  readonly #drops: number[] = [];

  /** @param perSecond - messages per second; 0 switches the limit off */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** 0 when the message may pass; else the milliseconds after which one may. */
  take(): number {
    if (this.#perSecond === 0) return 0;
    const now = Date.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) / 1000 * this.#perSecond);
    this.#filledAt = now;
    if (this.#tokens >= 1) {
      this.#tokens--;
      return 0;
    }
    return Math.ceil((1 - this.#tokens) / this.#perSecond * 1000);
  }

  /** Counts a dropped message; true when there were too many. */
  drop(): boolean {
    const now = Date.now();
    this.#drops.push(now);
    if (this.#drops.length <= maxDrops) return false;
    return now - this.#drops.shift()! <= dropWindowMs;
  }
}

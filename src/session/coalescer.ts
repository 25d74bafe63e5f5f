/** Joins what comes in small pieces before it is appended (protocol.md §4.2): answer deltas and snapshots. */
import { byteLength } from "../protocol/shrink.ts";

export interface CoalesceLimits {
  readonly coalesceMs: number;
  readonly coalesceBytes: number;
}

/** Whether a text takes more bytes than this; most are so short that they need no counting. */
function isLonger(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && (text.length > bytes || byteLength(text) > bytes);
}

/**
 * Holds at most one pending item. The first piece after a quiet time goes out at once, because people wait for
 * the first word; what follows within `coalesceMs` is joined.
 */
export class Coalescer {
  readonly #limits: CoalesceLimits;
  readonly #emitText: (text: string) => void;
  #text = "";
  #snapshot: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastEmit = -Infinity;

  /** @param emitText - appends one joined piece of the answer */
  constructor(limits: CoalesceLimits, emitText: (text: string) => void) {
    this.#limits = limits;
    this.#emitText = emitText;
  }

  /** Adds a piece of text; it is appended within `coalesceMs`. */
  push(text: string): void {
    if (this.#snapshot) this.flush();
    const { coalesceBytes } = this.#limits;
    if (this.#text !== "" && isLonger(this.#text + text, coalesceBytes)) this.#emit(false);
    this.#text += text;
    if (isLonger(this.#text, coalesceBytes - 1) || Date.now() - this.#lastEmit >= this.#limits.coalesceMs) {
      this.#emit(false);
    }
    if (this.#text !== "") this.#arm();
  }

  /** Offers a snapshot; only the newest within `coalesceMs` is appended. */
  offer(snapshot: () => void): void {
    if (this.#text !== "") this.flush();
    this.#snapshot = snapshot;
    this.#arm();
  }

  /** Appends what is pending: before any event of another kind, and at the end of a stream. */
  flush(): void {
    this.#emit(true);
  }

  /** Forgets what is pending. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#snapshot = undefined;
    this.#text = "";
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#emit(false);
    }, this.#limits.coalesceMs);
  }

  #emit(everything: boolean): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    const snapshot = this.#snapshot;
    this.#snapshot = undefined;
    snapshot?.();
    if (this.#text === "") return;
    // A code point whose second half is still to come waits for it.
    const half = !everything && /[\uD800-\uDBFF]$/.test(this.#text) ? this.#text.slice(-1) : "";
    const text = half ? this.#text.slice(0, -1) : this.#text;
    this.#text = half;
    if (text === "") return;
    this.#lastEmit = Date.now();
    this.#emitText(text);
  }
}

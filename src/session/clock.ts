/** The clock of a run: it stops while the run waits for a person (protocol.md §8.5). */
export class RunClock {
  #leftMs: number;
  #since: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onEnd: () => void;
  #over = false;

  /** Starts at once. @param limitMs - time the run may take */
  constructor(limitMs: number, onEnd: () => void) {
    this.#leftMs = limitMs;
    this.#onEnd = onEnd;
    this.resume();
  }

  pause(): void {
    if (this.#since === undefined) return;
    this.#leftMs -= Date.now() - this.#since;
    this.#halt();
  }

  resume(): void {
    if (this.#since !== undefined || this.#over) return;
    this.#since = Date.now();
    this.#timer = setTimeout(this.#onEnd, Math.max(0, this.#leftMs));
  }

  /** Ends the clock for good. */
  stop(): void {
    this.#over = true;
    this.#halt();
  }

  #halt(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#since = undefined;
  }
}

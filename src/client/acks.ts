/** Tells the server what was received: every 20 events, or 200 ms after the first one (protocol.md §5.5). */
import type { Clock } from "./platform.ts";

const maxEvents = 20;
const maxWaitMs = 200;

export class Acks {
  readonly #clock: Clock;
  readonly #send: () => void;
  #count = 0;
  #timer: unknown;

  /** @param send - acknowledges the position of that moment */
  constructor(clock: Clock, send: () => void) {
    this.#clock = clock;
    this.#send = send;
  }

  count(): void {
    if (++this.#count >= maxEvents) this.#flush();
    else this.#timer ??= this.#clock.setTimeout(() => this.#flush(), maxWaitMs);
  }

  /** Forgets what is due: a resume says it too. */
  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }

  #flush(): void {
    this.stop();
    this.#send();
  }
}

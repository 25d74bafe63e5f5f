/** Commands on their way to the server: no faster than it takes them, and again when it was too fast after all. */
import type { Clock } from "./platform.ts";

/** Below what a server takes at once by default: 30 messages, and 32 that wait (protocol.md §2, §14). */
const burst = 20;
/** Commands remembered in case the server drops them. */
const maxRemembered = 64;

export interface Outgoing {
  readonly id: string;
  readonly text: string;
}

export class CommandSender {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #write: (text: string) => void;
  readonly #sent = new Map<string, Outgoing>();
  #queue: Outgoing[] = [];
  #dropped: Outgoing[] = [];
  #tokens = burst;
  #countedAt: number;
  #timer: unknown;

  /** @param perSecond - commands per second after a burst of 20; 0: no limit */
  constructor(clock: Clock, perSecond: number, write: (text: string) => void) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#write = write;
    this.#countedAt = clock.now();
  }

  send(command: Outgoing): void {
    this.#queue.push(command);
    if (this.#timer === undefined) this.#work();
  }

  /** The server has dropped a command: everything waits, and what was dropped goes first. */
  retry(id: string, afterMs: number): void {
    const dropped = this.#sent.get(id);
    if (!dropped) return;
    this.#dropped.push(dropped);
    this.#tokens = 0;
    this.#wait(Math.max(afterMs, 50));
  }

  /** The connection is gone. What was to be sent is the business of those who wanted it. */
  reset(): void {
    this.#queue = [];
    this.#dropped = [];
    this.#sent.clear();
    this.#tokens = burst;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #work(): void {
    this.#timer = undefined;
    this.#queue.unshift(...this.#dropped.splice(0));
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#countedAt) * this.#perSecond / 1000);
    this.#countedAt = now;
    while (this.#queue.length && (this.#tokens >= 1 || this.#perSecond === 0)) {
      this.#tokens--;
      const command = this.#queue.shift()!;
      this.#sent.set(command.id, command);
      if (this.#sent.size > maxRemembered) this.#sent.delete(this.#sent.keys().next().value!);
      this.#write(command.text);
    }
    if (this.#queue.length) this.#wait((1 - this.#tokens) * 1000 / this.#perSecond);
  }

  #wait(ms: number): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.#work(), Math.ceil(ms));
  }
}

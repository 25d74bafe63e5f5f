/** The one writer of a socket. It never waits for a slow reader, and never holds more than its budget. */
import { byteLength } from "../protocol/shrink.ts";
import type { Socket } from "./socket.ts";

export interface SendLimits {
  readonly sendBudgetBytes: number;
  readonly sendBudgetGraceSeconds: number;
  readonly sendHardBytes: number;
}

/** Bytes the socket may hold before frames wait here: enough to keep a fast peer busy. */
const highWaterBytes = 256 << 10;
/** How often a full socket is looked at again. */
const lookAgainMs = 20;
/** A peer that takes nothing for this long is given up. */
const stallMs = 30_000;

export class Outbound {
  readonly #socket: Socket;
  readonly #limits: SendLimits;
  readonly #onSlow: () => void;
  #queue: string[] = [];
  #queuedBytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #overSince: number | undefined;
  /** While something waits: when the peer last took a byte, and what was held and queued since the last look. */
  #watch: { progressAt: number; held: number; queued: number } | undefined;
  #waiting: (() => void)[] = [];
  /** Bytes the socket surely still takes. */
  #room = 0;
  #closed = false;

  /** @param onSlow - called once, when the peer is too slow */
  constructor(socket: Socket, limits: SendLimits, onSlow: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onSlow = onSlow;
  }

  /** Bytes the server holds for this peer. */
  get held(): number {
    return this.#queuedBytes + this.#socket.bufferedAmount;
  }

  send(frame: string): void {
    if (this.#closed) return;
    if (this.#queue.length === 0 && this.#hasRoom(frame)) {
      this.#socket.send(frame);
      // A large frame may exceed the budget by itself: somebody has to look whether it goes out.
      if (frame.length >= highWaterBytes) this.#arm();
      return;
    }
    this.#arm();
    const bytes = byteLength(frame);
    this.#queue.push(frame);
    this.#queuedBytes += bytes;
    this.#watch!.queued += bytes;
    this.#checkPace();
  }

  /** Whether the socket takes more; it is asked only when what was sent since the last look could have filled it. */
  #hasRoom(frame: string): boolean {
    // A UTF-16 unit takes at most three bytes.
    this.#room -= frame.length * 3;
    if (this.#room > 0) return true;
    const free = highWaterBytes - this.#socket.bufferedAmount;
    this.#room = free;
    return free > 0;
  }

  /** Undefined when more can be taken; else resolves when it can, or when the connection is closed. */
  ready(): Promise<void> | undefined {
    if (this.#closed || this.held < highWaterBytes) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#arm();
    return promise;
  }

  /** Hands over what is still waiting, before a goodbye. */
  flushAll(): void {
    for (const frame of this.#queue.splice(0)) this.#socket.send(frame);
    this.#queuedBytes = 0;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#wake();
  }

  #arm(): void {
    this.#watch ??= { progressAt: Date.now(), held: this.held, queued: 0 };
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, lookAgainMs);
  }

  #flush(): void {
    this.#noteProgress();
    let sent = 0;
    while (sent < this.#queue.length && this.#socket.bufferedAmount < highWaterBytes) {
      const frame = this.#queue[sent++];
      this.#queuedBytes -= byteLength(frame);
      this.#socket.send(frame);
    }
    this.#queue.splice(0, sent);
    this.#checkPace();
    if (this.#closed) return;
    if (this.held < highWaterBytes) this.#wake();
    if (this.#queue.length || this.#waiting.length || this.#overSince !== undefined) this.#arm();
    else this.#watch = undefined;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #noteProgress(): void {
    const watch = this.#watch!;
    const held = this.held;
    if (watch.held + watch.queued > held) watch.progressAt = Date.now();
    Object.assign(watch, { held, queued: 0 });
  }

  /** Gives up on a peer that is over budget for too long, far over it, or takes nothing at all. */
  #checkPace(): void {
    const now = Date.now();
    const held = this.held;
    const { sendBudgetBytes, sendBudgetGraceSeconds, sendHardBytes } = this.#limits;
    this.#overSince = held > sendBudgetBytes ? this.#overSince ?? now : undefined;
    const isOver = this.#overSince !== undefined && now - this.#overSince > sendBudgetGraceSeconds * 1000;
    const isStuck = now - (this.#watch?.progressAt ?? now) > stallMs;
    if ((held > sendHardBytes || isOver || isStuck) && !this.#closed) this.#onSlow();
  }
}

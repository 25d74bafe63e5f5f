/** A socket that a test plays the peer of: it takes as much as it is told to. */
import type { Socket } from "../../src/gateway/socket.ts";
import type { AnyFrame } from "./client.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

export class FakeSocket implements Socket {
  /** Everything handed to the socket, in order. */
  readonly sent: string[] = [];
  /** Goodbyes, in order: there should be one at most. */
  readonly closes: { code: number; reason: string }[] = [];
  terminated = false;
  /** False: what is sent stays in the buffer until the test drains it. */
  reads: boolean;
  #buffered = 0;

  constructor(reads = true) {
    this.reads = reads;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  /** The frames handed to the socket, parsed. */
  get frames(): AnyFrame[] {
    return this.sent.map((text) => JSON.parse(text));
  }

  send(text: string): void {
    this.sent.push(text);
    if (!this.reads) this.#buffered += bytesOf(text);
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  terminate(): void {
    this.terminated = true;
  }

  /** The peer takes this many bytes; by default everything. */
  drain(bytes = this.#buffered): void {
    this.#buffered = Math.max(0, this.#buffered - bytes);
  }
}

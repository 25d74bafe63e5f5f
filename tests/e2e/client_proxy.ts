/** A TCP proxy that breaks connections: on demand, or after a random number of bytes, in the middle of a frame. */
import type { Random } from "../fuzz/random.ts";

export interface CutOptions {
  readonly random: Random;
  /** Connections that are cut at random; those after them are left alone, so that a test ends. */
  readonly cuts: number;
  /** Bytes that pass at most before a cut, both directions together. */
  readonly maxBytes: number;
}

export class CuttingProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sockets = new Set<Deno.TcpConn>();
  readonly #pipes: Promise<void>[] = [];
  readonly #port: number;
  readonly #options: CutOptions | undefined;
  /** Connections that were cut at random. */
  cuts = 0;

  constructor(port: number, options?: CutOptions) {
    this.#port = port;
    this.#options = options;
    this.#pipes.push(this.#accept());
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}/`;
  }

  /** Ends all connections as a broken network does: without a goodbye. */
  cut(): void {
    for (const socket of [...this.#sockets]) this.#end(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.all(this.#pipes);
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
      this.#sockets.add(near).add(far);
      const { random, cuts, maxBytes } = this.#options ?? {};
      const isCut = random !== undefined && this.cuts < cuts!;
      const left = { bytes: isCut ? 1 + random.int(maxBytes!) : Infinity };
      this.#pipes.push(this.#pipe(near, far, left), this.#pipe(far, near, left));
    }
  }

  async #pipe(from: Deno.TcpConn, to: Deno.TcpConn, left: { bytes: number }): Promise<void> {
    const buffer = new Uint8Array(16_384);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        const passing = buffer.subarray(0, Math.min(count, left.bytes));
        const isLast = left.bytes > 0 && count >= left.bytes;
        left.bytes = Math.max(0, left.bytes - count);
        for (let sent = 0; sent < passing.length;) sent += await to.write(passing.subarray(sent));
        if (isLast) this.cuts++;
        if (left.bytes === 0) break;
      }
    } catch {
      // The other direction was faster.
    }
    this.#end(from);
    this.#end(to);
  }

  #end(socket: Deno.TcpConn): void {
    if (!this.#sockets.delete(socket)) return;
    socket.close();
  }
}

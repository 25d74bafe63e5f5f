/** A network at its worst: it cuts, delays, splits and freezes TCP connections as its seed tells it. */
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../fuzz/random.ts";

/** What happens to one connection. */
interface Fate {
  /** Bytes of both directions after which it is cut or frozen. */
  readonly bytes: number;
  /** Time after which it is cut in any case. */
  readonly lifeMs: number;
  /** How long it stands still before it is cut, or goes on. */
  readonly freezeMs: number;
  readonly goesOn: boolean;
  /** Longest delay of one piece; 0: none. */
  readonly delayMs: number;
  /** Whether what comes in one piece goes on in many. */
  readonly splits: boolean;
}

function fateOf(random: Random): Fate {
  // Many cuts within the handshake and the first frames, where connections are half made.
  const most = random.weighted([[3, 1500], [4, 20_000], [3, 200_000]]);
  const freezes = random.chance(0.25);
  return {
    bytes: 1 + random.int(most),
    lifeMs: 50 + random.int(random.pick([500, 3000, 10_000])),
    freezeMs: freezes ? 20 + random.int(random.pick([300, 4000])) : 0,
    goesOn: freezes && random.chance(0.6),
    delayMs: random.chance(0.4) ? 1 + random.int(40) : 0,
    splits: random.chance(0.4),
  };
}

export interface ProxyCounts {
  connections: number;
  cuts: number;
  freezes: number;
}

/** One client's way to the server: its n-th connection always meets the same fate. */
export class ChaosProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serverPort: number;
  readonly #random: Random;
  readonly #counts: ProxyCounts;
  readonly #links = new Set<Link>();
  readonly #work: Promise<void>[] = [];
  #calm = false;

  constructor(serverPort: number, random: Random, counts: ProxyCounts) {
    this.#serverPort = serverPort;
    this.#random = random;
    this.#counts = counts;
    this.#work.push(this.#accept());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** From now on everything passes as it is. */
  calm(): void {
    this.#calm = true;
    for (const link of this.#links) link.calm();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const link of this.#links) link.end();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      this.#counts.connections++;
      const fate = fateOf(this.#random);
      const seed = this.#random.int(2 ** 32);
      this.#work.push(this.#carry(near, fate, seed));
    }
  }

  async #carry(near: Deno.TcpConn, fate: Fate, seed: number): Promise<void> {
    const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#serverPort }).catch(() => undefined);
    if (!far) return near.close();
    const link = new Link(near, far, fate, seed, this.#counts);
    if (this.#calm) link.calm();
    this.#links.add(link);
    await link.ended;
    this.#links.delete(link);
  }
}

class Link {
  readonly ended: Promise<void>;
  readonly #near: Deno.TcpConn;
  readonly #far: Deno.TcpConn;
  readonly #fate: Fate;
  readonly #counts: ProxyCounts;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #over = new AbortController();
  #left: number;
  #frozen: Promise<void> | undefined;
  #calm = false;

  constructor(near: Deno.TcpConn, far: Deno.TcpConn, fate: Fate, seed: number, counts: ProxyCounts) {
    this.#near = near;
    this.#far = far;
    this.#fate = fate;
    this.#counts = counts;
    this.#left = fate.bytes;
    for (const conn of [near, far]) conn.setNoDelay(true);
    this.#timer = setTimeout(() => this.#cut(), fate.lifeMs);
    this.ended = Promise.all([
      this.#pipe(near, far, Random.of(seed, 0)),
      this.#pipe(far, near, Random.of(seed, 1)),
    ]).then(() => {});
  }

  calm(): void {
    this.#calm = true;
    clearTimeout(this.#timer);
  }

  end(): void {
    if (this.#over.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#over.abort();
    this.#near.close();
    this.#far.close();
  }

  #cut(): void {
    if (this.#over.signal.aborted || this.#calm) return;
    this.#counts.cuts++;
    this.end();
  }

  async #pipe(from: Deno.TcpConn, to: Deno.TcpConn, random: Random): Promise<void> {
    const buffer = new Uint8Array(16_384);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        await this.#pass(buffer.subarray(0, count), to, random);
      }
    } catch {
      // The other direction was faster, or one of the two peers is gone.
    }
    this.end();
  }

  /** What lies behind the place of a cut is lost, in the middle of a frame. */
  async #pass(bytes: Uint8Array, to: Deno.TcpConn, random: Random): Promise<void> {
    if (this.#frozen) await this.#frozen;
    const { delayMs, splits, freezeMs, goesOn } = this.#fate;
    if (delayMs && !this.#calm) await this.#wait(random.int(delayMs));
    const passing = this.#calm ? bytes : bytes.subarray(0, this.#left);
    const isLast = !this.#calm && bytes.length >= this.#left;
    this.#left -= passing.length;
    await this.#write(passing, to, splits && !this.#calm ? random : undefined);
    if (!isLast) return;
    if (freezeMs) await this.#freeze(freezeMs);
    if (!goesOn && !this.#calm) return this.#cut();
    this.#left = Infinity;
    await this.#write(bytes.subarray(passing.length), to, undefined);
  }

  async #write(bytes: Uint8Array, to: Deno.TcpConn, random: Random | undefined): Promise<void> {
    const longest = random ? 1 + random.int(Math.max(8, bytes.length >> 2)) : bytes.length;
    for (let at = 0; at < bytes.length;) {
      at += await to.write(bytes.subarray(at, at + (random ? 1 + random.int(longest) : longest)));
      if (random && at < bytes.length) await this.#wait(random.int(3));
    }
  }

  async #freeze(ms: number): Promise<void> {
    this.#counts.freezes++;
    this.#frozen = this.#wait(ms);
    await this.#frozen;
    this.#frozen = undefined;
  }

  /** @throws when the link has ended meanwhile: what was on its way is lost */
  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#over.signal });
  }
}

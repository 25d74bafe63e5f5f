/**
 * The load: one process that opens sessions, one per socket, and starts runs in them. Commands on stdin:
 * `wave` starts one run in every session at the same moment; `loop <n>` lets every session do n runs back to back.
 */
import { serveLines } from "./child.ts";
import { RawSocket } from "./raw_socket.ts";
import { quantile } from "./table.ts";

/** Connections that are opened at the same time: enough to be quick, few enough for the listen queue. */
const openingAtOnce = 128;
/** Nothing takes this long unless frames are missing. */
const patienceMs = 120_000;

const options = JSON.parse(Deno.args[0]) as { port: number; sessions: number };

/** What came of the runs that were asked for; times in milliseconds. */
export interface LoadResult {
  readonly events: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

class Load {
  events = 0;
  bytes = 0;
  readonly latenciesMs: number[] = [];
  readonly done: Promise<void>;
  readonly #finish: () => void;
  #open: number;

  /** @param runs - runs that must end */
  constructor(runs: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open = runs;
    this.done = promise;
    this.#finish = resolve;
  }

  ended(): void {
    if (--this.#open === 0) this.#finish();
  }
}

class LoadSession {
  readonly #opened = Promise.withResolvers<void>();
  #socket!: RawSocket;
  #command = "";
  #load: Load | undefined;
  #runsLeft = 0;
  #sentAt: number | undefined;

  async open(port: number): Promise<void> {
    this.#socket = await RawSocket.connect(port, {
      onText: (payload) => this.#receive(payload),
      onClose: (code) => fail(`A connection was closed with ${code}`),
    });
    this.#socket.send('{"event":"user.create_session"}');
    await this.#opened.promise;
  }

  run(load: Load, runs: number): void {
    this.#load = load;
    this.#runsLeft = runs;
    this.#next();
  }

  close(): void {
    this.#socket.close();
  }

  #next(): void {
    this.#runsLeft--;
    this.#sentAt = performance.now();
    this.#socket.send(this.#command);
  }

  #receive(payload: Uint8Array & { includes(text: string): boolean; toString(): string }): void {
    if (this.#command === "") return this.#greet(payload);
    const load = this.#load;
    if (!load) return;
    load.events++;
    load.bytes += payload.length;
    if (this.#sentAt !== undefined) {
      load.latenciesMs.push(performance.now() - this.#sentAt);
      this.#sentAt = undefined;
    }
    if (!payload.includes('"terminal":true')) return;
    load.ended();
    if (this.#runsLeft > 0) this.#next();
  }

  /** The frames until the session is ready for its first message. */
  #greet(payload: { includes(text: string): boolean; toString(): string }): void {
    if (!payload.includes('"agent.ready"')) return;
    const { session_id } = JSON.parse(payload.toString()) as { session_id: string };
    const content = "What is the weather like in Oslo today, and should I take an umbrella?";
    this.#command = JSON.stringify({ event: "user.message", session_id, content });
    this.#opened.resolve();
  }
}

function fail(message: string): never {
  Deno.stderr.writeSync(new TextEncoder().encode(`${message}\n`));
  Deno.exit(1);
}

async function openAll(): Promise<LoadSession[]> {
  const sessions = Array.from({ length: options.sessions }, () => new LoadSession());
  for (let from = 0; from < sessions.length; from += openingAtOnce) {
    await Promise.all(sessions.slice(from, from + openingAtOnce).map((one) => one.open(options.port)));
  }
  return sessions;
}

async function measure(sessions: LoadSession[], runs: number): Promise<LoadResult> {
  const load = new Load(sessions.length * runs);
  const startedAt = performance.now();
  for (const session of sessions) session.run(load, runs);
  const timer = setTimeout(() => fail("Runs did not end in time: frames are missing"), patienceMs);
  await load.done;
  clearTimeout(timer);
  const { events, bytes, latenciesMs } = load;
  const seconds = (performance.now() - startedAt) / 1000;
  const at = (share: number) => quantile(latenciesMs, share);
  return { events, bytes, seconds, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

const sessions = await openAll();
await serveLines({ sessions: sessions.length }, async (line) => {
  const [word, runs] = line.split(" ");
  return await measure(sessions, word === "loop" ? Number(runs) : 1);
});
for (const session of sessions) session.close();
Deno.exit(0);

/** The parts of a fuzz run: random frames, with a look at memory, and the rate limit. */
import { setTimeout as delay } from "node:timers/promises";
import { Child } from "../bench/child.ts";
import { Findings } from "./findings.ts";
import { FuzzSocket, type Shared } from "./fuzz_socket.ts";
import { Random } from "./random.ts";
import type { ServerState } from "./server.ts";

export interface FuzzOptions {
  readonly seed: number;
  readonly frames: number;
  readonly sockets: number;
  /** Compares memory before and after; left out, it is not looked at. */
  readonly memory?: {
    /** Frames before the comparison, which bring the memory to its working size. */
    readonly warmUpFrames: number;
    /** Share by which it may have grown in the end. */
    readonly share: number;
  };
}

export interface FuzzReport {
  readonly findings: Findings;
  readonly lines: readonly string[];
}

type Server = Child<{ port: number }>;

/** Short times, so that everything a session can meet happens within the run. */
const shortTimes = {
  graceSeconds: 1,
  confirmTimeoutSeconds: 2,
  runTimeoutSeconds: 3,
  cancelWaitSeconds: 2,
  heartbeatSeconds: 2,
};
/** Lines of the log that tell of a fault of the server; failed runs and hooks are wanted. */
const faultLine =
  /Command failed|Connection failed|Cannot deliver|Uncaught|without its|lost its store|did not stop|panic/;
/** How long sessions may take to expire after the last socket has gone. */
const expiryMs = 30_000;

/** The allocator gives back what is free at once: otherwise its hoard is measured, which varies by half. */
const env = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "131072",
  MALLOC_MMAP_THRESHOLD_: "65536",
};

function startServer(config: Record<string, unknown>, findings: Findings): Promise<Server> {
  return Child.start(new URL("server.ts", import.meta.url), {
    options: { config },
    env,
    flags: ["--v8-flags=--expose-gc"],
    onErrorLine: (line) => {
      // deno-lint-ignore no-control-regex -- the log colours its levels
      const plain = line.replace(/\u001b\[\d+m/g, "");
      if (faultLine.test(plain)) findings.add("The server logged a fault", plain.replace(/^\S+ /, ""));
    },
  });
}

function makeSockets(options: FuzzOptions, server: Server, part: number, shared: Omit<Shared, "url">) {
  const url = `ws://127.0.0.1:${server.ready.port}/`;
  return Array.from(
    { length: options.sockets },
    (_, index) => new FuzzSocket(index, Random.of(options.seed + part, index), { ...shared, url }),
  );
}

/** Lets all sockets play, then waits for their answers and closes them. */
async function play(sockets: readonly FuzzSocket[], frames: number): Promise<void> {
  const each = Math.ceil(frames / sockets.length);
  await Promise.all(sockets.map((socket) => socket.play(each)));
  await Promise.all(sockets.map((socket) => socket.settle()));
  await Promise.all(sockets.map((socket) => socket.close()));
}

/** The server's memory when its last session has expired. */
async function stateAtRest(server: Server, findings: Findings): Promise<ServerState> {
  for (let waitedMs = 0;; waitedMs += 500) {
    const state = await server.ask<ServerState>("state");
    if (state.sessions === 0) return state;
    if (waitedMs >= expiryMs) {
      findings.add("Sessions did not expire", `${state.sessions} are left`);
      return state;
    }
    await delay(500);
  }
}

const total = (sockets: readonly FuzzSocket[], pick: (socket: FuzzSocket) => number) =>
  sockets.reduce((sum, socket) => sum + pick(socket), 0);

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function listed(closes: ReadonlyMap<string, number>): string {
  return `closes: ${[...closes].map(([key, count]) => `${key} × ${count}`).join(", ") || "none"}`;
}

/** What memory there was and is; growth beyond the share is a finding. */
function compare(before: ServerState, after: ServerState, share: number, findings: Findings): string[] {
  return ([["Heap", "heapBytes"], ["Resident memory", "residentBytes"]] as const).map(([name, key]) => {
    const growth = after[key] / before[key] - 1;
    const line = `${name}: ${megabytes(before[key])} before, ${megabytes(after[key])} after`;
    if (growth > share) findings.add(`${name} has grown`, line);
    return `${line} (${(growth * 100).toFixed(1)} %)`;
  });
}

/** Random frames without a rate limit. */
async function mainPart(options: FuzzOptions, findings: Findings): Promise<string[]> {
  const { memory, frames } = options;
  const closes = new Map<string, number>();
  // Floods overflow the queue of 32; answers of a megabyte are more than a busy reader takes at once.
  const shared = {
    findings,
    sessions: [],
    states: [],
    closes,
    allowed: ["inbound_overflow", "slow_consumer"],
  };
  await using server = await startServer({ rateLimit: 0, ...shortTimes }, findings);
  void server.ended.then(({ code }) => code !== 0 && findings.add("The server died", `code ${code}`));
  if (memory) await play(makeSockets(options, server, 0, shared), memory.warmUpFrames);
  const before = memory && await stateAtRest(server, findings);
  const startedAt = Date.now();
  const sockets = makeSockets(options, server, 1, shared);
  await play(sockets, frames);
  const seconds = (Date.now() - startedAt) / 1000;
  const after = await stateAtRest(server, findings);
  const sum = (pick: (answers: FuzzSocket["answers"]) => number) =>
    total(sockets, (one) => pick(one.answers));
  return [
    `${total(sockets, (one) => one.sent)} frames sent from ${sockets.length} sockets in ${
      seconds.toFixed(1)
    } s`,
    `${total(sockets, (one) => one.received)} frames received and checked`,
    `${sum(({ named }) => named)} commands had to be answered: ${sum(({ answered }) => answered)} were`,
    `${sum(({ cut }) => cut)} were cut off by a close`,
    listed(closes),
    ...before ? compare(before, after, memory!.share, findings) : [],
  ];
}

/** Messages of one burst of the rate part: more than the bucket of 30, fewer than the hundred drops that close. */
const rateBurst = 90;

/** Every message over the default rate is answered, and acknowledgements are none. */
async function ratePart(options: FuzzOptions, findings: Findings): Promise<string[]> {
  const closes = new Map<string, number>();
  const shared = { findings, sessions: [], states: [], closes, allowed: ["rate_limit"] };
  await using server = await startServer(shortTimes, findings);
  const sockets = makeSockets(options, server, 2, shared);
  const startedAt = Date.now();
  await Promise.all(sockets.map((socket) => socket.connect()));
  for (const socket of sockets) {
    for (let index = 0; index < rateBurst; index++) {
      const frame = { event: "user.cancel", session_id: "nobody", message_id: socket.nextId() };
      socket.send({ data: JSON.stringify(frame) });
      socket.send({ data: '{"event":"user.ack","content":{"last_seq":1}}' });
    }
  }
  await Promise.all(sockets.map((socket) => socket.settle()));
  const limited = total(sockets, (one) => one.limited);
  const passed = sockets.length * rateBurst - limited;
  const mayPass = sockets.length * (30 + 10 * (1 + (Date.now() - startedAt) / 1000));
  if (passed > mayPass || passed < sockets.length * 30) {
    findings.add("The rate limit let the wrong number pass", `${passed} of ${sockets.length * rateBurst}`);
  }
  // Over a hundred drops in ten seconds end the connection.
  for (const socket of sockets) {
    for (let index = 0; index < rateBurst; index++) socket.send({ data: "{}" });
  }
  const ended = await Promise.all(sockets.map((socket) => socket.closedByServer()));
  if (ended.includes(false)) {
    findings.add("A flood did not close its connection", "more than 100 drops in 10 s");
  }
  const sent = sockets.length * rateBurst;
  return [
    `Rate limit: ${sent} messages, ${passed} passed, ${limited} answered ERR_RATELIMIT_700`,
    listed(closes),
  ];
}

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const findings = new Findings();
  const lines = [`Seed ${options.seed}`];
  for (const part of [mainPart, ratePart]) {
    try {
      lines.push(...await part(options, findings));
    } catch (cause) {
      findings.add("A part could not be finished", cause instanceof Error ? cause.message : String(cause));
    }
  }
  return { findings, lines };
}

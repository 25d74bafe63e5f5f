/** Rounds of chaos: many clients behind a bad network, a server that is killed again and again, and what is left. */
import { setTimeout as delay } from "node:timers/promises";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { Findings } from "../fuzz/findings.ts";
import { Random } from "../fuzz/random.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { checkLedger, checkLog, type LogCounts } from "./checks.ts";
import { Player, type World } from "./player.ts";
import { ChaosProxy, type ProxyCounts } from "./proxy.ts";
import type { LedgerLine } from "./script.ts";
import { type ServerOptions, ServerProcess } from "./server_process.ts";
import { bareText, type Watch } from "./watch.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** How long the network is bad and the server is killed; the checks come on top. */
  readonly seconds: number;
  readonly clients: number;
}

export interface ChaosReport {
  readonly findings: Findings;
  readonly lines: readonly string[];
  readonly cuts: number;
  readonly kills: number;
}

/** How long everything may take to come to rest once the network is good and the server lives. */
const restMs = 60_000;

interface KillCounts {
  kills: number;
  /** Among them, before it listened. */
  early: number;
  restarts: number;
  /** Longest time from the start of a process until it listened. */
  slowestStartMs: number;
}

/** A port that is free now: the server must have the same one each time. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** Keeps a server running, and ends it at random instants. */
class Killer {
  readonly counts: KillCounts = { kills: 0, early: 0, restarts: 0, slowestStartMs: 0 };
  server: ServerProcess;
  readonly #options: ServerOptions;
  readonly #random: Random;

  constructor(options: ServerOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.server = this.#start();
  }

  #start(): ServerProcess {
    const transport = this.#random.pick(["native", "ws"] as const);
    const server = new ServerProcess(this.#options, transport);
    this.#note(`start ${server.pid} ${transport}`);
    const startedAt = Date.now();
    void server.ready.then((isReady) => {
      this.#note(`${isReady ? "ready" : "ended"} ${server.pid}`);
      if (isReady) this.counts.slowestStartMs = Math.max(this.counts.slowestStartMs, Date.now() - startedAt);
    });
    return server;
  }

  /** What happened when, beside the kept data folder of a round that failed. */
  #note(what: string): void {
    const line = `${new Date().toISOString()} ${what}\n`;
    Deno.writeTextFileSync(`${this.#options.folder}/timeline`, line, { append: true });
  }

  /** Kills until `endsAt`; then there is a server that stays. */
  async play(endsAt: number): Promise<void> {
    const random = this.#random;
    for (;;) {
      if (random.chance(0.12)) {
        await delay(random.int(900));
        this.counts.early++;
      } else {
        const isReady = await this.server.ready;
        if (!isReady) this.#options.findings.add("The server did not start", `pid ${this.server.pid}`);
        await delay(random.int(random.pick([150, 1000, 3500])));
      }
      if (Date.now() >= endsAt) return;
      const isKill = random.chance(0.88);
      const signal = isKill ? "SIGKILL" : "SIGTERM";
      this.#note(`${signal} ${this.server.pid}`);
      const { code } = await this.server.end(signal);
      if (isKill) this.counts.kills++;
      else this.counts.restarts++;
      // A signal that comes before it is installed ends the process as any other.
      if (!isKill && code !== 0 && code !== 143) {
        this.#options.findings.add("The server did not stop in good order", `code ${code}`);
      }
      this.server = this.#start();
    }
  }
}

/** One round on a new data folder. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, clients } = options;
  const findings = new Findings();
  const random = Random.of(seed, 0);
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/ledger`, "");
  const server: ServerOptions = {
    folder,
    port: freePort(),
    durability: random.weighted([[4, "batch"], [1, "sync"]]),
    parallel: random.chance(0.5),
    findings,
  };
  const killer = new Killer(server, Random.of(seed, 1));
  const proxyCounts: ProxyCounts = { connections: 0, cuts: 0, freezes: 0 };
  const world: World = { findings, sessions: [], isEnding: false, busy: 0 };
  const proxies = Array.from(
    { length: clients },
    (_, index) => new ChaosProxy(server.port, Random.of(seed, 100 + index), proxyCounts),
  );
  const players = proxies.map(({ port }, index) =>
    new Player(`s${seed}p${index}`, Random.of(seed, 10_000 + index), port, world)
  );
  try {
    await playRound(killer, proxies, players, world, Date.now() + seconds * 1000);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
    const { code } = await killer.server.end("SIGTERM");
    if (code !== 0) findings.add("The server did not stop in good order", `code ${code}`);
  }
  const logCounts = await checkAll(folder, players, findings);
  if (findings.isEmpty) await Deno.remove(folder, { recursive: true });
  else findings.add("The data folder is kept", folder);
  const { kills, early, restarts, slowestStartMs } = killer.counts;
  const how = `durability ${server.durability}, tools ${server.parallel ? "side by side" : "one by one"}`;
  const lines = [
    `Seed ${seed}, ${seconds} s, ${clients} clients, ${how}`,
    `  ${proxyCounts.connections} connections, ${proxyCounts.cuts} cut, ${proxyCounts.freezes} frozen; ` +
    `${kills} kill -9 (${early} before it listened), ${restarts} restarts, slowest start ${slowestStartMs} ms`,
    `  clients: ${listed(sumOf(players.map(({ counts }) => ({ ...counts }))))}`,
    `  log: ${listed({ ...logCounts })}`,
  ];
  return { findings, lines, cuts: proxyCounts.cuts, kills };
}

async function playRound(
  killer: Killer,
  proxies: readonly ChaosProxy[],
  players: readonly Player[],
  world: World,
  endsAt: number,
): Promise<void> {
  const givenUp = new AbortController();
  const playing = Promise.all(players.map((player) => player.play(givenUp.signal)));
  await killer.play(endsAt);
  world.isEnding = true;
  for (const proxy of proxies) proxy.calm();
  const timer = setTimeout(() => givenUp.abort(), restMs);
  await playing;
  clearTimeout(timer);
  for (const player of players) {
    if (!player.isDone) world.findings.add("A client did not come to rest", player.waitingFor);
  }
}

async function checkAll(folder: string, players: readonly Player[], findings: Findings): Promise<LogCounts> {
  const counts: LogCounts = {
    runs: 0,
    resumed: 0,
    calls: 0,
    unknown: 0,
    again: 0,
    broken: 0,
    interrupted: 0,
  };
  const text = await Deno.readTextFile(`${folder}/ledger`);
  const ledger = text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as LedgerLine);
  const watches = Map.groupBy(players.flatMap((player) => [...player.watches.values()]), ({ id }) => id);
  const all: AnyFrame[] = [];
  await using store = await openSqlite(`${folder}/data/sessions.db`, { durability: "batch" });
  for await (const { record, latestSeq, run } of summaries(store)) {
    const entries = await store.read(record.id, 0, latestSeq) ?? [];
    const frames = entries.map(({ frame }) => JSON.parse(frame) as AnyFrame);
    const isKnown = watches.has(record.id);
    // The answer to a creation may be lost: then nobody knows the session, and nothing happens in it.
    if (!isKnown && latestSeq > 2) findings.add("A session that nobody asked for did something", record.id);
    if (run) findings.add("A run was left", `${record.id} ${run.id}`);
    checkLog(frames, findings, counts);
    for (const watch of watches.get(record.id) ?? []) compare(watch, frames.map(bareText), findings);
    watches.delete(record.id);
    all.push(...frames);
  }
  for (const id of watches.keys()) findings.add("A session is lost", id);
  checkLedger(ledger, all, findings);
  return counts;
}

async function* summaries(store: Store) {
  for (let after = "";;) {
    const found = await store.list({ after, limit: 100 });
    if (found.length === 0) return;
    yield* found;
    after = found.at(-1)!.record.id;
  }
}

function compare(watch: Watch, stored: readonly string[], findings: Findings): void {
  if (watch.seq !== stored.length) {
    findings.add("A client has not received the whole log", `${watch.id}: ${watch.seq} of ${stored.length}`);
  }
  const at = watch.frames.findIndex((frame, index) => frame !== stored[index]);
  if (at < 0) return;
  findings.add(
    "A client received what is not in the log",
    `${watch.id}: ${watch.frames[at]}, not ${stored[at]}`,
  );
}

function sumOf(all: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of all) {
    for (const [name, count] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

function listed(counts: Record<string, number>): string {
  return Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ");
}

/**
 * The store by itself, beside the one in memory: what a durable event costs, and for how long the event loop stands
 * still. `storeRows` gives rows of the bench's table; run as a program, this file prints them alone.
 */
import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { MemoryStore } from "../../src/store/memory.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Entry, Store } from "../../src/store/store.ts";
import { cpuSeconds } from "./proc.ts";
import { markdownTable, median, number, quantile } from "./table.ts";

const sessions = 1000;
const frame = JSON.stringify({ event: "agent.partial_answer", content: "x".repeat(459) });

function eventOf(seq: number): Entry {
  return { seq, event: "agent.partial_answer", frame, bytes: frame.length };
}

/** A store in a folder of its own on this machine's disk. */
async function withStore<T>(
  durability: "sync" | "batch" | undefined,
  count: number,
  measure: (store: Store, file: string) => Promise<T>,
): Promise<T> {
  const folder = Deno.makeTempDirSync();
  const file = `${folder}/sessions.db`;
  try {
    await using store = durability ? openSqlite(file, { durability }) : new MemoryStore();
    for (let index = 0; index < count; index++) {
      const record = {
        id: `s${index}`,
        epoch: "e",
        owner: "o",
        agent: "a",
        language: "en" as const,
        createdAt: 1,
      };
      await store.create(record);
    }
    return await measure(store, file);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** How long the event loop stood still at most, in milliseconds, while `work` went on. */
async function longestStop(work: () => Promise<void>): Promise<number> {
  let isOver = false;
  let longest = 0;
  const watch = (async () => {
    while (!isOver) {
      const before = performance.now();
      await delay(1);
      longest = Math.max(longest, performance.now() - before - 1);
    }
  })();
  await work();
  isOver = true;
  await watch;
  return longest;
}

/** One session that waits for each event: events per second, and the times of one event in milliseconds. */
function oneByOne(
  durability: "sync" | "batch",
  events: number,
): Promise<{ rate: number; p50: number; p99: number }> {
  return withStore(durability, 1, async (store) => {
    const times: number[] = [];
    const startedAt = performance.now();
    for (let seq = 1; seq <= events; seq++) {
      const before = performance.now();
      await store.commit("s0", 1, [eventOf(seq)]);
      times.push(performance.now() - before);
    }
    const rate = events / (performance.now() - startedAt) * 1000;
    return { rate, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  });
}

/** A thousand sessions, each of which waits for its own events only. */
function grouped(
  durability: "batch" | undefined,
  events: number,
): Promise<{ rate: number; cpu: number; stop: number }> {
  return withStore(durability, sessions, async (store) => {
    let left = events;
    const write = async (id: string) => {
      for (let seq = 1; left > 0; seq++) {
        left--;
        await store.commit(id, 1, [eventOf(seq)]);
      }
    };
    const startedAt = performance.now();
    const before = cpuSeconds(Deno.pid);
    const stop = await longestStop(async () => {
      await Promise.all(Array.from({ length: sessions }, (_, index) => write(`s${index}`)));
    });
    const seconds = (performance.now() - startedAt) / 1000;
    return { rate: events / seconds, cpu: (cpuSeconds(Deno.pid) - before) / events * 1e6, stop };
  });
}

/** A thousand sessions of a hundred events expire: the longest stop, until all of it is deleted. */
function expiry(): Promise<number> {
  return withStore("batch", sessions, async (store, file) => {
    for (let seq = 1; seq <= 100; seq++) {
      await Promise.all(
        Array.from({ length: sessions }, (_, index) => store.commit(`s${index}`, 1, [eventOf(seq)])),
      );
    }
    return await longestStop(async () => {
      for (;;) {
        const ids = await store.expired(Date.now() + 1, 50);
        if (ids.length === 0) break;
        for (const id of ids) await store.end(id, (await store.claim(id))!, Date.now());
        await turn();
      }
      using database = new DatabaseSync(file, { readOnly: true });
      const left = database.prepare("SELECT count(*) AS count FROM garbage");
      while (left.get()!.count !== 0) await delay(100);
    });
  });
}

/** Reads what a client has missed, 64 events at a time as an attachment does: milliseconds. */
function replay(missed: number): Promise<number> {
  return withStore("batch", sessions, async (store) => {
    for (let seq = 1; seq <= missed; seq++) {
      // Others write too: the missed events do not lie together.
      await Promise.all(
        Array.from({ length: 10 }, (_, index) => store.commit(`s${index}`, 1, [eventOf(seq)])),
      );
    }
    await store.load("s0");
    const startedAt = performance.now();
    for (let after = 0; after < missed; after += 64) await store.read("s0", after, 64);
    return performance.now() - startedAt;
  });
}

async function repeat<T>(rounds: number, measure: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < rounds; round++) results.push(await measure());
  return results;
}

const mark = (isMet: boolean) => isMet ? "✓" : "✗";
const ms = (value: number) => `${number(value)} ms`;

/**
 * Rows of the table: what, SQLite, memory, ratio, target, met.
 *
 * @param rounds - the medians of so many measurements are shown
 * @param events - of each measurement of the grouped append
 */
export async function storeRows(rounds: number, events: number): Promise<string[][]> {
  const rows: string[][] = [];
  for (const durability of ["batch", "sync"] as const) {
    const results = await repeat(rounds, () => oneByOne(durability, events / 50));
    rows.push([
      `Durable append, one by one (${durability}): events of 500 bytes per second; p50 / p99 of one`,
      `${number(median(results.map(({ rate }) => rate)))}; ${ms(median(results.map(({ p50 }) => p50)))} / ${
        ms(median(results.map(({ p99 }) => p99)))
      }`,
      "",
      "",
      "",
      "",
    ]);
  }
  const ours = await repeat(rounds, () => grouped("batch", events));
  const memory = await repeat(rounds, () => grouped(undefined, events));
  const [rate, cpu] = [median(ours.map((one) => one.rate)), median(ours.map((one) => one.cpu))];
  const [memoryRate, memoryCpu] = [
    median(memory.map((one) => one.rate)),
    median(memory.map((one) => one.cpu)),
  ];
  const stop = median(ours.map((one) => one.stop));
  rows.push(
    [
      "Durable append, grouped, 1,000 sessions (batch): events of 500 bytes per second",
      number(rate),
      number(memoryRate),
      number(rate / memoryRate),
      "≥ 20,000",
      mark(rate >= 20_000),
    ],
    ["… CPU per event", `${number(cpu)} µs`, `${number(memoryCpu)} µs`, number(cpu / memoryCpu), "", ""],
    ["… longest stop of the event loop", ms(stop), "", "", "", ""],
  );
  const expired = median(await repeat(rounds, expiry));
  const what = "1,000 sessions of 100 events expire: longest stop of the event loop";
  rows.push([what, ms(expired), "", "", "≤ 20 ms", mark(expired <= 20)]);
  for (const missed of [1000, 10_000]) {
    const time = median(await repeat(rounds, () => replay(missed)));
    const target = missed === 1000 ? ["≤ 100 ms", mark(time <= 100)] : ["", ""];
    rows.push([`Reading ${number(missed)} missed events from the store`, ms(time), "", "", ...target]);
  }
  return rows;
}

if (import.meta.main) {
  const header = ["What", "SQLite", "Memory", "Ratio", "Target", "Met"];
  const table = markdownTable([header, ...await storeRows(3, 200_000)]);
  Deno.stdout.writeSync(new TextEncoder().encode(`${table}\n`));
}

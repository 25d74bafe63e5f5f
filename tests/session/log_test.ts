import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { SessionLog } from "../../src/session/log.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Changes, Entry, SessionRecord } from "../../src/store/store.ts";

const record: SessionRecord = {
  id: "S1",
  epoch: "e1",
  owner: "anonymous",
  agent: "tester",
  language: "en",
  createdAt: 0,
};

/** A store whose commits end when, and as, the test says. */
class HeldStore extends MemoryStore {
  override readonly durable = true;
  readonly commits: { resolve(): void; reject(cause: unknown): void }[] = [];
  /** Numbers of the entries of each commit. */
  readonly asked: number[][] = [];

  // deno-lint-ignore no-explicit-any -- the memory store answers at once, this one later
  override commit(_id: string, _fence: number, entries: readonly Entry[]): any {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.asked.push(entries.map(({ seq }) => seq));
    this.commits.push({ resolve, reject });
    return promise;
  }
}

interface Opened {
  readonly log: SessionLog;
  readonly seen: number[];
  readonly failures: string[];
}

function open(store: MemoryStore, limits = { logMaxEvents: 1000, logMaxBytes: 1 << 20 }): Opened {
  const fence = store.create(record);
  const seen: number[] = [];
  const failures: string[] = [];
  const log = new SessionLog(record, store, fence, limits, {
    onEntry: ({ seq }) => void seen.push(seq),
    onFailure: (reason) => void failures.push(reason),
  });
  return { log, seen, failures };
}

const body = (content: string) => ({
  event: "agent.thinking",
  content,
  metadata: { step: 0, stage: "start" },
});
const turns = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

Deno.test("Events are numbered from 1 without a gap, and with a store in memory handed out at once", () => {
  const { log, seen } = open(new MemoryStore());
  const entries = ["a", "b", "c"].map((text) => log.append(body(text)));
  assert.deepEqual([entries.map(({ seq }) => seq), seen, log.latest, log.oldest], [
    [1, 2, 3],
    [1, 2, 3],
    3,
    1,
  ]);
  const frame = JSON.parse(entries[1].frame);
  assert.deepEqual([frame.seq, frame.event_id, frame.session_id, frame.content], [2, "S1~e1~2", "S1", "b"]);
  assert.equal(entries[1].bytes, new TextEncoder().encode(entries[1].frame).length);
  assert.equal(log.stored(), undefined);
});

Deno.test("An empty log has nothing before 1", () => {
  const { log } = open(new MemoryStore());
  assert.deepEqual([log.latest, log.oldest, log.bytes], [0, 1, 0]);
});

Deno.test("The session of the frame is the log's own, whatever the body says", () => {
  const { log } = open(new MemoryStore());
  const { frame } = log.append({ ...body("a"), session_id: "other" });
  assert.equal(JSON.parse(frame).session_id, "S1");
});

Deno.test("Commits that end in odd order are handed out in order, each when it and all before it are stored", async () => {
  const store = new HeldStore();
  const { log, seen } = open(store);
  for (const text of ["a", "b", "c"]) log.append(body(text));
  assert.deepEqual([seen, log.latest, store.asked], [[], 0, [[1], [2], [3]]]);
  store.commits[2].resolve();
  store.commits[1].resolve();
  await turns();
  assert.deepEqual([seen, log.latest], [[], 0]);
  store.commits[0].resolve();
  await turns();
  assert.deepEqual([seen, log.latest], [[1, 2, 3], 3]);
  assert.equal(log.stored(), undefined);
});

Deno.test("stored() waits for everything appended so far, and only for that", async () => {
  const store = new HeldStore();
  const { log } = open(store);
  log.append(body("a"));
  let first = false;
  void log.stored()!.then(() => first = true);
  log.append(body("b"));
  store.commits[0].resolve();
  await turns();
  assert.equal(first, true);
  assert.notEqual(log.stored(), undefined);
  store.commits[1].resolve();
  await log.stored();
  assert.equal(log.stored(), undefined);
});

Deno.test("Changes without an event wait their turn and have no number", async () => {
  const store = new HeldStore();
  const { log, seen } = open(store);
  log.note({ values: { a: 1 } });
  log.append(body("a"));
  assert.deepEqual(store.asked, [[], [1]]);
  store.commits[1].resolve();
  await turns();
  assert.deepEqual(seen, []);
  store.commits[0].resolve();
  await turns();
  assert.deepEqual(seen, [1]);
});

Deno.test("After a failed commit nothing is handed out any more, though later commits succeed", async () => {
  const store = new HeldStore();
  const { log, seen, failures } = open(store);
  for (const text of ["a", "b", "c"]) log.append(body(text));
  store.commits[0].resolve();
  store.commits[1].reject(new Error("disk full"));
  store.commits[2].resolve();
  await turns();
  assert.deepEqual([seen, log.latest], [[1], 1]);
  assert.equal(failures.length, 1);
  assert.match(failures[0], /disk full/);
  assert.throws(() => log.append(body("d")), { code: "ERR_EXECUTION_602" });
  assert.throws(() => log.note({}), { code: "ERR_EXECUTION_602" });
});

Deno.test("The failure speaks of storage and names nothing of the store", async () => {
  const store = new HeldStore();
  const { log } = open(store);
  log.append(body("a"));
  store.commits[0].reject(new Error("/var/lib/secret.db is full"));
  await turns();
  assert.throws(() => log.append(body("b")), (error: AppError) => {
    assert.equal(error.message.includes("secret"), false);
    return error instanceof AppError;
  });
});

Deno.test("Whoever waits for a commit that failed is told so, and does not go on as if it were stored", async () => {
  const store = new HeldStore();
  const { log } = open(store);
  log.append(body("a"));
  const waiting = log.stored()!;
  store.commits[0].reject(new Error("disk full"));
  await assert.rejects(waiting, { code: "ERR_EXECUTION_602" });
  await turns();
});

Deno.test("A store that throws at once fails the log as well, once", () => {
  class Broken extends MemoryStore {
    override commit(): void {
      throw new Error("disk full");
    }
  }
  const { log, seen, failures } = open(new Broken());
  assert.throws(() => log.append(body("a")), { code: "ERR_EXECUTION_602" });
  assert.throws(() => log.append(body("b")), { code: "ERR_EXECUTION_602" });
  assert.deepEqual([seen, failures.length, log.latest], [[], 1, 0]);
});

Deno.test("The newest events are kept by number, the dropped ones read as null", () => {
  const { log } = open(new MemoryStore(), { logMaxEvents: 20, logMaxBytes: 1 << 20 });
  for (let n = 1; n <= 200; n++) {
    log.append(body(`${n}`));
    const kept = log.latest - log.oldest + 1;
    assert.ok(kept >= Math.min(n, 20) && kept <= 22, `${kept} kept after ${n}`);
  }
  assert.equal(log.read(log.oldest - 2, 10), null);
  const entries = log.read(log.oldest - 1, 100) as readonly Entry[];
  assert.deepEqual([entries[0].seq, entries.at(-1)!.seq], [log.oldest, 200]);
});

Deno.test("The newest events are kept by bytes, and always the very newest", () => {
  const { log } = open(new MemoryStore(), { logMaxEvents: 1000, logMaxBytes: 10_000 });
  for (let n = 1; n <= 100; n++) {
    log.append(body("x".repeat(1000)));
    assert.ok(log.bytes <= 11_000, `${log.bytes} bytes`);
  }
  log.append(body("x".repeat(50_000)));
  assert.deepEqual([log.oldest, log.latest], [101, 101]);
  const [entry] = log.read(100, 10) as readonly Entry[];
  assert.equal(log.bytes, entry.bytes);
});

Deno.test("A trim that fails costs nothing but space", async () => {
  class Untrimmed extends MemoryStore {
    override trim(): void {
      throw new Error("locked");
    }
  }
  class Refusing extends MemoryStore {
    // deno-lint-ignore no-explicit-any -- the memory store answers at once, this one later
    override trim(): any {
      return Promise.reject(new Error("locked"));
    }
  }
  for (const store of [new Untrimmed(), new Refusing()]) {
    const { log, seen, failures } = open(store, { logMaxEvents: 20, logMaxBytes: 1 << 20 });
    for (let n = 1; n <= 50; n++) log.append(body(`${n}`));
    await turns();
    assert.deepEqual([seen.length, failures], [50, []]);
  }
});

Deno.test("Changes are made with the entry they belong to", () => {
  class Durable extends MemoryStore {
    override readonly durable = true;
  }
  const store = new Durable();
  const { log } = open(store);
  let given: Changes | undefined;
  const entry = log.appendWith(body("a"), (own) =>
    given = {
      question: { stepId: "s", runId: "r", expiresAt: 1, entry: own },
    });
  assert.equal(given!.question!.entry, entry);
  assert.deepEqual(store.load("S1")!.questions.map(({ stepId }) => stepId), ["s"]);
});

import assert from "node:assert/strict";
import type { CloseReason } from "../../src/errors.ts";
import { Attachment, type Sink } from "../../src/session/attachment.ts";
import { SessionLog } from "../../src/session/log.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Entry } from "../../src/store/store.ts";

/** A reader that takes entries at its own pace: `room` is how many it takes before it must be waited for. */
class SlowSink implements Sink {
  readonly got: { seq: number; marks: string[] }[] = [];
  readonly failures: CloseReason[] = [];
  room: number;
  #wake: (() => void)[] = [];

  constructor(room = Infinity) {
    this.room = room;
  }

  deliver(entry: Entry, marks: readonly string[]): void {
    this.got.push({ seq: entry.seq, marks: [...marks] });
    this.room--;
  }

  ready(): Promise<void> | undefined {
    if (this.room > 0) return undefined;
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  fail(reason: CloseReason): void {
    this.failures.push(reason);
  }

  /** Takes this many more. */
  take(count: number): void {
    this.room = count;
    for (const resolve of this.#wake.splice(0)) resolve();
  }

  get seqs(): number[] {
    return this.got.map(({ seq }) => seq);
  }
}

function open(store = new MemoryStore(), limits = { logMaxEvents: 100_000, logMaxBytes: 1 << 30 }) {
  const record = {
    id: "S1",
    epoch: "e1",
    owner: "anonymous",
    agent: "tester",
    language: "en" as const,
    createdAt: 0,
  };
  const attached = new Set<Attachment>();
  const log = new SessionLog(record, store, store.create(record), limits, {
    onEntry: (entry) => {
      for (const attachment of attached) attachment.push(entry);
    },
    onFailure: () => {},
  });
  let made = 0;
  return {
    log,
    append: (count: number) => {
      for (let n = 0; n < count; n++) log.append({ event: "shop.tick", content: `${++made}` });
    },
    attach: (sink: Sink, after: number, isResolved: (stepId: string) => boolean = () => true) => {
      const attachment = new Attachment(log, sink, after, isResolved);
      attached.add(attachment);
      return attachment;
    },
  };
}

const turns = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

Deno.test("What was missed comes first and is marked, what comes after is not", async () => {
  const { append, attach } = open();
  append(5);
  const sink = new SlowSink();
  const attachment = attach(sink, 2);
  assert.equal(await attachment.replay(5), 3);
  await attachment.goLive();
  append(2);
  assert.deepEqual(sink.got, [
    ...range(3, 5).map((seq) => ({ seq, marks: ["replayed"] })),
    ...range(6, 7).map((seq) => ({ seq, marks: [] })),
  ]);
});

Deno.test("Nothing missed is a replay of nothing", async () => {
  const { append, attach } = open();
  append(3);
  const sink = new SlowSink();
  const attachment = attach(sink, 3);
  assert.equal(await attachment.replay(3), 0);
  await attachment.goLive();
  append(1);
  assert.deepEqual(sink.seqs, [4]);
});

Deno.test("Between replay and live nothing is lost and nothing comes twice, at any pace", async () => {
  for (const step of [1, 2, 7, 64, 65, 200]) {
    const { append, attach, log } = open();
    append(150);
    const sink = new SlowSink(1);
    const attachment = attach(sink, 10);
    const replaying = attachment.replay(150);
    let live = false;
    const joined = replaying.then(() => attachment.goLive()).then(() => live = true);
    for (let round = 0; !live && round < 2000; round++) {
      if (log.latest < 400) append(3);
      sink.take(step);
      await turns();
    }
    await joined;
    sink.take(Infinity);
    append(5);
    assert.deepEqual(sink.seqs, range(11, log.latest), `${step} at a time`);
    const replayed = sink.got.filter(({ marks }) => marks.includes("replayed")).length;
    assert.deepEqual([await replaying, replayed], [140, 140]);
  }
});

Deno.test("A slow reader holds nothing in memory: entries are read from the log as it takes them", async () => {
  const { append, attach } = open();
  append(1000);
  const sink = new SlowSink(1);
  const replaying = attach(sink, 0).replay(1000);
  await turns();
  // One batch at most beyond what the reader had room for.
  assert.ok(sink.got.length <= 64, `${sink.got.length} were delivered`);
  for (let round = 0; round < 1100 && sink.got.length < 1000; round++) {
    sink.take(1);
    await turns();
  }
  assert.equal(await replaying, 1000);
});

Deno.test("Questions among what was missed are marked resolved when they are answered", async () => {
  const { log, attach } = open();
  for (const step_id of ["confirm_1_a", "confirm_2_b"]) {
    log.append({ event: "agent.user_confirm", step_id, content: "?", metadata: { scope: "tool" } });
  }
  const sink = new SlowSink();
  await attach(sink, 0, (stepId) => stepId === "confirm_1_a").replay(2);
  assert.deepEqual(sink.got.map(({ marks }) => marks), [["replayed", "resolved"], ["replayed"]]);
});

Deno.test("A log trimmed under a slow reader ends its connection, so that it comes back and is told", async () => {
  const { append, attach } = open(new MemoryStore(), { logMaxEvents: 100, logMaxBytes: 1 << 30 });
  append(100);
  const sink = new SlowSink(1);
  const attachment = attach(sink, 0);
  const replaying = attachment.replay(100);
  await turns();
  append(300);
  sink.take(63); // what was read already is still delivered
  await replaying;
  assert.deepEqual(sink.failures, ["slow_consumer"]);
  const count = sink.got.length;
  await attachment.goLive();
  append(5);
  sink.take(Infinity);
  await turns();
  assert.equal(sink.got.length, count);
});

Deno.test("A closed attachment delivers nothing more, in a replay and live", async () => {
  const { append, attach } = open();
  append(200);
  const sink = new SlowSink(1);
  const attachment = attach(sink, 0);
  const replaying = attachment.replay(200);
  await turns();
  const count = sink.got.length;
  attachment.close();
  sink.take(Infinity);
  assert.equal(await replaying, count);
  await attachment.goLive();
  append(3);
  assert.equal(sink.got.length, count);
  const live = new SlowSink();
  const second = attach(live, 203);
  second.startLive();
  append(1);
  second.close();
  append(1);
  assert.deepEqual([live.seqs, live.failures], [[204], []]);
});

Deno.test("A store that answers later gives the same stream", async () => {
  class Later extends MemoryStore {
    // deno-lint-ignore no-explicit-any -- the memory store answers at once, this one later
    override read(id: string, after: number, limit: number): any {
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => super.read(id, after, limit));
    }
  }
  const { append, attach } = open(new Later());
  append(150);
  const sink = new SlowSink();
  const attachment = attach(sink, 0);
  const joined = attachment.replay(150).then(() => attachment.goLive());
  for (let n = 0; n < 30; n++) {
    append(1);
    await turns();
  }
  await joined;
  append(1);
  assert.deepEqual(sink.seqs, range(1, 181));
});

Deno.test("The creator of a session gets every event live and unmarked", () => {
  const { append, attach } = open();
  const sink = new SlowSink();
  attach(sink, 0).startLive();
  append(3);
  assert.deepEqual(sink.got, range(1, 3).map((seq) => ({ seq, marks: [] })));
});

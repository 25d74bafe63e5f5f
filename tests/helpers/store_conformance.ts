/** What every Store must do. A backend's whole test file is one call of this. */
import assert from "node:assert/strict";
import type { Awaitable, Entry, ListOptions, SessionRecord, Store } from "../../src/store/store.ts";

export function entry(seq: number, text = "x"): Entry {
  const frame = JSON.stringify({ event: "agent.thinking", content: text, seq, metadata: {} });
  return { seq, event: "agent.thinking", frame, bytes: new TextEncoder().encode(frame).length };
}

/** Entries `from` to `to`, both included. */
export function entries(from: number, to: number, text?: string): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => entry(from + index, text));
}

const createdAt = 1_700_000_000_000;

export function record(id = "s"): SessionRecord {
  return { id, epoch: "e1", owner: "anonymous", agent: "a", language: "zh", createdAt };
}

const refused = { code: "ERR_EXECUTION_602" };

/** @param ignore - why the backend cannot be tested here; stands in the names of the skipped tests */
export function storeConformance(name: string, open: () => Store | Promise<Store>, ignore?: string): void {
  const rule = (text: string, check: (store: Store) => Promise<void>) =>
    Deno.test({
      name: `${name} ${text}${ignore ? ` (skipped: ${ignore})` : ""}`,
      ignore: ignore !== undefined,
      async fn() {
        await using store = await open();
        await check(store);
      },
    });

  rule("gives back what was committed, in order", async (store) => {
    const fence = await store.create(record());
    await store.commit("s", fence, [entry(1), entry(2)]);
    await store.commit("s", fence, [entry(3, "三")]);
    assert.deepEqual(await store.read("s", 0, 10), [entry(1), entry(2), entry(3, "三")]);
    assert.deepEqual(await store.read("s", 1, 1), [entry(2)]);
    assert.deepEqual(await store.read("s", 3, 10), []);
  });

  rule("refuses a second session with the same id", async (store) => {
    await store.create(record());
    await assert.rejects(async () => await store.create(record()), refused);
  });

  rule("refuses a gap, a repetition and a commit to nothing, and keeps the log as it was", async (store) => {
    const fence = await store.create(record());
    await store.commit("s", fence, [entry(1)]);
    for (const wrong of [[entry(3)], [entry(1)], [entry(2), entry(4)]]) {
      await assert.rejects(async () => await store.commit("s", fence, wrong), refused);
    }
    await assert.rejects(async () => await store.commit("nobody", 1, [entry(1)]), refused);
    assert.deepEqual(await store.read("s", 0, 10), [entry(1)]);
  });

  rule("stores commits in the order of the calls when nobody waits for them", async (store) => {
    const fence = await store.create(record());
    const all = entries(1, 50);
    await Promise.all(all.map((one) => store.commit("s", fence, [one], { values: { newest: one.seq } })));
    assert.deepEqual(await store.read("s", 0, 100), all);
    assert.deepEqual((await store.load("s"))?.values, { newest: 50 });
  });

  rule("refuses a wrong commit alone, not those that come at the same time", async (store) => {
    const a = await store.create(record("a"));
    const b = await store.create(record("b"));
    const results = await Promise.allSettled([
      store.commit("a", a, [entry(1)]),
      attempt(() => store.commit("a", a, [entry(3)], { values: { wrong: true } })),
      attempt(() => store.commit("b", b + 1, [entry(1)])),
      attempt(() => store.commit("nobody", 1, [entry(1)])),
      store.commit("b", b, [entry(1)]),
      store.commit("a", a, [entry(2)]),
    ]);
    assert.deepEqual(results.map(({ status }) => status === "fulfilled"), [
      true,
      false,
      false,
      false,
      true,
      true,
    ]);
    assert.deepEqual(await store.read("a", 0, 10), [entry(1), entry(2)]);
    assert.deepEqual(await store.read("b", 0, 10), [entry(1)]);
    assert.deepEqual((await store.load("a"))?.values, {});
  });

  rule("gives back any text and any size", async (store) => {
    const fence = await store.create(record());
    const odd = ["a\nb\tc\0d", "\u{1F600}", "\uFEFF", '"\\"', "x".repeat(300_000), ""];
    const all = odd.map((text, index) => entry(index + 1, text));
    await store.commit("s", fence, all, { values: { odd }, messages: [{ role: "user", content: odd[0] }] });
    assert.deepEqual(await store.read("s", 0, 100), all);
    const stored = (await store.load("s"))!;
    assert.deepEqual(stored.values, { odd });
    assert.deepEqual(stored.messages, [{ role: "user", content: odd[0] }]);
    assert.deepEqual(await store.read("s", 0, 100), all);
    assert.deepEqual(await store.read("s", 4, 1), [all[4]]);
  });

  rule("keeps the record as it was", async (store) => {
    const odd = { ...record(), owner: "Zoë\0\u{1F600}\"'", agent: "\n" };
    await store.create(odd);
    assert.deepEqual((await store.load("s"))?.record, odd);
    await store.end("s", 1, 5);
    assert.deepEqual(await store.ended("s"), { owner: odd.owner, at: 5 });
  });

  rule("refuses commits of an owner that was fenced off", async (store) => {
    const old = await store.create(record());
    const fence = await store.claim("s");
    assert.ok(fence !== null && fence > old);
    await assert.rejects(async () => await store.commit("s", old, [entry(1)]), refused);
    await store.commit("s", fence, [entry(1)]);
    assert.equal((await store.read("s", 0, 10))?.length, 1);
    assert.equal(await store.claim("nobody"), null);
  });

  rule("says null when the point was trimmed away", async (store) => {
    const fence = await store.create(record());
    await store.commit("s", fence, [entry(1), entry(2), entry(3)]);
    await store.trim("s", 1);
    assert.equal(await store.read("s", 0, 10), null);
    assert.deepEqual(await store.read("s", 1, 10), [entry(2), entry(3)]);
    assert.equal((await store.load("s"))?.oldestSeq, 2);
    await store.trim("s", 3);
    assert.deepEqual(await store.read("s", 3, 10), []);
    assert.equal(await store.read("s", 2, 10), null);
    assert.equal((await store.load("s"))?.oldestSeq, 4);
    await store.commit("s", fence, [entry(4)]);
    assert.deepEqual(await store.read("s", 3, 10), [entry(4)]);
  });

  rule("tells the bytes of what is retained, also after a trim", async (store) => {
    const fence = await store.create(record());
    const all = entries(1, 20, "三");
    await store.commit("s", fence, all.slice(0, 10));
    await store.load("s");
    await store.commit("s", fence, all.slice(10));
    await store.trim("s", 4);
    const stored = (await store.load("s"))!;
    const sizes = all.slice(4).map((one) => one.bytes);
    assert.deepEqual(stored.sizes, sizes);
    assert.equal(stored.bytes, sizes.reduce((sum, bytes) => sum + bytes));
    assert.deepEqual([stored.oldestSeq, stored.latestSeq], [5, 20]);
    assert.deepEqual(await store.read("s", 4, 100), all.slice(4));
    await store.trim("s", 99);
    assert.deepEqual((await store.load("s"))?.sizes, []);
    assert.equal((await store.load("s"))?.oldestSeq, 21);
  });

  rule("keeps all changes of a commit beside its entries", async (store) => {
    const fence = await store.create(record());
    const call = { stepId: "step_1_t", runId: "r", tool: "t", args: { a: 1 }, outcome: "started" as const };
    const question = { stepId: "confirm_1", runId: "r", expiresAt: 5, entry: entry(1) };
    await store.commit("s", fence, [entry(1)], {
      messages: [{ role: "user", content: "hi" }],
      values: { city: "Oslo" },
      call,
      question,
      input: { messageId: "m-1", runId: "r" },
      run: { id: "r", step: 1, startedAt: 4 },
      queue: [{ messageId: "m-2", input: { text: "next" } }, { input: { text: "and next" } }],
    });
    const stored = (await store.load("s"))!;
    assert.deepEqual(stored.record, record());
    assert.equal(stored.latestSeq, 1);
    assert.deepEqual(stored.messages, [{ role: "user", content: "hi" }]);
    assert.deepEqual(stored.values, { city: "Oslo" });
    assert.deepEqual(stored.calls, [call]);
    assert.deepEqual(stored.questions, [question]);
    assert.deepEqual([...stored.inputs], [["m-1", "r"]]);
    assert.deepEqual(stored.run, { id: "r", step: 1, startedAt: 4 });
    assert.deepEqual(stored.queue, [
      { messageId: "m-2", input: { text: "next" } },
      { input: { text: "and next" } },
    ]);
    await store.commit("s", fence, [], { queue: [] });
    assert.deepEqual((await store.load("s"))?.queue, []);
  });

  rule("keeps the order of changes over many commits and loads", async (store) => {
    const fence = await store.create(record());
    const messages = [1, 2, 3, 4, 5].map((n) => ({ role: "user" as const, content: `${n}` }));
    for (const message of messages) {
      await store.commit("s", fence, [], { messages: [message] });
      if (message.content === "2" || message.content === "4") await store.load("s");
    }
    assert.deepEqual((await store.load("s"))?.messages, messages);
  });

  rule("keeps the newest messages of a long conversation", async (store) => {
    const fence = await store.create(record());
    for (let n = 0; n < 2400; n += 100) {
      const messages = Array.from({ length: 100 }, (_, index) => ({
        role: "user" as const,
        content: `${n + index}`,
      }));
      await store.commit("s", fence, [], { messages });
      if (n % 700 === 0) await store.load("s");
    }
    const { messages } = (await store.load("s"))!;
    assert.ok(messages.length >= 1000 && messages.length <= 1800, `${messages.length} are kept`);
    assert.equal(messages.at(-1)?.content, "2399");
    assert.equal(messages[0].content, `${2400 - messages.length}`);
  });

  rule("replaces the call, closes the question and ends the run when told so", async (store) => {
    const fence = await store.create(record());
    const call = { stepId: "step_1_t", runId: "r", tool: "t", args: {}, outcome: "started" as const };
    const question = { stepId: "confirm_1", runId: "r", expiresAt: 5, entry: entry(1) };
    const run = { id: "r", step: 0, startedAt: 1 };
    await store.commit("s", fence, [entry(1)], { call, question, run });
    await store.commit("s", fence, [entry(2)], { call: { ...call, outcome: "success" } });
    assert.deepEqual((await store.load("s"))?.calls, [{ ...call, outcome: "success" }]);
    await store.commit("s", fence, [], { answered: "confirm_1", values: { a: 1 } });
    await store.commit("s", fence, [], { values: { b: 2 }, run: null });
    const stored = (await store.load("s"))!;
    assert.equal(stored.latestSeq, 2);
    assert.deepEqual(stored.calls, []);
    assert.deepEqual(stored.questions, []);
    assert.deepEqual(stored.values, { a: 1, b: 2 });
    assert.equal(stored.run, null);
  });

  rule("remembers the last 1000 message ids", async (store) => {
    const fence = await store.create(record());
    for (let i = 1; i <= 1001; i++) {
      await store.commit("s", fence, [], { input: { messageId: `m-${i}`, runId: `r-${i}` } });
    }
    const { inputs } = (await store.load("s"))!;
    assert.equal(inputs.size, 1000);
    assert.equal(inputs.get("m-1"), undefined);
    assert.equal(inputs.get("m-1001"), "r-1001");
  });

  rule("lists sessions in pages, and those with a run alone", async (store) => {
    for (const id of ["c", "a", "d", "b"]) await store.create(record(id));
    await store.commit("b", 1, entries(1, 3), { run: { id: "r", step: 2, startedAt: 4 } });
    await store.trim("b", 1);
    const [a, b] = await store.list({ limit: 2 });
    assert.deepEqual(a, {
      record: record("a"),
      activeAt: createdAt,
      latestSeq: 0,
      oldestSeq: 1,
      bytes: 0,
      run: null,
    });
    assert.deepEqual({ ...b, activeAt: 0 }, {
      record: record("b"),
      activeAt: 0,
      latestSeq: 3,
      oldestSeq: 2,
      bytes: 2 * entry(1).bytes,
      run: { id: "r", step: 2, startedAt: 4 },
    });
    const ids = async (options: ListOptions) => (await store.list(options)).map((one) => one.record.id);
    assert.deepEqual(await ids({ after: "b", limit: 10 }), ["c", "d"]);
    assert.deepEqual(await ids({ after: "d", limit: 10 }), []);
    assert.deepEqual(await ids({ running: true, limit: 10 }), ["b"]);
    await store.commit("b", 1, [], { run: null });
    assert.deepEqual(await ids({ running: true, limit: 10 }), []);
  });

  rule("knows when a session was last in use, and which ones nobody has used for long", async (store) => {
    for (const id of ["a", "b", "c"]) await store.create(record(id));
    const before = Date.now();
    await store.commit("b", 1, [entry(1)]);
    const { activeAt } = (await store.load("b"))!;
    assert.ok(activeAt >= before && activeAt <= Date.now());
    await store.touch("a", createdAt + 5);
    await store.touch("a", createdAt + 3);
    await store.touch("nobody", createdAt + 9);
    assert.equal((await store.load("a"))?.activeAt, createdAt + 5);
    assert.deepEqual(await store.expired(createdAt, 10), []);
    assert.deepEqual(await store.expired(createdAt + 1, 10), ["c"]);
    assert.deepEqual([...await store.expired(createdAt + 6, 10)].sort(), ["a", "c"]);
    assert.equal((await store.expired(createdAt + 6, 1)).length, 1);
    await store.touch("c", createdAt + 10);
    assert.deepEqual(await store.expired(createdAt + 6, 10), ["a"]);
    assert.deepEqual([...await store.expired(before + 60_000, 10)].sort(), ["a", "b", "c"]);
  });

  rule("remembers that a session has ended until it is told to forget", async (store) => {
    for (const id of ["a", "b", "c"]) await store.create(record(id));
    await store.commit("a", 1, [entry(1)]);
    await assert.rejects(async () => await store.end("a", 2, 100), refused);
    for (const [at, id] of ["a", "b", "c"].entries()) await store.end(id, 1, 100 + at);
    assert.equal(await store.load("a"), null);
    assert.equal(await store.read("a", 0, 10), null);
    await assert.rejects(async () => await store.commit("a", 1, [entry(2)]), refused);
    assert.deepEqual(await store.ended("a"), { owner: "anonymous", at: 100 });
    await store.end("nobody", 1, 100);
    assert.equal(await store.ended("nobody"), null);
    assert.equal(await store.forget(102, 1), 1);
    assert.equal(await store.ended("a"), null);
    assert.equal(await store.forget(102, 10), 1);
    assert.equal(await store.forget(102, 10), 0);
    assert.deepEqual(await store.ended("c"), { owner: "anonymous", at: 102 });
  });

  rule("keeps sessions apart and forgets what was removed", async (store) => {
    const a = await store.create(record("a"));
    const b = await store.create(record("b"));
    await store.commit("a", a, [entry(1)]);
    await store.commit("b", b, [entry(1, "b"), entry(2, "b")]);
    await store.remove("a");
    assert.equal(await store.load("a"), null);
    assert.equal(await store.read("a", 0, 10), null);
    assert.equal((await store.read("b", 0, 10))?.length, 2);
    await store.remove("nobody");
    assert.equal(await store.ended("a"), null);
    await store.create(record("a"));
    assert.deepEqual(await store.read("a", 0, 10), []);
    assert.deepEqual((await store.load("a"))?.sizes, []);
  });
}

/** What was thrown becomes a rejection, as in an asynchronous backend. */
async function attempt(call: () => Awaitable<void>): Promise<void> {
  await call();
}

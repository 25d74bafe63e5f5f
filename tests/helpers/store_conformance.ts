/** What every Store must do. A backend's whole test file is one call of this. */
import assert from "node:assert/strict";
import type { Entry, SessionRecord, Store } from "../../src/store/store.ts";

export function entry(seq: number, text = "x"): Entry {
  const frame = JSON.stringify({ event: "agent.thinking", content: text, seq, metadata: {} });
  return { seq, event: "agent.thinking", frame, bytes: frame.length };
}

export function record(id = "s"): SessionRecord {
  return { id, epoch: "e1", owner: "anonymous", agent: "a", language: "zh", createdAt: 1_700_000_000_000 };
}

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
    await assert.rejects(async () => await store.create(record()), { code: "ERR_EXECUTION_602" });
  });

  rule("refuses a gap, a repetition and a commit to nothing, and keeps the log as it was", async (store) => {
    const fence = await store.create(record());
    await store.commit("s", fence, [entry(1)]);
    for (const wrong of [[entry(3)], [entry(1)], [entry(2), entry(4)]]) {
      await assert.rejects(async () => await store.commit("s", fence, wrong), { code: "ERR_EXECUTION_602" });
    }
    await assert.rejects(async () => await store.commit("nobody", 1, [entry(1)]), {
      code: "ERR_EXECUTION_602",
    });
    assert.deepEqual(await store.read("s", 0, 10), [entry(1)]);
  });

  rule("refuses commits of an owner that was fenced off", async (store) => {
    const old = await store.create(record());
    const fence = await store.claim("s");
    assert.ok(fence !== null && fence > old);
    await assert.rejects(async () => await store.commit("s", old, [entry(1)]), { code: "ERR_EXECUTION_602" });
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
  });
}

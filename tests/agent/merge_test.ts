import assert from "node:assert/strict";
import { EventQueue, merge } from "../../src/agent/merge.ts";
import { fakeTime } from "../helpers/fake_time.ts";

async function collect<E, R>(run: AsyncGenerator<E, R>): Promise<{ items: E[]; value: R }> {
  const items: E[] = [];
  for (;;) {
    const step = await run.next();
    if (step.done) return { items, value: step.value };
    items.push(step.value);
  }
}

Deno.test("A queue gives what was pushed, before and while it is read, until it is closed and empty", async () => {
  using time = fakeTime();
  const queue = new EventQueue<number>();
  queue.push(1);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const item of queue) seen.push(item);
  })();
  await time.settle();
  queue.push(2);
  queue.push(3);
  await time.settle();
  assert.deepEqual(seen, [1, 2, 3]);
  queue.push(4);
  queue.close();
  queue.push(5);
  await reading;
  assert.deepEqual(seen, [1, 2, 3, 4]);
});

Deno.test("A queue closed while empty ends its reader", async () => {
  const queue = new EventQueue<number>();
  const reading = Array.fromAsync(queue);
  queue.close();
  queue.close();
  assert.deepEqual(await reading, []);
});

Deno.test("Generators side by side: items as they come, results in the order of the generators", async () => {
  const gate = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<string, string> {
    yield "slow 1";
    await gate.promise;
    yield "slow 2";
    return "slow";
  }
  async function* quick(): AsyncGenerator<string, string> {
    for (const n of [1, 2, 3]) yield `quick ${n}`;
    await Promise.resolve(gate.resolve());
    return "quick";
  }
  const { items, value } = await collect(merge([slow(), quick()]));
  assert.deepEqual(value, ["slow", "quick"]);
  assert.deepEqual([...items].sort(), ["quick 1", "quick 2", "quick 3", "slow 1", "slow 2"]);
  assert.ok(items.indexOf("slow 2") > items.indexOf("quick 3"));
});

Deno.test("A generator goes on only after its item was taken", async () => {
  using time = fakeTime();
  const went: string[] = [];
  async function* careful(name: string): AsyncGenerator<string, void> {
    yield name;
    went.push(await Promise.resolve(name));
  }
  const run = merge([careful("a"), careful("b")]);
  const first = await run.next();
  await time.settle();
  assert.deepEqual([first.value, went], ["a", []]);
  await run.next();
  await time.settle();
  assert.deepEqual(went, ["a"]);
  await run.next();
  assert.deepEqual(went, ["a", "b"]);
});

Deno.test("Nothing to merge is nothing", async () => {
  assert.deepEqual(await collect(merge([])), { items: [], value: [] });
});

Deno.test("After a failure the others are awaited before it is thrown", async () => {
  using time = fakeTime();
  const gate = Promise.withResolvers<void>();
  let ended = false;
  async function* fails(): AsyncGenerator<string, void> {
    yield "x";
    await Promise.reject(new Error("broken"));
  }
  async function* waits(): AsyncGenerator<string, void> {
    await gate.promise;
    ended = true;
    yield "y";
  }
  const run = collect(merge([fails(), waits()]));
  let settled = false;
  run.catch(() => settled = true);
  await time.settle();
  assert.equal(settled, false);
  gate.resolve();
  await assert.rejects(run, { message: "broken" });
  assert.equal(ended, true);
});

Deno.test("Two failures at once are one failure, and none is left unhandled", async () => {
  async function* fails(): AsyncGenerator<string, void> {
    await Promise.reject(new Error("broken"));
    yield "never";
  }
  await assert.rejects(collect(merge([fails(), fails(), fails()])), { message: "broken" });
});

Deno.test("Generators left behind by a failure are closed, so that their cleanup runs", async () => {
  const cleaned: string[] = [];
  async function* tidy(): AsyncGenerator<string, void> {
    try {
      for (;;) yield await Promise.resolve("tick");
    } finally {
      cleaned.push("tidy");
    }
  }
  async function* fails(): AsyncGenerator<string, void> {
    yield "x";
    await Promise.reject(new Error("broken"));
  }
  await assert.rejects(collect(merge([tidy(), fails()])), { message: "broken" });
  assert.deepEqual(cleaned, ["tidy"]);
});

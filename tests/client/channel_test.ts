import assert from "node:assert/strict";
import { Channel } from "../../src/client/channel.ts";

async function read<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

Deno.test("The first reader begins with what came before it, the next one begins now", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  const first = channel[Symbol.asyncIterator]();
  channel.push(2);
  const second = read(channel);
  channel.push(3);
  channel.end();
  assert.deepEqual(await read({ [Symbol.asyncIterator]: () => first }), [1, 2, 3]);
  assert.deepEqual(await second, [3]);
  assert.deepEqual(await read(channel), []);
});

Deno.test("Of what comes before the first reader, the newest thousand are kept", async () => {
  const channel = new Channel<number>();
  for (let item = 0; item < 1500; item++) channel.push(item);
  channel.end();
  const items = await read(channel);
  assert.deepEqual([items.length, items[0], items.at(-1)], [1000, 500, 1499]);
});

Deno.test("A reader gets what waits for it, then the error once, then nothing", async () => {
  const channel = new Channel<number>();
  const reader = channel[Symbol.asyncIterator]();
  channel.push(1);
  channel.end(new Error("lost"));
  channel.push(2);
  assert.deepEqual(await reader.next(), { done: false, value: 1 });
  await assert.rejects(reader.next(), { message: "lost" });
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
  await assert.rejects(read(channel), { message: "lost" });
});

Deno.test("Several calls of next wait in their order, and all are told of the end", async () => {
  const channel = new Channel<number>();
  const reader = channel[Symbol.asyncIterator]();
  const calls = [reader.next(), reader.next(), reader.next()];
  channel.push(1);
  channel.end();
  assert.deepEqual((await Promise.all(calls)).map(({ value }) => value), [1, undefined, undefined]);
});

Deno.test("A reader that lags ten thousand items behind is told so; the others read on", async () => {
  const channel = new Channel<number>();
  const slow = channel[Symbol.asyncIterator]();
  const all = read(channel);
  for (let item = 0; item <= 10_000; item++) {
    channel.push(item);
    if (item % 1000 === 0) await Promise.resolve();
  }
  await assert.rejects(slow.next(), { code: "overflow" });
  assert.deepEqual(await slow.next(), { done: true, value: undefined });
  channel.end();
  assert.equal((await all).length, 10_001);
});

Deno.test("A reader that leaves gets nothing more", async () => {
  const channel = new Channel<number>();
  const reader = channel[Symbol.asyncIterator]();
  const waiting = reader.next();
  assert.deepEqual(await reader.return!(), { done: true, value: undefined });
  assert.deepEqual(await waiting, { done: true, value: undefined });
  channel.push(1);
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
});

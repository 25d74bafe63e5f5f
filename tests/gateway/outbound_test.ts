import assert from "node:assert/strict";
import { mock } from "node:test";
import { Outbound } from "../../src/gateway/outbound.ts";
import { type FakeTime, fakeTime } from "../helpers/fake_time.ts";
import { FakeSocket } from "../helpers/fake_socket.ts";

const kib = 1024;
const limits = { sendBudgetBytes: 1024 * kib, sendBudgetGraceSeconds: 5, sendHardBytes: 4096 * kib };

function open(more: Partial<typeof limits> = {}) {
  const socket = new FakeSocket(false);
  const slow = { times: 0 };
  const outbound = new Outbound(socket, { ...limits, ...more }, () => {
    slow.times++;
    outbound.close();
  });
  return { socket, slow, outbound };
}

/** A frame of exactly this many bytes that begins with its number. */
const frame = (size: number, number = 0) => `${number}:`.padEnd(size, "x");
const numberOf = (text: string) => Number(text.split(":")[0]);

/** Time goes by in steps of the outbound's own timer. */
async function pass(time: FakeTime, ms: number, each: () => void = () => {}): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    mock.timers.tick(20);
    each();
    await time.settle();
  }
}

Deno.test("Frames keep their order, whatever the peer takes and when", async () => {
  using time = fakeTime();
  const { socket, outbound, slow } = open();
  let sent = 0;
  const sizes = [1, 50, 100, 200, 3].map((size) => size * kib);
  await pass(time, 4000, () => {
    if (sent < 100) { for (const size of sizes) outbound.send(frame(size, sent++)); }
    socket.drain((sent % 3) * 200 * kib);
  });
  await pass(time, 4000, () => socket.drain());
  assert.deepEqual(socket.sent.map(numberOf), Array.from({ length: sent }, (_, n) => n));
  assert.deepEqual([outbound.held, slow.times], [0, 0]);
});

Deno.test("Nothing is handed to a socket that holds 256 KiB", async () => {
  using time = fakeTime();
  const { socket, outbound } = open();
  const send = socket.send.bind(socket);
  socket.send = (text) => {
    assert.ok(socket.bufferedAmount < 256 * kib, `${socket.bufferedAmount} bytes are waiting`);
    send(text);
  };
  for (let n = 0; n < 30; n++) outbound.send(frame(50 * kib, n));
  await pass(time, 1000, () => socket.drain(100 * kib));
  assert.equal(socket.sent.length, 30);
});

Deno.test("A peer over its budget has the grace time to catch up, and is closed once when it does not", async () => {
  using time = fakeTime();
  const { socket, outbound, slow } = open();
  for (let n = 0; n < 35; n++) outbound.send(frame(50 * kib, n));
  await pass(time, 4900, () => socket.drain(kib));
  assert.equal(slow.times, 0);
  await pass(time, 300, () => socket.drain(kib));
  assert.equal(slow.times, 1);
  await pass(time, 20_000);
  assert.equal(slow.times, 1);
});

Deno.test("A peer that comes back under its budget in time starts anew", async () => {
  using time = fakeTime();
  const { socket, outbound, slow } = open();
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 25; n++) outbound.send(frame(50 * kib));
    await pass(time, 4000);
    socket.drain();
    await pass(time, 200, () => socket.drain());
    assert.equal(outbound.held, 0);
  }
  assert.equal(slow.times, 0);
});

Deno.test("A peer far over its budget is closed at once", () => {
  using _time = fakeTime();
  const { outbound, slow } = open();
  for (let n = 0; n < 4; n++) outbound.send(frame(1000 * kib));
  assert.equal(slow.times, 0);
  outbound.send(frame(1000 * kib));
  assert.equal(slow.times, 1);
});

Deno.test("A peer that takes nothing for 30 seconds is closed, also below its budget", async () => {
  using time = fakeTime();
  const { outbound, slow } = open();
  for (let n = 0; n < 10; n++) outbound.send(frame(50 * kib));
  await pass(time, 29_900);
  assert.equal(slow.times, 0);
  await pass(time, 300);
  assert.equal(slow.times, 1);
});

Deno.test("A peer that takes as much as it is sent is never closed, though much is always waiting", async () => {
  using time = fakeTime();
  const { socket, outbound, slow } = open();
  for (let n = 0; n < 10; n++) outbound.send(frame(50 * kib));
  await pass(time, 60_000, () => {
    socket.drain(10 * kib);
    outbound.send(frame(10 * kib));
  });
  assert.equal(slow.times, 0);
});

Deno.test("A burst long after the last one is no reason to close", async () => {
  using time = fakeTime();
  const { socket, outbound, slow } = open();
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 8; n++) outbound.send(frame(50 * kib));
    await pass(time, 400, () => socket.drain(50 * kib));
    mock.timers.tick(3_600_000);
    socket.drain(150 * kib);
  }
  const ready = outbound.ready();
  await pass(time, 100, () => socket.drain());
  await ready;
  assert.equal(slow.times, 0);
});

Deno.test("Bytes that only the socket holds count as well, and are forgotten when they are gone", async () => {
  using time = fakeTime();
  const fill = (outbound: Outbound) => {
    outbound.send(frame(200 * kib));
    outbound.send(frame(1000 * kib));
  };
  const dead = open();
  fill(dead.outbound);
  await pass(time, 5400);
  assert.equal(dead.slow.times, 1);
  const alive = open();
  fill(alive.outbound);
  await pass(time, 1000);
  alive.socket.drain();
  mock.timers.tick(3_600_000);
  fill(alive.outbound);
  await pass(time, 1000, () => alive.socket.drain());
  assert.equal(alive.slow.times, 0);
});

Deno.test("ready() is undefined while there is room, and resolves when there is again", async () => {
  using time = fakeTime();
  const { socket, outbound } = open();
  assert.equal(outbound.ready(), undefined);
  outbound.send(frame(300 * kib));
  let resolved = 0;
  for (let n = 0; n < 3; n++) void outbound.ready()!.then(() => resolved++);
  await pass(time, 1000);
  assert.equal(resolved, 0);
  socket.drain(100 * kib);
  await pass(time, 40);
  assert.equal(resolved, 3);
  assert.equal(outbound.ready(), undefined);
});

Deno.test("Closing lets everybody go who waits, drops what is queued, and sends nothing more", async () => {
  using time = fakeTime();
  const { socket, outbound, slow } = open();
  for (let n = 0; n < 12; n++) outbound.send(frame(50 * kib, n));
  const waiting = outbound.ready()!;
  const handed = socket.sent.length;
  outbound.close();
  await waiting;
  outbound.send(frame(10));
  socket.drain();
  await pass(time, 60_000);
  assert.deepEqual([socket.sent.length, slow.times, outbound.ready()], [handed, 0, undefined]);
});

Deno.test("Before a goodbye everything that waits is handed over, in order", () => {
  using _time = fakeTime();
  const { socket, outbound } = open();
  for (let n = 0; n < 12; n++) outbound.send(frame(50 * kib, n));
  outbound.flushAll();
  assert.deepEqual(socket.sent.map(numberOf), Array.from({ length: 12 }, (_, n) => n));
  outbound.close();
});

Deno.test("Nothing is left running when nothing waits", async () => {
  const { socket, outbound } = open();
  outbound.send(frame(300 * kib));
  const ready = outbound.ready()!;
  socket.drain();
  await ready;
  // Op sanitizers of this test fail if a timer were still armed.
  assert.equal(outbound.held, 0);
});

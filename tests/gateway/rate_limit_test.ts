import assert from "node:assert/strict";
import { mock } from "node:test";
import { RateLimit } from "../../src/gateway/rate_limit.ts";
import { fakeTime } from "../helpers/fake_time.ts";

const takeAll = (limit: RateLimit, count: number) =>
  Array.from({ length: count }, () => limit.take()).filter((wait) => wait === 0).length;

Deno.test("A burst passes at once, then as many as are filled in", () => {
  using _time = fakeTime();
  const limit = new RateLimit(10, 30);
  assert.equal(takeAll(limit, 100), 30);
  mock.timers.tick(1000);
  assert.equal(takeAll(limit, 100), 10);
  mock.timers.tick(60_000);
  assert.equal(takeAll(limit, 100), 30);
});

Deno.test("The wait that is told is the wait there is", () => {
  using _time = fakeTime();
  const limit = new RateLimit(3, 1);
  assert.equal(limit.take(), 0);
  for (let round = 0; round < 20; round++) {
    const wait = limit.take();
    assert.ok(wait > 0 && wait <= 334, String(wait));
    mock.timers.tick(wait);
    assert.equal(limit.take(), 0);
  }
});

Deno.test("A steady sender at the limit is never refused", () => {
  using _time = fakeTime();
  const limit = new RateLimit(10, 30);
  for (let n = 0; n < 1000; n++) {
    mock.timers.tick(100);
    assert.equal(limit.take(), 0);
  }
});

Deno.test("0 switches the limit off", () => {
  const limit = new RateLimit(0, 1);
  assert.equal(takeAll(limit, 10_000), 10_000);
});

Deno.test("More than 100 drops within 10 seconds are too many, in every 10 seconds", () => {
  using _time = fakeTime();
  const slow = new RateLimit(1, 1);
  for (let n = 0; n < 1000; n++) {
    assert.equal(slow.drop(), false);
    mock.timers.tick(101);
  }
  const sudden = new RateLimit(1, 1);
  for (let n = 0; n < 100; n++) assert.equal(sudden.drop(), false);
  assert.equal(sudden.drop(), true);
  const late = new RateLimit(1, 1);
  late.drop();
  mock.timers.tick(9_900);
  for (let n = 0; n < 99; n++) assert.equal(late.drop(), false);
  mock.timers.tick(200);
  assert.equal(late.drop(), false);
  assert.equal(late.drop(), true);
});

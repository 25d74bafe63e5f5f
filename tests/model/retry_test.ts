import assert from "node:assert/strict";
import { mock } from "node:test";
import { backoffMs, isTransientStatus, pause, readRetryAfter } from "../../src/model/retry.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const asked = (headers: Record<string, string>) => readRetryAfter(new Headers(headers), now);

Deno.test("Retry-After is read as seconds, as a date, and in milliseconds first", () => {
  assert.equal(asked({ "retry-after": "3" }), 3000);
  assert.equal(asked({ "retry-after": "0" }), 0);
  assert.equal(asked({ "retry-after": "1.5" }), 1500);
  assert.equal(asked({ "retry-after": "Thu, 01 Jan 2026 00:00:20 GMT" }), 20_000);
  assert.equal(asked({ "retry-after": "9", "retry-after-ms": "250" }), 250);
});

Deno.test("Retry-After in the past means now, and nonsense means nothing", () => {
  assert.equal(asked({ "retry-after": "Wed, 31 Dec 2025 23:59:00 GMT" }), 0);
  assert.equal(asked({}), undefined);
  assert.equal(asked({ "retry-after": "soon" }), undefined);
});

Deno.test("Only 408, 429 and 5xx are transient", () => {
  assert.deepEqual([408, 429, 500, 503].map(isTransientStatus), [true, true, true, true]);
  assert.deepEqual([0, 400, 401, 403, 404, 409, 422].filter(isTransientStatus), []);
});

Deno.test("Back-off doubles up to 8 s, less up to a quarter by chance", () => {
  for (const chance of [0, 0.5, 0.999]) {
    const random = mock.method(Math, "random", () => chance);
    const less = 1 - chance / 4;
    try {
      assert.deepEqual([0, 1, 2, 9].map(backoffMs), [500 * less, 1000 * less, 2000 * less, 8000 * less]);
    } finally {
      random.mock.restore();
    }
  }
});

Deno.test("A pause lasts as long as it was asked to", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let over = false;
    const waiting = pause(1000, new AbortController().signal).then(() => over = true);
    mock.timers.tick(999);
    await Promise.resolve();
    assert.equal(over, false);
    mock.timers.tick(1);
    await waiting;
  } finally {
    mock.timers.reset();
  }
});

Deno.test("A pause ends with the signal's reason and leaves no timer", async () => {
  const stop = new AbortController();
  const reason = new Error("cancelled");
  const waiting = pause(60_000, stop.signal);
  stop.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  await assert.rejects(pause(60_000, stop.signal), (error) => error === reason);
});

Deno.test("A pause leaves no listener at the signal", async () => {
  const { signal } = new AbortController();
  const added = mock.method(signal, "addEventListener");
  const removed = mock.method(signal, "removeEventListener");
  await pause(0, signal);
  assert.equal(added.mock.callCount(), 1);
  const [type, listener] = added.mock.calls[0].arguments;
  assert.deepEqual(removed.mock.calls.map((call) => call.arguments), [[type, listener]]);
});

import assert from "node:assert/strict";
import { afterClose, backOffMs } from "../../src/client/closing.ts";

const half = () => 0.5;
const most = () => 0.999999;

Deno.test("Back-off is anything up to 1, 2, 4 … 60 s", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => backOffMs(attempt, most));
  assert.deepEqual(longest, [999, 1999, 3999, 7999, 15_999, 31_999, 59_999, 59_999, 59_999]);
  assert.equal(backOffMs(3, half), 4000);
  assert.equal(backOffMs(9, () => 0), 0);
});

/** Close code and reason → wait in ms at the third attempt with a random half; undefined: no way back. */
const table: [code: number, reason: string, waitMs: number | undefined][] = [
  [1000, "bye", undefined],
  [1001, "shutdown", 2000],
  [1003, "unsupported_data", undefined],
  [1005, "", 2000],
  [1006, "", 2000],
  [0, "", 2000],
  [1007, "invalid_utf8", undefined],
  [1008, "rate_limit", 32_000],
  [1008, "inbound_overflow", 32_000],
  [1008, "policy", undefined],
  [1008, "bad_session_id", undefined],
  [1008, "", undefined],
  [1009, "frame_too_big", 2000],
  [1011, "internal_error", 2000],
  [1012, "restart", 2500],
  [1013, "over_capacity", 7000],
  [4001, "invalid_token", undefined],
  [4001, "auth_timeout", undefined],
  [4001, "token_expired", undefined],
  [4003, "forbidden", undefined],
  [4008, "slow_consumer", 0],
  [4009, "session_limit", undefined],
  [4009, "connection_limit", undefined],
  [4000, "", undefined],
  [4999, "", undefined],
];

for (const [code, reason, waitMs] of table) {
  const what = waitMs === undefined ? "is no reason to come back" : `is followed by ${waitMs} ms`;
  Deno.test(`Close code ${code} ${reason || "without reason"} ${what}`, () => {
    assert.deepEqual(
      afterClose(code, reason, 2, half),
      waitMs === undefined ? { reconnect: false, delayMs: 0 } : { reconnect: true, delayMs: waitMs },
    );
  });
}

Deno.test("An expired token is no obstacle for who brings a new one, a wrong one is", () => {
  assert.deepEqual(afterClose(4001, "token_expired", 2, half, true), { reconnect: true, delayMs: 2000 });
  assert.equal(afterClose(4001, "invalid_token", 2, half, true).reconnect, false);
});

Deno.test("After too many messages the wait is never below 30 s, and below 5 s when the server was full", () => {
  assert.equal(afterClose(1008, "rate_limit", 0, () => 0).delayMs, 30_000);
  assert.equal(afterClose(1013, "over_capacity", 0, () => 0).delayMs, 5000);
  assert.ok(afterClose(1012, "restart", 9, most).delayMs < 5000);
});

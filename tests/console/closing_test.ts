import assert from "node:assert/strict";
import { closeCodes } from "../../src/errors.ts";
import { afterClose, backOffMs } from "../../src/console/ui/closing.js";

const most = () => 0.999999;
const least = () => 0;
const range = (code: number, reason = "", attempt = 0) =>
  [least, most].map((random) => afterClose(code, reason, attempt, random).delayMs);

Deno.test("Page comes back with back-off after a loss that nobody wanted", () => {
  for (const code of [1001, 1005, 1006, 1009, 1011]) {
    assert.equal(afterClose(code, "", 0).reconnect, true, String(code));
    assert.deepEqual(range(code), [0, 1000], String(code));
    assert.deepEqual(range(code, "", 3), [0, 8000], String(code));
  }
});

Deno.test("Page waits 1, 2, 4 … 60 seconds at most, with full jitter", () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => backOffMs(attempt, most));
  assert.deepEqual(ceilings, [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  assert.equal(backOffMs(5, least), 0);
  assert.equal(backOffMs(5, () => 0.5), 16_000);
});

Deno.test("Page gives a restarting, a full and an annoyed server the time they ask for", () => {
  assert.deepEqual(range(1012, "restart", 9), [0, 5000]);
  assert.deepEqual(range(1013, "over_capacity"), [5000, 6000]);
  assert.deepEqual(range(1008, "rate_limit"), [30_000, 31_000]);
  assert.deepEqual(range(1008, "inbound_overflow"), [30_000, 31_000]);
  assert.deepEqual(range(4008, "slow_consumer", 9), [0, 0]);
});

Deno.test("Page does not come back where it was refused for good", () => {
  const refused: [number, string][] = [
    [1000, "bye"],
    [1003, "unsupported_data"],
    [1007, "invalid_utf8"],
    [1008, "policy"],
    [1008, "bad_session_id"],
    [1008, ""],
    [4001, "invalid_token"],
    [4001, "auth_timeout"],
    [4003, "forbidden"],
    [4009, "session_limit"],
    [4000, ""],
    [4999, "unheard_of"],
  ];
  for (const [code, reason] of refused) {
    assert.equal(afterClose(code, reason, 0).reconnect, false, `${code} ${reason}`);
  }
});

Deno.test("Page never sends a message again that was too big", () => {
  assert.equal(afterClose(1009, "frame_too_big", 0).dropMessage, true);
  assert.equal(afterClose(1011, "internal_error", 0).dropMessage, undefined);
});

Deno.test("Every close reason of the server has a sentence for the reader", async () => {
  const { Texts } = await import("../../src/console/ui/texts.js");
  for (const [reason, code] of Object.entries(closeCodes)) {
    const { text } = afterClose(code, reason, 0);
    for (const language of ["zh", "en"] as const) {
      assert.notEqual(new Texts(language).get(text), text, `${reason} (${code})`);
    }
  }
});

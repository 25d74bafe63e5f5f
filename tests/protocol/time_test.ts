import assert from "node:assert/strict";
import { isoTime } from "../../src/protocol/time.ts";

Deno.test("Times are written as Date writes them, on every day and at every border", () => {
  const borders = [
    "1970-01-01",
    "1972-02-29",
    "1999-12-31",
    "2000-02-29",
    "2024-02-29",
    "2100-02-28",
    "9999-12-31",
  ];
  for (const day of borders) {
    const midnight = Date.parse(`${day}T00:00:00.000Z`);
    for (const offset of [0, 1, 999, 1000, 59_999, 3_600_000, 86_399_999, 43_200_500]) {
      assert.equal(isoTime(midnight + offset), new Date(midnight + offset).toISOString());
    }
  }
  // A prime step, so that every month, hour and second comes by.
  for (let ms = 0; ms < Date.UTC(2120, 0, 1); ms += 8_639_999_957 / 10) {
    const whole = Math.floor(ms);
    assert.equal(isoTime(whole), new Date(whole).toISOString());
  }
});

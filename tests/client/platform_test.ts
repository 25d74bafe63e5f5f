import assert from "node:assert/strict";
import { platformOf } from "../../src/client/platform.ts";

Deno.test("Ids are random UUIDs, also where crypto.randomUUID is missing", () => {
  const { randomUUID } = crypto;
  try {
    Object.assign(crypto, { randomUUID: undefined });
    const ids = Array.from({ length: 200 }, () => platformOf({}).newId());
    for (const id of ids) {
      assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    }
    assert.equal(new Set(ids).size, 200);
  } finally {
    Object.assign(crypto, { randomUUID });
  }
});

Deno.test("Time, randomness and ids can be replaced, each by itself", () => {
  const clock = { now: () => 7, setTimeout: () => 1, clearTimeout: () => {} };
  const platform = platformOf({ clock, newId: () => "id" });
  assert.equal(platform.clock, clock);
  assert.equal(platform.newId(), "id");
  assert.equal(platform.random, Math.random);
});

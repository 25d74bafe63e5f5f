import assert from "node:assert/strict";
import { plainCopy, toJson } from "../../src/protocol/plain.ts";

Deno.test("Plain values are written as JSON writes them", () => {
  for (
    const value of ["x", 5, true, null, [1, [2]], { a: { b: [] } }, new Date(0), {
      a: undefined,
      b: () => 1,
    }]
  ) {
    assert.equal(toJson(value), JSON.stringify(value));
  }
});

Deno.test("What JSON refuses is written as text, and the rest of it as it is", () => {
  const circular: Record<string, unknown> = { big: 7n, list: [1n] };
  circular.self = circular;
  assert.deepEqual(JSON.parse(toJson(circular)), { big: "7", list: ["1"], self: "[circular]" });
  const shared = { x: 1n };
  assert.deepEqual(JSON.parse(toJson([shared, shared])), [{ x: "1" }, { x: "1" }]);
});

Deno.test("Nothing that is thrown while a value is read comes out", () => {
  const getter = Object.defineProperty({ fine: 1n }, "bad", {
    enumerable: true,
    get() {
      throw new Error("secret");
    },
  });
  const proxy = new Proxy({}, {
    ownKeys() {
      throw new Error("secret");
    },
  });
  for (const value of [getter, proxy, { proxy }, [getter]]) {
    const text = toJson(value);
    assert.equal(text.includes("secret"), false);
    JSON.parse(text);
  }
  assert.deepEqual(plainCopy(getter), { fine: "1", bad: "[unreadable]" });
});

Deno.test("Depth has an end", () => {
  let deep: unknown = 1n;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert.match(toJson(deep), /too deep/);
});

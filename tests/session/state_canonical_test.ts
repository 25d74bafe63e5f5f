import assert from "node:assert/strict";
import { Random } from "../fuzz/random.ts";
import { anyValue } from "../fuzz/values.ts";
import { canonicalJson } from "../../src/session/state_canonical.ts";

Deno.test("Canonical JSON is what hand-made vectors say", () => {
  const vectors: [unknown, string][] = [
    [null, "null"],
    [true, "true"],
    ["", '""'],
    [[], "[]"],
    [{}, "{}"],
    [[1, [2, []], {}], "[1,[2,[]],{}]"],
    [{ b: 1, a: { d: [1, 2], c: null } }, '{"a":{"c":null,"d":[1,2]},"b":1}'],
    // Case, digits, the empty name, and a name that is the beginning of another.
    [{ aa: 1, a: 2, Z: 3, "10": 4, "9": 5, "": 6 }, '{"":6,"10":4,"9":5,"Z":3,"a":2,"aa":1}'],
    ["北京 é €", '"北京 é €"'],
    ['\u0000\b\t\n\f\r\u001f\u007f\u2028/"\\', '"\\u0000\\b\\t\\n\\f\\r\\u001f\u007f\u2028/\\"\\\\"'],
    ["😀", '"😀"'],
    ["\ud83d", '"\\ud83d"'],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [JSON.parse('{"b":1,"__proto__":{"x":1}}'), '{"__proto__":{"x":1},"b":1}'],
  ];
  for (const [value, text] of vectors) assert.equal(canonicalJson(value), text);
});

Deno.test("Numbers are written as ECMAScript does", () => {
  const vectors: [number, string][] = [
    [0, "0"],
    [-0, "0"],
    [0.1, "0.1"],
    [-1.5, "-1.5"],
    [1.0, "1"],
    [1e20, "100000000000000000000"],
    [1e21, "1e+21"],
    [1e-6, "0.000001"],
    [1e-7, "1e-7"],
    [333333333.33333329, "333333333.3333333"],
    [4.5, "4.5"],
    [2e-3, "0.002"],
    [0.000000000000000000000000001, "1e-27"],
    [2 ** 53, "9007199254740992"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [0.1 + 0.2, "0.30000000000000004"],
  ];
  for (const [value, text] of vectors) assert.equal(canonicalJson([value]), `[${text}]`);
});

Deno.test("Names are sorted by UTF-16 code units, not by code points", () => {
  // The vector of RFC 8785, 3.2.3: by code points the smiley would come last.
  const value = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  assert.equal(
    canonicalJson(value),
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control",' +
      '"\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",' +
      '"\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  );
});

Deno.test("What JSON cannot hold is refused by name", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const refused: [unknown, RegExp][] = [
    [undefined, /undefined/],
    [{ a: undefined }, /undefined/],
    [[1, , 2], /undefined/],
    [NaN, /NaN/],
    [[Infinity], /Infinity/],
    [{ a: -Infinity }, /-Infinity/],
    [1n, /bigint/],
    [() => 1, /function/],
    [Symbol("x"), /symbol/],
    [new Date(0), /a class of its own/],
    [new Map(), /a class of its own/],
    [new Uint8Array(1), /a class of its own/],
    [circle, /500 levels/],
  ];
  for (const [value, message] of refused) {
    assert.throws(
      () => canonicalJson(value),
      (cause) => cause instanceof TypeError && message.test(cause.message),
    );
  }
});

Deno.test("500 levels are written, 501 are refused, and 200,000 do not exhaust the stack", () => {
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  assert.equal(canonicalJson(nested(500)).length, 1000);
  assert.throws(() => canonicalJson(nested(501)), /500 levels/);
  assert.throws(() => canonicalJson(nested(200_000)), /500 levels/);
});

Deno.test("Two objects that differ only in the order of members have one text, which reads back as they are", () => {
  const random = new Random(11);
  const shuffled = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(shuffled);
    return Object.fromEntries(
      Object.entries(value).reverse().map(([name, member]) => [name, shuffled(member)]),
    );
  };
  for (let round = 0; round < 2000; round++) {
    const value: unknown = JSON.parse(JSON.stringify(anyValue(random, 4)));
    const text = canonicalJson(value);
    assert.equal(canonicalJson(shuffled(value)), text);
    assert.equal(canonicalJson(JSON.parse(text)), text);
    assert.deepEqual(JSON.parse(text), value);
  }
});

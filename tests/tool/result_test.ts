import assert from "node:assert/strict";
import { ToolResult } from "../../src/tool/result.ts";

Deno.test("Whatever a tool returns becomes a result; a result stays itself", () => {
  const result = new ToolResult({ output: "x", data: [1], image: "https://a.example/x.png", system: "note" });
  assert.equal(ToolResult.from(result), result);
  assert.equal(ToolResult.from("text").text, "text");
  assert.equal(ToolResult.from({ a: 1 }).text, '{"a":1}');
  assert.equal(ToolResult.from([1, "b"]).text, '[1,"b"]');
  assert.deepEqual([ToolResult.from(5).text, ToolResult.from(false).text, ToolResult.from(0).text], [
    "5",
    "false",
    "0",
  ]);
  assert.deepEqual([ToolResult.from(undefined).text, ToolResult.from(null).text, ToolResult.from("").text], [
    "",
    "",
    "",
  ]);
});

Deno.test("Values JSON cannot hold are written as well as they can be", () => {
  assert.equal(ToolResult.from({ big: 10n ** 20n }).text, '{"big":"100000000000000000000"}');
  assert.equal(ToolResult.from({ at: new Date(0) }).text, '{"at":"1970-01-01T00:00:00.000Z"}');
  assert.equal(ToolResult.from(7n).text, '"7"');
  assert.equal(typeof ToolResult.from(() => 1).text, "string");
  assert.equal(typeof ToolResult.from(Symbol("s")).text, "string");
});

Deno.test("Circular output still tells what is in it", () => {
  const value: Record<string, unknown> = { city: "Oslo" };
  value.self = value;
  assert.match(ToolResult.from(value).text, /Oslo/);
});

Deno.test("Output that cannot be read at all does not throw", () => {
  const hostile = Object.assign(Object.create(null), {
    toJSON() {
      throw new Error("no");
    },
  });
  assert.equal(typeof ToolResult.from(hostile).text, "string");
});

Deno.test("A result keeps output and error apart", () => {
  const result = new ToolResult({ output: "rows 1-3", error: "disk full" });
  assert.deepEqual([result.output, result.error], ["rows 1-3", "disk full"]);
  assert.equal(result.text, "rows 1-3");
  assert.equal(new ToolResult({ error: "disk full" }).text, "disk full");
});

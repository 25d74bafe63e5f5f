import assert from "node:assert/strict";
import { OriginRule } from "../../src/gateway/origin.ts";

Deno.test("Without a list: the same host, loopback on any port, files, and clients that send no origin", () => {
  const rule = new OriginRule(undefined);
  for (
    const [origin, host] of [
      [null, "app.example"],
      ["null", "app.example"],
      ["https://app.example", "app.example"],
      ["https://app.example:8443", "app.example:8080"],
      ["http://localhost:3000", "app.example"],
      ["http://LOCALHOST", "app.example"],
      ["http://127.0.0.1:5173", "app.example"],
      ["http://127.8.9.1", "app.example"],
      ["http://[::1]:80", "app.example"],
      ["http://[2001:db8::1]:80", "[2001:db8::1]:8080"],
    ] as const
  ) assert.equal(rule.allows(origin, host), true, String(origin));
});

Deno.test("Without a list: no other page, however it dresses up", () => {
  const rule = new OriginRule(undefined);
  for (
    const origin of [
      "https://evil.example",
      "https://app.example.evil.example",
      "https://evil.example#app.example",
      "https://app.example@evil.example",
      "http://localhost.evil.example",
      "http://127.0.0.1.evil.example",
      "http://127.0.0.1@evil.example",
      "https://sub.app.example",
      "chrome-extension://abcdef",
      "nonsense",
      "",
      "file://",
    ]
  ) assert.equal(rule.allows(origin, "app.example"), false, origin);
  assert.equal(rule.allows("nonsense", ""), false);
  assert.equal(rule.allows("nonsense", "also nonsense"), false);
});

Deno.test("A list is exact: scheme and port count, case and a final slash do not", () => {
  const rule = new OriginRule(["https://App.example/", "http://other.example:81"]);
  assert.equal(rule.allows("https://app.example", "x"), true);
  assert.equal(rule.allows("http://other.example:81", "x"), true);
  for (
    const origin of [
      "http://app.example",
      "https://app.example:444",
      "http://localhost",
      "null",
      "https://x",
      "http://other.example",
    ]
  ) assert.equal(rule.allows(origin, "x"), false, origin);
  assert.equal(rule.allows(null, "x"), true);
});

Deno.test("A star allows every page, an empty list none", () => {
  assert.equal(new OriginRule(["*"]).allows("https://evil.example", "x"), true);
  assert.equal(new OriginRule([]).allows("http://localhost", "localhost"), false);
  assert.equal(new OriginRule(["null"]).allows("null", "x"), true);
});

import assert from "node:assert/strict";
import { redact, redactArguments } from "../../src/session/state_redaction.ts";

const secretNames = [
  "api_key",
  "access_token",
  "refresh_token",
  "password",
  "secret",
  "token",
  "authorization",
  "PASSWORD",
  "Authorization",
  "OPENAI_API_KEY",
  "db_password",
  "client_secret",
  "Proxy-Authorization",
  "x-api-key",
  "apiKey",
  "APIKey",
  "accessToken",
  "refreshToken",
  "dbPassword",
  "_token_",
  "session.token",
];
const openNames = [
  "tokens",
  "tokenizer",
  "max_tokens",
  "monkey",
  "secretary",
  "passwords",
  "author",
  "city",
  "keys",
];

Deno.test("Members named like secrets are removed at any depth, in any spelling", () => {
  for (const place of ["arguments", "values"] as const) {
    for (const name of secretNames) {
      for (const value of ["x", 1, null, { a: 1 }, ["x"]]) {
        assert.deepEqual(redact({ [name]: value }, place), { [name]: "[removed]" }, name);
        assert.deepEqual(redact([{ a: { [name]: value, b: 1 } }], place), [{
          a: { [name]: "[removed]", b: 1 },
        }]);
      }
    }
    for (const name of openNames) assert.deepEqual(redact({ [name]: "x" }, place), { [name]: "x" }, name);
  }
});

Deno.test("The bare name key is a secret in values and not in arguments", () => {
  assert.deepEqual(redact({ key: "x", KEY: 1, sort_key: "y" }, "values"), {
    key: "[removed]",
    KEY: "[removed]",
    sort_key: "y",
  });
  assert.deepEqual(redact({ key: "x" }, "arguments"), { key: "x" });
});

Deno.test("Arguments are read as JSON, cleaned and written again", () => {
  assert.equal(redactArguments('{ "city": "Oslo" }'), '{"city":"Oslo"}');
  assert.equal(
    redactArguments('{"login":{"pass\\u0077ord":"hunter2"},"key":"k"}'),
    '{"login":{"password":"[removed]"},"key":"k"}',
  );
  // The same name twice: what the tool would not see must not stay in the text either.
  assert.equal(redactArguments('{"a":{"token":"hunter2"},"a":1}'), '{"a":1}');
  assert.equal(
    redactArguments(JSON.stringify('{"token":"hunter2"}')),
    JSON.stringify('{"token":"[removed]"}'),
  );
  for (const text of ["[1,2]", "null", "7", "{}"]) assert.equal(redactArguments(text), text);
});

Deno.test("Arguments that are no JSON stay, unless a word in them is suspicious", () => {
  for (const text of ["", "{", '{"city":"Os', "tokens"]) assert.equal(redactArguments(text), text);
  for (const text of ['{"password":"hunter2', "apiKey=hunter2", "{token: hunter2}"]) {
    assert.equal(redactArguments(text), '{"invalid_arguments":"[removed]"}');
  }
});

Deno.test("Values that JSON cannot hold do not stop an export, and __proto__ never leaves", () => {
  const circle: Record<string, unknown> = { big: 1n, nan: NaN, none: undefined, when: new Date(0) };
  circle.self = circle;
  assert.deepEqual(redact(circle, "values"), {
    big: "1",
    nan: null,
    when: "1970-01-01T00:00:00.000Z",
    self: "[circular]",
  });
  const hostile = JSON.parse('{"a":1,"__proto__":{"polluted":true}}');
  const clean = redact(hostile, "values") as Record<string, unknown>;
  assert.deepEqual(Object.keys(clean), ["a"]);
  assert.equal(clean.polluted, undefined);
  assert.equal(redactArguments('{"__proto__":{"x":1}}'), "{}");
  const whole = JSON.stringify({ text: "x".repeat(399_989) });
  assert.equal(redactArguments(whole), whole);
  assert.equal(redactArguments(whole + " "), '{"shortened":"[too large]"}');
  const deep = redactArguments("[".repeat(100_000) + "]".repeat(100_000));
  assert.match(deep, /^\[+"\[too deep\]"\]+$/);
});

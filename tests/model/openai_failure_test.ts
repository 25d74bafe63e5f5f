import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import {
  asFailure,
  explainFailure,
  type FailureFacts,
  readReason,
  redact,
  UpstreamFailure,
} from "../../src/model/openai_failure.ts";

const target = { model: "gpt-x", host: "api.test", apiKey: "my-very-own-key" };
const told = (reason: string, facts: FailureFacts) =>
  explainFailure(new UpstreamFailure(reason, facts), target);

Deno.test("A refusal says what to do", () => {
  const sentence = (status: number) => told("why", { kind: "refused", status }).message;
  assert.equal(sentence(401), "Model call refused: the API key is not valid (401); set OPENAI_API_KEY");
  assert.equal(
    sentence(403),
    'Model call refused: the API key may not use model "gpt-x" at api.test (403): why',
  );
  assert.match(sentence(404), /"gpt-x".*\(404\); check the model name and the base URL: why$/);
  assert.match(sentence(400), /does not accept the request \(400\): why$/);
  assert.match(sentence(429), /too many requests.*\(429\): why$/);
  assert.match(sentence(503), /fault of api\.test \(503\); try again: why$/);
  assert.match(sentence(408), /\(408\); try again: why$/);
});

Deno.test("A failure of the wire names the host", () => {
  assert.match(
    told("", { kind: "unreachable" }).message,
    /^Model call failed: cannot reach api\.test; check/,
  );
  assert.match(told("", { kind: "cut" }).message, /connection to api\.test was lost/);
  assert.match(told("not JSON", { kind: "garbled" }).message, /api\.test sent no usable answer: not JSON$/);
  assert.match(told("", { kind: "filtered" }).message, /content filter of api\.test/);
});

Deno.test("A failure is ERR_EXECUTION_601 and tells the wait the server asked for", () => {
  const error = told("slow down", { kind: "refused", status: 429, retryAfterMs: 90_000 });
  assert.equal(error.code, "ERR_EXECUTION_601");
  assert.deepEqual(error.details, { retry_after_ms: 90_000 });
  assert.deepEqual(told("", { kind: "cut" }).details, {});
});

Deno.test("A reason is at most 200 characters on one line", () => {
  const { message } = told(`a\n\tb\u0000c ${"x".repeat(1000)}`, { kind: "refused", status: 400 });
  const reason = message.slice(message.indexOf("(400): ") + 7);
  assert.equal(reason.length, 200);
  assert.match(reason, /^a b c x+$/);
});

Deno.test("Neither message nor cause of a failure holds a key", () => {
  const secrets = [
    "my-very-own-key",
    "sk-proj-abc_DEF-123",
    "sk-abc.def",
    "abcd****wxyz",
    "Bearer abc.def.ghi",
    "bearer abc.def.ghi",
    "https://user:abc.def.ghi@api.test/v1?key=abc.def.ghi",
  ];
  for (const secret of secrets) {
    for (const status of [400, 401, 500]) {
      const inner = new TypeError(`error sending request for url (${secret})`);
      const failure = new UpstreamFailure(`Wrong: ${secret} given`, { kind: "refused", status }, inner);
      const error = explainFailure(failure, target);
      const all = `${error.message} ${error.stack} ${Deno.inspect(error.cause)}`;
      assert.doesNotMatch(all, /own-key|abc|wxyz|user:/, secret);
    }
  }
});

Deno.test("Redaction keeps the rest of the text, and short placeholder keys garble nothing", () => {
  assert.equal(
    redact("Incorrect API key provided: sk-12.", "none-such"),
    "Incorrect API key provided: [key].",
  );
  assert.equal(redact("a task on disk-cache for x", "x"), "a task on disk-cache for x");
});

Deno.test("The reason is found in the bodies of many servers", () => {
  assert.equal(readReason('{"error":{"message":"a"}}'), "a");
  assert.equal(readReason('{"error":"a"}'), "a");
  assert.equal(readReason('{"object":"error","message":"a"}'), "a");
  assert.equal(readReason('{"detail":"a"}'), "a");
  assert.match(readReason('{"detail":[{"loc":["body","stream_options"]}]}'), /stream_options/);
  assert.equal(readReason("unknown field stream_options"), "unknown field stream_options");
  for (const none of ["<html>no</html>", " <!doctype html>", "{}", "null", "", "7"]) {
    assert.equal(readReason(none), "", none);
  }
});

Deno.test("What is no failure of the server stays what it is", () => {
  const stall = new AppError("ERR_TIMEOUT_500", "silence");
  assert.equal(explainFailure(stall, target), stall);
  const fault = new TypeError("x is undefined");
  assert.equal(asFailure(fault), fault);
  assert.equal(explainFailure(fault, target).code, "ERR_EXECUTION_604");
});

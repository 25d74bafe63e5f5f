import assert from "node:assert/strict";
import { OpenAIModel, type OpenAIModelOptions } from "../../src/model/openai.ts";
import { ask, type Outcome } from "../helpers/ask_model.ts";
import {
  callDelta,
  chunks,
  delta,
  late,
  type OpenAIStub,
  raw,
  splitBytes,
  startOpenAIStub,
  status,
  text,
  toolCalls,
  usage,
} from "../helpers/openai_stub.ts";

/** A model at the stub that does not wait before retries but notes how long it would have, in milliseconds. */
function modelAt(stub: OpenAIStub, options: OpenAIModelOptions = {}): OpenAIModel & { waits: number[] } {
  const waits: number[] = [];
  const wait = (ms: number) => Promise.resolve(void waits.push(ms));
  return Object.assign(new OpenAIModel({ baseUrl: stub.baseUrl, apiKey: "test-key", wait, ...options }), {
    waits,
  });
}

function expectFailure({ error }: Outcome, message: RegExp, code = "ERR_EXECUTION_601"): void {
  assert.match(String(error?.message), message);
  assert.equal(error.code, code);
}

const cities = [["get_weather", { city: '北京 "👍🏽"\n' }], ["get_weather", { city: "Oslo" }]] as const;

Deno.test("OpenAIModel yields text delta by delta and then the usage", async () => {
  await using stub = startOpenAIStub([text("Hel", "lo")]);
  const { parts } = await ask(modelAt(stub));
  assert.deepEqual(parts, [
    { type: "text", text: "Hel" },
    { type: "text", text: "lo" },
    { type: "usage", usage: { inputTokens: 9, outputTokens: 5, totalTokens: 14 } },
  ]);
});

Deno.test("OpenAIModel sends its settings, the transcript and the tools", async () => {
  await using stub = startOpenAIStub([text("ok")]);
  const model = modelAt(stub, { model: "m-1", apiKey: " test-key\n", temperature: 0.5, maxTokens: 64 });
  assert.equal(model.name, "m-1");
  await ask(model, { toolChoice: "none" });
  const [{ body, headers }] = stub.requests;
  assert.equal(headers.get("authorization"), "Bearer test-key");
  const { model: name, messages, temperature, max_tokens, stream, stream_options, tool_choice, tools } = body;
  assert.deepEqual(
    { name, messages, temperature, max_tokens, stream, stream_options, tool_choice, tools: tools.length },
    {
      name: "m-1",
      messages: [{ role: "user", content: "hello" }],
      temperature: 0.5,
      max_tokens: 64,
      stream: true,
      stream_options: { include_usage: true },
      tool_choice: "none",
      tools: 1,
    },
  );
});

Deno.test("OpenAIModel sends a placeholder where there is no key, and nothing from the environment", async () => {
  Deno.env.set("OPENAI_ORG_ID", "org-environment");
  try {
    await using stub = startOpenAIStub([text("ok")]);
    assert.equal((await ask(modelAt(stub, { apiKey: undefined }))).text, "ok");
    assert.equal(stub.requests[0].headers.get("authorization"), "Bearer none");
    assert.equal(stub.requests[0].headers.get("openai-organization"), null);
  } finally {
    Deno.env.delete("OPENAI_ORG_ID");
  }
});

Deno.test("OpenAIModel yields two calls of one turn whole, after the text", async () => {
  await using stub = startOpenAIStub([toolCalls(cities, "Let me look")]);
  const { parts } = await ask(modelAt(stub));
  assert.deepEqual(parts, [
    { type: "text", text: "Let me look" },
    { type: "call", id: "call_0", name: "get_weather", arguments: JSON.stringify(cities[0][1]) },
    { type: "call", id: "call_1", name: "get_weather", arguments: JSON.stringify(cities[1][1]) },
    { type: "usage", usage: { inputTokens: 9, outputTokens: 5, totalTokens: 14 } },
  ]);
});

Deno.test("OpenAIModel reads a stream whose every byte is a write of its own", async () => {
  await using stub = startOpenAIStub([splitBytes(toolCalls(cities, "看看 👍🏽"))]);
  let reads = 0;
  const counting: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    const count = new TransformStream({ transform: (bytes, out) => (reads++, out.enqueue(bytes)) });
    return new Response(response.body?.pipeThrough(count), response);
  };
  const { parts, text } = await ask(modelAt(stub, { fetch: counting }));
  assert.ok(reads > 1000, `the body came in ${reads} reads`);
  assert.equal(text, "看看 👍🏽");
  assert.deepEqual(
    parts.flatMap((part) => part.type === "call" ? [JSON.parse(part.arguments)] : []),
    cities.map(([, args]) => args),
  );
});

Deno.test("OpenAIModel waits for a slow first byte", async () => {
  const gate = Promise.withResolvers<void>();
  await using stub = startOpenAIStub([late(gate.promise, text("at last"))]);
  const answer = ask(modelAt(stub));
  await stub.arrived(1);
  gate.resolve();
  assert.equal((await answer).text, "at last");
});

Deno.test("OpenAIModel takes calls from a turn that ends with stop, and from one that says no reason", async () => {
  const call = callDelta({ id: "x", function: { name: "get_weather", arguments: {} } });
  await using stub = startOpenAIStub([chunks(call, delta({}, "stop")), chunks(call)]);
  const model = modelAt(stub);
  for (let turn = 0; turn < 2; turn++) {
    assert.deepEqual((await ask(model)).parts, [{
      type: "call",
      id: "x",
      name: "get_weather",
      arguments: "{}",
    }]);
  }
});

Deno.test("OpenAIModel reads a last event without its empty line, and comments between events", async () => {
  await using stub = startOpenAIStub([
    raw(`: thinking\n\ndata: ${JSON.stringify(delta({ content: "hi" }))}`),
  ]);
  assert.deepEqual((await ask(modelAt(stub))).parts, [{ type: "text", text: "hi" }]);
});

Deno.test("OpenAIModel takes the one JSON answer of a server that does not stream", async () => {
  const call = { id: "x", type: "function", function: { name: "get_weather", arguments: '{"city":"Oslo"}' } };
  const answer = {
    object: "chat.completion",
    choices: [{
      index: 0,
      message: { role: "assistant", content: "two\n\nlines", tool_calls: [call] },
      finish_reason: "stop",
    }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  };
  await using stub = startOpenAIStub([
    splitBytes(raw(JSON.stringify(answer, null, 2), "application/json")),
    raw('{"error":{"message":"no such template"}}', "application/json"),
  ]);
  const model = modelAt(stub);
  assert.deepEqual((await ask(model)).parts, [
    { type: "text", text: "two\n\nlines" },
    { type: "call", id: "x", name: "get_weather", arguments: '{"city":"Oslo"}' },
    { type: "usage", usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 } },
  ]);
  expectFailure(await ask(model), /: no such template$/);
});

Deno.test("OpenAIModel ignores reasoning and takes usage from any chunk", async () => {
  const { usage: numbers } = usage(3, 1) as { usage: object };
  await using stub = startOpenAIStub([
    chunks(delta({ reasoning_content: "hm" }), { ...delta({ content: "yes" }, "stop"), usage: numbers }),
  ]);
  assert.deepEqual((await ask(modelAt(stub))).parts, [
    { type: "text", text: "yes" },
    { type: "usage", usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 } },
  ]);
});

Deno.test("OpenAIModel yields what came when the token limit ends the answer", async () => {
  await using stub = startOpenAIStub([chunks(delta({ content: "to be contin" }, "length"))]);
  assert.deepEqual((await ask(modelAt(stub))).parts, [{ type: "text", text: "to be contin" }]);
});

Deno.test("OpenAIModel says so when a content filter leaves nothing", async () => {
  await using stub = startOpenAIStub([
    chunks(delta({}, "content_filter")),
    chunks(delta({ content: "half" }, "content_filter")),
  ]);
  const model = modelAt(stub);
  expectFailure(await ask(model), /content filter/);
  assert.deepEqual((await ask(model)).parts, [{ type: "text", text: "half" }]);
});

Deno.test("OpenAIModel takes an empty answer for an answer when the model says it is done", async () => {
  await using stub = startOpenAIStub([chunks(delta({}, "stop"))]);
  assert.deepEqual(await ask(modelAt(stub)), { parts: [], text: "" });
});

Deno.test("OpenAIModel fails when a stream holds nothing, is no stream, or is no JSON", async () => {
  await using stub = startOpenAIStub([
    raw(""),
    raw("data: [DONE]\n\n"),
    raw("<html>", "text/html"),
    raw("data: {oops\n\n"),
  ]);
  const model = modelAt(stub);
  expectFailure(await ask(model), /ended without any content/);
  expectFailure(await ask(model), /ended without any content/);
  expectFailure(await ask(model), /text\/html in place of a stream; check the base URL/);
  expectFailure(await ask(model), /no usable answer: not JSON/);
  assert.deepEqual(model.waits, []);
});

Deno.test("OpenAIModel retries 408, 429 and 5xx and honours Retry-After", async () => {
  await using stub = startOpenAIStub([
    status(429, { retryAfter: 3 }),
    status(503, { retryAfterMs: 250 }),
    status(408, { retryAfter: "Thu, 01 Jan 2026 00:00:00 GMT" }),
    text("ok"),
  ]);
  const model = modelAt(stub, { maxRetries: 3 });
  assert.equal((await ask(model)).text, "ok");
  assert.deepEqual(model.waits, [3000, 250, 0]);
});

Deno.test("OpenAIModel makes two retries with growing waits, then gives up", async () => {
  await using stub = startOpenAIStub([status(500), status(502), status(503, { message: "overloaded" })]);
  const model = modelAt(stub);
  expectFailure(await ask(model), /\(503\); try again: overloaded$/);
  assert.equal(stub.requests.length, 3);
  assert.ok(model.waits[0] > 374 && model.waits[0] <= 500 && model.waits[1] > 749 && model.waits[1] <= 1000);
});

Deno.test("OpenAIModel does not keep people waiting longer than a minute", async () => {
  await using stub = startOpenAIStub([status(429, { retryAfter: 61 })]);
  const outcome = await ask(modelAt(stub));
  expectFailure(outcome, /\(429\)/);
  assert.deepEqual(outcome.error.details, { retry_after_ms: 61_000 });
  assert.equal(stub.requests.length, 1);
});

Deno.test("OpenAIModel retries no refusal that would come again", async () => {
  for (const code of [400, 401, 403, 404, 409, 422]) {
    await using stub = startOpenAIStub([status(code, { retryAfter: 0 })]);
    expectFailure(await ask(modelAt(stub)), new RegExp(`^Model call refused: .*\\(${code}\\)`));
    assert.equal(stub.requests.length, 1, String(code));
  }
});

Deno.test("OpenAIModel retries without a new attempt when stream_options is refused, and remembers", async () => {
  const refusals = [
    { error: { message: "Unrecognized request argument supplied: stream_options" } },
    { detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs" }] },
    "unknown field stream_options",
  ];
  for (const body of refusals) {
    await using stub = startOpenAIStub([status(400, { body }), text("a"), text("b")]);
    const model = modelAt(stub, { maxRetries: 0 });
    assert.deepEqual((await ask(model)).parts, [{ type: "text", text: "a" }]);
    assert.deepEqual((await ask(model)).parts, [{ type: "text", text: "b" }]);
    assert.deepEqual(stub.requests.map((request) => "stream_options" in request.body), [true, false, false]);
    assert.deepEqual(model.waits, []);
  }
});

Deno.test("OpenAIModel learns a refused stream_options in calls made at the same time", async () => {
  const both = Promise.withResolvers<void>();
  await using stub = startOpenAIStub(({ body }) =>
    body.stream_options ? late(both.promise, status(400, { message: "stream_options?" })) : text("ok")
  );
  const model = modelAt(stub);
  const answers = [ask(model), ask(model)];
  await stub.arrived(2);
  both.resolve();
  assert.deepEqual((await Promise.all(answers)).map((answer) => answer.text), ["ok", "ok"]);
});

Deno.test("OpenAIModel refuses to ask for ever when stream_options is refused again and again", async () => {
  const refusal = status(400, { message: "stream_options?" });
  await using stub = startOpenAIStub(() => refusal);
  expectFailure(await ask(modelAt(stub)), /\(400\): stream_options\?$/);
  assert.equal(stub.requests.length, 2);
});

Deno.test("OpenAIModel names its token limit as the server wants it", async () => {
  const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
  await using stub = startOpenAIStub([status(400, { message }), text("a")]);
  assert.equal((await ask(modelAt(stub, { maxTokens: 8 }))).text, "a");
  assert.equal(stub.requests[1].body.max_completion_tokens, 8);
  assert.equal("max_tokens" in stub.requests[1].body, false);
});

Deno.test("OpenAIModel takes an error among the chunks for a refusal", async () => {
  await using stub = startOpenAIStub([
    chunks({ error: { message: "overloaded", code: 503 } }),
    chunks({ error: { message: "bad template" } }),
    chunks(delta({ content: "Hal" }), { error: { message: "worker died", code: 500 } }),
  ]);
  const model = modelAt(stub);
  expectFailure(await ask(model), /does not accept the request: bad template$/);
  const { text: said, ...rest } = await ask(model);
  assert.equal(said, "Hal");
  expectFailure({ text: said, ...rest }, /\(500\); try again: worker died$/);
  assert.equal(stub.requests.length, 3);
  assert.equal(model.waits.length, 1);
});

Deno.test("OpenAIModel shows no key that a server repeats", async () => {
  const message = "Key test-key-1234 (sk-live_1234, Bearer abc1234) is wrong";
  await using stub = startOpenAIStub([status(400, { message })]);
  const { error } = await ask(modelAt(stub, { apiKey: "test-key-1234" }));
  assert.match(error.message, /: Key \[key\] \(\[key\], Bearer \[key\] is wrong$/);
  assert.doesNotMatch(Deno.inspect(error), /1234/);
});

Deno.test("OpenAIModel refuses a base URL or a key that cannot work when it is made", () => {
  for (const baseUrl of ["localhost:8000", "nowhere", "ftp://host/v1"]) {
    assert.throws(
      () => new OpenAIModel({ baseUrl }),
      /^AppError: Invalid base URL ".*": expected one like http:/,
    );
  }
  for (const apiKey of ["我的密钥", "two words"]) {
    assert.throws(() => new OpenAIModel({ apiKey }), (error: Error) => {
      assert.match(error.message, /^Invalid API key: .*OPENAI_API_KEY/);
      return !error.message.includes(apiKey);
    });
  }
});

Deno.test("No module of src/model loads the SDK before it is used", async () => {
  const folder = new URL("../../src/model/", import.meta.url);
  for await (const { name } of Deno.readDir(folder)) {
    const source = await Deno.readTextFile(new URL(name, folder));
    const loads = source.match(/^(import|export) (?!type ).*"openai(\/.*)?";$/gm);
    assert.equal(loads, null, `${name} loads the SDK at start-up`);
  }
});

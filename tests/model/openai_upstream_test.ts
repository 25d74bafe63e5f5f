import assert from "node:assert/strict";
import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import { OpenAIModel } from "../../src/model/openai.ts";
import type { Fetch } from "../../src/model/openai_upstream.ts";
import { pause } from "../../src/model/retry.ts";
import { aRequest, ask, type Outcome } from "../helpers/ask_model.ts";
import {
  callDelta,
  chunks,
  cut,
  delta,
  fragments,
  hang,
  type OpenAIStub,
  splitBytes,
  startOpenAIStub,
  status,
  text,
  toolCalls,
} from "../helpers/openai_stub.ts";

const modelAt = (stub: OpenAIStub) =>
  new OpenAIModel({ baseUrl: stub.baseUrl, apiKey: "test-key", wait: () => Promise.resolve() });

function expectFailure({ error }: Outcome, message: RegExp, code = "ERR_EXECUTION_601"): void {
  assert.match(String(error?.message), message);
  assert.equal(error.code, code);
}

const event = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;

Deno.test("Abort in mid-stream closes the upstream request and throws the signal's reason", async () => {
  for (const reply of [hang("Hel"), splitBytes(hang("Hel"))]) {
    await using stub = startOpenAIStub([reply]);
    const stop = new AbortController();
    const reason = new Error("cancelled");
    const stream = modelAt(stub).stream(aRequest({ signal: stop.signal }));
    assert.deepEqual((await stream.next()).value, { type: "text", text: "Hel" });
    const next = stream.next();
    stop.abort(reason);
    await assert.rejects(next, (error) => error === reason);
    assert.equal((await stub.aborted).path, "/v1/chat/completions");
  }
});

Deno.test("Abort closes the upstream request while nobody reads the stream", async () => {
  await using stub = startOpenAIStub([hang("Hel")]);
  const stop = new AbortController();
  const stream = modelAt(stub).stream(aRequest({ signal: stop.signal }));
  await stream.next();
  stop.abort(new Error("cancelled"));
  await stub.aborted;
  await assert.rejects(stream.next(), /cancelled/);
});

Deno.test("Abort before the first byte closes the upstream request", async () => {
  await using stub = startOpenAIStub([hang()]);
  const stop = new AbortController();
  const answer = ask(modelAt(stub), { signal: stop.signal });
  await stub.arrived(1);
  stop.abort("enough");
  assert.deepEqual(await answer, { parts: [], text: "", error: "enough" });
  await stub.aborted;
  assert.equal(stub.requests.length, 1);
});

Deno.test("Abort before the headers closes the connection", async () => {
  // A plain socket, because Deno.serve does not tell that a client left before the headers.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stop = new AbortController();
  const model = new OpenAIModel({ baseUrl: `http://127.0.0.1:${listener.addr.port}/v1` });
  const answer = ask(model, { signal: stop.signal });
  using connection = await listener.accept();
  const bytes = new Uint8Array(1 << 16);
  assert.ok(await connection.read(bytes), "the request has come in");
  stop.abort("enough");
  assert.deepEqual(await answer, { parts: [], text: "", error: "enough" });
  while (await connection.read(bytes) !== null);
});

Deno.test("Abort beforehand sends no request at all", async () => {
  await using stub = startOpenAIStub([]);
  assert.equal((await ask(modelAt(stub), { signal: AbortSignal.abort("no") })).error, "no");
  assert.equal(stub.requests.length, 0);
});

Deno.test("Abort ends the wait before a retry and leaves no timer", async () => {
  await using stub = startOpenAIStub([status(429, { retryAfter: 50 })]);
  const stop = new AbortController();
  const waiting = Promise.withResolvers<number>();
  const wait = (ms: number, signal: AbortSignal) => (waiting.resolve(ms), pause(ms, signal));
  const answer = ask(new OpenAIModel({ baseUrl: stub.baseUrl, wait }), { signal: stop.signal });
  assert.equal(await waiting.promise, 50_000);
  stop.abort("enough");
  assert.equal((await answer).error, "enough");
  assert.equal(stub.requests.length, 1);
});

Deno.test("Abort closes the body even where fetch lost sight of the signal", async () => {
  // Deno 2.9.6 does so when the Response has been garbage collected; here fetch never sees the signal.
  await using stub = startOpenAIStub([hang("Hel")]);
  const stop = new AbortController();
  const blind: Fetch = (url, init) => fetch(url, { ...init, signal: undefined });
  const model = new OpenAIModel({ baseUrl: stub.baseUrl, fetch: blind });
  const stream = model.stream(aRequest({ signal: stop.signal }));
  await stream.next();
  const next = stream.next();
  stop.abort(new Error("cancelled"));
  await assert.rejects(next, /cancelled/);
  await stub.aborted;
});

Deno.test("Abort between the calls of a finished turn keeps the later ones back", async () => {
  await using stub = startOpenAIStub([toolCalls([["a", {}], ["b", {}]])]);
  const stop = new AbortController();
  const stream = modelAt(stub).stream(aRequest({ signal: stop.signal }));
  assert.deepEqual((await stream.next()).value, { type: "call", id: "call_0", name: "a", arguments: "{}" });
  stop.abort(new Error("cancelled"));
  await assert.rejects(stream.next(), /cancelled/);
});

Deno.test("Leaving the loop closes the upstream request", async () => {
  const blind: Fetch = (url, init) => fetch(url, { ...init, signal: undefined });
  for (const through of [fetch, blind]) {
    await using stub = startOpenAIStub([hang("Hel")]);
    const model = new OpenAIModel({ baseUrl: stub.baseUrl, fetch: through });
    for await (const _ of model.stream(aRequest())) break;
    await stub.aborted;
  }
});

Deno.test("A finished call leaves no listener at the signal of its run", async () => {
  await using stub = startOpenAIStub([status(500), text("ok")]);
  const { signal } = new AbortController();
  const added = mock.method(signal, "addEventListener");
  const removed = mock.method(signal, "removeEventListener");
  assert.equal((await ask(modelAt(stub), { signal })).text, "ok");
  const listeners = (method: typeof added) => method.mock.calls.map((call) => call.arguments[1]);
  assert.equal(added.mock.callCount(), 2);
  assert.deepEqual(listeners(removed), listeners(added));
});

Deno.test("A connection lost in mid-stream is an error and is not retried", async () => {
  await using stub = startOpenAIStub([cut("Hal"), text("never asked")]);
  const outcome = await ask(modelAt(stub));
  assert.equal(outcome.text, "Hal");
  expectFailure(outcome, /^Model call failed: the connection to 127\.0\.0\.1:\d+ was lost/);
  assert.equal(stub.requests.length, 1);
});

Deno.test("A connection lost after the finish reason loses nothing", async () => {
  const reply = cut("Hal");
  const finished: typeof reply = async (exchange) => {
    const { body, headers } = await reply(exchange);
    const end = new TextEncoder().encode(event(delta({ content: "lo" }, "stop")));
    const more = new TransformStream<Uint8Array, Uint8Array>({ flush: (out) => out.enqueue(end) });
    return new Response(body?.pipeThrough(more), { headers });
  };
  await using stub = startOpenAIStub([finished]);
  const { text, error } = await ask(modelAt(stub));
  assert.deepEqual([text, error], ["Hallo", undefined]);
});

Deno.test("A connection lost before the first part is retried", async () => {
  await using stub = startOpenAIStub([cut(), text("ok")]);
  assert.equal((await ask(modelAt(stub))).text, "ok");
});

Deno.test("A stream that ends inside a call is a lost connection, not a call", async () => {
  const [head, ...more] = fragments('{"city":"Oslo"}').slice(0, -1);
  const torn = chunks(
    delta({ content: "Let me look" }),
    callDelta({ index: 0, id: "x", function: { name: "get_weather", arguments: head } }),
    ...more.map((piece) => callDelta({ index: 0, function: { arguments: piece } })),
  );
  await using stub = startOpenAIStub([torn]);
  const outcome = await ask(modelAt(stub));
  assert.deepEqual(outcome.parts, [{ type: "text", text: "Let me look" }]);
  expectFailure(outcome, /was lost/);
});

Deno.test("A server that cannot be reached is tried again, then named", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const waits: number[] = [];
  const model = new OpenAIModel({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    wait: (ms) => Promise.resolve(void waits.push(ms)),
  });
  expectFailure(await ask(model), new RegExp(`^Model call failed: cannot reach 127\\.0\\.0\\.1:${port};`));
  assert.equal(waits.length, 2);
});

/**
 * A fetch whose body the test writes, with stopped time: mocked timers do not go with real sockets.
 * `endsQuietly`: when it is aborted the body just ends, as the SDK's own loop does.
 */
function openFetch(endsQuietly = false): {
  fetch: Fetch;
  asked: Promise<void>;
  headers(): void;
  write(text: string): void;
} {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<Response>();
  let body!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
  const fetch = (_url: unknown, init?: RequestInit) => {
    init?.signal?.addEventListener("abort", () => {
      answered.reject(init.signal?.reason);
      if (endsQuietly) body.close();
      else body.error(init.signal?.reason);
    });
    asked.resolve();
    return answered.promise;
  };
  return {
    fetch: fetch as Fetch,
    asked: asked.promise,
    headers: () =>
      answered.resolve(new Response(stream, { headers: { "content-type": "text/event-stream" } })),
    write: (text) => body.enqueue(new TextEncoder().encode(text)),
  };
}

/** Asks through an open fetch with stopped time. `pass` moves the clock and lets everything due happen. */
async function withStoppedTime(
  check: (
    upstream: ReturnType<typeof openFetch>,
    outcome: Promise<Outcome>,
    pass: (ms: number) => Promise<boolean>,
  ) => Promise<void>,
  endsQuietly = false,
): Promise<void> {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const upstream = openFetch(endsQuietly);
    const model = new OpenAIModel({ baseUrl: "http://slow.test/v1", fetch: upstream.fetch, stallSeconds: 5 });
    let over = false;
    const outcome = ask(model).finally(() => over = true);
    await upstream.asked;
    await check(upstream, outcome, async (ms) => {
      await setImmediate();
      mock.timers.tick(ms);
      await setImmediate();
      return over;
    });
  } finally {
    mock.timers.reset();
  }
}

Deno.test("Silence before the headers ends the call at the stall limit", async () => {
  await withStoppedTime(async (_upstream, outcome, pass) => {
    assert.equal(await pass(4999), false);
    assert.equal(await pass(1), true);
    expectFailure(
      await outcome,
      /^Model call stopped: nothing came from slow\.test for 5 s$/,
      "ERR_TIMEOUT_500",
    );
  });
});

Deno.test("Silence in mid-stream ends the call, and every byte starts the limit anew", async () => {
  await withStoppedTime(async (upstream, outcome, pass) => {
    await pass(4000);
    upstream.headers();
    await pass(4000);
    upstream.write(event(delta({ content: "Hal" })));
    await pass(4000);
    upstream.write(": still thinking\n\n");
    assert.equal(await pass(4999), false);
    assert.equal(await pass(1), true);
    assert.equal((await outcome).text, "Hal");
    expectFailure(await outcome, /^Model call stopped:/, "ERR_TIMEOUT_500");
  });
});

Deno.test("Silence is no end of an answer, even when the aborted body just ends", async () => {
  await withStoppedTime(
    async (upstream, outcome, pass) => {
      upstream.headers();
      upstream.write(event(delta({ content: "Hal" })));
      assert.equal(await pass(5000), true);
      expectFailure(await outcome, /^Model call stopped:/, "ERR_TIMEOUT_500");
    },
    true,
  );
});

Deno.test("Silence counts only while somebody reads", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const upstream = openFetch();
    const model = new OpenAIModel({ baseUrl: "http://slow.test/v1", fetch: upstream.fetch, stallSeconds: 5 });
    const stream = model.stream(aRequest());
    const first = stream.next();
    await upstream.asked;
    upstream.headers();
    upstream.write(event(delta({ content: "Hel" })));
    assert.deepEqual((await first).value, { type: "text", text: "Hel" });
    mock.timers.tick(60_000);
    upstream.write(event(delta({ content: "lo" })));
    assert.deepEqual((await stream.next()).value, { type: "text", text: "lo" });
    await stream.return(undefined);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("A server that leaves its answer open after [DONE] is not waited for", async () => {
  await withStoppedTime(async (upstream, outcome, pass) => {
    upstream.headers();
    upstream.write(event(delta({ content: "data: [DONE] is how it ends" }, "stop")));
    assert.equal(await pass(4000), false);
    for (const piece of ["data: [DO", "NE]\n", "\n"]) upstream.write(piece);
    assert.equal(await pass(999), false);
    assert.equal(await pass(1), true);
    assert.deepEqual(await outcome, {
      parts: [{ type: "text", text: "data: [DONE] is how it ends" }],
      text: "data: [DONE] is how it ends",
    });
  });
});

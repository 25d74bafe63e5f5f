/**
 * A server that speaks OpenAI's chat completions from a script: one reply per request, in order.
 *
 * ```ts
 * await using stub = startOpenAIStub([
 *   toolCalls([["get_weather", { city: "北京" }]]),  // first request: a tool call, its arguments in small pieces
 *   text("Hel", "lo"),                              // second request: an answer in two deltas
 * ]);
 * const model = new OpenAIModel({ baseUrl: stub.baseUrl, apiKey: "test-key" });
 * // … then look at stub.requests[0].body.messages
 * ```
 *
 * Replies that end well: `text`, `toolCalls`, `chunks`. Replies that do not: `status` (an HTTP error), `cut` (the
 * connection is lost in mid-stream), `hang` (nothing more comes), `silent` (not even headers come). Around any
 * reply: `splitBytes`, `late`. A request beyond the script gets a 400 that says so.
 */
import { setImmediate } from "node:timers";

/** What the server was asked. */
export interface StubRequest {
  /** With the leading slash, e.g. "/v1/chat/completions". */
  readonly path: string;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- tests look at members of a body whose type is what they test
  readonly body: any;
  /** Resolves when the client gave this request up while the reply, e.g. `hang`, was still open. */
  readonly aborted: Promise<void>;
}

interface Exchange extends StubRequest {
  readonly gone: () => void;
}

export type Reply = (exchange: Exchange) => Response | Promise<Response>;

export interface OpenAIStub extends AsyncDisposable {
  /** For `baseUrl` of a model, e.g. "http://127.0.0.1:40123/v1". */
  readonly baseUrl: string;
  /** Every request so far, in order. */
  readonly requests: readonly StubRequest[];
  /** Resolves with the first request that its client gave up. */
  readonly aborted: Promise<StubRequest>;
  /** Resolves with request number `count` (from 1) as soon as it has come in. */
  arrived(count: number): Promise<StubRequest>;
}

/** Starts a stub on a free port of 127.0.0.1. `script` may also choose the reply by the request. */
export function startOpenAIStub(script: readonly Reply[] | ((request: StubRequest) => Reply)): OpenAIStub {
  const requests: StubRequest[] = [];
  const arrivals: PromiseWithResolvers<StubRequest>[] = [];
  const arrival = (index: number) => arrivals[index] ??= Promise.withResolvers<StubRequest>();
  const firstAborted = Promise.withResolvers<StubRequest>();
  const stop = new AbortController();
  const choose = typeof script === "function"
    ? script
    : () => script[requests.length - 1] ?? tooMany(requests.length, script.length);
  const handle = async (request: Request): Promise<Response> => {
    const aborted = Promise.withResolvers<void>();
    const seen = await readRequest(request, aborted.promise);
    aborted.promise.then(() => firstAborted.resolve(seen));
    requests.push(seen);
    const reply = seen.path === "/v1/chat/completions" ? choose(seen) : status(404);
    arrival(requests.length - 1).resolve(seen);
    return await reply({ ...seen, gone: aborted.resolve });
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: () => {} },
    handle,
  );
  return {
    baseUrl: `http://127.0.0.1:${server.addr.port}/v1`,
    requests,
    aborted: firstAborted.promise,
    arrived: (count) => arrival(count - 1).promise,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

async function readRequest(request: Request, aborted: Promise<void>): Promise<StubRequest> {
  const text = await request.text();
  const body = text === "" ? undefined : JSON.parse(text);
  return { path: new URL(request.url).pathname, headers: request.headers, body, aborted };
}

function tooMany(count: number, length: number): Reply {
  return status(400, { message: `Request ${count} is one too many: the script has ${length} replies` });
}

/** An answer in the given pieces, one delta each; then finish reason "stop" and usage 9 + 5 = 14 if asked for. */
export function text(...pieces: string[]): Reply {
  return chunks(
    delta({ role: "assistant", content: "" }),
    ...pieces.map((content) => delta({ content })),
    delta({}, "stop"),
    usage(9, 5),
  );
}

/** One call as `toolCalls` takes it; an id is made where none is given: "call_0", "call_1", … */
export type StubCall = readonly [name: string, args: unknown, id?: string];

/**
 * Calls as OpenAI streams them: id and name in the first delta of each, the arguments in pieces of one to five
 * characters, cut without regard to escapes and surrogate pairs. `beside`: text before them.
 */
export function toolCalls(calls: readonly StubCall[], beside = ""): Reply {
  const deltas = calls.flatMap(([name, args, id = ""], index) => [
    callDelta({ index, id: id || `call_${index}`, type: "function", function: { name, arguments: "" } }),
    ...fragments(JSON.stringify(args)).map((piece) => callDelta({ index, function: { arguments: piece } })),
  ]);
  return chunks(
    delta({ role: "assistant", content: beside || null }),
    ...deltas,
    delta({}, "tool_calls"),
    usage(9, 5),
  );
}

/** A chunk with one delta of one call, for `chunks`. */
export function callDelta(call: object): object {
  return delta({ tool_calls: [call] });
}

/** A chunk with a delta, for `chunks`. */
export function delta(content: object, finishReason: string | null = null): object {
  return {
    id: "chatcmpl-stub",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "stub",
    choices: [{ index: 0, delta: content, finish_reason: finishReason }],
  };
}

/** The last chunk of a stream with `include_usage`: no choices, only usage. `chunks` leaves it out if not asked. */
export function usage(input: number, output: number): object {
  return {
    id: "chatcmpl-stub",
    choices: [],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  };
}

/** Any chunks, each as one SSE event, then [DONE]. A string goes out as it is, not as an event. */
export function chunks(...list: readonly (object | string)[]): Reply {
  return (exchange) => {
    const asked = Boolean(exchange.body?.stream_options?.include_usage);
    const wanted = list.filter((chunk) => asked || typeof chunk === "string" || !isUsageOnly(chunk));
    return stream(exchange, [...wanted.map(toEvent), "data: [DONE]\n\n"], "end");
  };
}

/** Exactly this body, with status 200. */
export function raw(body: string, contentType = "text/event-stream"): Reply {
  return () => new Response(body, { headers: { "content-type": contentType } });
}

/** An answer that begins with the given pieces; then the connection is lost. */
export function cut(...pieces: string[]): Reply {
  return (exchange) => stream(exchange, pieces.map((content) => toEvent(delta({ content }))), "cut");
}

/** An answer that begins with the given pieces; then nothing comes until the client gives up. */
export function hang(...pieces: string[]): Reply {
  return (exchange) => stream(exchange, pieces.map((content) => toEvent(delta({ content }))), "hang");
}

/**
 * Nothing comes, not even headers. Its `aborted` never resolves: Deno.serve notices that a client left only once
 * it has sent headers (checked with 2.9.6 and bodies over 300 bytes). Use `hang()` where a test waits for that.
 */
export function silent(): Reply {
  return () => new Promise(() => {});
}

/** An HTTP error with OpenAI's error body, or with `body` in its place. `retryAfter`: seconds or an HTTP date. */
export function status(
  code: number,
  options: {
    message?: string;
    body?: unknown;
    retryAfter?: number | string;
    retryAfterMs?: number;
  } = {},
): Reply {
  const { message = `Status ${code} from the stub`, retryAfter, retryAfterMs } = options;
  const body = options.body ?? { error: { message, type: "stub_error", param: null, code: null } };
  return () =>
    new Response(typeof body === "string" ? body : JSON.stringify(body), {
      status: code,
      headers: {
        "content-type": typeof body === "string" ? "text/plain" : "application/json",
        ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
        ...(retryAfterMs === undefined ? {} : { "retry-after-ms": String(retryAfterMs) }),
      },
    });
}

/** The reply, but its first byte, headers too, waits until `gate` resolves. */
export function late(gate: Promise<unknown>, reply: Reply): Reply {
  return async (exchange) => {
    await gate;
    return await reply(exchange);
  };
}

/** The reply with every byte of its body written by itself, so that the client's reads cut it anywhere. */
export function splitBytes(reply: Reply): Reply {
  return async (exchange) => {
    const response = await reply(exchange);
    return new Response(response.body && singleBytes(response.body), response);
  };
}

function singleBytes(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let waiting: number[] = [];
  return new ReadableStream({
    async pull(controller) {
      // Without a turn of the event loop between two bytes the server joins them into one write.
      await turnOfLoop();
      if (waiting.length === 0) waiting = [...(await reader.read()).value ?? []];
      const byte = waiting.shift();
      if (byte === undefined) controller.close();
      else controller.enqueue(Uint8Array.of(byte));
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

const turnOfLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Pieces of 1 to 5 UTF-16 units, whatever they cut in two. */
export function fragments(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0, size = 1; at < text.length; at += size, size = size % 5 + 1) {
    pieces.push(text.slice(at, at + size));
  }
  return pieces;
}

const isUsageOnly = (chunk: object) => "usage" in chunk && "choices" in chunk && String(chunk.choices) === "";

const toEvent = (chunk: object | string) =>
  typeof chunk === "string" ? chunk : `data: ${JSON.stringify(chunk)}\n\n`;

/** A streamed body: the events, then its end. */
function stream(exchange: Exchange, events: readonly string[], ending: "end" | "cut" | "hang"): Response {
  const encoder = new TextEncoder();
  const waiting = [...events];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Each event is a write of its own, and those before a cut arrive.
      await turnOfLoop();
      const event = waiting.shift();
      if (event !== undefined) controller.enqueue(encoder.encode(event));
      else if (ending !== "hang") controller.close();
    },
    cancel: () => exchange.gone(),
  }, { highWaterMark: 0 });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      // A body shorter than announced: Deno.serve then drops the connection, which is the cut.
      ...(ending === "cut" ? { "content-length": String(1 << 20) } : {}),
    },
  });
}

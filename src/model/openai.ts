/** Models behind OpenAI's chat completions: OpenAI itself, and the many servers that speak the same. */
import { AppError } from "../errors.ts";
import type { Model, ModelPart, ModelRequest, ModelSettings } from "./model.ts";
import { asFailure, explainFailure, UpstreamFailure } from "./openai_failure.ts";
import { type Chunk, Turn } from "./openai_turn.ts";
import { type Fetch, Upstream } from "./openai_upstream.ts";
import { type Quirks, toWireRequest, type WireRequest } from "./openai_wire.ts";
import { backoffMs, isTransientStatus, pause } from "./retry.ts";

/** How an OpenAIModel is made. */
export interface OpenAIModelOptions extends ModelSettings {
  /** Further attempts after a network error, 408, 429 or 5xx, before anything was answered; default 2. */
  readonly maxRetries?: number;
  /** The longest silence of the server in seconds; default 120. */
  readonly stallSeconds?: number;
  /** In place of the global fetch. */
  readonly fetch?: Fetch;
  /** The wait before a retry, in milliseconds; throws the signal's reason when it is aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const defaultBaseUrl = "https://api.openai.com/v1";
/** Local servers ask for no key, but the SDK does. */
const placeholderKey = "none";
/** Nobody waits longer for an answer to begin: a server that asks for more has failed for now. */
const longestWaitMs = 60_000;
/** setTimeout's limit: the SDK's own time limit must not come before ours. */
const noTimeoutMs = 2 ** 31 - 1;

/**
 * A model behind an OpenAI-compatible API, streamed.
 *
 * @param options.model - default "gpt-4o-mini"
 * @param options.apiKey - left out for servers that need none
 * @param options.baseUrl - default OpenAI's own, "https://api.openai.com/v1"
 * @throws AppError ERR_EXECUTION_601 from `stream` when the call fails, ERR_TIMEOUT_500 when the server falls silent
 * @example
 * ```ts
 * import { OpenAIModel } from "myagent";
 * const model = new OpenAIModel({ model: "qwen3", baseUrl: "http://localhost:8000/v1" });
 * ```
 */
export class OpenAIModel implements Model {
  readonly name: string;
  readonly #options: OpenAIModelOptions;
  readonly #apiKey: string;
  readonly #baseUrl: string;
  readonly #host: string;
  readonly #quirks: Quirks = { noStreamOptions: false, maxCompletionTokens: false };

  constructor(options: OpenAIModelOptions) {
    this.name = options.model ?? "gpt-4o-mini";
    this.#options = options;
    this.#apiKey = readKey(options.apiKey);
    this.#baseUrl = options.baseUrl || defaultBaseUrl;
    this.#host = readHost(this.#baseUrl);
  }

  async *stream(request: ModelRequest): AsyncGenerator<ModelPart> {
    const { maxRetries = 2, wait = pause } = this.#options;
    for (let retries = 0;;) {
      let begun = false;
      // As known now: another call may learn meanwhile.
      const quirks = { ...this.#quirks };
      try {
        for await (const part of this.#attempt(request, quirks)) {
          request.signal.throwIfAborted();
          begun = true;
          yield part;
        }
        return;
      } catch (cause) {
        request.signal.throwIfAborted();
        if (!begun && this.#learn(cause, quirks)) continue;
        const waitMs = begun || retries >= maxRetries ? undefined : waitAfter(cause, retries);
        if (waitMs === undefined) throw this.#explain(cause);
        retries++;
        await wait(waitMs, request.signal);
      }
    }
  }

  /** One request. What is complete when it breaks off after its finish reason is not lost. */
  async *#attempt(request: ModelRequest, quirks: Quirks): AsyncGenerator<ModelPart> {
    request.signal.throwIfAborted();
    const { stallSeconds = 120, fetch = globalThis.fetch } = this.#options;
    const turn = new Turn();
    using upstream = new Upstream({
      signal: request.signal,
      stallMs: stallSeconds * 1000,
      host: this.#host,
      fetch,
    });
    const body = toWireRequest(request, { ...this.#options, model: this.name }, quirks);
    try {
      for await (const chunk of await this.#send(body, upstream)) {
        const text = turn.take(chunk as Chunk);
        if (text !== "") yield { type: "text", text };
      }
      // The SDK ends its loop without a word when the request was aborted.
      upstream.signal.throwIfAborted();
    } catch (cause) {
      request.signal.throwIfAborted();
      if (turn.finishReason === "") {
        throw upstream.signal.aborted ? upstream.signal.reason : upstream.failure ?? asFailure(cause);
      }
    }
    checkEnd(turn, upstream.contentType);
    yield* turn.rest();
  }

  async #send(body: WireRequest, upstream: Upstream): Promise<AsyncIterable<unknown>> {
    const { OpenAI } = await import("openai");
    const client = new OpenAI({
      apiKey: this.#apiKey,
      baseURL: this.#baseUrl,
      fetch: upstream.fetch,
      maxRetries: 0,
      timeout: noTimeoutMs,
      // Its log would hold what servers wrote, and console belongs to others.
      logLevel: "off",
      // What it would otherwise read from the environment.
      organization: null,
      project: null,
      adminAPIKey: null,
      webhookSecret: null,
    });
    return await client.chat.completions.create(body, { signal: upstream.signal });
  }

  /** True when the refusal tells of a quirk that `sent` did not heed: the same request may succeed without it. */
  #learn(cause: unknown, sent: Quirks): boolean {
    if (!(cause instanceof UpstreamFailure)) return false;
    const { message, facts: { status } } = cause;
    if (status !== 400 && status !== 422) return false;
    const learned: Quirks = {
      noStreamOptions: sent.noStreamOptions || /stream_options|include_usage/i.test(message),
      maxCompletionTokens: sent.maxCompletionTokens ||
        this.#options.maxTokens !== undefined && /max_completion_tokens/i.test(message),
    };
    this.#quirks.noStreamOptions ||= learned.noStreamOptions;
    this.#quirks.maxCompletionTokens ||= learned.maxCompletionTokens;
    return learned.noStreamOptions !== sent.noStreamOptions ||
      learned.maxCompletionTokens !== sent.maxCompletionTokens;
  }

  #explain(cause: unknown): AppError {
    return explainFailure(cause, { model: this.name, host: this.#host, apiKey: this.#apiKey });
  }
}

/** Refuses an end that is none: without a word, or in the middle of a call. */
function checkEnd(turn: Turn, contentType: string): void {
  if (turn.finishReason === "" && turn.isTorn) throw new UpstreamFailure("", { kind: "cut" });
  if (turn.hasContent) return;
  if (turn.finishReason === "content_filter") throw new UpstreamFailure("", { kind: "filtered" });
  if (turn.finishReason !== "") return;
  const isStream = contentType === "" || contentType.includes("event-stream");
  const reason = isStream
    ? "it ended without any content"
    : `${contentType} in place of a stream; check the base URL`;
  throw new UpstreamFailure(reason, { kind: "garbled" });
}

/** The wait before the next attempt in milliseconds; undefined when there is to be none. */
function waitAfter(cause: unknown, retries: number): number | undefined {
  if (!(cause instanceof UpstreamFailure)) return undefined;
  const { kind, status, retryAfterMs } = cause.facts;
  const isNetwork = kind === "unreachable" || kind === "cut";
  if (!isNetwork && !isTransientStatus(status ?? 0)) return undefined;
  const waitMs = retryAfterMs ?? backoffMs(retries);
  return waitMs > longestWaitMs ? undefined : waitMs;
}

function readKey(apiKey = ""): string {
  const key = apiKey.trim() || placeholderKey;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new AppError(
    "ERR_VALIDATION_402",
    "Invalid API key: expected ASCII characters without spaces; set OPENAI_API_KEY to the key itself",
  );
}

function readHost(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.host;
  throw new AppError(
    "ERR_VALIDATION_402",
    `Invalid base URL ${JSON.stringify(baseUrl)}: expected one like http://localhost:8000/v1`,
  );
}

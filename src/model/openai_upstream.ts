/** One request to a model server: watched for silence, and closed in every case. */
import { AppError } from "../errors.ts";
import { readReason, UpstreamFailure } from "./openai_failure.ts";
import { readRetryAfter } from "./retry.ts";

export type Fetch = typeof globalThis.fetch;

export interface UpstreamOptions {
  /** The caller's signal. */
  readonly signal: AbortSignal;
  /** The longest silence in milliseconds. */
  readonly stallMs: number;
  readonly host: string;
  readonly fetch: Fetch;
}

/** A refusal's reason is short; what is beyond this many characters is not read. */
const maxRefusal = 64 * 1024;
/** What a server may still take to end its answer after it said [DONE]; some never do. */
const afterDoneMs = 1000;

/**
 * The `fetch` of one request, for the SDK. Aborting the caller's signal closes the connection at once, and so does
 * a silence longer than the limit. Leaving the scope closes what is still open.
 */
export class Upstream implements Disposable {
  /** What went wrong on the wire; the SDK hides it in errors of its own. */
  failure: UpstreamFailure | undefined;
  /** What the server says it sends. */
  contentType = "";
  readonly #options: UpstreamOptions;
  readonly #controller = new AbortController();
  readonly #forward = () => this.#controller.abort(this.#options.signal.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#forward, { once: true });
    if (options.signal.aborted) this.#forward();
  }

  /** Aborted with the caller's reason, or with AppError ERR_TIMEOUT_500 after a silence. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly fetch: Fetch = async (url, init) => {
    this.#watch(this.#options.stallMs);
    let response: Response;
    try {
      response = await this.#options.fetch(url, init);
    } catch (cause) {
      throw this.#fail("", { kind: "unreachable" }, cause);
    } finally {
      clearTimeout(this.#timer);
    }
    this.contentType = response.headers.get("content-type") ?? "";
    const { status, headers } = response;
    const body = this.#read(response.body);
    if (response.ok) return new Response(ReadableStream.from(asEvents(body)), { headers });
    const retryAfterMs = readRetryAfter(headers, Date.now());
    const reason = readReason(await readText(body));
    throw this.#fail(reason, { kind: "refused", status, retryAfterMs });
  };

  [Symbol.dispose](): void {
    this.#options.signal.removeEventListener("abort", this.#forward);
    this.#controller.abort();
  }

  /** The body's bytes as they come. Silence counts only while somebody wants to read. */
  async *#read(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
    if (!body) return;
    const reader = body.getReader();
    const close = () => void reader.cancel().catch(() => {});
    // fetch alone does not do it: Deno 2.9.6 forgets the signal once the Response has been collected as garbage.
    this.signal.addEventListener("abort", close, { once: true });
    if (this.signal.aborted) close();
    const done = new DoneDetector();
    this.#watch(this.#options.stallMs);
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        clearTimeout(this.#timer);
        yield next.value;
        this.#watch(done.take(next.value) ? afterDoneMs : this.#options.stallMs);
      }
    } catch (cause) {
      throw this.#fail("", { kind: "cut" }, cause);
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    const { host, stallMs } = this.#options;
    const message = `Model call stopped: nothing came from ${host} for ${stallMs / 1000} s`;
    this.#timer = setTimeout(() => this.#controller.abort(new AppError("ERR_TIMEOUT_500", message)), ms);
  }

  #fail(...parts: ConstructorParameters<typeof UpstreamFailure>): UpstreamFailure {
    return this.failure = new UpstreamFailure(...parts);
  }
}

/** Finds the line `data: [DONE]`, however it is cut into chunks. */
class DoneDetector {
  #found = false;
  #tail = "\n";
  readonly #decoder = new TextDecoder("latin1");

  take(bytes: Uint8Array): boolean {
    if (this.#found) return true;
    this.#tail += this.#decoder.decode(bytes);
    this.#found = /[\r\n]data: ?\[DONE\]/.test(this.#tail);
    this.#tail = this.#tail.slice(-16);
    return this.#found;
  }
}

/** A body as the SDK can read it. */
async function* asEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let isPlain: boolean | undefined;
  for await (const bytes of body) {
    if (isPlain === undefined && bytes.length > 0) {
      // No event begins with a brace: this server does not stream, and its one JSON answer becomes one event.
      isPlain = bytes[0] === 0x7b;
      if (isPlain) yield encoder.encode("data: ");
    }
    // A line break in JSON is mere space, but would end the event.
    yield isPlain ? bytes.map((byte) => byte === 0x0a || byte === 0x0d ? 0x20 : byte) : bytes;
  }
  // Some servers leave out the empty line after the last event, and without it the SDK drops the event.
  yield encoder.encode("\n\n");
}

/** The beginning of a refusal; what cannot be read of it does not matter. */
async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of body) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > maxRefusal) break;
    }
  } catch {
    return text;
  }
  return text;
}

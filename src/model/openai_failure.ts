/** What went wrong upstream, and the sentence that a person gets to read about it. */
import { AppError } from "../errors.ts";

/** How a model call failed. */
export interface FailureFacts {
  /**
   * refused: the server said no, mostly with a status · unreachable: no connection · cut: the connection was lost
   * before the end · garbled: what came is not a chat completion · filtered: stopped by a content filter
   */
  readonly kind: "refused" | "unreachable" | "cut" | "garbled" | "filtered";
  readonly status?: number;
  /** The wait the server asked for. */
  readonly retryAfterMs?: number;
}

/** A failure on its way to a sentence. Its message is the server's own reason and may still hold secrets. */
export class UpstreamFailure extends Error {
  readonly facts: FailureFacts;

  constructor(reason: string, facts: FailureFacts, cause?: unknown) {
    super(reason, { cause });
    this.facts = facts;
  }
}

/** What the SDK throws while it reads a stream, as a failure; anything else as it is. */
export function asFailure(thrown: unknown): unknown {
  if (thrown instanceof SyntaxError) return new UpstreamFailure("not JSON", { kind: "garbled" });
  // An error among the chunks: some servers answer 200 before they know.
  if (!(thrown instanceof Error) || !("error" in thrown) || thrown.error === undefined) return thrown;
  const { code } = thrown as { code?: unknown };
  const status = typeof code === "number" && code >= 400 && code <= 599 ? code : undefined;
  return new UpstreamFailure(reasonIn(thrown.error), { kind: "refused", status });
}

/** Where a call went, for the sentence. */
export interface Target {
  readonly model: string;
  readonly host: string;
  readonly apiKey: string;
}

const maxReason = 200;

/** The failure as people get it: what failed, what to do, and the server's reason in short. */
export function explainFailure(cause: unknown, target: Target): AppError {
  if (!(cause instanceof UpstreamFailure)) return AppError.from(cause);
  const { status, retryAfterMs } = cause.facts;
  const reason = redact(cause.message, target.apiKey).slice(0, maxReason);
  // 401 without the reason: it repeats the key in part, in ways that no pattern covers.
  const told = reason && status !== 401 ? `: ${reason}` : "";
  return new AppError("ERR_EXECUTION_601", `${sentence(cause.facts, target)}${told}`, {
    // A copy: the original may hold the key, and causes go to logs.
    cause: new Error(`${cause.facts.kind} by ${target.host}: ${redact(describeChain(cause), target.apiKey)}`),
    ...(retryAfterMs === undefined ? {} : { details: { retry_after_ms: retryAfterMs } }),
  });
}

function sentence({ kind, status }: FailureFacts, { model, host }: Target): string {
  if (kind === "unreachable") {
    return `Model call failed: cannot reach ${host}; check the base URL and the network`;
  }
  if (kind === "cut") {
    return `Model call failed: the connection to ${host} was lost before the answer was complete`;
  }
  if (kind === "filtered") return `Model call refused: the content filter of ${host} stopped the answer`;
  if (kind === "garbled") return `Model call failed: ${host} sent no usable answer`;
  if (status === 401) return "Model call refused: the API key is not valid (401); set OPENAI_API_KEY";
  if (status === 403) return `Model call refused: the API key may not use model "${model}" at ${host} (403)`;
  if (status === 404) {
    return `Model call refused: ${host} does not know model "${model}" or the path (404); ` +
      "check the model name and the base URL";
  }
  if (status === 429) return `Model call refused: too many requests or quota used up at ${host} (429)`;
  if (status === 408) return `Model call failed: ${host} ran out of time (408); try again`;
  if (status !== undefined && status >= 500) {
    return `Model call failed: fault of ${host} (${status}); try again`;
  }
  return `Model call refused: ${host} does not accept the request${
    status === undefined ? "" : ` (${status})`
  }`;
}

function describeChain(error: Error): string {
  return [error.message, error.cause instanceof Error ? describeChain(error.cause) : ""].filter(Boolean).join(
    ": ",
  );
}

/** Text on one line, without keys, passwords in URLs and query strings. */
export function redact(text: string, apiKey: string): string {
  // A key shorter than 4 characters is a placeholder such as "x": taking it out would only garble the text.
  const known = apiKey.length >= 4 ? text.replaceAll(apiKey, "[key]") : text;
  return known
    .replace(/\bBearer\s+\S+/gi, "Bearer [key]")
    .replace(/\bsk-[\w*-]+(\.[\w*-]+)*/g, "[key]")
    // Keys that a server shortened itself: abcd****wxyz.
    .replace(/[\w-]*\*{3,}[\w*-]*/g, "[key]")
    .replace(/(https?:\/\/)[^/@\s]+@/gi, "$1")
    .replace(/(https?:\/\/[^\s?)]+)\?[^\s)]*/gi, "$1")
    // deno-lint-ignore no-control-regex -- control characters have no place in a sentence
    .replace(/[\u0000-\u001f\u007f\s]+/g, " ")
    .trim();
}

/** The reason in the body of a refusal: OpenAI's form, and those of other servers. HTML and the like give none. */
export function readReason(body: string): string {
  if (body.trimStart().startsWith("<")) return "";
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return body.slice(0, 4 * maxReason);
  }
  return reasonIn(value);
}

/** The reason in a decoded body: `{error: {message}}`, `{error}`, `{message}` or `{detail}`. */
export function reasonIn(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  const { error, message, detail } = value as Record<string, unknown>;
  if (error !== undefined && error !== null) return reasonIn(error);
  if (typeof message === "string") return message;
  // FastAPI lists what it found wrong and where: the place names the member it does not know.
  return typeof detail === "string" ? detail : detail === undefined ? "" : JSON.stringify(detail);
}

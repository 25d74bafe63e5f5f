/** One streamed turn, put together from the deltas of OpenAI and of the many servers that speak like it. */
import type { ModelPart, Usage } from "./model.ts";
import { isObjectText } from "./openai_wire.ts";

/** A delta of one call, as other people's servers write it: every member may be missing. */
interface CallDelta {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null;
}

interface Delta {
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly tool_calls?: readonly CallDelta[] | null;
}

/** A chunk, likewise; `message` in the one answer of a server that does not stream. */
export interface Chunk {
  readonly choices?:
    | readonly {
      readonly delta?: Delta | null;
      readonly message?: Delta | null;
      readonly finish_reason?: string | null;
    }[]
    | null;
  readonly object?: unknown;
  readonly usage?: {
    readonly prompt_tokens?: unknown;
    readonly completion_tokens?: unknown;
    readonly total_tokens?: unknown;
  } | null;
}

interface Call {
  readonly index: number | undefined;
  id: string;
  name: string;
  arguments: string;
}

const asText = (value: unknown): string => typeof value === "string" ? value : "";
const asIndex = (value: unknown): number | undefined => typeof value === "number" ? value : undefined;

/** Takes chunks in order and gives text at once; calls and usage are whole only at the end. */
export class Turn {
  /** The server's word for why it stopped; empty while it has not said. */
  finishReason = "";
  readonly #calls: Call[] = [];
  #usage: Usage | undefined;
  #hasText = false;
  /** A high surrogate whose partner is in the next delta: alone it would be lost on the way to a client. */
  #held = "";

  /** Takes one chunk; returns the text it completes. */
  take(chunk: Chunk | null): string {
    this.#usage = readUsage(chunk?.usage) ?? this.#usage;
    const choice = chunk?.choices?.[0];
    if (!choice) return "";
    this.finishReason = choice.finish_reason || this.finishReason;
    // Only where it is the whole answer: some servers repeat the message at the end of a stream.
    const delta = chunk.object === "chat.completion" ? choice.message : choice.delta;
    const deltas = delta?.tool_calls;
    const before = this.#calls.length;
    for (const call of Array.isArray(deltas) ? deltas : []) if (call) this.#takeCall(call, before);
    return this.#release(readText(delta?.content) || asText(delta?.refusal));
  }

  /** True when the model said something: text, or at least one call. */
  get hasContent(): boolean {
    return this.#hasText || this.#calls.some((call) => call.name !== "");
  }

  /** True when the end came in the middle of a call's arguments. */
  get isTorn(): boolean {
    return this.#calls.some((call) => call.arguments.trim() !== "" && !isObjectText(call.arguments));
  }

  /** What can only be said at the end: text held back, the calls, each with an id of its own, and the usage. */
  *rest(): Generator<ModelPart> {
    if (this.#held) yield { type: "text", text: this.#held };
    const used = new Set<string>();
    // A call without a name cannot be made, and no server takes it back in the transcript.
    for (const call of this.#calls.filter(({ name }) => name !== "")) {
      const id = call.id === "" || used.has(call.id) ? `call_${crypto.randomUUID()}` : call.id;
      used.add(id);
      yield { type: "call", id, name: call.name, arguments: call.arguments.trim() || "{}" };
    }
    if (this.#usage) yield { type: "usage", usage: this.#usage };
  }

  #release(text: string): string {
    if (text === "") return "";
    this.#hasText = true;
    const all = this.#held + text;
    this.#held = /[\uD800-\uDBFF]$/.test(all) ? all.slice(-1) : "";
    return this.#held ? all.slice(0, -1) : all;
  }

  /** `before`: the number of calls when this chunk came. */
  #takeCall(delta: CallDelta, before: number): void {
    const id = asText(delta.id);
    const name = asText(delta.function?.name);
    const known = this.#find(delta, before);
    const call = known ?? { index: asIndex(delta.index), id, name: "", arguments: "" };
    if (!known) this.#calls.push(call);
    call.id ||= id;
    // Some servers repeat the name in every delta; a name in pieces was not seen, but costs nothing to join.
    if (name !== call.name && call.arguments === "") call.name += name;
    const more = delta.function?.arguments;
    if (typeof more === "string") call.arguments += more;
    else if (typeof more === "object" && more !== null) call.arguments = JSON.stringify(more);
  }

  /** The call this delta goes on with; undefined when it starts one. */
  #find(delta: CallDelta, before: number): Call | undefined {
    const id = asText(delta.id);
    const index = asIndex(delta.index);
    const name = asText(delta.function?.name);
    const hasMore = Boolean(delta.function?.arguments);
    const sameId = this.#calls.findLast((call) =>
      id !== "" && call.id === id && (index ?? call.index) === (call.index ?? index)
    );
    if (sameId) return sameId;
    const last = index === undefined
      ? this.#calls.at(-1)
      : this.#calls.findLast((call) => call.index === index);
    if (!last) return undefined;
    // A new id under an old index is a new call, unless the delta only carries arguments: some servers make up
    // an id for every delta.
    if (id !== "" && last.id !== "") return name === "" && hasMore ? last : undefined;
    if (name === "" || last.name === "") return last;
    // The name again, and no id to go by: a whole call is over; two calls in one chunk are two.
    if (isObjectText(last.arguments) && hasMore) return undefined;
    if (index !== undefined) return last;
    return name === last.name && this.#calls.indexOf(last) < before ? last : undefined;
  }
}

/** Text, also where a server sends a list of typed parts. */
function readText(content: unknown): string {
  if (!Array.isArray(content)) return asText(content);
  return content.map((part) => part?.type === "text" ? asText(part.text) : "").join("");
}

function readUsage(usage: Chunk["usage"]): Usage | undefined {
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage ?? {};
  if (typeof input !== "number" && typeof output !== "number") return undefined;
  const inputTokens = typeof input === "number" ? input : 0;
  const outputTokens = typeof output === "number" ? output : 0;
  const totalTokens = typeof total === "number" ? total : inputTokens + outputTokens;
  return { inputTokens, outputTokens, totalTokens };
}

/** A model that says what a script tells it: for our tests, and for the tests of people who write agents. */
import { AppError } from "../errors.ts";
import type { Model, ModelPart, ModelRequest, Usage } from "./model.ts";

/** One turn of a script: its parts, made when the turn is asked for. */
export type Turn = (request: ModelRequest) => AsyncIterable<ModelPart> | Iterable<ModelPart>;

/** A turn that answers with text, in the given pieces. */
export function say(...pieces: string[]): Turn {
  return () => pieces.map((text) => ({ type: "text", text }));
}

/** A turn that calls one tool, after writing `text` if there is one. */
export function call(name: string, args: unknown = {}, text = ""): Turn {
  return calling([[name, args]], text);
}

/** A turn that calls several tools at once. */
export function calling(list: readonly (readonly [name: string, args: unknown])[], text = ""): Turn {
  return () => [
    ...(text ? [{ type: "text", text } as const] : []),
    ...list.map(([name, args]) => ({
      type: "call" as const,
      id: `call_${crypto.randomUUID().slice(0, 8)}`,
      name,
      arguments: typeof args === "string" ? args : JSON.stringify(args),
    })),
  ];
}

/** A turn that never ends by itself: a provider that does not answer. */
export function hang(): Turn {
  return async function* ({ signal }): AsyncGenerator<ModelPart> {
    const { promise, reject } = Promise.withResolvers<ModelPart>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
    yield await promise;
  };
}

/** A turn that fails as a model call does, after the given pieces of text. */
export function failing(message = "model unreachable", ...pieces: string[]): Turn {
  return function* (): Generator<ModelPart> {
    for (const text of pieces) yield { type: "text", text };
    throw new AppError("ERR_EXECUTION_601", message);
  };
}

/** Adds token usage to a turn. */
export function withUsage(turn: Turn, usage: Usage): Turn {
  return async function* (request): AsyncGenerator<ModelPart> {
    yield* turn(request);
    yield { type: "usage", usage };
  };
}

/**
 * Plays its turns in order. A request beyond the script is an error that says which one it was; `requests` holds
 * what was asked.
 *
 * @example
 * ```ts
 * import { ScriptedModel, call, say } from "myagent";
 * const model = new ScriptedModel(call("weather", { city: "Oslo" }), say("Sunny in Oslo"));
 * ```
 */
export class ScriptedModel implements Model {
  readonly name = "scripted";
  readonly requests: ModelRequest[] = [];
  readonly #turns: readonly Turn[];

  constructor(...turns: Turn[]) {
    this.#turns = turns;
  }

  async *stream(request: ModelRequest): AsyncGenerator<ModelPart> {
    this.requests.push({ ...request, messages: [...request.messages] });
    const turn = this.#turns[this.requests.length - 1];
    if (!turn) {
      throw new AppError(
        "ERR_EXECUTION_601",
        `Request ${this.requests.length} is one too many: the script has ${this.#turns.length} turns`,
      );
    }
    for await (const part of turn(request)) {
      request.signal.throwIfAborted();
      yield part;
    }
  }
}

/** The one interface to language models, and what crosses it. */
import type { Message } from "../protocol/transcript.ts";

/** A tool as a model sees it; `parameters` is a JSON Schema. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type ToolChoice = "none" | "auto" | "required";

/** Everything one model turn needs; serialisable but for the signal. */
export interface ModelRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  readonly toolChoice: ToolChoice;
  /** Aborting it ends the request upstream; the stream then throws the signal's reason. */
  readonly signal: AbortSignal;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
}

/** One piece of a streamed turn. A call is yielded once, whole; `arguments` is JSON text as the model wrote it. */
export type ModelPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "call"; readonly id: string; readonly name: string; readonly arguments: string }
  | { readonly type: "usage"; readonly usage: Usage };

/**
 * A language model. `stream` yields the turn's parts in the order they arrive.
 *
 * @throws AppError ERR_EXECUTION_601 with a sentence made for people when the call fails
 */
export interface Model {
  /** Shown in answers' metadata, e.g. "gpt-4o-mini". */
  readonly name: string;
  /** True for the offline demo model: answers say so. */
  readonly demo?: boolean;
  stream(request: ModelRequest): AsyncIterable<ModelPart>;
}

/** How to reach a model: what an agent file may write instead of a Model. */
export interface ModelSettings {
  readonly model?: string;
  readonly apiKey?: string;
  readonly baseUrl?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
}

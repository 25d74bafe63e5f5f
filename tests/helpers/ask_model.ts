/** One question to a model, for tests of models. */
import type { Model, ModelPart, ModelRequest } from "../../src/model/model.ts";

/** A tool to offer. */
export const weatherTool = {
  name: "get_weather",
  description: "Weather in a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

/** A request with one user message and one tool, changed as told. */
export function aRequest(change: Partial<ModelRequest> = {}): ModelRequest {
  return {
    messages: [{ role: "user", content: "hello" }],
    tools: [weatherTool],
    toolChoice: "auto",
    signal: new AbortController().signal,
    ...change,
  };
}

/** What came until the stream ended or failed. */
export interface Outcome {
  readonly parts: ModelPart[];
  /** All text in one. */
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- whatever was thrown
  readonly error?: any;
}

/** Asks and collects; an error is part of the outcome, so that tests see what came before it. */
export async function ask(model: Model, change: Partial<ModelRequest> = {}): Promise<Outcome> {
  const parts: ModelPart[] = [];
  const outcome = () => ({
    parts,
    text: parts.map((part) => part.type === "text" ? part.text : "").join(""),
  });
  try {
    for await (const part of model.stream(aRequest(change))) parts.push(part);
    return outcome();
  } catch (error) {
    return { ...outcome(), error };
  }
}

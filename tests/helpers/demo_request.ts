/** Requests to the demo model, and made-up tools to ask it about. */
import { DemoModel } from "../../src/model/demo.ts";
import type { ModelPart, ModelRequest, ToolSpec } from "../../src/model/model.ts";
import type { Message, ToolRequest } from "../../src/protocol/transcript.ts";

/** A tool with an object schema; every property is required unless `required` says otherwise. */
export function tool(
  name: string,
  description: string,
  properties: Record<string, unknown> = {},
  required: readonly string[] = Object.keys(properties),
): ToolSpec {
  return { name, description, parameters: { type: "object", properties, required } };
}

/** A text parameter with a description. */
export const text = (description = "", more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: "string",
  ...(description ? { description } : {}),
  ...more,
});

export const terminate = tool("terminate", "End the work when the request has been answered.", {
  answer: text("The final answer, if not yet given"),
}, []);

export interface Reply {
  readonly text: string;
  readonly calls: readonly ToolRequest[];
  readonly parts: readonly ModelPart[];
}

export function request(
  messages: readonly Message[],
  tools: readonly ToolSpec[],
  more: Partial<ModelRequest> = {},
): ModelRequest {
  return { messages, tools, toolChoice: "auto", signal: new AbortController().signal, ...more };
}

/** One turn of the demo model. */
export async function turn(asked: ModelRequest, model = new DemoModel()): Promise<Reply> {
  const parts: ModelPart[] = [];
  for await (const part of model.stream(asked)) parts.push(part);
  const calls = parts.filter((part) => part.type === "call");
  return {
    text: parts.filter((part) => part.type === "text").map((part) => part.text).join(""),
    calls: calls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
    parts,
  };
}

/** Calls of a reply as "name {json}". */
export const shown = (calls: readonly ToolRequest[]): string[] =>
  calls.map(({ name, arguments: args }) => `${name} ${args}`);

/** Answers one question to the end, as an agent would; the transcript grows with it. */
export async function converse(
  transcript: Message[],
  question: string,
  tools: readonly ToolSpec[],
  execute: (name: string, args: Record<string, unknown>) => string,
): Promise<{ answer: string; steps: string[][] }> {
  transcript.push({ role: "user", content: question });
  const steps: string[][] = [];
  for (let step = 0; step < 10; step++) {
    const reply = await turn(request(transcript, tools));
    if (reply.calls.length === 0) {
      transcript.push({ role: "assistant", content: reply.text });
      return { answer: reply.text, steps };
    }
    steps.push(shown(reply.calls));
    transcript.push({ role: "assistant", content: reply.text, tool_calls: [...reply.calls] });
    for (const { id, name, arguments: args } of reply.calls) {
      transcript.push({ role: "tool", name, tool_call_id: id, content: execute(name, JSON.parse(args)) });
    }
  }
  throw new Error(`The demo model came to no end: ${JSON.stringify(steps)}`);
}

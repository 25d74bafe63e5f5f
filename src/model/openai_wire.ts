/** Our messages and tools in the form of OpenAI's chat completions. */
import type OpenAI from "openai";
import type { Message } from "../protocol/transcript.ts";
import type { ModelRequest, ModelSettings, ToolSpec } from "./model.ts";

type WireMessage = OpenAI.Chat.Completions.ChatCompletionMessageParam;
export type WireRequest = OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming;
type WireTool = OpenAI.Chat.Completions.ChatCompletionFunctionTool;

/** What one server was found not to know, learned from its refusals. */
export interface Quirks {
  /** It refuses `stream_options`, so it reports no usage. */
  noStreamOptions: boolean;
  /** It wants `max_completion_tokens` for `max_tokens`. */
  maxCompletionTokens: boolean;
}

/** The body of one streamed chat completion. */
export function toWireRequest(
  request: ModelRequest,
  settings: Pick<ModelSettings, "temperature" | "maxTokens"> & { readonly model: string },
  quirks: Quirks,
): WireRequest {
  const { model, temperature, maxTokens } = settings;
  return {
    model,
    messages: toWireMessages(request.messages),
    stream: true,
    ...(quirks.noStreamOptions ? {} : { stream_options: { include_usage: true } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined
      ? {}
      : { [quirks.maxCompletionTokens ? "max_completion_tokens" : "max_tokens"]: maxTokens }),
    // Servers refuse a tool_choice without tools, and an empty list of tools.
    ...(request.tools.length === 0
      ? {}
      : { tools: request.tools.map(toWireTool), tool_choice: request.toolChoice }),
  };
}

function toWireTool({ name, description, parameters }: ToolSpec): WireTool {
  // OpenAI wants an object type even of a tool without parameters; some servers refuse the word "$schema".
  const { $schema: _, ...schema } = parameters;
  return {
    type: "function",
    function: { name, description, parameters: { type: "object", properties: {}, ...schema } },
  };
}

/** Messages in wire form. Pictures of tools follow the last result of their turn, which has to come first. */
export function toWireMessages(messages: readonly Message[]): WireMessage[] {
  const wire: WireMessage[] = [];
  let pictures: Message[] = [];
  for (const message of messages) {
    if (message.role !== "tool") {
      wire.push(...showPictures(pictures));
      pictures = [];
    } else if (message.image) {
      pictures.push(message);
    }
    wire.push(toWireMessage(message));
  }
  return [...wire, ...showPictures(pictures)];
}

function toWireMessage(message: Message): WireMessage {
  const { role, content, tool_calls: calls = [] } = message;
  if (role === "tool") return { role, tool_call_id: message.tool_call_id ?? "", content };
  if (role !== "assistant" || calls.length === 0) return { role, content };
  return {
    role,
    content: content === "" ? null : content,
    tool_calls: calls.map(({ id, name, arguments: text }) => ({
      id,
      type: "function",
      function: { name, arguments: asObjectText(text) },
    })),
  };
}

/** Arguments that are no JSON object make several servers refuse the whole transcript: they go as a quotation. */
function asObjectText(text: string): string {
  if (/^\s*(null)?\s*$/.test(text)) return "{}";
  return isObjectText(text) ? text : JSON.stringify({ invalid_arguments: text });
}

/** True when the text is one complete JSON object. */
export function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** One user message for all pictures, because some chat templates refuse two user messages in a row. */
function showPictures(messages: readonly Message[]): WireMessage[] {
  if (messages.length === 0) return [];
  const content = messages.flatMap(({ name, image }) => [
    { type: "text" as const, text: `Picture from the tool ${name ?? "above"}:` },
    { type: "image_url" as const, image_url: { url: image as string } },
  ]);
  return [{ role: "user", content }];
}

/** What a session remembers: the messages of a conversation, as they go to a model and into exports. */
import { z } from "zod";

/** One call a model asks for; `arguments` is the JSON text as the model wrote it. */
export const ToolRequest = z.looseObject({ id: z.string(), name: z.string(), arguments: z.string() });
export type ToolRequest = z.infer<typeof ToolRequest>;

export const Message = z.looseObject({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.string(),
  /** Assistant only: the calls of this turn. */
  tool_calls: z.array(ToolRequest).optional(),
  /** Tool only: the call this answers. */
  tool_call_id: z.string().optional(),
  /** Tool only: the tool's name. */
  name: z.string().optional(),
  /** Tool only: a picture for the model, as an https or data URL. */
  image: z.string().optional(),
});
export type Message = z.infer<typeof Message>;

/** Characters of a message: its text, the arguments of its calls, its picture. */
function charsOf({ content, tool_calls, image }: Message): number {
  const calls = tool_calls?.reduce((sum, call) => sum + call.arguments.length, 0) ?? 0;
  return content.length + calls + (image?.length ?? 0);
}

/** Index of the oldest message that fits the characters; the newest always does. */
function oldestThatFits(messages: readonly Message[], maxChars: number): number {
  let chars = 0;
  for (let index = messages.length - 1; index > 0; index--) {
    chars += charsOf(messages[index]);
    if (chars > maxChars) return Math.min(index + 1, messages.length - 1);
  }
  return 0;
}

/**
 * The newest part of a transcript that fits a budget of messages and of characters. It starts with a user message
 * where one is near, and never with a tool result whose call was cut off, which no model API accepts.
 */
export function newestMessages(messages: readonly Message[], budget: number, maxChars = Infinity): Message[] {
  const from = Math.max(
    messages.length - budget,
    maxChars === Infinity ? 0 : oldestThatFits(messages, maxChars),
  );
  if (from <= 0) return [...messages];
  const question = messages.findIndex((message, index) => index >= from && message.role === "user");
  if (question >= 0) return messages.slice(question);
  const whole = messages.findIndex((message, index) => index >= from && message.role !== "tool");
  // One turn longer than the budget: its question still leads, so that the model knows what it is doing.
  const asked = messages.findLast((message) => message.role === "user");
  return [...(asked ? [asked] : []), ...(whole < 0 ? [] : messages.slice(whole))];
}

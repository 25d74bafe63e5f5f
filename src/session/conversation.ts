/** The conversation as clients may see it: agent.llm_message, after every turn or as a snapshot after a gap. */
import type { FrameBody } from "../protocol/codec.ts";
import type { Message } from "../protocol/transcript.ts";

/** Well below a frame, so that the newest messages arrive whole. */
const snapshotChars = 250_000;

export interface Conversation {
  readonly agentName: string;
  readonly state: string;
  readonly messages: readonly Message[];
}

/** All messages but system prompts. */
export function conversationBody({ agentName, state, messages }: Conversation): FrameBody {
  const shown = messages.filter((message) => message.role !== "system");
  return {
    event: "agent.llm_message",
    content: { messages: shown, total_messages: shown.length },
    metadata: { agent_name: agentName, agent_state: state },
  };
}

/**
 * The newest part of the conversation that fits a frame; an answer in progress is its last message.
 *
 * @param everything - false: only what user and assistant said to each other
 */
export function snapshotBody(
  conversation: Conversation,
  open: { id: string; text: string } | undefined,
  everything: boolean,
): FrameBody {
  const all = conversation.messages.filter((message) => message.role !== "system")
    .filter((message) => everything || (message.role !== "tool" && message.content !== ""))
    .map((message) => everything ? message : { role: message.role, content: message.content });
  if (open) all.push({ role: "assistant", content: open.text });
  const messages = newestThatFit(all);
  return {
    event: "agent.llm_message",
    content: { messages, total_messages: all.length },
    metadata: {
      agent_name: conversation.agentName,
      agent_state: conversation.state,
      snapshot: true,
      ...(open ? { open_stream_id: open.id } : {}),
    },
  };
}

function newestThatFit(messages: readonly Message[]): Message[] {
  let chars = 0;
  const from = messages.findLastIndex((message) => (chars += JSON.stringify(message).length) > snapshotChars);
  // The very newest goes out even when it is too long: the frame is then shortened.
  const newest = messages.slice(Math.min(from + 1, Math.max(0, messages.length - 1)));
  // A result without its call tells a reader nothing.
  const first = newest.findIndex(({ role }) => role !== "tool");
  return first < 0 ? [] : newest.slice(first);
}

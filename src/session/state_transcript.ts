/** Transcripts on their way into and out of an exported state: known members only, and calls with their results. */
import type { Message, ToolRequest } from "../protocol/transcript.ts";

/** What is remembered of a message; anything else on it stays behind. */
function knownMembers({ role, content, tool_calls, tool_call_id, name, image }: Message): Message {
  const calls = tool_calls?.map(({ id, name, arguments: text }): ToolRequest => ({
    id,
    name,
    arguments: text,
  }));
  return {
    role,
    content,
    ...(role === "assistant" && calls?.length ? { tool_calls: calls } : {}),
    ...(tool_call_id === undefined ? {} : { tool_call_id }),
    ...(name === undefined ? {} : { name }),
    ...(image === undefined ? {} : { image }),
  };
}

/** The requests that have a result, and the results that have a request, each used once. */
function matching(
  calls: readonly ToolRequest[],
  results: readonly Message[],
): { calls: ToolRequest[]; results: Message[] } {
  const open = [...calls];
  const answered = new Set<ToolRequest>();
  const kept = results.filter(({ tool_call_id }) => {
    // Ids may come again, in later turns and from careless models even in one: each stands for one result.
    const at = open.findIndex(({ id }) => id === tool_call_id);
    if (at >= 0) answered.add(open.splice(at, 1)[0]);
    return at >= 0;
  });
  return { calls: calls.filter((call) => answered.has(call)), results: kept };
}

/**
 * A transcript that every model API accepts: results follow the turn that asked for them, calls without a result and
 * results without a call are left out, and so are system prompts, which belong to the agent and not to its sessions.
 *
 * @returns the messages, and how many calls and results (not system prompts) had to go
 */
export function pairCalls(given: readonly Message[]): { messages: Message[]; dropped: number } {
  const source = given.filter(({ role }) => role !== "system").map(knownMembers);
  const messages: Message[] = [];
  let dropped = 0;
  for (let index = 0; index < source.length;) {
    const { tool_calls: calls = [], ...message } = source[index];
    if (message.role !== "tool") index++;
    const following: Message[] = [];
    while (source[index]?.role === "tool") following.push(source[index++]);
    const pairs = matching(calls, following);
    dropped += calls.length - pairs.calls.length + following.length - pairs.results.length;
    const said = message.role !== "tool" && (message.content !== "" || calls.length === pairs.calls.length);
    if (pairs.calls.length > 0) messages.push({ ...message, tool_calls: pairs.calls }, ...pairs.results);
    else if (said) messages.push(message);
  }
  return { messages, dropped };
}

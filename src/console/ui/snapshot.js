/** The conversation as the server remembers it, after a gap that cannot be replayed (protocol.md §5.3). */
// @ts-check

/** @typedef {import("./connection.js").Frame} Frame */
/** @typedef {import("./turn.js").Turn} Turn */

/** @param {string} text @returns {Record<string, unknown>} */
function readArguments(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : { value };
  } catch {
    return { value: text };
  }
}

/** @param {Turn} turn @param {any} message @param {string} streamId */
function restoreAssistant(turn, message, streamId) {
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const content = String(message.content ?? "");
  if (content.trim()) {
    if (calls.length) turn.think({ event: "agent.thinking", content, metadata: { stage: "model" } });
    else turn.answer(streamId).append(content);
  }
  for (const call of calls) {
    const metadata = { tool: call.name, args: readArguments(String(call.arguments ?? "{}")) };
    turn.callTool({ event: "agent.tool_call", step_id: call.id, metadata });
  }
}

/** @param {Turn} turn @param {any} message */
function restoreResult(turn, message) {
  const metadata = { tool: message.name, status: "success" };
  turn.settleTool({
    event: "agent.tool_result",
    step_id: message.tool_call_id,
    content: message.content,
    metadata,
  });
}

/**
 * Makes one turn per question of the snapshot.
 *
 * @param {Frame} frame - agent.llm_message with `snapshot`
 * @param {boolean} running - whether the last turn is still going on
 * @param {() => Turn} newTurn
 * @returns {Turn[]} all but a running last one are closed
 */
export function restoreTurns({ content, metadata }, running, newTurn) {
  const messages = Array.isArray(content?.messages) ? content.messages : [];
  /** @type {Turn[]} */
  const turns = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === "user" || turns.length === 0) turns.push(newTurn());
    const turn = turns[turns.length - 1];
    const open = index === messages.length - 1 && metadata.open_stream_id;
    if (message.role === "user") turn.ask(String(message.content ?? ""));
    else if (message.role === "assistant") restoreAssistant(turn, message, open || `restored_${index}`);
    else if (message.role === "tool") restoreResult(turn, message);
  }
  const last = turns.at(-1);
  for (const turn of turns) if (turn !== last || !running) turn.end();
  last?.status("thinking");
  return turns;
}

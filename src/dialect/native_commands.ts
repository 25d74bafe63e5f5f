/** What each command of the native dialect does (protocol.md §7). */
import type { Language } from "../config.ts";
import { replyTo, toCommand } from "../protocol/codec.ts";
import type { Command, CommandName } from "../protocol/commands.ts";
import { type RefusalName, refuse, statusText } from "../protocol/texts.ts";
import type { Decision } from "../session/questions.ts";
import type { Input, Session } from "../session/session.ts";
import type { Args } from "../tool/tool.ts";
import { hold } from "./native_attach.ts";
import type { NativeConnection } from "./native_connection.ts";
import { exportState, restoreState } from "./native_state.ts";

type Members = Record<string, unknown>;
type Handler = (connection: NativeConnection, session: Session, command: Command) => void | Promise<void>;

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function languageOf(content: unknown, fallback: Language): Language {
  if (!isObject(content)) return fallback;
  const preferred = content.language ??
    (isObject(content.preferences) ? content.preferences.language : undefined);
  if (typeof preferred !== "string") return fallback;
  if (/^zh/i.test(preferred)) return "zh";
  return /^en/i.test(preferred) ? "en" : fallback;
}

/** Makes a session and attaches its creator. */
export async function createSession(connection: NativeConnection, command: Command): Promise<void> {
  const { peer, services, attached } = connection;
  const { content } = command;
  if (content !== undefined && typeof content !== "string" && !isObject(content)) {
    throw refuse("badSessionContent");
  }
  const limit = services.config.maxSessionsPerConnection;
  if (attached.size >= limit) throw refuse("tooManySessions", `one connection may hold ${limit}`);
  const wished = isObject(content) && typeof content.agent === "string" ? content.agent : peer.agent;
  const session = await services.sessions.create({
    owner: peer.principal,
    agent: wished,
    language: languageOf(content, services.config.language),
    content,
  });
  hold(connection, session, 0).attachment.startLive();
  session.open(peer.connectionId, services.config.agentReady);
}

/** A message's text and values. @throws AppError when there is nothing to run */
export function readInput(command: Command): Input {
  const { content } = command;
  const messageId = command.message_id || undefined;
  if (content === undefined || (typeof content === "string" && content.trim() === "")) {
    throw refuse("emptyMessage");
  }
  if (typeof content === "string") return { text: content, messageId };
  if (!isObject(content)) throw refuse("badMessageType");
  const { question: given, tasks: _, ...values } = content;
  const question = given ?? undefined; // null counts as absent
  if (question !== undefined && typeof question !== "string") throw refuse("badMessageType");
  const text = question ?? JSON.stringify(values);
  if (text.trim() === "" || text === "{}") throw refuse("emptyMessage");
  return { text, values, messageId };
}

function message(connection: NativeConnection, session: Session, command: Command): void {
  const started = session.start(readInput(command));
  if (!started.duplicate) return;
  connection.direct({
    event: "system.notice",
    session_id: session.id,
    content: statusText("duplicate", session.language),
    metadata: {
      action: "duplicate",
      message_id: command.message_id,
      run_id: started.runId,
      state: started.duplicate,
      ...replyTo(command.message_id),
    },
  }, session.language);
}

const isCommand = (content: unknown): content is Members & { event: string } =>
  isObject(content) && typeof content.event === "string" && content.event.startsWith("user.");

/** A command carried inside a message's content comes out, one level deep; any other command is itself. */
export function unwrap(command: Command): Command {
  const { session_id, message_id, content } = command;
  if (command.event !== "user.message" || !isCommand(content)) return command;
  const inner = toCommand({
    ...content,
    session_id: content.session_id ?? session_id,
    message_id: content.message_id ?? message_id,
  });
  if (inner.event === "user.message" && isCommand(inner.content)) throw refuse("badMessageType");
  return inner;
}

async function cancel(connection: NativeConnection, session: Session, command: Command): Promise<void> {
  const stopping = session.cancel("user_request");
  if (stopping) return await stopping;
  connection.direct({
    event: "agent.interrupted",
    session_id: session.id,
    content: statusText("nothingRunning", session.language),
    metadata: { reason: "user_request", idle: true, ...replyTo(command.message_id) },
  }, session.language);
}

/** The first member present wins (protocol.md §7). */
function firstOf(content: Members, ...names: string[]): unknown {
  const name = names.find((candidate) => content[candidate] !== undefined && content[candidate] !== null);
  return name && content[name];
}

function readDecision(content: unknown): Decision {
  const members = isObject(content) ? content : {};
  const confirmed = firstOf(members, "confirmed", "approved");
  if (typeof confirmed !== "boolean") throw refuse("noDecision");
  const data = isObject(members.data) ? members.data : {};
  const args = firstOf(members, "args", "modified_args") ?? data.args;
  const text = firstOf(members, "message", "feedback");
  if (args !== undefined && args !== null && !isObject(args)) {
    throw refuse("badArguments", "expected an object");
  }
  return {
    confirmed,
    ...(isObject(args) ? { args: args as Args } : {}),
    ...(typeof text === "string" ? { message: text.slice(0, 2000) } : {}),
  };
}

function respond(connection: NativeConnection, session: Session, command: Command): void {
  const stepId = command.step_id;
  if (typeof stepId !== "string" || stepId === "") throw refuse("missingStepId");
  if (session.questions.has(stepId) && session.answer(stepId, readDecision(command.content))) return;
  connection.direct({
    event: "system.notice",
    session_id: session.id,
    content: statusText("noSuchStep", session.language),
    metadata: { action: "response", step_id: stepId, ok: false, ...replyTo(command.message_id) },
  }, session.language);
}

/** A command this agent has no ability for; `missing` is what it says first when a required member is absent. */
function unsupported(ability: string, member?: string, missing?: RefusalName): Handler {
  return (_connection, _session, { content }) => {
    const absent = member &&
      !(isObject(content) && content[member] !== undefined && content[member] !== null);
    if (absent && !(member === "tasks" && Array.isArray(content))) throw refuse(missing!);
    throw refuse("unsupported", ability);
  };
}

/** Commands on a session that was found and reached, by name. */
export const sessionCommands: Partial<Record<CommandName, Handler>> = {
  "user.message": message,
  "user.cancel": cancel,
  "user.response": respond,
  "user.solve_tasks": unsupported("direct task solving", "tasks", "missingTasks"),
  "user.cancel_task": unsupported("cancel_solver_task", "task_id", "missingTaskToCancel"),
  "user.restart_task": unsupported("restart_solver_task", "task_id", "missingTaskToRestart"),
  "user.retry_task": unsupported("restart_solver_task", "task_id", "missingTaskToRestart"),
  "user.cancel_plan": unsupported("cancel_plan"),
  "user.replan": unsupported("replan"),
  "user.request_state": exportState,
  "user.reconnect_with_state": (connection, _session, command) => restoreState(connection, command),
};

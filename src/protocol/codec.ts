/** Text of a frame ↔ value: what comes in is checked, what goes out is written once. */
import type { Language } from "../config.ts";
import { type Command, commandNames, sessionless } from "./commands.ts";
import { maxFrameBytes } from "./event.ts";
import { showContent } from "./show_content.ts";
import { toJson } from "./plain.ts";
import { byteLength, shrink } from "./shrink.ts";
import { refuse } from "./texts.ts";
import { isoTime } from "./time.ts";

/**
 * Reads one inbound message.
 *
 * @throws AppError with the fixed text of protocol.md §7; its details name `reply_to` when there was a message id.
 */
export function decodeCommand(text: string): Command {
  return toCommand(parseJson(text));
}

/** Checks a value that claims to be a command; `session_id` may also stand in the content of `user.reconnect`. */
export function toCommand(value: unknown): Command {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse("notAnObject");
  const message = value as Record<string, unknown>;
  const reply = replyTo(message.message_id);
  const name = message.event;
  if (typeof name !== "string" || !commandNames.has(name)) throw refuse("unknownEvent", shown(name), reply);
  // Python clients send None for what they leave out.
  for (const key of ["session_id", "message_id", "token", "content"]) {
    if (message[key] === null) delete message[key];
  }
  if (name === "user.reconnect") {
    message.session_id ??= (message.content as { session_id?: unknown } | undefined)?.session_id;
  }
  if (typeof message.session_id !== "string" && sessionless.has(name)) delete message.session_id;
  if (!sessionless.has(name) && (typeof message.session_id !== "string" || message.session_id === "")) {
    throw refuse("unknownEvent", name, reply);
  }
  if (name === "user.ack") return message as unknown as Command;
  checkEnvelope(message, reply);
  return message as unknown as Command;
}

function checkEnvelope({ message_id, token }: Record<string, unknown>, reply: Record<string, unknown>): void {
  if (message_id !== undefined && typeof message_id !== "string") throw refuse("badMessageId", "", reply);
  if (typeof message_id === "string" && message_id.length > 128) throw refuse("messageIdTooLong", "", reply);
  if (token !== undefined && typeof token !== "string") {
    throw refuse("badEnvelope", "token has the wrong type", reply);
  }
}

/** `M.reply_to` of a direct frame that answers a command with this message id. */
export function replyTo(messageId: unknown): { reply_to?: string } {
  return typeof messageId === "string" && messageId !== "" && messageId.length <= 128
    ? { reply_to: messageId }
    : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own message may quote the input: the wire gets a plain sentence instead.
    throw refuse("invalidJson", text.trim() === "" ? "the message is empty" : "the message cannot be parsed");
  }
}

function shown(name: unknown): string {
  return typeof name === "string" ? name.slice(0, 100) : "(none)";
}

/** A frame as clients read it, in the order in which it is written. */
export interface Frame {
  event: string;
  session_id?: string;
  step_id?: string;
  connection_id?: string;
  content?: unknown;
  error?: string;
  show_content?: string;
  timestamp: string;
  seq?: number;
  event_id?: string;
  metadata: Record<string, unknown>;
}

/** Members of a frame that its sender chooses; the rest follows from them. Written with metadata last: see withMark. */
export interface FrameBody {
  readonly event: string;
  readonly session_id?: string;
  readonly step_id?: string;
  readonly connection_id?: string;
  readonly content?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Where a session event stands: what its log adds to it. */
export interface Place {
  /** The log's session; without it the body says which. */
  readonly session_id?: string;
  readonly seq: number;
  readonly event_id: string;
}

/** Writes a frame: adds `error`, `show_content` and the time, drops absent members, shortens what is too long. */
export function encodeFrame(body: FrameBody, language: Language, place?: Place): string {
  const { event, content = undefined, metadata = {} } = body;
  const frame: Frame = {
    event,
    session_id: place?.session_id ?? body.session_id,
    step_id: body.step_id,
    connection_id: body.connection_id,
    content: content ?? undefined,
    error: typeof content === "string" && event.endsWith(".error") ? content : undefined,
    show_content: showContent({ event, content, metadata }, language),
    timestamp: isoTime(Date.now()),
    seq: place?.seq,
    event_id: place?.event_id,
    // Something with a toJSON of its own may become anything; marks need an object to be added to.
    metadata: "toJSON" in metadata ? {} : metadata,
  };
  const text = toJson(frame);
  // A UTF-16 unit takes at most three bytes: short texts need no counting.
  return text.length * 3 > maxFrameBytes ? fit(text) : text;
}

function fit(text: string): string {
  return byteLength(text) > maxFrameBytes ? shrink(text) : text;
}

export type DeliveryMark = "replayed" | "reoffered" | "resolved";

/** The same frame with a delivery mark; only the end of the text is touched, because metadata stands last. */
export function withMark(frame: string, mark: DeliveryMark): string {
  const joint = frame.endsWith("{}}") ? "" : ",";
  return `${frame.slice(0, -2)}${joint}"${mark}":true}}`;
}

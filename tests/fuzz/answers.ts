/** Which commands still wait for what protocol.md promises them, and which frame is that answer. */
import type { AnyFrame } from "../helpers/client.ts";
import type { Members } from "./commands.ts";

/** A command that was sent and must be answered. */
export interface Pending {
  /** The ids its answer may name: a nested command may have one of its own. */
  readonly ids: readonly string[];
  readonly event: string;
  readonly session: unknown;
  readonly stepId: unknown;
  readonly text: string;
}

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isId = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= 128;

/** Undefined: not JSON. */
export function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** What has to be answered by name; undefined for what carries no id, and for acknowledgements. */
export function pendingFor(value: unknown, text: string): Pending | undefined {
  if (!isObject(value) || value.event === "user.ack") return undefined;
  // An id of the wrong type is refused before anything else is read: that answer names nothing.
  if (value.message_id !== undefined && value.message_id !== null && !isId(value.message_id)) {
    return undefined;
  }
  const nested = value.event === "user.message" && isObject(value.content) &&
      typeof value.content.event === "string" && value.content.event.startsWith("user.")
    ? value.content
    : undefined;
  if (nested?.event === "user.ack") return undefined;
  const ids = [value.message_id, nested?.message_id].filter(isId);
  if (ids.length === 0) return undefined;
  const acting: Members = { session_id: value.session_id, ...nested ?? value };
  const event = typeof acting.event === "string" ? acting.event : "no event";
  return { ids, event, session: acting.session_id, stepId: acting.step_id, text };
}

export class Answers {
  readonly #open = new Map<string, Pending>();
  /** Messages that are no JSON object: each must get an error, in any order. */
  #malformed = 0;
  named = 0;
  answered = 0;
  /** Commands whose connection was closed before their answer came. */
  cut = 0;

  /** Commands that still wait. */
  get waiting(): number {
    return this.#open.size + Math.max(0, this.#malformed);
  }

  unanswered(): string[] {
    const texts = new Set([...this.#open.values()].map(({ event, text }) => `${event}: ${text}`));
    return [
      ...texts,
      ...this.#malformed === 0 ? [] : [`${this.#malformed} messages that are no JSON object`],
    ];
  }

  sent(text: string): void {
    const found = parsed(text);
    if (!found || !isObject(found.value)) {
      this.#malformed++;
      return;
    }
    const pending = pendingFor(found.value, text);
    if (!pending || pending.ids.some((id) => this.#open.has(id))) return;
    this.named++;
    for (const id of pending.ids) this.#open.set(id, pending);
  }

  received(frame: AnyFrame): void {
    const { metadata } = frame;
    if (typeof metadata.reply_to === "string") return this.#replied(metadata.reply_to, frame);
    if (
      frame.event === "system.error" && /^(Invalid JSON|Message must be a JSON object)/.test(frame.content)
    ) {
      this.#malformed--;
    } else if (frame.event === "agent.thinking" && metadata.stage === "start") {
      this.#settle(this.#open.get(metadata.message_id));
    } else if (frame.event === "agent.session_created" && frame.seq === 1 && !metadata.replayed) {
      // Commands of one connection are carried out in order: this is the oldest that waits.
      this.#settle(this.#first((pending) => pending.event === "user.create_session"));
    } else if (frame.event === "agent.state_restored" && frame.seq === 1 && !metadata.replayed) {
      this.#settle(this.#first((pending) => pending.event === "user.reconnect_with_state"));
    } else if (metadata.terminal) {
      this.#settleAll((one) => one.event === "user.cancel" && one.session === frame.session_id);
    } else if (metadata.action === "confirm_resolved") {
      this.#settleAll((one) => one.event === "user.response" && one.stepId === metadata.step_id);
    }
  }

  /** The connection is gone: nothing more will come. */
  close(): void {
    this.cut += new Set(this.#open.values()).size;
    this.#open.clear();
    this.#malformed = 0;
  }

  #replied(id: string, frame: AnyFrame): void {
    const pending = this.#open.get(id);
    if (pending && !isStep(frame, pending.event)) this.#settle(pending);
  }

  #first(fits: (pending: Pending) => boolean): Pending | undefined {
    return [...this.#open.values()].find(fits);
  }

  #settleAll(fits: (pending: Pending) => boolean): void {
    for (const pending of new Set(this.#open.values())) if (fits(pending)) this.#settle(pending);
  }

  #settle(pending: Pending | undefined): void {
    if (!pending) return;
    this.answered++;
    for (const id of pending.ids) this.#open.delete(id);
  }
}

/** A frame of the attach that a command may bring about; its own answer comes after it. */
function isStep({ event, metadata }: AnyFrame, command: string): boolean {
  if (metadata.snapshot || metadata.action === "attached") return true;
  if (event === "agent.session_created") return command === "user.reconnect";
  return metadata.action === "replay" && command !== "user.reconnect";
}

/** Commands that the server has not confirmed: sent when there is a way, and again after every resume. */
import { MyAgentError } from "./errors.ts";
import type { Outgoing } from "./sender.ts";

/** Largest message a server takes (protocol.md §2). */
const maxBytes = 1 << 20;

interface Entry extends Outgoing {
  /** Handed to a socket at least once: the server may have it. */
  sent: boolean;
  fail(cause: unknown): void;
}

/** Whether a text is too long to be sent. A UTF-16 unit takes at most three bytes: short texts need no counting. */
export function isTooBig(text: string): boolean {
  return text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes;
}

export function tooBig(): MyAgentError {
  return new MyAgentError("too_big", `Cannot send a message of more than ${maxBytes} bytes`);
}

export class Outbox {
  readonly #entries = new Map<string, Entry>();
  readonly #send: (command: Outgoing) => void;
  #isOpen = false;

  constructor(send: (command: Outgoing) => void) {
    this.#send = send;
  }

  /** @param fail - called when the server refuses it, or it can never be sent */
  add(id: string, command: Record<string, unknown>, fail: (cause: unknown) => void): void {
    const text = JSON.stringify({ ...command, message_id: id });
    if (isTooBig(text)) return fail(tooBig());
    const entry: Entry = { id, text, sent: false, fail };
    this.#entries.set(id, entry);
    if (this.#isOpen) this.#hand(entry);
  }

  /** There is a way: everything unconfirmed goes out, in its order. */
  open(): void {
    this.#isOpen = true;
    for (const entry of this.#entries.values()) this.#hand(entry);
  }

  shut(): void {
    this.#isOpen = false;
  }

  has(id: unknown): boolean {
    return this.#entries.has(id as string);
  }

  /** Takes a command out; false when it is not here (any more). */
  remove(id: unknown): boolean {
    return this.#entries.delete(id as string);
  }

  refuse(id: unknown, cause: unknown): void {
    const entry = this.#entries.get(id as string);
    this.remove(id);
    entry?.fail(cause);
  }

  refuseAll(cause: unknown): void {
    for (const id of [...this.#entries.keys()]) this.refuse(id, cause);
  }

  wasSent(id: string): boolean {
    return this.#entries.get(id)?.sent ?? false;
  }

  /** The longest of those that were sent: the one that was too big for somebody on the way. */
  get longestSent(): Outgoing | undefined {
    const sent = [...this.#entries.values()].filter((entry) => entry.sent);
    return sent.reduce<Entry | undefined>((a, b) => a && a.text.length >= b.text.length ? a : b, undefined);
  }

  #hand(entry: Entry): void {
    entry.sent = true;
    this.#send(entry);
  }
}

/** One of the sockets: sends, checks all it gets, and comes back when it was closed. */
import type { AnyFrame } from "../helpers/client.ts";
import { Answers, parsed } from "./answers.ts";
import { checkFrame, Sequence } from "./checks.ts";
import type { Members, Surroundings } from "./commands.ts";
import type { Findings } from "./findings.ts";
import { type Frame, nextFrame } from "./frames.ts";
import type { Random } from "./random.ts";

/** Commands that may wait for their answers before more are sent; the server's own queue holds 32. */
const window = 24;
/** How long answers may be waited for before more is sent, and at the end; milliseconds. */
const roomMs = 1000;
const settleMs = 15_000;
/** Bytes that may wait in the client's own socket. */
const highWaterBytes = 1 << 20;
/** Characters of a frame that a busy reader may be too slow for. */
const bulkChars = 100_000;
/** Sessions, questions and events remembered for later use. */
const remembered = 12;

/** What all sockets share. */
export interface Shared {
  readonly url: string;
  readonly findings: Findings;
  /** Ids of sessions and exported states of all sockets, newest last. */
  readonly sessions: string[];
  readonly states: Members[];
  readonly closes: Map<string, number>;
  /** Close reasons that need no cause of their own in this part. */
  readonly allowed: readonly string[];
}

export class FuzzSocket {
  readonly answers = new Answers();
  sent = 0;
  received = 0;
  /** Answers ERR_RATELIMIT_700. */
  limited = 0;
  readonly #index: number;
  readonly #random: Random;
  readonly #shared: Shared;
  readonly #sequence = new Sequence();
  readonly #own: string[] = [];
  readonly #stepIds: string[] = [];
  readonly #eventIds: string[] = [];
  /** Session ids this socket has ever written: only of these it may hear. */
  readonly #named = new Set<string>();
  /** Message ids that a mutation has made of ours. */
  readonly #oddIds = new Set<string>();
  #socket: WebSocket | undefined;
  #closed: Promise<void> = Promise.resolve();
  #expected: number | undefined;
  #leaving = false;
  /** It has met frames so large that it may have been given up as a slow reader. */
  #hadBulk = false;
  #wake: (() => void) | undefined;
  #number = 0;

  constructor(index: number, random: Random, shared: Shared) {
    this.#index = index;
    this.#random = random;
    this.#shared = shared;
  }

  async connect(): Promise<void> {
    await this.#closed;
    const socket = new WebSocket(this.#shared.url);
    this.#socket = socket;
    this.#expected = undefined;
    this.#leaving = false;
    this.#hadBulk = false;
    this.#sequence.clear();
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    this.#closed = closed.promise;
    socket.addEventListener("open", () => opened.resolve());
    socket.addEventListener("error", (event) => event.preventDefault());
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => {
      opened.resolve();
      this.#lost(code, reason);
      closed.resolve();
    });
    await opened.promise;
  }

  /** Sends random frames. */
  async play(count: number): Promise<void> {
    while (count > 0) {
      if (this.#socket?.readyState !== WebSocket.OPEN) await this.connect();
      const burst = Math.min(count, this.#random.chance(0.002) ? 100 : 1 + this.#random.int(16));
      for (let index = 0; index < burst; index++) this.send(this.#next());
      count -= burst;
      await (this.#expected === undefined ? this.#room(window, roomMs) : this.closedByServer());
      if (this.#random.chance(0.004)) await this.close();
    }
  }

  send(frame: Frame): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN || this.#expected !== undefined) return;
    this.sent++;
    socket.send(frame.data);
    if (frame.closes !== undefined) {
      this.#expected = frame.closes;
      return;
    }
    const text = typeof frame.data === "string"
      ? frame.data.toWellFormed()
      : new TextDecoder("utf-8", { ignoreBOM: true }).decode(frame.data);
    this.#note(text);
    this.answers.sent(text);
  }

  /** Waits until everything was answered, or nothing more comes. */
  async settle(): Promise<void> {
    await this.#room(1, settleMs);
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    for (const text of this.answers.unanswered()) {
      this.#shared.findings.add("A command was not answered", text);
    }
  }

  async close(): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN) return await this.#closed;
    this.#leaving = true;
    this.#socket.close();
    await this.#closed;
  }

  /** Waits for the server to close this socket. @returns false when it does not */
  async closedByServer(): Promise<boolean> {
    const timer = setTimeout(() => void this.close(), settleMs);
    await this.#closed;
    clearTimeout(timer);
    return !this.#leaving;
  }

  /** A name for the next message, never used before. */
  nextId(): string {
    return `m${this.#index}-${++this.#number}`;
  }

  #next(): Frame {
    const around: Surroundings = {
      own: this.#own,
      all: this.#shared.sessions,
      stepIds: this.#stepIds,
      eventIds: this.#eventIds,
      states: this.#shared.states,
    };
    // The first thing a socket needs is a session.
    if (this.#own.length === 0 && this.#random.chance(0.3)) {
      return { data: JSON.stringify({ event: "user.create_session", message_id: this.nextId() }) };
    }
    return nextFrame(this.#random, around, this.nextId());
  }

  /** Until fewer than `limit` commands wait, but not longer than `patienceMs`. */
  async #room(limit: number, patienceMs: number): Promise<void> {
    const giveUpAt = Date.now() + patienceMs;
    const hasRoom = () =>
      this.#socket?.readyState !== WebSocket.OPEN ||
      (this.answers.waiting < limit && this.#socket.bufferedAmount < highWaterBytes);
    // At least one turn of the event loop, so that the other sockets get theirs.
    do {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, hasRoom() ? 0 : 20);
      await promise;
      clearTimeout(timer);
    } while (!hasRoom() && Date.now() < giveUpAt);
    this.#wake = undefined;
  }

  #receive(text: string): void {
    const { findings } = this.#shared;
    this.received++;
    this.#hadBulk ||= text.length > bulkChars;
    const frame = JSON.parse(text) as AnyFrame;
    checkFrame(frame, text, findings);
    this.#sequence.check(frame, text, findings);
    this.#checkOwner(frame, text);
    this.answers.received(frame);
    this.#learn(frame);
    this.#wake?.();
  }

  #checkOwner({ event, session_id, seq, metadata }: AnyFrame, text: string): void {
    const isNew = (event === "agent.session_created" || event === "agent.state_restored") && seq === 1;
    if (session_id !== undefined && !isNew && !this.#named.has(session_id)) {
      this.#shared.findings.add("A frame of a session that this socket never named", text);
    }
    const isOwn = metadata.reply_to === undefined || metadata.reply_to.startsWith(`m${this.#index}-`);
    if (!isOwn && !this.#oddIds.has(metadata.reply_to)) {
      this.#shared.findings.add("An answer to another socket's command", text);
    }
  }

  #learn(frame: AnyFrame): void {
    const isNew = frame.event === "agent.session_created" || frame.event === "agent.state_restored";
    if (isNew && frame.seq === 1 && !frame.metadata.replayed) {
      this.#named.add(frame.session_id);
      keep(this.#own, frame.session_id);
      keep(this.#shared.sessions, frame.session_id);
    }
    if (frame.event === "agent.state_exported") keep(this.#shared.states, frame.metadata.signed_state);
    if (frame.event === "agent.user_confirm") keep(this.#stepIds, frame.step_id);
    if (frame.event_id && this.#random.chance(0.1)) keep(this.#eventIds, frame.event_id);
    if (frame.metadata.error_code === "ERR_RATELIMIT_700") this.limited++;
  }

  #note(text: string): void {
    for (const [, id] of text.matchAll(/"message_id":"((?:[^"\\]|\\.)*)"/g)) {
      if (!id.startsWith(`m${this.#index}-`)) this.#oddIds.add(String(parsed(`"${id}"`)?.value));
    }
    // A state may come as text within the text.
    for (const [, id] of text.replaceAll('\\"', '"').matchAll(/"session_id":"([\w.-]{1,128})"/g)) {
      this.#named.add(id);
    }
  }

  #lost(code: number, reason: string): void {
    const { closes, findings, allowed } = this.#shared;
    const key = `${code} ${reason}`.trim();
    closes.set(key, (closes.get(key) ?? 0) + 1);
    // The goodbye to a slow reader may not get through: then there is no code.
    const isGivenUp = this.#hadBulk && code === 0 && allowed.includes("slow_consumer");
    const isExplained = this.#leaving || code === this.#expected || allowed.includes(reason) || isGivenUp;
    if (!isExplained) findings.add(`A connection was closed with ${key}`, `socket ${this.#index}`);
    this.answers.close();
    this.#wake?.();
  }
}

/** Remembers the newest few. */
function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > remembered) list.shift();
}

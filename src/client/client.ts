/**
 * The client: `connect` to a server, make sessions, send messages. It comes back by itself, resumes where it was and
 * gives every event once. No dependencies; for browsers, Deno and Node (there with a WebSocket constructor).
 */
import type { Frame } from "./events.ts";
import { Channel } from "./channel.ts";
import { type Address, Connection, type ConnectionState } from "./connection.ts";
import { Creations } from "./creations.ts";
import { errorOf, MyAgentError } from "./errors.ts";
import type { LinkHost } from "./link.ts";
import { type Platform, platformOf, type SocketConstructor } from "./platform.ts";
import type { SessionPosition } from "./position.ts";
import { CommandSender, type Outgoing } from "./sender.ts";
import { type ClientSession, Session } from "./session.ts";

export { answerText, AnswerView } from "./answer_text.ts";
export { type ClientErrorCode, MyAgentError } from "./errors.ts";
export type { Decision } from "./answers.ts";
export type { EventOf, ServerEvent, SessionEvent, SnapshotEvent } from "./events.ts";
export type { ClientRun } from "./run.ts";
export type { ClientSession, SendOptions } from "./session.ts";
export type { Address, Clock, ConnectionState, SessionPosition, SocketConstructor, SocketLike };

type Clock = Platform["clock"];
type SocketLike = InstanceType<SocketConstructor>;

export interface ConnectOptions extends Partial<Platform> {
  /** Default: the global WebSocket. Node 20 has none: pass that of npm's `ws`. */
  readonly WebSocket?: SocketConstructor;
  /** Closes the client. */
  readonly signal?: AbortSignal;
  /** Commands per second after a burst of 20, to stay below the server's limit; default 10, 0: no limit. */
  readonly commandsPerSecond?: number;
}

export interface MyAgentClient {
  readonly state: ConnectionState;
  /** The state, and then every change of it; ends when the client is closed. */
  readonly states: AsyncIterable<ConnectionState>;
  /**
   * Makes a session, as soon as there is a connection.
   *
   * @param content - handed to the agent's hooks; `language` (`zh`, `en`) chooses the language
   * @throws MyAgentError when the server refuses or the client is closed; the signal's reason when it is aborted
   */
  createSession(
    content?: string | Readonly<Record<string, unknown>>,
    options?: { signal?: AbortSignal },
  ): Promise<ClientSession>;
  /**
   * Attaches to a session that exists; `ready` tells when, and whether it could be found.
   *
   * @param position - where the caller stands, as `session.position` gave it; default: before the first event
   */
  resume(sessionId: string, position?: SessionPosition): ClientSession;
  /** Tries at once what is only waiting for its time: the network may have come back. */
  reconnectNow(): void;
  /** Closes for good. Sessions and their runs go on without this client. Resolves when the socket is closed. */
  close(): Promise<void>;
}

/**
 * Connects to a server, and again whenever the connection is lost, unless the server refuses this client for good.
 *
 * @param url - or a function asked for it before every attempt, which may bring a new token
 * @throws SyntaxError when the address is unusable
 * @example
 * ```ts ignore
 * import { answerText, connect } from "myagent/client";
 * const client = connect("ws://localhost:8080");
 * const session = await client.createSession({ language: "en" });
 * const run = session.send("What is the weather in Oslo?");
 * for await (const text of answerText(run)) console.log(text);
 * await client.close();
 * ```
 */
export function connect(url: Address, options: ConnectOptions = {}): MyAgentClient {
  return new Client(url, options);
}

class Client implements MyAgentClient {
  readonly #platform: Platform;
  readonly #connection: Connection;
  readonly #sender: CommandSender;
  readonly #creations: Creations;
  readonly #sessions = new Map<string, Session>();
  readonly #states = new Channel<ConnectionState>(0);
  readonly #unlisten: () => void;
  #state: ConnectionState = { phase: "connecting" };
  /** Whether the caller has closed it. */
  #isLeft = false;

  constructor(url: Address, options: ConnectOptions) {
    const { signal, commandsPerSecond = 10, WebSocket: Socket = globalThis.WebSocket } = options;
    if (!Socket) throw new TypeError("There is no global WebSocket: pass one as the option WebSocket");
    this.#platform = platformOf(options);
    this.#connection = new Connection(url, Socket, this.#platform, {
      onFrame: (frame) => this.#receive(frame),
      onLost: (code) => this.#lost(code),
      onState: (state) => this.#enter(state),
    });
    const write = (text: string) => void this.#connection.send(text);
    this.#sender = new CommandSender(this.#platform.clock, commandsPerSecond, write);
    this.#creations = new Creations((command) => this.#sender.send(command));
    const abort = () => void this.close();
    this.#unlisten = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    else this.#connection.open();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get states(): AsyncIterable<ConnectionState> {
    return { [Symbol.asyncIterator]: () => this.#follow() };
  }

  async *#follow(): AsyncGenerator<ConnectionState> {
    const changes = this.#states[Symbol.asyncIterator]();
    yield this.#state;
    yield* { [Symbol.asyncIterator]: () => changes };
  }

  createSession(
    content?: string | Readonly<Record<string, unknown>>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<ClientSession> {
    if (this.#state.phase === "closed") return Promise.reject(closedError(this.#state));
    return this.#creations.add(this.#platform.newId(), content, signal);
  }

  resume(sessionId: string, position: SessionPosition = { seq: 0 }): ClientSession {
    const known = this.#sessions.get(sessionId);
    if (known) return known;
    const session = this.#open(sessionId, position);
    if (this.#state.phase === "open") session.link.attach();
    else if (this.#state.phase === "closed") session.link.end(closedError(this.#state));
    return session;
  }

  reconnectNow(): void {
    this.#connection.hurry();
  }

  close(): Promise<void> {
    this.#isLeft = true;
    return this.#connection.close();
  }

  #open(id: string, position: SessionPosition): Session {
    const session = new Session(id, position, this.#host);
    this.#sessions.set(id, session);
    return session;
  }

  get #host(): LinkHost {
    return {
      platform: this.#platform,
      send: (command) => this.#sender.send(command),
      whisper: (text) => void this.#connection.send(text),
      settle: () => this.#connection.settle(),
      restart: () => this.#connection.restart(),
      ended: (id) => void this.#sessions.delete(id),
    };
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.#states.push(state);
    if (state.phase !== "closed") return;
    this.#unlisten();
    this.#sender.reset();
    for (const { link } of this.#sessions.values()) link.end(closedError(state), this.#isLeft);
    this.#creations.refuseAll(closedError(state));
    this.#states.end();
  }

  #lost(code: number): void {
    this.#sender.reset();
    for (const { link } of this.#sessions.values()) link.detach();
    const { current } = this.#creations;
    this.#creations.shut();
    if (code === 1009) this.#dropLongest(current);
  }

  /** One message was too big for the server or a proxy. The longest one is not sent again, or it would never end. */
  #dropLongest(creation: Outgoing | undefined): void {
    const sent = [creation, ...[...this.#sessions.values()].map(({ link }) => link.outbox.longestSent)];
    const lengths = sent.map((command) => command?.text.length ?? 0);
    const longest = sent[lengths.indexOf(Math.max(...lengths))];
    const cause = new MyAgentError("too_big", "The connection was closed because a message was too big");
    for (const { link } of this.#sessions.values()) link.outbox.refuse(longest?.id, cause);
    this.#creations.refuse(longest?.id, cause);
  }

  #receive(frame: Frame): void {
    const { event, session_id: id, metadata } = frame;
    if (event === "system.connected") return this.#connected();
    if (metadata.error_code === "ERR_RATELIMIT_700" && metadata.reply_to !== undefined) {
      return this.#sender.retry(String(metadata.reply_to), Number(metadata.retry_after_ms) || 0);
    }
    const session = this.#sessions.get(id ?? "");
    if (session) return session.link.receive(frame);
    if (id === undefined) return this.#receiveNameless(frame);
    const isNew = event === "agent.session_created" && frame.seq === 1 && !metadata.replayed;
    if (!isNew || !this.#creations.current) return;
    this.#creations.done(() => {
      const created = this.#open(id, { seq: 0 });
      created.link.begin();
      created.link.receive(frame);
      return created;
    });
  }

  #connected(): void {
    this.#creations.open();
    for (const { link } of this.#sessions.values()) link.attach();
    if (this.#sessions.size === 0) this.#connection.settle();
  }

  #receiveNameless(frame: Frame): void {
    const { event, metadata } = frame;
    for (const { link } of this.#sessions.values()) if (link.claims(frame)) return;
    // While it closes, the server refuses what is to be sent again.
    if (event !== "system.error" || metadata.error_code === "ERR_CONNECTION_900") return;
    this.#creations.refuse(metadata.reply_to, errorOf(frame));
  }
}

function closedError(state: ConnectionState): MyAgentError {
  const { code, reason, detail } = state as ConnectionState & { phase: "closed" };
  const words = [reason, detail].filter(Boolean).join(": ");
  return new MyAgentError("closed", `The connection is closed for good, code ${code}: ${words}`, { reason });
}

/** One socket after the other: connects, notices silence, and comes back as the close code allows. */
import type { Frame } from "./events.ts";
import { afterClose } from "./closing.ts";
import type { Platform, SocketConstructor, SocketLike } from "./platform.ts";

/** Where the client stands. */
export type ConnectionState =
  | { readonly phase: "connecting" }
  | { readonly phase: "open" }
  /** Tries again after `delayMs`; `code` and `reason` are those of the close. */
  | {
    readonly phase: "reconnecting";
    readonly delayMs: number;
    readonly code: number;
    readonly reason: string;
  }
  /** For good. `detail` is the last error the server sent. */
  | { readonly phase: "closed"; readonly code: number; readonly reason: string; readonly detail?: string };

/** An address, or a function asked for it before every attempt: it may bring a new token. */
export type Address = string | (() => string | Promise<string>);

export interface ConnectionHooks {
  onFrame(frame: Frame): void;
  /** The socket is gone; called before the state changes. */
  onLost(code: number): void;
  onState(state: ConnectionState): void;
}

/** A handshake that takes longer is given up: proxies may swallow it without a word. */
const handshakeMs = 15_000;
/** Silence of this many heartbeats means that the peer is gone (protocol.md §6). */
const silentIntervals = 2.5;
/** How long a goodbye may take. */
const goodbyeMs = 3000;
const isOpen = 1;

export class Connection {
  readonly #address: Address;
  readonly #Socket: SocketConstructor;
  readonly #platform: Platform;
  readonly #hooks: ConnectionHooks;
  #socket: SocketLike | undefined;
  #phase: ConnectionState["phase"] = "connecting";
  /** Counts attempts, so that an address that comes late is not used. */
  #turn = 0;
  /** Failed attempts since the last one that worked. */
  #failures = 0;
  #heardAt = 0;
  #silence: unknown;
  #again: unknown;
  #detail: string | undefined;

  constructor(address: Address, Socket: SocketConstructor, platform: Platform, hooks: ConnectionHooks) {
    this.#address = address;
    this.#Socket = Socket;
    this.#platform = platform;
    this.#hooks = hooks;
  }

  /** @throws whatever the WebSocket throws at an unusable address */
  open(): void {
    this.#platform.clock.clearTimeout(this.#again);
    this.#again = undefined;
    this.#set({ phase: "connecting" });
    const turn = ++this.#turn;
    if (typeof this.#address === "string") return this.#connect(this.#address);
    const address = this.#address;
    const fail = (cause: unknown) => {
      if (turn !== this.#turn) return;
      this.#detail = String(cause);
      this.#lost(1006, "");
    };
    Promise.resolve().then(address).then((url) => turn === this.#turn && this.#connect(url)).catch(fail);
  }

  /** False when there is no open socket. */
  send(text: string): boolean {
    if (this.#phase !== "open" || this.#socket?.readyState !== isOpen) return false;
    this.#socket.send(text);
    return true;
  }

  /** The conversation works again: the next loss starts with a short wait. */
  settle(): void {
    this.#failures = 0;
  }

  /** Tries at once what is only waiting for its time. */
  hurry(): void {
    if (this.#again !== undefined) this.open();
  }

  /** Gives this socket up and comes back. */
  restart(): void {
    if (this.#socket) this.#lost(1006, "");
  }

  /** Says goodbye; resolves when the socket is closed, after 3 s at the latest. */
  close(): Promise<void> {
    const { clock } = this.#platform;
    clock.clearTimeout(this.#again);
    this.#again = undefined;
    this.#turn++;
    const socket = this.#release();
    if (this.#phase !== "closed") this.#set({ phase: "closed", code: 1000, reason: "bye" });
    if (!socket) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, goodbyeMs);
      socket.onclose = () => {
        clock.clearTimeout(timer);
        resolve();
      };
      socket.close(1000, "bye");
    });
  }

  #set(state: ConnectionState): void {
    this.#phase = state.phase;
    this.#hooks.onState(state);
  }

  #connect(url: string): void {
    const socket = this.#socket = new this.#Socket(url);
    this.#expectFrame(handshakeMs);
    socket.onmessage = ({ data }) => this.#socket === socket && this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#socket === socket && this.#lost(code, reason ?? "");
    // The close that follows says all; but npm's ws ends the process when nobody listens.
    socket.onerror = (event) => event?.preventDefault?.();
  }

  #receive(data: unknown): void {
    this.#heardAt = this.#platform.clock.now();
    const frame = readFrame(data);
    if (!frame) return;
    if (frame.event === "system.connected") {
      this.#expectFrame(Number(frame.metadata.heartbeat_interval_seconds) * 1000 * silentIntervals || 0);
      this.#set({ phase: "open" });
    } else if (frame.event === "system.error" || frame.event === "auth.error") {
      this.#detail = String(frame.content);
    }
    this.#hooks.onFrame(frame);
  }

  /** Expects a frame within every `ms`; 0: none is promised. */
  #expectFrame(ms: number): void {
    const { clock } = this.#platform;
    this.#heardAt = clock.now();
    clock.clearTimeout(this.#silence);
    if (ms === 0) return;
    // The timer is not set anew with each frame, of which there may be thousands in a second.
    const look = () => {
      const leftMs = this.#heardAt + ms - clock.now();
      if (leftMs > 0) this.#silence = clock.setTimeout(look, leftMs);
      else this.#lost(1006, "silence");
    };
    this.#silence = clock.setTimeout(look, ms);
  }

  #lost(code: number, reason: string): void {
    const { clock, random } = this.#platform;
    // Its closing handshake may take long on a dead network: nobody waits for it.
    this.#release()?.close();
    const renewsToken = typeof this.#address === "function";
    const { reconnect, delayMs } = afterClose(code, reason, this.#failures++, random, renewsToken);
    this.#hooks.onLost(code);
    if (!reconnect) return this.#set({ phase: "closed", code, reason, detail: this.#detail });
    this.#again = clock.setTimeout(() => this.open(), delayMs);
    this.#set({ phase: "reconnecting", delayMs, code, reason });
  }

  #release(): SocketLike | undefined {
    this.#platform.clock.clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = undefined;
    return socket;
  }
}

function readFrame(data: unknown): Frame | undefined {
  try {
    const frame = JSON.parse(data as string);
    return typeof frame.event === "string" ? { ...frame, metadata: frame.metadata ?? {} } : undefined;
  } catch {
    return undefined;
  }
}

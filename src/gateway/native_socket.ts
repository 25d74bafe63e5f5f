/** The native transport: Deno.serve's own upgrade. */
import type { Socket, SocketEvents } from "./socket.ts";

/** The subprotocol of this server; chosen when a client offers it, none otherwise. */
const subprotocol = "myagent.v1";

/**
 * The runtime drops the connection when data arrives after its own close frame, and the peer then never sees the
 * code. So a goodbye waits until the peer has been silent for this long …
 */
const quietMs = 20;
/** … but not longer than this: a flood does not keep its socket. */
const longestGoodbyeMs = 500;

/**
 * Upgrades a request. Nothing that happens in the events may end the process: the runtime would take an exception
 * in a handler for fatal.
 *
 * @param idleTimeoutSeconds - the runtime pings at half of it and drops a peer that stays silent; 0 switches it off
 */
export function upgradeNative(request: Request, idleTimeoutSeconds: number, events: SocketEvents): Response {
  const offered = request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
  const protocol = offered.includes(subprotocol) ? { protocol: subprotocol } : {};
  const { socket, response } = Deno.upgradeWebSocket(request, {
    idleTimeout: idleTimeoutSeconds,
    ...protocol,
  });
  socket.binaryType = "arraybuffer";
  const native = new NativeSocket(socket);
  let closed = false;
  socket.onopen = () => events.onOpen(native);
  socket.onmessage = ({ data }) => {
    native.heard();
    events.onMessage(data);
  };
  // The idle timeout reports its close twice.
  socket.onclose = ({ code }) => {
    if (closed) return;
    closed = true;
    native.forget();
    events.onClose(code === 0 ? 1006 : code);
  };
  socket.onerror = (event) => event.preventDefault();
  return response;
}

class NativeSocket implements Socket {
  readonly #socket: WebSocket;
  #heardAt = 0;
  #goodbye: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  close(code: number, reason: string): void {
    this.#sayGoodbye(code, reason, Date.now() + longestGoodbyeMs);
  }

  /** This runtime has no way to drop a peer: the idle timeout has to. */
  terminate(): void {
    this.forget();
    if (this.#socket.readyState <= WebSocket.OPEN) this.#socket.close();
  }

  /** The peer has sent something. */
  heard(): void {
    this.#heardAt = Date.now();
  }

  forget(): void {
    clearTimeout(this.#goodbye);
  }

  #sayGoodbye(code: number, reason: string, latest: number): void {
    const now = Date.now();
    if (now - this.#heardAt < quietMs && now < latest) {
      this.#goodbye = setTimeout(() => this.#sayGoodbye(code, reason, latest), quietMs);
    } else if (this.#socket.readyState <= WebSocket.OPEN) this.#socket.close(code, reason);
  }
}

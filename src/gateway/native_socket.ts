/** The native transport: Deno.serve's own upgrade. */
import {
  type Door,
  isUpgrade,
  type Listener,
  type ListenOptions,
  type Socket,
  type SocketEvents,
  subprotocol,
} from "./socket.ts";

/**
 * The runtime drops the connection when data arrives after its own close frame, and the peer then never sees the
 * code. So a goodbye waits until the peer has been silent for this long …
 */
const quietMs = 20;
/** … but not longer than this: a flood does not keep its socket. */
const longestGoodbyeMs = 500;

/** Listens with Deno.serve. @throws Deno.errors.AddrInUse and the like when it cannot */
export function listenNative(door: Door, options: ListenOptions): Listener {
  const { hostname, port, idleTimeoutSeconds } = options;
  const server = Deno.serve(
    { hostname, port, onListen: () => {}, onError: () => new Response("Internal error", { status: 500 }) },
    (request) =>
      isUpgrade(request) ? upgrade(request, idleTimeoutSeconds, door.admit(request)) : door.fetch(request),
  );
  const { addr, finished } = server;
  return { hostname: addr.hostname, port: addr.port, finished, shutdown: () => server.shutdown() };
}

/**
 * Upgrades a request. Nothing that happens in the events may end the process: the runtime would take an exception
 * in a handler for fatal.
 */
function upgrade(request: Request, idleTimeoutSeconds: number, admitted: SocketEvents | Response): Response {
  if (admitted instanceof Response) return admitted;
  const offered = request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
  const protocol = offered.includes(subprotocol) ? { protocol: subprotocol } : {};
  try {
    // The runtime pings at half of the timeout.
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: idleTimeoutSeconds,
      ...protocol,
    });
    connect(socket, admitted);
    return response;
  } catch {
    return new Response("Not a WebSocket handshake", { status: 400 });
  }
}

function connect(socket: WebSocket, events: SocketEvents): void {
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

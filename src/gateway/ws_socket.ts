/** The second transport: npm ws on node:http. It caps messages, can drop a peer, and stays fair on a busy core. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
// @ts-types="@types/ws"
import { type WebSocket, WebSocketServer } from "ws";
import { maxInboundBytes } from "../protocol/event.ts";
import {
  type Door,
  type Listener,
  type ListenOptions,
  type Socket,
  type SocketEvents,
  subprotocol,
} from "./socket.ts";

/** The words of protocol.md §6 for closes that the library decides over. */
const reasons: Readonly<Record<number, string>> = { 1007: "invalid_utf8", 1009: "frame_too_big" };

/** Listens with node:http. Rejects with the system's error when it cannot. */
export async function listenWs(door: Door, options: ListenOptions): Promise<Listener> {
  const sockets = new WebSocketServer({
    noServer: true,
    // One more than allowed is still read, so that the connection itself can refuse it by our rules.
    maxPayload: maxInboundBytes + 1,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has(subprotocol) && subprotocol,
  });
  // Its own Request and Response are faster, but Deno.serve takes none but the runtime's: a server may have both.
  const answer = getRequestListener((request) => door.fetch(request), { overrideGlobalObjects: false });
  const server = createServer((request, response) => void answer(request, response));
  server.on("upgrade", (request, stream, head) => upgrade(sockets, door, request, stream, head));
  server.on("clientError", (_error, stream) => stream.destroy());
  await listening(server, options);
  const { address, port } = server.address() as AddressInfo;
  const stopPinging = pingAll(sockets, options.idleTimeoutSeconds);
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  server.on("close", resolve);
  return {
    hostname: address,
    port,
    finished,
    shutdown: () => {
      stopPinging();
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
      return finished;
    },
  };
}

function listening(server: Server, { hostname, port }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host: hostname, port }, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

function upgrade(
  sockets: WebSocketServer,
  door: Door,
  request: IncomingMessage,
  stream: Duplex,
  head: Uint8Array,
): void {
  stream.on("error", () => stream.destroy());
  const url = `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`;
  const origin = request.headers.origin;
  const admitted = URL.canParse(url)
    ? door.admit(new Request(url, { headers: origin === undefined ? {} : { origin } }))
    : new Response("Not a WebSocket handshake", { status: 400 });
  if (admitted instanceof Response) return void refuse(stream, admitted);
  sockets.handleUpgrade(request, stream, head as Buffer, (socket) => connect(socket, admitted));
}

async function refuse(stream: Duplex, response: Response): Promise<void> {
  const text = await response.text();
  stream.end(
    `HTTP/1.1 ${response.status} Refused\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${new TextEncoder().encode(text).length}\r\nConnection: close\r\n\r\n${text}`,
  );
}

type Heard = WebSocket & { heard?: boolean };

function connect(socket: Heard, events: SocketEvents): void {
  const close = socket.close.bind(socket);
  // The library closes by itself when a message breaks the rules, without our word for it.
  socket.close = (code, reason) => close(code, reason ?? reasons[code ?? 0]);
  socket.binaryType = "arraybuffer";
  socket.heard = true;
  socket.on("pong", () => socket.heard = true);
  socket.on("message", (data, isBinary) => {
    socket.heard = true;
    events.onMessage(isBinary ? data as ArrayBuffer : decode(data as ArrayBuffer | Buffer));
  });
  socket.on("close", (code) => events.onClose(code));
  socket.on("error", () => {}); // a close with the fitting code follows
  events.onOpen(adapt(socket));
}

/** The library has already checked that text is UTF-8. */
function decode(data: ArrayBuffer | Buffer): string {
  return new TextDecoder().decode(data);
}

function adapt(socket: WebSocket): Socket {
  return {
    send: (text) => {
      if (socket.readyState === socket.OPEN) socket.send(text);
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
  };
}

/** Pings all peers at half of the timeout, and drops those that answered nothing since the last time. */
function pingAll(sockets: WebSocketServer, idleTimeoutSeconds: number): () => void {
  if (idleTimeoutSeconds === 0) return () => {};
  const timer = setInterval(() => {
    for (const socket of sockets.clients as Set<Heard>) {
      if (!socket.heard) socket.terminate();
      else {
        socket.heard = false;
        socket.ping();
      }
    }
  }, idleTimeoutSeconds * 1000 / 2);
  return () => clearInterval(timer);
}

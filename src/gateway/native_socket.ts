/** The native transport: Deno.serve's own upgrade. */
import type { Socket, SocketEvents } from "./socket.ts";

/** The subprotocol of this server; chosen when a client offers it, none otherwise. */
const subprotocol = "myagent.v1";

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
  let closed = false;
  socket.onopen = () => events.onOpen(wrap(socket));
  socket.onmessage = ({ data }) => events.onMessage(data);
  // The idle timeout reports its close twice.
  socket.onclose = ({ code }) => {
    if (closed) return;
    closed = true;
    events.onClose(code === 0 ? 1006 : code);
  };
  socket.onerror = (event) => event.preventDefault();
  return response;
}

function wrap(socket: WebSocket): Socket {
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => {
      if (socket.readyState <= WebSocket.OPEN) socket.close(code, reason);
    },
    // This runtime has no way to drop a peer: the idle timeout has to.
    terminate: () => {
      if (socket.readyState <= WebSocket.OPEN) socket.close();
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
  };
}

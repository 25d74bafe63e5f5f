/** A socket as the gateway sees it: five verbs, so that a transport is one file. */

export interface Socket {
  send(text: string): void;
  /** Says goodbye with a code; what was sent before still goes out. */
  close(code: number, reason: string): void;
  /** Drops the connection without a goodbye, where the transport can. */
  terminate(): void;
  /** Bytes handed to the socket that the peer has not taken yet. */
  readonly bufferedAmount: number;
}

/** What a transport reports. Every function may be called with a socket that is already closing. */
export interface SocketEvents {
  onOpen(socket: Socket): void;
  onMessage(data: string | ArrayBuffer): void;
  /** Called exactly once. */
  onClose(code: number): void;
}

/** What a listener serves. */
export interface Door {
  /** Answers one plain HTTP request. Never throws. */
  fetch(request: Request): Response | Promise<Response>;
  /** Decides over an upgrade: what to do with the socket, or why not. */
  admit(request: Request): SocketEvents | Response;
}

/** Where to listen, and how long a peer may be silent. */
export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
  /** A peer that answers no ping for this long is dropped; 0 switches it off. */
  readonly idleTimeoutSeconds: number;
}

/** A transport that listens. */
export interface Listener {
  readonly hostname: string;
  readonly port: number;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /** Stops; sockets should have been closed before. */
  shutdown(): Promise<void>;
}

/** The subprotocol of this server; chosen when a client offers it, none otherwise. */
export const subprotocol = "myagent.v1";

export function isUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

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

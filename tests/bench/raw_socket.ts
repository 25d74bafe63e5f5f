/**
 * A WebSocket client that costs little: it reads TCP in large pieces, counts frames by their headers and hands each
 * payload over as bytes. The client of the runtime dispatches an event per frame, and would measure itself.
 */
import { Buffer } from "node:buffer";

const opcodes = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa };

export interface RawSocketEvents {
  /** One text frame; the bytes are only valid during the call. */
  onText(payload: Buffer): void;
  onClose(code: number): void;
}

export class RawSocket {
  readonly #conn: Deno.Conn;
  readonly #events: RawSocketEvents;
  #buffer = Buffer.alloc(8 << 10);
  #filled = 0;
  #closed = false;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(conn: Deno.Conn, events: RawSocketEvents) {
    this.#conn = conn;
    this.#events = events;
  }

  static async connect(port: number, events: RawSocketEvents): Promise<RawSocket> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    const socket = new RawSocket(conn, events);
    const key = btoa(crypto.randomUUID().slice(0, 16));
    await socket.#write(Buffer.from(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    ));
    await socket.#acceptHandshake();
    void socket.#pump();
    return socket;
  }

  send(text: string): void {
    this.#frame(opcodes.text, Buffer.from(text));
  }

  close(): void {
    this.#closed = true;
    this.#conn.close();
  }

  async #acceptHandshake(): Promise<void> {
    for (;;) {
      await this.#fill();
      const end = this.#buffer.subarray(0, this.#filled).indexOf("\r\n\r\n");
      if (end < 0) continue;
      const line = this.#buffer.toString("latin1", 0, this.#buffer.indexOf("\r\n"));
      if (!line.startsWith("HTTP/1.1 101 ")) throw new Error(`Cannot upgrade: ${line}`);
      return this.#keep(end + 4);
    }
  }

  async #pump(): Promise<void> {
    let code = 1006;
    try {
      while (!this.#closed) {
        let at = 0;
        for (let next = this.#read(at); next > at; next = this.#read(at)) at = next;
        this.#keep(at);
        await this.#fill();
      }
    } catch (cause) {
      if (typeof cause === "number") code = cause;
    }
    if (this.#closed) return;
    this.close();
    this.#events.onClose(code);
  }

  /** Reads the frame at `at` and gives the place behind it; `at` itself when it is not complete. */
  #read(at: number): number {
    const buffer = this.#buffer;
    if (this.#filled < at + 2) return at;
    let length = buffer[at + 1];
    let from = at + 2;
    if (length === 126) {
      if (this.#filled < at + 4) return at;
      length = buffer.readUInt16BE(at + 2);
      from = at + 4;
    } else if (length === 127) {
      if (this.#filled < at + 10) return at;
      length = Number(buffer.readBigUInt64BE(at + 2));
      from = at + 10;
    }
    if (this.#filled < from + length) {
      if (from + length - at > buffer.length) this.#grow(from + length - at);
      return at;
    }
    this.#take(buffer[at] & 0xf, buffer.subarray(from, from + length));
    return from + length;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.text) this.#events.onText(payload);
    else if (opcode === opcodes.ping) this.#frame(opcodes.pong, payload);
    else if (opcode === opcodes.close) throw payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
  }

  async #fill(): Promise<void> {
    if (this.#filled === this.#buffer.length) this.#grow(this.#buffer.length * 2);
    const count = await this.#conn.read(this.#buffer.subarray(this.#filled));
    if (count === null) throw new Error("The peer is gone");
    this.#filled += count;
  }

  /** Drops what was read up to `from`. */
  #keep(from: number): void {
    if (from === 0) return;
    this.#buffer.copyWithin(0, from, this.#filled);
    this.#filled -= from;
  }

  #grow(size: number): void {
    const larger = Buffer.alloc(size);
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }

  /** Client frames must be masked; a mask of zeros leaves the payload as it is. */
  #frame(opcode: number, payload: Buffer): void {
    const extra = payload.length < 126 ? 0 : payload.length < 65536 ? 2 : 8;
    const header = Buffer.alloc(6 + extra);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | (extra === 0 ? payload.length : extra === 2 ? 126 : 127);
    if (extra === 2) header.writeUInt16BE(payload.length, 2);
    if (extra === 8) header.writeBigUInt64BE(BigInt(payload.length), 2);
    this.#writing = this.#writing.then(() => this.#write(Buffer.concat([header, payload]))).catch(() => {});
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }
}

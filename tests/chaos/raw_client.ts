/** The least of a WebSocket client: one that can be thrown away at any moment, also in the middle of its handshake. */
import { Buffer } from "node:buffer";

const opcodes = { continuation: 0x0, text: 0x1, close: 0x8, ping: 0x9, pong: 0xa };

export class RawClient {
  readonly #conn: Deno.TcpConn;
  readonly #onText: (text: string) => void;
  #bytes: Buffer = Buffer.alloc(0);
  #writing: Promise<void> = Promise.resolve();
  #opened = false;
  /** Pieces of a message that is not complete yet. */
  #pieces: Buffer[] = [];
  /** False when nothing comes any more. */
  alive = true;
  /** Code of the close frame, if there was one. */
  closeCode: number | undefined;
  /** Resolves when everything that came has been read. */
  readonly done: Promise<void>;

  private constructor(conn: Deno.TcpConn, onText: (text: string) => void) {
    this.#conn = conn;
    this.#onText = onText;
    this.done = this.#pump();
    this.#write(Buffer.from(
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ));
  }

  /** Starts a connection; messages may be sent once it is `open`. */
  static async connect(port: number, onText: (text: string) => void): Promise<RawClient> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    return new RawClient(conn, onText);
  }

  get open(): boolean {
    return this.alive && this.#opened;
  }

  send(message: Record<string, unknown>): void {
    this.#frame(opcodes.text, Buffer.from(JSON.stringify(message)));
  }

  /** Says goodbye and goes, or goes without a word. */
  end(politely = false): void {
    if (!this.alive) return;
    if (politely && this.#opened) this.#frame(opcodes.close, Buffer.from([0x03, 0xe8]));
    this.alive = false;
    if (!politely) return this.#conn.close();
    void this.#writing.then(() => this.#conn.close());
  }

  async #pump(): Promise<void> {
    const buffer = new Uint8Array(16_384);
    try {
      for (let count = await this.#conn.read(buffer); count !== null; count = await this.#conn.read(buffer)) {
        if (!this.alive) break;
        this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(0, count)]);
        if (!this.#opened) this.#acceptHandshake();
        while (this.#opened && this.#readFrame());
      }
    } catch {
      // A broken connection is what this is about.
    }
    this.end();
  }

  #acceptHandshake(): void {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    const line = this.#bytes.toString("latin1", 0, this.#bytes.indexOf("\r\n"));
    if (!line.startsWith("HTTP/1.1 101 ")) throw new Error(`Cannot upgrade: ${line}`);
    this.#bytes = this.#bytes.subarray(end + 4);
    this.#opened = true;
  }

  /** Takes one frame; false when it is not complete. */
  #readFrame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const short = bytes[1] & 0x7f;
    const from = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < from) return false;
    const length = short < 126
      ? short
      : short === 126
      ? bytes.readUInt16BE(2)
      : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < from + length) return false;
    this.#bytes = bytes.subarray(from + length);
    this.#take(bytes[0], bytes.subarray(from, from + length));
    return true;
  }

  #take(first: number, payload: Buffer): void {
    const opcode = first & 0xf;
    if (opcode === opcodes.ping) return this.#frame(opcodes.pong, payload);
    if (opcode === opcodes.close) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      return this.end();
    }
    if (opcode !== opcodes.text && opcode !== opcodes.continuation) return;
    this.#pieces.push(payload);
    if (!(first & 0x80)) return;
    const text = Buffer.concat(this.#pieces).toString();
    this.#pieces = [];
    this.#onText(text);
  }

  /** Client frames must be masked; a mask of zeros leaves the payload as it is. */
  #frame(opcode: number, payload: Buffer): void {
    const isLong = payload.length >= 126;
    const header = Buffer.alloc(isLong ? 8 : 6);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | (isLong ? 126 : payload.length);
    if (isLong) header.writeUInt16BE(payload.length, 2);
    this.#write(Buffer.concat([header, payload]));
  }

  #write(bytes: Uint8Array): void {
    this.#writing = this.#writing.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    }).catch(() => {});
  }
}

/** A WebSocket client for tests: keeps every frame, and waits for the one that is asked for. */

// deno-lint-ignore no-explicit-any -- frames are read as the JSON they are
export type AnyFrame = Record<string, any>;

/** How long a frame may take before a test gives up, in milliseconds: far beyond anything that is normal. */
const patienceMs = 15_000;

export class TestClient implements Disposable {
  readonly frames: AnyFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  #looking: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        resolve({ code, reason });
        this.#look();
      });
    });
    socket.addEventListener("message", ({ data }) => {
      this.frames.push(JSON.parse(data));
      this.#look();
    });
    socket.addEventListener("error", (event) => event.preventDefault());
  }

  /** Connects; resolves when the socket is open. */
  static async connect(url: string, protocols: string[] = []): Promise<TestClient> {
    const socket = new WebSocket(url, protocols);
    const client = new TestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("close", () => reject(new Error(`Cannot connect to ${url}`)), { once: true });
    });
    return client;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(bytes);
  }

  /** The first frame at or after index `from` that fits; waits for it. */
  async find(fits: (frame: AnyFrame) => boolean, from = 0): Promise<AnyFrame> {
    let failure: Error | undefined;
    const timer = setTimeout(() => {
      const seen = this.frames.slice(-12).map((frame) => JSON.stringify(frame).slice(0, 200)).join("\n");
      failure = new Error(`No such frame came. The last ones:\n${seen}`);
      this.#look();
    }, patienceMs);
    try {
      for (let index = from;; index++) {
        while (index >= this.frames.length) {
          if (failure) throw failure;
          if (this.#socket.readyState === WebSocket.CLOSED) throw new Error("The connection was closed");
          await new Promise<void>((resolve) => this.#looking.push(resolve));
        }
        if (fits(this.frames[index])) return this.frames[index];
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first frame of this event, at or after index `from`. */
  event(name: string, from = 0): Promise<AnyFrame> {
    return this.find((frame) => frame.event === name, from);
  }

  /** The frame that ends the run in progress, at or after index `from`. */
  terminal(from = 0): Promise<AnyFrame> {
    return this.find((frame) => frame.metadata?.terminal === true, from);
  }

  /** Makes a session and returns its id. */
  async createSession(content?: unknown): Promise<string> {
    const from = this.frames.length;
    this.send({ event: "user.create_session", ...(content === undefined ? {} : { content }) });
    return (await this.event("agent.session_created", from)).session_id;
  }

  /** Sends a message and waits for the end of its run. */
  async ask(session_id: string, content: unknown, more: Record<string, unknown> = {}): Promise<AnyFrame> {
    const from = this.frames.length;
    this.send({ event: "user.message", session_id, content, ...more });
    return await this.terminal(from);
  }

  /** Waits until everything sent so far was answered: a refused command is the marker. */
  async settle(): Promise<void> {
    const from = this.frames.length;
    const marker = `settle-${crypto.randomUUID()}`;
    this.send({ event: "user.cancel", session_id: "nobody", message_id: marker });
    await this.find((frame) => frame.metadata?.reply_to === marker, from);
  }

  /** The session events among the frames. */
  sessionEvents(session_id: string): AnyFrame[] {
    return this.frames.filter((frame) => frame.session_id === session_id && frame.seq !== undefined);
  }

  async close(code = 1000): Promise<void> {
    this.#socket.close(code);
    await this.closed;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #look(): void {
    for (const resolve of this.#looking.splice(0)) resolve();
  }
}

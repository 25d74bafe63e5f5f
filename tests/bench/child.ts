/** A process of its own that is spoken to in lines: it says when it is ready, then answers each line with JSON. */

export interface ChildOptions {
  /** Handed to the script as one JSON argument. */
  readonly options?: unknown;
  /** Flags of `deno run` besides -A and --frozen. */
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
  /** Lines of stderr; default: they are passed through. */
  readonly onErrorLine?: (line: string) => void;
}

/** Lines of a byte stream, without their line ends. */
export async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/**
 * The command that runs one of our scripts with as many open files as the machine allows: thousands of sockets need
 * them. `Deno.execPath()` is the native binary, also when this process was started through npx; `exec` keeps the
 * process id, so that /proc tells about the script and not about a shell.
 */
export function denoCommand(args: readonly string[], options: Deno.CommandOptions): Deno.Command {
  const raise = 'ulimit -Sn "$(ulimit -Hn)"; exec "$@"';
  return new Deno.Command("bash", { ...options, args: ["-c", raise, "bash", Deno.execPath(), ...args] });
}

export class Child<Ready> implements AsyncDisposable {
  /** What the script said when it was ready. */
  readonly ready: Ready;
  readonly pid: number;
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #errors: Promise<void>;

  private constructor(
    parts: { process: Deno.ChildProcess; lines: AsyncGenerator<string>; errors: Promise<void> },
    ready: Ready,
  ) {
    this.#process = parts.process;
    this.#lines = parts.lines;
    this.#errors = parts.errors;
    this.#writer = parts.process.stdin.getWriter();
    this.pid = parts.process.pid;
    this.ready = ready;
  }

  /** Starts a script of ours; resolves when it has said that it is ready. */
  static async start<Ready>(script: URL, options: ChildOptions = {}): Promise<Child<Ready>> {
    const { flags = [], env = {}, onErrorLine } = options;
    const argument = JSON.stringify(options.options ?? {});
    const process = denoCommand(["run", "--frozen", "-A", ...flags, script.pathname, argument], {
      stdin: "piped",
      stdout: "piped",
      stderr: onErrorLine ? "piped" : "inherit",
      env,
    }).spawn();
    const lines = linesOf(process.stdout);
    const errors = onErrorLine ? forward(process.stderr, onErrorLine) : Promise.resolve();
    const ready = JSON.parse(await nextLine(lines, process)) as Ready;
    return new Child({ process, lines, errors }, ready);
  }

  /** Sends one line and waits for its answer. */
  async ask<Answer>(line: string): Promise<Answer> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    return JSON.parse(await nextLine(this.#lines, this.#process)) as Answer;
  }

  /** Resolves when the process has ended, by itself or not. */
  get ended(): Promise<Deno.CommandStatus> {
    return this.#process.status;
  }

  /** Closes its stdin, which is the sign to stop, and waits; one that does not stop in time is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    for await (const _ of this.#lines); // stdout must be read to its end, or the pipe stays open
    await Promise.all([this.#process.status, this.#errors]);
    clearTimeout(timer);
  }
}

async function forward(stream: ReadableStream<Uint8Array<ArrayBuffer>>, to: (line: string) => void) {
  for await (const line of linesOf(stream)) to(line);
}

async function nextLine(lines: AsyncGenerator<string>, process: Deno.ChildProcess): Promise<string> {
  const { done, value } = await lines.next();
  if (!done) return value;
  const { code, signal } = await process.status;
  throw new Error(`The process ended with ${signal ?? code} before it answered`);
}

/** The other side: says that it is ready, answers each line of stdin, returns at its end. */
export async function serveLines(
  ready: unknown,
  answer: (line: string) => Promise<unknown> | unknown,
): Promise<void> {
  say(ready);
  for await (const line of linesOf(Deno.stdin.readable)) say(await answer(line));
}

function say(value: unknown): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

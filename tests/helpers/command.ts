/** Programs that a test starts: what they print, line by line, and a certain end. */

/** How long a line or an end may take before a test gives up, in milliseconds: far beyond anything that is normal. */
const patienceMs = 60_000;

export interface CommandOptions {
  cwd?: string;
  /** On top of the environment of the test. */
  env?: Record<string, string>;
  /** Default 60000. */
  patienceMs?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without input to its end; it is killed when that takes longer than the test has patience. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), options.patienceMs ?? patienceMs);
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd: options.cwd,
      env: options.env,
      stdin: "null",
      signal: impatience.signal,
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** A program that goes on until it ends or is stopped; `await using` kills it at the latest. */
export class StartedCommand implements AsyncDisposable {
  /** What it printed on both streams so far, without the line ends. */
  readonly lines: string[] = [];
  /** Resolves with its end. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  readonly #patienceMs: number;
  #over = false;
  #looking: (() => void)[] = [];

  constructor(program: string, args: readonly string[], options: CommandOptions = {}) {
    this.#patienceMs = options.patienceMs ?? patienceMs;
    this.#child = new Deno.Command(program, {
      args: [...args],
      cwd: options.cwd,
      env: options.env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
    this.status = Promise.all([this.#child.status, this.#reading]).then(([status]) => {
      this.#over = true;
      this.#look();
      return status;
    });
  }

  /**
   * The first line that fits, waited for.
   *
   * @throws Error with all that was printed when the program ends without it or takes too long
   */
  async line(fits: (line: string) => boolean): Promise<string> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#look();
    }, this.#patienceMs);
    try {
      for (let index = 0;; index++) {
        while (index >= this.lines.length) {
          if (late || this.#over) throw new Error(`No such line was printed:\n${this.lines.join("\n")}`);
          await new Promise<void>((resolve) => this.#looking.push(resolve));
        }
        if (fits(this.lines[index])) return this.lines[index];
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    if (!this.#over) this.#kill(signal);
    return await this.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended by itself in the meantime.
    }
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop()!;
      this.lines.push(...lines);
      this.#look();
    }
    if (rest) this.lines.push(rest);
  }

  #look(): void {
    for (const resolve of this.#looking.splice(0)) resolve();
  }
}

/** A process for tests of the command line: keeps what is written, and hands out signals and answers. */
import { parseEnv } from "node:util";
import { runCli } from "../../src/cli/main.ts";
import type { CliIo, Signal } from "../../src/cli/io.ts";
import { Screen } from "./screen.ts";
import type { RunningServer, ServeOptions } from "../../src/cli/serve.ts";

export class FakeIo implements CliIo {
  errText = "";
  outIsTerminal = false;
  errIsTerminal = false;
  inIsTerminal = false;
  columns?: number;
  envFile = "no/such/.env";
  readonly exits: number[] = [];
  /** Lines that are typed at the terminal, in order. */
  readonly typed: string[] = [];
  readonly #env: Record<string, string | undefined>;
  readonly #listeners = new Map<Signal, Set<() => void>>();
  readonly #out = new Screen();

  constructor(env: Record<string, string> = {}) {
    this.#env = { ...env };
  }

  get outText(): string {
    return this.#out.text;
  }

  out(text: string): void {
    this.#out.write(text);
  }

  err(text: string): void {
    this.errText += text;
  }

  env(): Record<string, string | undefined> {
    return this.#env;
  }

  applyEnvFile(path: string): void {
    for (const [name, value] of Object.entries(parseEnv(Deno.readTextFileSync(path)))) {
      this.#env[name] ??= value;
    }
  }

  ask(question: string): Promise<string> {
    this.err(question);
    return Promise.resolve(this.typed.shift() ?? "");
  }

  onSignal(signal: Signal, listener: () => void): () => void {
    const listeners = this.#listeners.get(signal) ?? new Set();
    this.#listeners.set(signal, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  startServer(_options: ServeOptions): Promise<RunningServer> {
    return Promise.reject(new Error("this test has no server"));
  }

  /** Sends a signal; returns how many listened. */
  signal(signal: Signal): number {
    const listeners = [...this.#listeners.get(signal) ?? []];
    for (const listener of listeners) listener();
    return listeners.length;
  }

  /** Resolves when the output holds the text. */
  shows(text: string): Promise<void> {
    return this.#out.shows(text);
  }
}

/** A server that listens nowhere, and what it was given. */
export class FakeServer {
  readonly given: ServeOptions[] = [];
  readonly sets: string[][] = [];
  drains = 0;
  readonly #finished = Promise.withResolvers<void>();
  /** While set, a drain waits for it. */
  slowDrain?: Promise<void>;

  /** What the command line takes for the composition root. */
  readonly start = (options: ServeOptions): Promise<RunningServer> => {
    this.given.push(options);
    const server = {
      hostname: "127.0.0.1",
      port: options.config.port || 49152,
      modelName: "demo",
      demo: true,
      storeName: "memory",
      setAgents: (agents: readonly { name: string }[]) => this.sets.push(agents.map(({ name }) => name)),
      drain: async () => {
        this.drains++;
        await this.slowDrain;
        this.#finished.resolve();
      },
      finished: this.#finished.promise,
    };
    return Promise.resolve(server as unknown as RunningServer);
  };

  /** Ends it from inside. */
  end(): void {
    this.#finished.resolve();
  }
}

/** Runs a command to its end. */
export async function cli(
  argv: string[],
  change: Partial<CliIo> & { vars?: Record<string, string> } = {},
): Promise<{ code: number; out: string; err: string }> {
  const { vars, ...members } = change;
  const io = Object.assign(new FakeIo(vars), members);
  const code = await runCli(argv, io);
  return { code, out: io.outText, err: io.errText };
}

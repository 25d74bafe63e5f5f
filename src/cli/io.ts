/** What the command line needs of the process it runs in; tests hand in their own. */
import process from "node:process";
import { createInterface } from "node:readline/promises";

export type Signal = "SIGINT" | "SIGTERM";

export interface CliIo {
  /** Writes text as it is: callers end their lines. */
  out(text: string): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  /** Columns of the screen; undefined when the output is not one. */
  readonly columns?: number;
  /** The environment as it is now. */
  env(): Readonly<Record<string, string | undefined>>;
  /** Path of the file with variables. */
  readonly envFile: string;
  /** Puts the file's variables into the environment where they are not set yet. */
  applyEnvFile(path: string): void;
  /** Asks at the terminal and waits for one line. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Calls the listener at every such signal until the returned function is called. */
  onSignal(signal: Signal, listener: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
  /** The composition root, loaded when it is needed: other commands start without it. */
  startServer: typeof import("./serve.ts").startServer;
}

/** A reader that went away, as in `myagent-ws schema | head`, is no failure, and no reason for a server to end. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
  }
}

async function askLine(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  // The end of the input is an answer too: no.
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  lines.once("close", () => resolve(""));
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.close();
  }
}

function onSignal(signal: Signal, listener: () => void): () => void {
  // Windows knows no SIGTERM; there a service manager ends the process without asking.
  if (Deno.build.os === "windows" && signal === "SIGTERM") return () => {};
  Deno.addSignalListener(signal, listener);
  return () => Deno.removeSignalListener(signal, listener);
}

/** The real process. */
export function systemIo(): CliIo {
  const outIsTerminal = Deno.stdout.isTerminal();
  return {
    out: (text) => write(Deno.stdout, text),
    err: (text) => write(Deno.stderr, text),
    outIsTerminal,
    errIsTerminal: Deno.stderr.isTerminal(),
    inIsTerminal: Deno.stdin.isTerminal(),
    columns: outIsTerminal ? Deno.consoleSize().columns || undefined : undefined,
    env: () => Deno.env.toObject(),
    envFile: ".env",
    applyEnvFile: (path) => process.loadEnvFile(path),
    ask: askLine,
    onSignal,
    exit: (code) => Deno.exit(code),
    startServer: async (options) => (await import("./serve.ts")).startServer(options),
  };
}

/** The server as people start it, in a process of its own that can be killed and started again. */
import { fileURLToPath } from "node:url";
import { linesOf } from "../bench/child.ts";
import type { Findings } from "../fuzz/findings.ts";

export interface ServerOptions {
  readonly folder: string;
  readonly port: number;
  readonly durability: "batch" | "sync";
  readonly parallel: boolean;
  readonly findings: Findings;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Lines of the log that tell of a fault of the server. */
const faultLine =
  /Command failed|Connection failed|Cannot (?!sweep)|Uncaught|without its|lost its store|did not stop|panic|❌|new epoch/;

export class ServerProcess {
  /** Resolves when it listens; false when it has ended before. */
  readonly ready: Promise<boolean>;
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<void>;

  constructor(options: ServerOptions, transport: "native" | "ws") {
    const { folder, port, durability, parallel, findings } = options;
    const flags = {
      host: "127.0.0.1",
      port,
      transport,
      durability,
      "data-dir": `${folder}/data`,
      lang: "en",
      "rate-limit": 0,
      "heartbeat-seconds": 1,
      // Sessions are put away and read back all the time.
      "grace-seconds": 1,
      "drain-seconds": 0.2,
    };
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--frozen", "-A", `${root}main.ts`, "server", `${root}tests/chaos/agent.ts`],
        ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ],
      cwd: folder,
      env: { CHAOS_LEDGER: `${folder}/ledger`, CHAOS_PARALLEL: String(parallel) },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.ready = promise;
    const out = async () => {
      for await (const line of linesOf(this.#process.stdout)) if (/ws:\/\//.test(line)) resolve(true);
      resolve(false);
    };
    const err = async () => {
      for await (const line of linesOf(this.#process.stderr)) {
        // deno-lint-ignore no-control-regex -- the log colours its levels
        const plain = line.replace(/\u001b\[\d+m/g, "");
        if (faultLine.test(plain)) findings.add("The server logged a fault", plain);
      }
    };
    this.#output = Promise.all([out(), err()]).then(() => {});
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Ends it with the signal; resolves with its status when it is gone. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<Deno.CommandStatus> {
    try {
      this.#process.kill(signal);
    } catch {
      // It was gone already.
    }
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 20_000);
    const status = await this.#process.status;
    clearTimeout(timer);
    await this.#output;
    return status;
  }
}

/** The server as a class, for programs that bring their own agent factory instead of an agent file. */
import process from "node:process";
import { loadConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import type { Agent } from "../agent/agent.ts";
import type { Hooks } from "../agent/load.ts";
import type { Model } from "../model/model.ts";
import type { RunningServer } from "./serve.ts";

/** Any setting of the configuration table beside these; names in snake_case are accepted. */
export interface ServerOptions {
  /** Makes the agent of one session. */
  agentFactory?: () => Agent | Promise<Agent>;
  /** The seeds' name of it. */
  agentFactoryFunc?: () => Agent | Promise<Agent>;
  hooks?: Hooks;
  /** Answers instead of the configured model. */
  model?: Model;
  /** Signs exported states. */
  stateSecretKey?: string;
  host?: string;
  port?: number;
  [setting: string]: unknown;
}

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * A server around one agent factory.
 *
 * @example
 * ```ts
 * import { AgentWebSocketServer, createReactAgent } from "myagent";
 * const server = new AgentWebSocketServer({ agentFactory: () => createReactAgent({ name: "helper" }), port: 0 });
 * const { port } = await server.listen();
 * await server.shutdown();
 * ```
 */
export class AgentWebSocketServer {
  readonly #options: ServerOptions;
  #running: Promise<RunningServer> | undefined;

  /** @throws AppError without an agent factory */
  constructor(options: ServerOptions | Record<string, unknown>) {
    this.#options = Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value]));
    if (typeof this.#factory !== "function") {
      throw new AppError(
        "ERR_EXECUTION_604",
        "Cannot make a server: pass agentFactory, a function that makes an agent",
      );
    }
  }

  /**
   * Starts listening; resolves with the address.
   *
   * @throws AppError for a bad setting; an operating system error when the port is taken
   */
  async listen(): Promise<{ hostname: string; port: number }> {
    const { hostname, port } = await (this.#running ??= this.#start());
    return { hostname, port };
  }

  /** Serves until it is shut down. */
  async start(): Promise<void> {
    await this.listen();
    await (await this.#running)?.finished;
  }

  /** The seeds' name of `start`. */
  startServer(): Promise<void> {
    return this.start();
  }

  /** The seeds' name of `start`. */
  start_server(): Promise<void> {
    return this.start();
  }

  /** Says goodbye to all connections and stops. */
  async shutdown(): Promise<void> {
    await (await this.#running)?.drain();
  }

  get #factory(): ServerOptions["agentFactory"] {
    return this.#options.agentFactory ?? this.#options.agentFactoryFunc;
  }

  async #start(): Promise<RunningServer> {
    const { agentFactory: _, agentFactoryFunc: __, hooks = {}, model, ...settings } = this.#options;
    const makeAgent = this.#factory!;
    // Loaded here and not above: an agent file that only defines an agent does not need a server.
    const { startServer } = await import("./serve.ts");
    const { name } = await makeAgent();
    return await startServer({
      agents: [{ name, makeAgent, hooks }],
      config: loadConfig(settings, process.env),
      ...(model ? { model } : {}),
    });
  }
}

/** A real server on a free port of the loopback interface, for end-to-end tests. */
import { type RunningServer, startServer } from "../../src/cli/serve.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { AgentDefinition } from "../../src/isolation/host.ts";
import type { Model, Turn } from "../../src/mod.ts";
import { type Agent, type AgentOptions, createReactAgent, ScriptedModel } from "../../src/mod.ts";
import { TestClient } from "./client.ts";

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly http: string;
  readonly running: RunningServer;
  connect(path?: string): Promise<TestClient>;
}

export interface TestServerOptions {
  /** The agents; default: one without tools. A function makes one per session. */
  agents?: readonly (Agent | (() => Agent))[];
  /** Options of the default agent. */
  agent?: AgentOptions;
  /** Turns of a scripted model that all sessions share, or a model. */
  model?: Model | Turn[];
  config?: Partial<Record<keyof Config, unknown>>;
  hooks?: AgentDefinition["hooks"];
}

/** An agent as a file would define it. */
export function define(agent: Agent | (() => Agent), hooks: AgentDefinition["hooks"] = {}): AgentDefinition {
  const makeAgent = typeof agent === "function" ? agent : () => agent;
  return { name: makeAgent().name, makeAgent, hooks };
}

let transport: Config["transport"] = "auto";

/** The transport of servers started from now on in this test file: "auto" is native on loopback. */
export function useTransport(name: Config["transport"]): void {
  transport = name;
}

const quick = { host: "127.0.0.1", port: 0, rateLimit: 0, drainSeconds: 0 };

/** Starts a server; without rate limit and with quick goodbyes, unless `config` says otherwise. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const agents = options.agents ?? [createReactAgent({ name: "tester", ...options.agent })];
  const model = Array.isArray(options.model) ? new ScriptedModel(...options.model) : options.model;
  const running = await startServer({
    agents: agents.map((agent) => define(agent, options.hooks)),
    config: loadConfig({ ...quick, transport, ...options.config }, {}),
    ...(model ? { model } : {}),
  });
  const address = `${running.hostname}:${running.port}`;
  const clients: TestClient[] = [];
  return {
    url: `ws://${address}`,
    http: `http://${address}`,
    running,
    connect: async (path = "/") => {
      const client = await TestClient.connect(`ws://${address}${path}`);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await running.drain();
      await running.finished;
      await Promise.all(clients.map((client) => client.closed));
    },
  };
}

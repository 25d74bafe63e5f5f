/** What happens before a server listens, and what is said about it. */
import type { Config } from "../config.ts";
import { findAgentFiles, loadAgentFile, type LoadedAgent } from "../agent/load.ts";
import { loadDetails } from "../agent/load_failure.ts";
import type { Cli } from "./cli.ts";
import type { RunningServer } from "./serve.ts";

/**
 * Loads every agent file, telling about each.
 *
 * @throws AppError at the first one that cannot be loaded
 */
export async function loadAgents(cli: Cli, paths: readonly string[]): Promise<LoadedAgent[]> {
  const agents: LoadedAgent[] = [];
  for (const { file, inFolder } of await findAgentFiles(paths)) {
    cli.say("loading", file);
    try {
      agents.push(await loadAgentFile(file));
      cli.say("loaded", agents.at(-1)!.name);
    } catch (failure) {
      // A folder of agents may also hold what they share.
      if (!inFolder || loadDetails(failure)?.reason !== "no_export") throw failure;
      cli.say("skipped", file);
    }
  }
  if (agents.length === 0) throw cli.wrong("noAgentFound", paths.join(", "));
  checkNames(cli, agents);
  return agents;
}

/** Clients pick an agent by its name: a second one of the same name could never be reached. */
export function checkNames(cli: Cli, agents: readonly LoadedAgent[]): void {
  const byName = new Map<string, string>();
  for (const { name, file } of agents) {
    const other = byName.get(name);
    if (other) throw cli.wrong("sameName", name, other, file);
    byName.set(name, file);
  }
}

const bracket = (host: string) => host.includes(":") ? `[${host}]` : host;
const isWildcard = (host: string) => host === "0.0.0.0" || host === "::";
const isLoopback = (host: string) => /^(localhost|127(\.\d+){3}|::1)$/i.test(host);

/** Where it listens, with what, and what the operator should know. */
export function announce(cli: Cli, config: Config, server: RunningServer): void {
  const { host } = config;
  cli.say("listening", `ws://${bracket(host)}:${server.port}`);
  cli.say("console", `http://${bracket(isWildcard(host) ? "localhost" : host)}:${server.port}/`);
  cli.say("model", server.modelName);
  cli.say("store", server.storeName === "memory" ? cli.text("storeMemory") : server.storeName);
  if (config.watch) cli.say("watching");
  if (server.demo) cli.say("demoModel");
  if (server.hasRandomStateKey && !isLoopback(host)) cli.say("randomStateKey");
  if (!isLoopback(host)) cli.say("noAuthentication", host);
  if (cli.io.outIsTerminal) cli.say("stopHint");
}

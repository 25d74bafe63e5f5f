/** `myagent-ws server`: loads agents, listens, and stops in good order. */
import { statSync } from "node:fs";
import { Command } from "commander";
import { AppError, describeCause } from "../errors.ts";
import { type Config, settingRows } from "../config.ts";
import type { LoadedAgent } from "../agent/load.ts";
import type { Cli } from "./cli.ts";
import { helpText, settingHelp } from "./help_texts.ts";
import type { Signal } from "./io.ts";
import type { RunningServer } from "./serve.ts";
import { givenSettings, settingOptions } from "./setting_options.ts";
import { announce, loadAgents } from "./startup.ts";
import { AgentWatcher } from "./watch.ts";

/** Where agents are when nothing is named: beside the working directory, and in the container at /app/agents. */
const defaultFolder = "agents";

export function serverCommand(cli: Cli): Command {
  const { language } = cli;
  const command = new Command("server")
    .summary(helpText("server", language))
    .description(helpText("server", language))
    .argument("[paths...]", helpText("serverPaths", language));
  for (const option of settingOptions(cli, () => true)) command.addOption(option);
  return command.addHelpText("after", () => `\n${secretsText(cli)}\n${helpText("precedence", language)}`)
    .action(async (paths: string[], options) => {
      cli.exitCode = await serve(cli, paths, cli.config(givenSettings(options)));
    });
}

async function serve(cli: Cli, named: readonly string[], config: Config): Promise<number> {
  const paths = named.length > 0 ? named : isFolder(defaultFolder) ? [defaultFolder] : [];
  if (paths.length === 0) throw cli.wrong("noAgentFile");
  const agents = await loadAgents(cli, paths);
  const server = await listen(cli, agents, config);
  announce(cli, config, server);
  const watcher = config.watch
    ? new AgentWatcher(cli, {
      agents,
      folders: paths.filter(isFolder),
      use: (list) => server.setAgents(list),
    })
    : undefined;
  try {
    await untilStopped(cli, server);
  } finally {
    await watcher?.close();
  }
  cli.say("stopped");
  return 0;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function listen(cli: Cli, agents: LoadedAgent[], config: Config): Promise<RunningServer> {
  try {
    return await cli.io.startServer({ agents, config });
  } catch (cause) {
    throw new AppError("ERR_EXECUTION_603", cli.text("serverError", listenProblem(cli, config, cause)), {
      cause,
    });
  }
}

/** Why it cannot listen, and the way out. */
function listenProblem(cli: Cli, config: Config, cause: unknown): string {
  const chain = [cause, (cause as Error | undefined)?.cause];
  const is = (kind: new (...args: never[]) => Error) => chain.some((error) => error instanceof kind);
  const details = cause instanceof AppError ? cause.details : {};
  const port = Number(details.port ?? config.port);
  if (is(Deno.errors.AddrInUse)) return cli.text("portTaken", port, port < 65535 ? port + 1 : 8080);
  if (is(Deno.errors.PermissionDenied)) return cli.text("portDenied", port);
  // A name that does not resolve is a plain Error on this runtime, an address of another machine a special one.
  const text = describeCause(cause);
  if (is(Deno.errors.AddrNotAvailable) || /lookup address|resolve|No address/i.test(text)) {
    return cli.text("hostUnusable", config.host);
  }
  return cause instanceof AppError ? cause.message : text;
}

/** Waits for the end: of the server by itself, or after the first signal; a second signal does not wait. */
async function untilStopped(cli: Cli, server: RunningServer): Promise<void> {
  const { promise: drained, resolve, reject } = Promise.withResolvers<void>();
  let asked = false;
  const stop = (exitCode: number) => () => {
    if (asked) return cli.io.exit(exitCode);
    asked = true;
    cli.say("stopping");
    server.drain().then(resolve, reject);
  };
  // 128 + number of the signal, as shells report it.
  const signals: readonly (readonly [Signal, number])[] = [["SIGINT", 130], ["SIGTERM", 143]];
  const forget = signals.map(([signal, exitCode]) => cli.io.onSignal(signal, stop(exitCode)));
  try {
    await Promise.race([server.finished.then(() => asked ? drained : undefined), drained]);
  } finally {
    for (const remove of forget) remove();
  }
}

function secretsText(cli: Cli): string {
  const secrets = settingRows().filter((row) => !row.flag)
    .map((row) => `  ${row.variables.join(" / ")}  ${settingHelp(row, cli.language)}`);
  return [helpText("secrets", cli.language), ...secrets].join("\n");
}

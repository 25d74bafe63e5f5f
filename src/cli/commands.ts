/** The commands, in the order in which help shows them. */
import { Command } from "commander";
import { version } from "../version.ts";
import { checkCommand } from "./check_command.ts";
import type { Cli } from "./cli.ts";
import { completionsCommand } from "./completions_command.ts";
import { healthCommand } from "./health_command.ts";
import { initCommand } from "./init_command.ts";
import { runCommand } from "./run_command.ts";
import { schemaCommand } from "./schema_command.ts";
import { helpText } from "./help_texts.ts";
import { serverCommand } from "./server_command.ts";
import { sessionsCommand } from "./sessions_command.ts";

const versionCommand = (cli: Cli) =>
  new Command("version").description(helpText("version", cli.language)).action(() => cli.line(version));

export const commandMakers: readonly ((cli: Cli) => Command)[] = [
  serverCommand,
  runCommand,
  checkCommand,
  initCommand,
  sessionsCommand,
  schemaCommand,
  healthCommand,
  completionsCommand,
  versionCommand,
];

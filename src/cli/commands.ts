/** The commands, in the order in which help shows them. */
import type { Command } from "commander";
import { checkCommand } from "./check_command.ts";
import type { Cli } from "./cli.ts";
import { completionsCommand } from "./completions_command.ts";
import { healthCommand } from "./health_command.ts";
import { initCommand } from "./init_command.ts";
import { runCommand } from "./run_command.ts";
import { schemaCommand } from "./schema_command.ts";
import { serverCommand } from "./server_command.ts";

export const commandMakers: readonly ((cli: Cli) => Command)[] = [
  serverCommand,
  runCommand,
  checkCommand,
  initCommand,
  schemaCommand,
  healthCommand,
  completionsCommand,
];

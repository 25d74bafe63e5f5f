/** The table of commands, and how its help looks. */
import { Command } from "commander";
import { version } from "../version.ts";
import type { Cli } from "./cli.ts";
import { displayWidth, wrap } from "./columns.ts";
import { commandMakers } from "./commands.ts";
import { heading, helpText } from "./help_texts.ts";
import { isCommon, optionTerm, settingOptions } from "./setting_options.ts";

export const programName = "myagent-ws";

export function buildProgram(cli: Cli): Command {
  const { io, language } = cli;
  const indent = " ".repeat(displayWidth(heading("Usage:", language)) + 1);
  const program = new Command(programName)
    .description(helpText("program", language))
    .usage(`<command> [options]\n${indent}${programName} <agent file> [options]`)
    .version(version, "-V, --version", helpText("version", language))
    .helpOption("-h, --help", helpText("help", language))
    .helpCommand("help [command]", helpText("helpCommand", language))
    .enablePositionalOptions() // --lang and --debug behind a command belong to the command
    .exitOverride()
    .configureOutput({
      writeOut: (words) => io.out(words),
      writeErr: () => {},
      outputError: () => {}, // said by main.ts, in one line and in the user's language
      getOutHelpWidth: () => Math.min(io.columns ?? 100, 110),
      getOutHasColors: () => io.outIsTerminal && !io.env().NO_COLOR,
    })
    .configureHelp({
      displayWidth,
      boxWrap: wrap,
      optionTerm,
      subcommandTerm: (command) => `${command.name()} ${usageOf(command)}`.trim(),
      styleTitle: (title) => `\x1b[1m${heading(title, language)}\x1b[22m`,
    });
  for (const option of settingOptions(cli, isCommon)) program.addOption(option);
  for (const make of commandMakers) program.addCommand(make(cli).copyInheritedSettings(program));
  return program.addHelpText("after", () => `\n${examples(cli)}`);
}

const usageOf = (command: Command) =>
  command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? "..." : "");
    return argument.required ? `<${name}>` : `[${name}]`;
  }).join(" ");

function examples(cli: Cli): string {
  const lines = [
    "init my_agent.ts",
    'run my_agent.ts "你好"',
    "server my_agent.ts --host 0.0.0.0 --port 9000",
    "agents/ --watch",
  ];
  return [helpText("examples", cli.language), ...lines.map((line) => `  ${programName} ${line}`)].join("\n");
}

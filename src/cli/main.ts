/** The command line: arguments in, exit code out. */
import { CommanderError } from "commander";
import { Cli } from "./cli.ts";
import { failureText } from "./failure_texts.ts";
import type { CliIo } from "./io.ts";
import { buildProgram, programName } from "./program.ts";
import { route } from "./route.ts";

/**
 * Runs one command to its end.
 *
 * @returns the exit code: 0, 1 after a failure told in one line on stderr, 130 when cancelled at the terminal
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const cli = new Cli(argv, io);
  const program = buildProgram(cli);
  const commands = program.commands.map((command) => command.name());
  const words = route(argv, commands);
  if (words.length === 0) {
    program.outputHelp();
    return 1;
  }
  try {
    await program.parseAsync(words, { from: "user" });
    return cli.exitCode;
  } catch (cause) {
    if (cause instanceof CommanderError && cause.exitCode === 0) return 0;
    const help = commands.includes(words[0]) ? `${programName} ${words[0]}` : programName;
    io.err(`❌ ${failureText(cause, cli.language, help)}\n`);
    if (argv.includes("--debug")) io.err(`${trail(cause)}\n`);
    return 1;
  }
}

/** Where it came from, for whoever asked for it with --debug. */
function trail(cause: unknown): string {
  const origin = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
  return origin instanceof Error ? origin.stack ?? String(origin) : String(origin);
}

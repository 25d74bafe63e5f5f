/** `myagent-ws init`: a starter agent that runs as it is. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { Command } from "commander";
import { AppError, describeCause } from "../errors.ts";
import { isAgentFileName } from "../agent/load.ts";
import { loadFailure } from "../agent/load_failure.ts";
import type { Cli } from "./cli.ts";
import { displayWidth, padTo } from "./columns.ts";
import { helpText } from "./help_texts.ts";
import { isCommon, settingOptions } from "./setting_options.ts";
import { starterAgent, starterQuestion } from "./starter.ts";

const defaultName = "my_agent.ts";

export function initCommand(cli: Cli): Command {
  const command = new Command("init")
    .description(helpText("init", cli.language))
    .argument("[file]", helpText("initFile", cli.language), defaultName);
  for (const option of settingOptions(cli, isCommon)) command.addOption(option);
  return command.action((file: string) => create(cli, extname(file) ? file : `${file}.ts`));
}

async function create(cli: Cli, file: string): Promise<void> {
  const extension = extname(file);
  if (!isAgentFileName(`agent${extension}`)) {
    throw loadFailure("not_an_agent", file, { kind: "file", found: extension });
  }
  await mkdir(dirname(file), { recursive: true }).catch((cause) => {
    throw cannotWrite(cli, file, cause);
  });
  await writeFile(file, starterAgent(cli.language, file), { flag: "wx" }).catch((cause) => {
    if (cause.code !== "EEXIST") throw cannotWrite(cli, file, cause);
    const other = file.replace(/(\d*)(\.\w+)$/, (_, number, dot) => `${Number(number || 1) + 1}${dot}`);
    throw cli.wrong("fileExists", file, other);
  });
  cli.say("created", file);
  const commands = [
    [`myagent-ws run ${file} "${starterQuestion(cli.language)}"`, cli.text("nextRun")],
    [`myagent-ws server ${file}`, cli.text("nextServe")],
  ];
  const width = Math.max(...commands.map(([command]) => displayWidth(command)));
  for (const [command, about] of commands) cli.line(`   ${padTo(command, width)}   # ${about}`);
}

function cannotWrite(cli: Cli, file: string, cause: unknown): AppError {
  return new AppError("ERR_EXECUTION_602", cli.text("cannotWrite", file, describeCause(cause)), { cause });
}

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
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, starterAgent(cli.language, file), { flag: "wx" });
  } catch (cause) {
    if ((cause as { code?: string }).code === "EEXIST") {
      throw cli.wrong(
        "fileExists",
        file,
        file.replace(/(\d*)(\.\w+)$/, (_, n, dot) => `${Number(n || 1) + 1}${dot}`),
      );
    }
    throw new AppError("ERR_EXECUTION_602", cli.text("cannotWrite", file, describeCause(cause)), { cause });
  }
  cli.say("created", file);
  const commands = [
    [`myagent-ws run ${file} "${starterQuestion(cli.language)}"`, cli.text("nextRun")],
    [`myagent-ws server ${file}`, cli.text("nextServe")],
  ];
  const width = Math.max(...commands.map(([command]) => displayWidth(command)));
  for (const [command, about] of commands) cli.line(`   ${padTo(command, width)}   # ${about}`);
}

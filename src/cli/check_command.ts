/** `myagent-ws check`: what an agent file holds, without running it. */
import { Command } from "commander";
import { loadAgentFile, type LoadedAgent } from "../agent/load.ts";
import type { Cli } from "./cli.ts";
import { displayWidth, padTo, wrap } from "./columns.ts";
import { helpText } from "./help_texts.ts";
import { givenSettings, isCommon, settingOptions } from "./setting_options.ts";
import type { TextName } from "./texts.ts";

export function checkCommand(cli: Cli): Command {
  const command = new Command("check")
    .description(helpText("check", cli.language))
    .argument("<file>", helpText("file", cli.language));
  for (const option of settingOptions(cli, isCommon)) command.addOption(option);
  return command.action(async (file: string, options) => {
    cli.config(givenSettings(options));
    report(cli, await loadAgentFile(file));
  });
}

function report(cli: Cli, loaded: LoadedAgent): void {
  const { agent, hooks, permissions } = loaded;
  const none = cli.text("none");
  const toolWidth = Math.max(...agent.tools.map(({ name }) => displayWidth(name))) + 2;
  const rows: [TextName, readonly string[]][] = [
    ["labelName", [agent.name]],
    ["labelDescription", [agent.description || none]],
    ["labelType", [agent.type]],
    ["labelSessions", [cli.text(loaded.perSession ? "perSession" : "shared")]],
    [
      "labelTools",
      agent.tools.map(({ name, description }) => padTo(name, toolWidth) + description.replace(/\s+/g, " ")),
    ],
    [
      "labelPermissions",
      permissions
        ? [
          ...Object.entries(permissions).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
          cli.text("notEnforced"),
        ]
        : [none],
    ],
    ["labelHooks", [Object.keys(hooks).join(", ") || none]],
  ];
  const labelWidth = Math.max(...rows.map(([label]) => displayWidth(cli.text(label)))) + 2;
  const width = (cli.io.columns ?? 110) - labelWidth - 4;
  cli.say("checkGood", loaded.file);
  for (const [label, entries] of rows) {
    const lines = entries.flatMap((entry) => wrap(entry, width).split("\n"));
    lines.forEach((line, index) => {
      cli.line(`   ${padTo(index === 0 ? cli.text(label) : "", labelWidth)}${line.trimEnd()}`);
    });
  }
}

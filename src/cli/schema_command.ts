/** `myagent-ws schema`: the wire protocol, from the types the server is made of. */
import { Command } from "commander";
import { protocolMarkdown, protocolSchema } from "../protocol/schema.ts";
import type { Cli } from "./cli.ts";
import { helpText } from "./help_texts.ts";
import { isCommon, settingOptions } from "./setting_options.ts";

export function schemaCommand(cli: Cli): Command {
  const command = new Command("schema")
    .description(helpText("schema", cli.language))
    .option("--markdown", helpText("schemaMarkdown", cli.language));
  for (const option of settingOptions(cli, isCommon)) command.addOption(option);
  return command.action(({ markdown }: { markdown?: boolean }) => {
    cli.io.out(markdown ? protocolMarkdown() : `${JSON.stringify(protocolSchema(), null, 2)}\n`);
  });
}

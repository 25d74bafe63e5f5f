/** Flags from the table of settings: nothing about a setting is written here. */
import { CommanderError, Option } from "commander";
import { type SettingRow, settingRows } from "../config.ts";
import type { Cli } from "./cli.ts";
import { groupTitle, helpText, settingHelp } from "./help_texts.ts";

/** The flags of the wanted settings, a switch also as `--no-…`; those that every command takes come last. */
export function settingOptions(cli: Cli, wanted: (row: SettingRow) => boolean): Option[] {
  const rows = settingRows().filter((row) => row.flag && wanted(row));
  return [...rows.filter((row) => !isCommon(row)), ...rows.filter(isCommon)]
    .flatMap((row) => optionsOf(cli, row));
}

function optionsOf(cli: Cli, row: SettingRow): Option[] {
  const fallback = row.fallback && helpText("default", cli.language, row.fallback);
  const about = [fallback, row.variables.join(" / ")].filter(Boolean).join(" · ");
  const description = `${settingHelp(row, cli.language)} [${about}]`;
  const option = new Option(row.takesValue ? `${row.flag} <value>` : row.flag!, description);
  const options = row.takesValue ? [option] : [option, new Option(negative(row)).hideHelp()];
  if (!isCommon(row)) { for (const each of options) each.helpGroup(groupTitle(row.group, cli.language)); }
  return options;
}

const negative = (row: SettingRow) => row.flag!.replace(/^--/, "--no-");

/** How a switch is written in the help: both ways at once. */
export function optionTerm(option: Option): string {
  const isSwitch = settingRows().some((row) => row.flag === option.long && !row.takesValue);
  return isSwitch ? option.flags.replace("--", "--[no-]") : option.flags;
}

/** The flags that were given, by the names of their settings. */
export function givenSettings(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const row of settingRows()) {
    const value = row.flag && options[new Option(row.flag).attributeName()];
    if (value === undefined) continue;
    // An empty word would be read as the number 0.
    if (value === "") {
      const words = `error: option '${row.flag}' argument missing`;
      throw new CommanderError(1, "commander.optionMissingArgument", words);
    }
    given[row.name] = value;
  }
  return given;
}

/** What every command takes. */
export const isCommon = ({ name }: SettingRow): boolean => name === "language" || name === "debug";

/** `myagent-ws completions`: scripts for shells, printed from the table of commands. */
import { Command } from "commander";
import type { Cli } from "./cli.ts";
import { helpText } from "./help_texts.ts";
import { isCommon, settingOptions } from "./setting_options.ts";

interface Flag {
  readonly name: string;
  readonly about: string;
  readonly takesValue: boolean;
}

interface Entry {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly Flag[];
}

const shells: Readonly<Record<string, (entries: readonly Entry[]) => string>> = { bash, zsh, fish };

export function completionsCommand(cli: Cli): Command {
  const command = new Command("completions")
    .description(helpText("completions", cli.language))
    .argument("<shell>", helpText("shell", cli.language));
  for (const option of settingOptions(cli, isCommon)) command.addOption(option);
  return command.action((shell: string) => {
    const print = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
    if (!print) throw cli.wrong("unknownShell", shell);
    cli.io.out(print(command.parent!.commands.map(entryOf)));
  });
}

function entryOf(command: Command): Entry {
  const flags = command.options.filter((option) => option.long).map((option) => ({
    name: option.long!,
    about: option.description.replace(/ \[[^\]]*\]$/, ""),
    takesValue: option.required,
  }));
  return { name: command.name(), about: command.description(), flags };
}

const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name).join(" ");

function bash(entries: readonly Entry[]): string {
  const cases = entries.map((entry) => `    ${entry.name}) flags="${names(entry.flags)} --help" ;;`);
  const server = entries.find((entry) => entry.name === "server");
  return `# bash completion for myagent-ws; put this into ~/.bashrc:
#   source <(myagent-ws completions bash)
_myagent_ws() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" flags
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 && "$current" != -* ]]; then
    COMPREPLY=($(compgen -W "${names(entries)} help" -- "$current"))
    return
  fi
  case "$command" in
${cases.join("\n")}
    help) COMPREPLY=($(compgen -W "${names(entries)}" -- "$current")); return ;;
    -*) flags="--help --version ${names(server?.flags ?? [])}" ;;
    *) flags="${names(server?.flags ?? [])} --help" ;;
  esac
  if [[ "$command" == completions && $COMP_CWORD -eq 2 ]]; then
    COMPREPLY=($(compgen -W "${Object.keys(shells).join(" ")}" -- "$current"))
  elif [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  fi
}
# Where nothing is offered, the shell completes file names.
complete -o default -F _myagent_ws myagent-ws
`;
}

function zsh(entries: readonly Entry[]): string {
  const quoted = (words: string) => words.replaceAll("'", "'\\''");
  const bracketed = (words: string) => quoted(words).replace(/[[\]\\:]/g, "\\$&");
  const specs = (entry: Entry) =>
    [
      ...entry.flags.map(({ name, about, takesValue }) =>
        `'${name}[${bracketed(about)}]${takesValue ? ":value:" : ""}'`
      ),
      entry.name === "completions" ? `'1:shell:(${Object.keys(shells).join(" ")})'` : "'*:file:_files'",
    ].join(" ");
  return `#compdef myagent-ws
# zsh completion for myagent-ws; put this into ~/.zshrc, below compinit:
#   source <(myagent-ws completions zsh)
_myagent_ws() {
  local -a commands
  commands=(
${entries.map(({ name, about }) => `    '${name}:${quoted(about).replaceAll(":", "\\:")}'`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _files
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${entries.map((entry) => `    ${entry.name}) _arguments ${specs(entry)} ;;`).join("\n")}
    help) _describe command commands ;;
    *) _files ;;
  esac
}
compdef _myagent_ws myagent-ws
`;
}

function fish(entries: readonly Entry[]): string {
  const quoted = (words: string) => `'${words.replace(/[\\']/g, "\\$&")}'`;
  const lines = entries.flatMap(({ name, about, flags }) => [
    `complete -c myagent-ws -n __fish_use_subcommand -a ${name} -d ${quoted(about)}`,
    ...flags.map((flag) =>
      `complete -c myagent-ws -n '__fish_seen_subcommand_from ${name}' -l ${flag.name.slice(2)}` +
      `${flag.takesValue ? " -r" : ""} -d ${quoted(flag.about)}`
    ),
  ]);
  return `# fish completion for myagent-ws; put this into ~/.config/fish/config.fish:
#   myagent-ws completions fish | source
${lines.join("\n")}
complete -c myagent-ws -n '__fish_seen_subcommand_from completions' -f -a '${Object.keys(shells).join(" ")}'
`;
}

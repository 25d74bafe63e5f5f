/** The word `server` may be left out: finds out what the first words mean. */
import { existsSync } from "node:fs";

/** Flags that belong to every command, and whether a word follows. */
const common: Readonly<Record<string, boolean>> = { "--lang": true, "--debug": false, "--no-debug": false };

/**
 * The arguments as the command parser takes them: the command first, what stood before it behind it.
 *
 * A first word that is no command is taken for an agent file if there is such a file, or if it looks like one; any
 * other word is left for the parser to refuse.
 */
export function route(argv: readonly string[], commands: readonly string[]): string[] {
  const index = skipCommon(argv);
  const leading = argv.slice(0, index);
  const [word, ...rest] = argv.slice(index);
  if (word === undefined) return [];
  if (word === "help") return helpOn(rest[skipCommon(rest)], leading, commands);
  if (["-h", "--help", "-V", "-v", "--version"].includes(word)) return [word === "-v" ? "-V" : word];
  const isFile = word.startsWith("-") || /[./\\]/.test(word) || existsSync(word);
  return isFile && !commands.includes(word)
    ? ["server", ...leading, word, ...rest]
    : [word, ...leading, ...rest];
}

/** Index of the first word that is no flag of every command, nor the value of one. */
function skipCommon(words: readonly string[]): number {
  let index = 0;
  while (index < words.length && isCommonFlag(words[index])) index += common[words[index]] ? 2 : 1;
  return index;
}

function helpOn(command: string | undefined, leading: string[], commands: readonly string[]): string[] {
  if (command === undefined) return ["--help"];
  return commands.includes(command) ? [command, ...leading, "--help"] : [command];
}

const isCommonFlag = (word: string) => Object.hasOwn(common, word) || word.startsWith("--lang=");

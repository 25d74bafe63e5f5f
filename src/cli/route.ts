/** The word `server` may be left out: finds out what the first words mean. */
import { existsSync } from "node:fs";

/** Flags that belong to every command, and whether a word follows. */
const common: Readonly<Record<string, boolean>> = { "--lang": true, "--debug": false, "--no-debug": false };

const asksForHelp = ["-h", "--help", "-V", "--version"];

/**
 * The arguments as the command parser takes them: the command first, what stood before it behind it.
 *
 * A first word that is no command is taken for an agent file if there is such a file, or if it looks like one; any
 * other word is left for the parser to refuse.
 */
export function route(argv: readonly string[], commands: readonly string[]): string[] {
  let index = 0;
  while (index < argv.length && isCommonFlag(argv[index])) index += common[argv[index]] ? 2 : 1;
  const leading = argv.slice(0, index);
  const [word, ...rest] = argv.slice(index);
  if (word === undefined || word === "-v" || asksForHelp.includes(word)) {
    return [...leading, ...(word === "-v" ? ["-V"] : word ? [word] : []), ...rest];
  }
  if (commands.includes(word)) return [word, ...leading, ...rest];
  if (word.startsWith("-") || /[./\\]/.test(word) || existsSync(word)) {
    return ["server", ...leading, word, ...rest];
  }
  return [word, ...leading, ...rest];
}

const isCommonFlag = (word: string) => Object.hasOwn(common, word) || word.startsWith("--lang=");

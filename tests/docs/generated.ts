/** The parts of the documentation that are printed from the code. `deno task docs` writes them, a test compares them. */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type SettingRow, settingRows } from "../../src/config.ts";
import { protocolMarkdown } from "../../src/protocol/schema.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const escape = (text: string) => text.replaceAll("|", "\\|");

function settingLine({ flag, variables, fallback, help }: SettingRow): string {
  const names = variables.map((name) => `\`${name}\``).join(", ");
  return `| ${flag ? `\`${flag}\`` : "–"} | ${names} | ${fallback === "" ? "–" : `\`${fallback}\``} | ${
    escape(help)
  } |`;
}

/** README: every setting with flag, variable, default and meaning. */
export function settingsTable(): string {
  return [
    "| Flag | Variable | Default | Meaning |",
    "| --- | --- | --- | --- |",
    ...settingRows().map(settingLine),
  ]
    .join("\n");
}

function* walk(folder: string): Generator<string> {
  for (
    const { name, isDirectory } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)
  ) {
    if (isDirectory) yield* walk(join(folder, name));
    else yield join(folder, name);
  }
}

/** The first sentence of the comment a file begins with. */
function purpose(path: string): string {
  const text = Deno.readTextFileSync(path);
  const comment = /^\s*(?:<!DOCTYPE html>\s*)?(?:\/\*\*?|<!--)([\s\S]*?)(?:\*\/|-->)/i.exec(text)?.[1] ?? "";
  const prose = comment.replace(/\s*\n\s*\*?\s*/g, " ").replace(/^[\s*]+/, "").trim();
  return escape(/^.*?[.:](?= [A-Z]|$)|^.*$/.exec(prose)?.[0].replace(/\.$/, "") ?? "");
}

/** src/README.md: every file with the first sentence it begins with. */
export function fileTable(): string {
  const src = join(root, "src");
  const rows = [...walk(src)].map((path) => relative(src, path)).filter((path) => path !== "README.md")
    .map((path) => `| \`${path}\` | ${purpose(join(src, path))} |`);
  return ["| File | What it is |", "| --- | --- |", ...rows].join("\n");
}

interface Part {
  readonly file: string;
  /** The name between the markers; without one the whole file is printed. */
  readonly marker?: string;
  readonly print: () => string;
}

export const parts: readonly Part[] = [
  { file: "docs/protocol.md", print: protocolMarkdown },
  { file: "README.md", marker: "settings", print: settingsTable },
  { file: "src/README.md", marker: "files", print: fileTable },
];

/** The file with the printed part in its place, as `deno fmt` leaves it. */
export async function withPart(part: Part): Promise<string> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--config", join(root, "deno.json"), "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(unformatted(part)));
  await writer.close();
  return new TextDecoder().decode((await formatter.output()).stdout);
}

function unformatted({ file, marker, print }: Part): string {
  if (!marker) return print();
  const text = Deno.readTextFileSync(join(root, file));
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${file} has no ${begin} … ${end}`);
  return `${text.slice(0, before + begin.length)}\n\n${print()}\n\n${text.slice(after)}`;
}

export const pathOf = ({ file }: Part): string => join(root, file);

/** The map is a test: which folder may import which, how large files may be, and that src/README.md names them all. */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");

/** Folders by rank, lowest first; a file at the top of src/ has a rank of its own. */
const ranks: readonly (readonly string[])[] = [
  ["errors.ts", "version.ts"],
  ["config.ts"],
  ["protocol"],
  ["tool", "model", "store", "trace"],
  ["agent"],
  ["isolation"],
  ["session"],
  ["dialect"],
  ["gateway", "console"],
  ["cli"],
  ["mod.ts"],
];
const mayUseDeno = ["cli", "gateway", "console", "isolation", "store"];
const mayPrint = ["trace", "cli"];

interface Source {
  /** Path below src/, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Relative imports as paths below src/; static ones, types included. */
  readonly imports: readonly string[];
}

function* walk(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* walk(path);
    else yield path;
  }
}

/** Removes comments and the contents of strings, so that prose is not taken for code. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

function importsOf(path: string, text: string): string[] {
  const found = codeOf(text).matchAll(/\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map(([, target]) => relative(src, join(src, dirname(path), target)));
}

const sources: Source[] = [...walk(src)].filter((path) => /\.tsx?$/.test(path)).map((full) => {
  const path = relative(src, full);
  const text = Deno.readTextFileSync(full);
  return { path, text, imports: importsOf(path, text) };
});

const folderOf = (path: string) => path.split("/")[0];
const rankOf = (path: string) => ranks.findIndex((names) => names.includes(folderOf(path)));

/** Imports that go up or sideways, as "a → b". */
function wrongImports(files: readonly Source[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((target) => !target.startsWith("..") && folderOf(target) !== folderOf(path))
      .filter((target) => rankOf(target) < 0 || rankOf(target) >= rankOf(path))
      .map((target) => `${path} → ${target}`)
  );
}

/** Groups of files that import each other, types included. */
function cycles(files: readonly Source[]): string[] {
  const graph = new Map(files.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]) => {
    const at = trail.indexOf(path);
    if (at >= 0) return void found.push([...trail.slice(at), path].join(" → "));
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

Deno.test("Every folder of src has a rank", () => {
  const unknown = [...new Set(sources.map(({ path }) => folderOf(path)))].filter((name) =>
    rankOf(name) < 0 && name !== "client"
  );
  assert.deepEqual(unknown, []);
});

Deno.test("Imports go down the ranks only", () => {
  assert.deepEqual(wrongImports(sources.filter(({ path }) => folderOf(path) !== "client")), []);
});

Deno.test("The client sees the types of the protocol and nothing else", () => {
  const outside = sources.filter(({ path }) => folderOf(path) === "client")
    .flatMap(({ path, imports }) => imports.map((target) => [path, target]))
    .filter(([, target]) => !["client", "protocol"].includes(folderOf(target)));
  assert.deepEqual(outside, []);
});

Deno.test("No files import each other", () => {
  assert.deepEqual(cycles(sources), []);
});

Deno.test("The import check sees an upward import, a sideways one and a cycle", () => {
  const made = (path: string, text: string): Source => ({ path, text, imports: importsOf(path, text) });
  const up = made("protocol/a.ts", 'import type { Session } from "../session/session.ts";');
  const sideways = made("tool/b.ts", 'export { x } from "../model/model.ts";');
  const dynamic = made("store/c.ts", 'const x = await import("../cli/cli.ts");');
  const fine = made("session/d.ts", '// from "../cli/cli.ts"\nimport { a } from "../protocol/a.ts";');
  assert.deepEqual(wrongImports([up, sideways, dynamic, fine]), [
    "protocol/a.ts → session/session.ts",
    "tool/b.ts → model/model.ts",
    "store/c.ts → cli/cli.ts",
  ]);
  const one = made("agent/one.ts", 'import type { Two } from "./two.ts";');
  const two = made("agent/two.ts", 'import { one } from "./one.ts";');
  assert.deepEqual(cycles([one, two]), ["agent/one.ts → agent/two.ts → agent/one.ts"]);
});

Deno.test("Only cli/serve.ts and store/open.ts name concrete stores", () => {
  const naming = sources.filter(({ imports }) =>
    imports.some((target) => /^store\/(?!store|open)/.test(target))
  )
    .map(({ path }) => path).filter((path) => path !== "cli/serve.ts" && folderOf(path) !== "store");
  assert.deepEqual(naming, []);
});

Deno.test("Deno is named in cli, gateway, console, isolation and store only", () => {
  const naming = sources.filter(({ path, text }) =>
    /\bDeno\./.test(codeOf(text)) && !mayUseDeno.includes(folderOf(path))
  );
  assert.deepEqual(naming.map(({ path }) => path), []);
});

Deno.test("Nothing prints but trace and cli, and AbortSignal.timeout is not used", () => {
  const printing = sources.filter(({ path, text }) =>
    /\bconsole\.\w+\(/.test(codeOf(text)) && !mayPrint.includes(folderOf(path))
  );
  assert.deepEqual(printing.map(({ path }) => path), []);
  const unfakeable = sources.filter(({ text }) => codeOf(text).includes("AbortSignal.timeout"));
  assert.deepEqual(unfakeable.map(({ path }) => path), []);
});

const quantile = (values: number[], share: number) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

Deno.test("Files stay small: none over 400 lines, nine of ten up to 250, half up to 100 or a little more", () => {
  const lines = sources.map(({ path, text }) => ({ path, count: text.split("\n").length - 1 }));
  assert.deepEqual(lines.filter(({ count }) => count > 400), []);
  assert.ok(quantile(lines.map(({ count }) => count), 0.9) <= 250);
  assert.ok(quantile(lines.map(({ count }) => count), 0.5) <= 120);
});

/** Length of each function, method and arrow with a block, by counting braces from its first line. */
function functionLengths(text: string): { line: number; length: number }[] {
  const lines = codeOf(text).split("\n");
  const starts =
    /^(\s*)(?:export )?(?:async )?(?:function\b|(?:static |readonly |async |\*|get |#)*[\w#[\].]+\([^;]*\)(?:: [^=]+)? \{$|.*=> \{$)/;
  return lines.flatMap((line, index) => {
    const match = starts.exec(line);
    if (
      !match || /^\s*(if|for|while|switch|catch|return|describe|\}|test)\b/.test(line) ||
      /Deno\.test/.test(line)
    ) return [];
    const end = lines.findIndex((other, at) => at > index && other.startsWith(`${match[1]}}`));
    return end < 0 ? [] : [{ line: index + 1, length: end - index + 1 }];
  });
}

Deno.test("Functions stay small: none over 60 lines, nine of ten up to 40", () => {
  const all = sources.flatMap(({ path, text }) => functionLengths(text).map((found) => ({ path, ...found })));
  assert.ok(all.length > 200, `only ${all.length} functions were found`);
  assert.deepEqual(all.filter(({ length }) => length > 60), []);
  assert.ok(quantile(all.map(({ length }) => length), 0.9) <= 40);
});

/** Files whose work it is to know many others. */
const hubs = ["mod.ts", "cli/serve.ts", "cli/commands.ts", "store/sqlite.ts"];

Deno.test("A file needs at most eight others at run time", () => {
  const many = sources.filter(({ path }) => !hubs.includes(path)).map(({ path, text }) => {
    // Types cost nothing at run time and bind files only through the ranks above.
    const code = codeOf(text).replace(/\b(import|export) type [^;]+;/g, "").replace(
      /\{[^{}]*\}/g,
      (names) => names.split(",").every((name) => /^[\s{}]*(type\s|$)/.test(name)) ? "TYPES" : names,
    ).replace(/\bimport TYPES from[^;]+;/g, "");
    return { path, needs: new Set(importsOf(path, code)).size };
  }).filter(({ needs }) => needs > 8);
  assert.deepEqual(many, []);
});

Deno.test("src/README.md names every file of src, and no file that is not there", () => {
  const map = Deno.readTextFileSync(join(src, "README.md"));
  const named = new Set([...map.matchAll(/`([\w/.-]+\.(?:ts|js|css|html|svg))`/g)].map(([, name]) => name));
  const files = [...walk(src)].map((path) => relative(src, path)).filter((path) => path !== "README.md");
  assert.deepEqual(files.filter((path) => !named.has(path)).sort(), []);
  assert.deepEqual(
    [...named].filter((name) => !files.includes(name) && !/^(main|deno|docs|tests|agents)\b/.test(name)),
    [],
  );
});

Deno.test("Files are named in snake_case", () => {
  const odd = [...walk(src), ...walk(join(root, "agents"))].map((path) => relative(root, path))
    .filter((path) => !/^[a-z0-9_/]+(\.[a-z]+)+$/.test(path) && !path.endsWith("README.md"));
  assert.deepEqual(odd, []);
});

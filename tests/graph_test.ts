/** The compiled program has no network to load code from and no repository beside it: this is what it must contain. */
import assert from "node:assert/strict";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runCommand } from "./helpers/command.ts";

interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string };
}

/** One entry of `deno info --json`. */
interface Module {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly Dependency[];
}

interface Graph {
  readonly modules: readonly Module[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<Record<string, unknown>>;
}

/** The one file that imports what only the user knows: agent files. */
const importsAgents = "src/agent/load.ts";
const isCode = (path: string) => /\.(?:m?ts|m?js|tsx|jsx)$/.test(path);

function* filesBelow(path: string): Generator<string> {
  if (!Deno.statSync(path).isDirectory) return yield path;
  for (const entry of Deno.readDirSync(path)) yield* filesBelow(join(path, entry.name));
}

/** The paths that the task `compile` embeds beside the graph of main.ts, as written there. */
function embeddedPaths(root: string): string[] {
  const task = JSON.parse(Deno.readTextFileSync(join(root, "deno.json"))).tasks?.compile;
  const command: string = typeof task === "string" ? task : task?.command ?? "";
  return [...command.matchAll(/\s--include[= ]["']?([^\s"']+)/g)].map(([, path]) => path);
}

/** The graph of main.ts and of all embedded code, which the runtime of the compiled program treats alike. */
async function readGraph(root: string, embedded: readonly string[]): Promise<Graph> {
  const folder = await Deno.makeTempDir();
  try {
    const files = embedded.flatMap((path) => [...filesBelow(join(root, path))]).filter(isCode);
    const entry = join(folder, "entry.ts");
    const imports = [join(root, "main.ts"), ...files].map((file) => `import "${pathToFileURL(file)}";\n`);
    await Deno.writeTextFile(entry, imports.join(""));
    // A copy, because looking at the graph may write what it found into the lock file.
    const lock = join(folder, "deno.lock");
    await Deno.copyFile(join(root, "deno.lock"), lock);
    const options = ["--json", "--config", join(root, "deno.json"), "--lock", lock];
    const { code, stdout, stderr } = await runCommand(Deno.execPath(), ["info", ...options, entry]);
    assert.equal(code, 0, stderr);
    const graph: Graph = JSON.parse(stdout);
    const modules = graph.modules.filter(({ specifier }) => specifier !== pathToFileURL(entry).href);
    return { ...graph, modules };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Modules that are neither a file below the root, nor a built-in, nor a package of the lock file. */
function foreignModules(root: string, { modules, npmPackages }: Graph): string[] {
  const base = pathToFileURL(root + sep).href;
  const locked = JSON.parse(Deno.readTextFileSync(join(root, "deno.lock"))).npm ?? {};
  return [
    ...modules.filter(({ error }) => error).map(({ specifier }) => `${specifier} cannot be loaded`),
    ...modules.filter(({ specifier }) => !/^(?:node|npm):/.test(specifier) && !specifier.startsWith(base))
      .map(({ specifier }) => `${specifier} is outside of the repository`),
    ...Object.keys(npmPackages).filter((name) => !Object.hasOwn(locked, name))
      .map((name) => `npm package ${name} is not in deno.lock`),
  ];
}

/** Removes comments, so that examples in prose are not taken for code. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

/** Files that a module reaches through its own place, and which are not embedded; with other ways to look there. */
function missingAssets(root: string, path: string, code: string, embedded: readonly string[]): string[] {
  if (/\bimport\.meta\.(?:dirname|filename|resolve)\b/.test(code)) {
    return [`${path} uses import.meta by another way than new URL("…", import.meta.url)`];
  }
  const uses = [...code.matchAll(/new URL\(\s*([^,]+?)\s*,\s*import\.meta\.url\s*,?\s*\)/g)];
  if (uses.length === 0) {
    return code.includes("import.meta.url") ? [`${path} uses import.meta.url without new URL`] : [];
  }
  // Where a variable names the file, every relative path written in the module may be meant.
  const named = uses.every(([, argument]) => /^["'][^"']*["']$/.test(argument))
    ? uses.map(([, argument]) => argument.slice(1, -1))
    : [...code.matchAll(/(?<!\b(?:from|import)\s*\(?\s*)["'](\.{1,2}\/[^"']*)["']/g)].map(([, name]) => name);
  if (named.length === 0) return [`${path} opens an asset whose name cannot be read from its code`];
  const covered = embedded.map((entry) => resolve(root, entry));
  return named.map((name) => resolve(root, dirname(path), name)).filter((asset) =>
    !covered.some((entry) => asset === entry || asset.startsWith(entry + sep))
  ).map((asset) => `${path} opens ${relative(root, asset)}, which is not embedded`);
}

/** Dynamic imports that cannot be in the graph because their names are made at run time. */
function unseenImports(path: string, code: string, { dependencies = [] }: Module, graph: Graph): string[] {
  const known = new Set(graph.modules.map(({ specifier }) => specifier));
  const isKnown = (literal: string) => {
    const target = dependencies.find(({ specifier }) => specifier === literal)?.code?.specifier;
    return target !== undefined && known.has(graph.redirects[target] ?? target);
  };
  // A type of a module, as in `typeof import("…")`, is gone at run time.
  const dynamic = [...code.matchAll(/(?<!typeof\s)\bimport\(\s*([^)]*?)\s*,?\s*\)/g)];
  return dynamic.map(([, argument]) => argument).flatMap((argument) => {
    const [, literal] = /^["']([^"']*)["']$/.exec(argument) ?? [];
    if (literal === undefined) {
      return path === importsAgents ? [] : [`${path} imports ${argument}, whose name is made at run time`];
    }
    return isKnown(literal) ? [] : [`${path} imports ${argument}, which is not in the graph`];
  });
}

/** Everything the compiled program of a repository would miss, as sentences. */
async function whatIsMissing(root: string): Promise<string[]> {
  const embedded = embeddedPaths(root);
  if (embedded.length === 0) return ["deno.json has no task compile with --include"];
  const graph = await readGraph(root, embedded);
  const own = graph.modules.filter(({ specifier, error }) =>
    !error && specifier.startsWith(pathToFileURL(root + sep).href) && isCode(specifier)
  );
  return [
    ...foreignModules(root, graph),
    ...own.flatMap((module) => {
      const file = fileURLToPath(module.specifier);
      const path = relative(root, file).replaceAll(sep, "/");
      const code = codeOf(Deno.readTextFileSync(file));
      return [...missingAssets(root, path, code, embedded), ...unseenImports(path, code, module, graph)];
    }),
  ];
}

const repository = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

Deno.test("The compiled program contains everything it uses: no network import, every asset embedded", async () => {
  assert.deepEqual(await whatIsMissing(repository), []);
});

Deno.test("The embedded files hold the page and the public door of agent files", () => {
  const files = embeddedPaths(repository).flatMap((path) => [...filesBelow(join(repository, path))])
    .map((file) => relative(repository, file).replaceAll(sep, "/"));
  for (const needed of ["src/mod.ts", "src/console/index.html", "src/console/ui/app.js"]) {
    assert.ok(files.includes(needed), `${needed} is not embedded`);
  }
});

/** Writes a repository that would not survive its compilation, and one line of it that would. */
async function writeBrokenRepository(root: string): Promise<void> {
  const files: Record<string, string> = {
    "deno.json": JSON.stringify({
      tasks: { compile: "deno compile --include src/assets --output x main.ts" },
    }),
    "deno.lock": JSON.stringify({ version: "5" }),
    "main.ts": 'import "./src/page.ts";\nimport "./src/code.ts";\nimport "../outside.ts";\n',
    "../outside.ts": "export const outside = 1;\n",
    "src/assets/in.txt": "in",
    "src/out.txt": "out",
    "src/table.txt": "out",
    "src/page.ts": [
      'export const fine = new URL("./assets/in.txt", import.meta.url);',
      'export const asset = new URL("./out.txt", import.meta.url);',
      '// new URL("./comment.txt", import.meta.url)',
      'import "./table.ts";',
      'import "./folder.ts";',
    ].join("\n"),
    "src/table.ts": 'const names = ["./table.txt", "./assets/in.txt"];\n' +
      "export const urls = names.map((name) => new URL(name, import.meta.url));\n",
    "src/folder.ts": "export const folder = import.meta.dirname;\n",
    "src/code.ts": [
      'import "http://127.0.0.1:1/remote.ts";',
      'import { z } from "npm:zod@4.6.7";',
      'import "node:fs";',
      'export type Page = typeof import("./page.ts");',
      "export const made = (name: string) => import(`./${name}.ts`);",
      'export const gone = () => import("./gone.ts");',
      'export const there = () => import("./table.ts");',
      "export const schema = z;",
    ].join("\n"),
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
}

Deno.test("The check sees a network import, a stray file, an unlocked package, lost assets and made-up imports", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const root = join(folder, "repository");
    await writeBrokenRepository(root);
    const gone = pathToFileURL(join(root, "src/gone.ts")).href;
    const outside = pathToFileURL(join(folder, "outside.ts")).href;
    assert.deepEqual(
      (await whatIsMissing(root)).sort(),
      [
        `${gone} cannot be loaded`,
        `${outside} is outside of the repository`,
        "http://127.0.0.1:1/remote.ts cannot be loaded",
        "http://127.0.0.1:1/remote.ts is outside of the repository",
        "npm package zod@4.6.7 is not in deno.lock",
        "src/code.ts imports `./${name}.ts`, whose name is made at run time",
        'src/folder.ts uses import.meta by another way than new URL("…", import.meta.url)',
        "src/page.ts opens src/out.txt, which is not embedded",
        "src/table.ts opens src/table.txt, which is not embedded",
      ].sort(),
    );
    await Deno.writeTextFile(join(root, "deno.json"), "{}");
    assert.deepEqual(await whatIsMissing(root), ["deno.json has no task compile with --include"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

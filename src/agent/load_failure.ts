/** Why an agent file could not be loaded, as one sentence: what the runtime throws is not made for people. */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { AppError } from "../errors.ts";

/** Reason → the data its sentence is made of. All of it is in the error's `details`, so that it can be translated. */
export interface LoadReasons {
  not_found: { kind: "missing" | "folder" | "empty_folder" | "unreadable" };
  syntax: { problem: string; place: string };
  no_export: { exports: readonly string[] };
  not_an_agent: { found: string; kind: "file" | "value" | "result" };
  throws: { problem: string; place: string; kind: "import" | "factory" };
  import_missing: {
    kind: "file" | "bare" | "name" | "other";
    specifier: string;
    place: string;
    hint?: string;
  };
  hangs: { seconds: number };
  hooks: { hook: string; kind: "not_run" | "not_a_function" | "not_plain" };
}

export type LoadReason = keyof LoadReasons;
export type LoadDetails = { [R in LoadReason]: { reason: R; file: string } & LoadReasons[R] }[LoadReason];

/** `export const agent = …` as people should write it. */
export const exportExample = "export const agent = createReactAgent({ … })";

const at = (place: string) => place ? ` (${place})` : "";

function importProblem(details: LoadReasons["import_missing"]): string {
  const { kind, specifier, place, hint } = details;
  if (kind === "file") {
    return `it imports "${specifier}"${at(place)}, which does not exist${hint ? `; try "${hint}"` : ""}`;
  }
  if (kind === "bare") {
    return `it imports "${specifier}"${
      at(place)
    }; only "myagent", "zod", "node:…", "npm:…" and relative paths ` +
      `can be imported${hint ? `, so write "${hint}"` : ""}`;
  }
  if (kind === "name") return `it imports ${hint} from "${specifier}"${at(place)}, which has no such export`;
  return `one of its imports cannot be loaded: ${specifier}${at(place)}`;
}

function sentence(details: LoadDetails): string {
  switch (details.reason) {
    case "not_found":
      return {
        missing: "there is no such file; check the path",
        folder: "it is a folder; name a file in it",
        empty_folder: "the folder holds no .ts, .js, .mts or .mjs file",
        unreadable: "it cannot be read; check its permissions",
      }[details.kind];
    case "syntax":
      return `syntax error at ${details.place}: ${details.problem}`;
    case "no_export":
      return `it exports no "agent" (found: ${
        details.exports.join(", ") || "no exports"
      }); write ${exportExample}`;
    case "not_an_agent":
      return {
        file:
          `agents are written in TypeScript or JavaScript, so its name must end in .ts, .js, .mts or .mjs`,
        value: `its export "agent" is ${details.found}, not an agent; write ${exportExample}`,
        result:
          `its function "agent" gave ${details.found}, not an agent; let it return createReactAgent({ … })`,
      }[details.kind];
    case "throws":
      return `${details.kind === "import" ? "it" : 'its function "agent"'} throws while loading: ` +
        details.problem + at(details.place);
    case "import_missing":
      return importProblem(details);
    case "hangs":
      return `it is still loading after ${details.seconds} s; look for an await at top level that never ends`;
    case "hooks":
      return {
        not_run: `this version does not run the hook "${details.hook}"; remove it, only onSessionInit is run`,
        not_a_function: `its hook "${details.hook}" is not a function`,
        not_plain: `its export "${details.hook}" is not a plain object`,
      }[details.kind];
  }
}

/** A failure to load `file`, named as the user wrote it. */
export function loadFailure<R extends LoadReason>(
  reason: R,
  file: string,
  data: LoadReasons[R],
  cause?: unknown,
): AppError {
  const details = { reason, file, ...data } as unknown as LoadDetails;
  return new AppError("ERR_EXECUTION_604", `Cannot load agent file "${file}": ${sentence(details)}`, {
    cause,
    details: { ...details },
  });
}

/** The details of an error made by `loadFailure`; undefined for any other. */
export function loadDetails(error: unknown): LoadDetails | undefined {
  const details = error instanceof AppError ? error.details : undefined;
  return typeof details?.reason === "string" && typeof details.file === "string"
    ? details as unknown as LoadDetails
    : undefined;
}

/** Places in source files, as error messages and stacks write them. */
const placePattern = /(file:\/\/[^\s)]+?)(?:\?v=\d+)?:(\d+):(\d+)/g;

/** Where things are, told as the user sees it: "my_agent.ts:3:7", "helpers/db.ts:1:2". */
class Places {
  readonly #file: string;
  readonly #url: string;
  readonly #path: string;

  constructor(file: string, url: string) {
    this.#file = file;
    this.#url = url.replace(/\?v=\d+$/, "");
    this.#path = fileURLToPath(this.#url);
  }

  /** Another file, as seen from where the agent file was named. */
  show(url: string): string {
    if (url === this.#url) return this.#file;
    return join(dirname(this.#file), relative(dirname(this.#path), fileURLToPath(url)));
  }

  /** As an import of the agent file would write it. */
  asImport(url: string): string {
    const path = relative(dirname(this.#path), fileURLToPath(url)).replaceAll("\\", "/");
    return path.startsWith(".") ? path : `./${path}`;
  }

  /** The last place a message names. */
  last(message: string): string {
    const [, url, line, column] = [...message.matchAll(placePattern)].at(-1) ?? [];
    return url ? `${this.show(url)}:${line}:${column}` : "";
  }

  /** The agent file's own frame of a stack, else one of a file beside it: frames of the framework help nobody. */
  ofStack(stack: string): string {
    const frames = [...stack.matchAll(placePattern)];
    const folder = this.#url.slice(0, this.#url.lastIndexOf("/") + 1);
    const [, url, line, column] = frames.find(([, url]) => url === this.#url) ??
      frames.find(([, url]) => url.startsWith(folder)) ?? [];
    return url ? `${this.show(url)}:${line}:${column}` : "";
  }
}

const firstLine = (text: string) => text.split("\n", 1)[0].trim();

/** What a thrown value says, on one line. */
function thrownText(cause: unknown): string {
  if (cause instanceof Error) {
    const text = stripVTControlCharacters(cause.message).replace(/\s+/g, " ").trim();
    return text || cause.name;
  }
  return typeof cause === "string" ? cause.replace(/\s+/g, " ").trim() : String(cause);
}

/** What is behind a module that was not found: a file, a package or something else. */
function missingImport(message: string, places: Places, stack: string): LoadReasons["import_missing"] {
  const place = places.last(message) || places.ofStack(stack);
  const [, url] = message.match(/^(?:Module not found "|.*Directory import ')(file:[^"']+)/) ?? [];
  if (url) {
    const specifier = places.asImport(url);
    const [, change, extension] = message.match(/Maybe (add a|change the extension to) '(\.\w+)'/) ?? [];
    const hint = extension && (change === "add a" ? specifier : specifier.replace(/\.\w+$/, "")) + extension;
    return { kind: "file", specifier, place, ...(hint ? { hint } : {}) };
  }
  const [, bare] = message.match(/^Import "([^"]+)" not a dependency/) ?? [];
  if (bare === undefined) {
    return { kind: "other", specifier: firstLine(message).replace(/\.$/, ""), place };
  }
  const hint = bare.startsWith("myagent/") ? "myagent" : /^[@\w]/.test(bare) ? `npm:${bare}` : undefined;
  return { kind: "bare", specifier: bare, place, ...(hint ? { hint } : {}) };
}

/** Turns what `import()` of an agent file threw into one sentence with its reason. */
export function importFailure(file: string, url: string, cause: unknown): AppError {
  const places = new Places(file, url);
  const error = cause instanceof Error ? cause : undefined;
  const message = stripVTControlCharacters(error?.message ?? "");
  const stack = stripVTControlCharacters(error?.stack ?? "");
  // The runtime gives a syntax error the code of a missing module: the text tells them apart.
  if ((error as { code?: string } | undefined)?.code === "ERR_MODULE_NOT_FOUND") {
    if (!message.startsWith("SyntaxError: ")) {
      return loadFailure("import_missing", file, missingImport(message, places, stack), cause);
    }
    const problem = firstLine(message.slice("SyntaxError: ".length));
    return loadFailure("syntax", file, { problem, place: places.last(message) }, cause);
  }
  // V8's own: only those carry their place in the message, a SyntaxError thrown by JSON.parse does not.
  const [, problem] = message.match(/^(.*) at file:\/\/\S+:\d+:\d+$/) ?? [];
  if (error?.name === "SyntaxError" && problem) {
    const place = places.last(message);
    const [, from, name] = problem.match(/^The requested module '(.+)' does not provide .* named '(.+)'$/) ??
      [];
    return name
      ? loadFailure("import_missing", file, { kind: "name", specifier: from, hint: name, place }, cause)
      : loadFailure("syntax", file, { problem, place }, cause);
  }
  return throwFailure("import", file, url, cause);
}

/** A throw of the file itself or of its function `agent`. */
export function throwFailure(
  kind: "import" | "factory",
  file: string,
  url: string,
  cause: unknown,
): AppError {
  const place = new Places(file, url).ofStack(
    stripVTControlCharacters(cause instanceof Error ? cause.stack ?? "" : ""),
  );
  return loadFailure("throws", file, { kind, problem: thrownText(cause), place }, cause);
}

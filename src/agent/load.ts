/** Loading agent files: a module that exports `agent`, from anywhere on disk. */
import { readdir, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Agent } from "./agent.ts";
import { importFailure, loadFailure, throwFailure } from "./load_failure.ts";

/** What an agent file may hang into the server. */
export interface Hooks {
  /**
   * Called when a session is made, before its agent is: `content` is what `user.create_session` brought, `session`
   * holds the values that tools see as `ctx.session`, for the hook to change. A throw refuses the session.
   */
  readonly onSessionInit?: (content: unknown, session: Record<string, unknown>) => unknown;
}

/** An agent file, loaded and checked. */
export interface LoadedAgent {
  /** The path as the user wrote it. */
  readonly file: string;
  readonly name: string;
  /** The agent made to check the file: for its name, description, tools and settings, not for runs. */
  readonly agent: Agent;
  /** True when each session gets an agent of its own. */
  readonly perSession: boolean;
  /** The agent for one session. */
  makeAgent(): Agent | Promise<Agent>;
  readonly hooks: Hooks;
  /** What the agent says it may touch, as it is written in the file. */
  readonly permissions?: Readonly<Record<string, unknown>>;
}

export interface LoadOptions {
  /** Greater than 0 to load the file anew: the runtime keeps every module it has loaded. */
  readonly version?: number;
  /** How long the file may take to load, in milliseconds. Default 20000: a first npm download takes seconds. */
  readonly timeoutMs?: number;
}

/** A file that may hold an agent. */
export interface AgentFile {
  readonly file: string;
  /** True when a folder was named: then a file without an agent is not an error. */
  readonly inFolder: boolean;
}

const extensions = [".ts", ".js", ".mts", ".mjs"];

/** Whether a file found in a folder is taken for an agent file. */
export function isAgentFileName(name: string): boolean {
  return extensions.includes(extname(name)) && !/^[._]/.test(name) && !/\.d\.m?ts$/.test(name);
}

/**
 * The agent files behind what a user named: files, or folders whose files are taken in order of their names.
 *
 * @throws AppError when a folder holds nothing that could be an agent file
 */
export async function findAgentFiles(paths: readonly string[]): Promise<AgentFile[]> {
  const found: AgentFile[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const entry of await filesOf(path)) {
      if (seen.has(resolve(entry.file))) continue;
      seen.add(resolve(entry.file));
      found.push(entry);
    }
  }
  return found;
}

async function filesOf(path: string): Promise<AgentFile[]> {
  // A path that is not there is left for loadAgentFile to complain about.
  const isFolder = await stat(path).then((info) => info.isDirectory(), () => false);
  if (!isFolder) return [{ file: path, inFolder: false }];
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && isAgentFileName(entry.name))
    .map((entry) => entry.name).sort();
  if (names.length === 0) throw loadFailure("not_found", path, { kind: "empty_folder" });
  return names.map((name) => ({ file: join(path, name), inFolder: true }));
}

/**
 * Loads one agent file and checks it. A function `agent` is called once for that.
 *
 * @param path - as the user wrote it: relative to the working directory, or absolute
 * @throws AppError ERR_EXECUTION_604 with one sentence that names the file, what is wrong and what to do, and
 * `details.reason`: not_found, syntax, no_export, not_an_agent, throws, import_missing, hangs or hooks
 */
export async function loadAgentFile(path: string, options: LoadOptions = {}): Promise<LoadedAgent> {
  await checkFile(path);
  const url = pathToFileURL(resolve(path)).href + (options.version ? `?v=${options.version}` : "");
  const timeoutMs = options.timeoutMs ?? 20_000;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(loadFailure("hangs", path, { seconds: timeoutMs / 1000 })),
    timeoutMs,
  );
  try {
    return await Promise.race([importAgent(path, url), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function checkFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) throw loadFailure("not_found", path, { kind: "folder" });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "ENOENT" || code === "ENOTDIR") throw loadFailure("not_found", path, { kind: "missing" });
    if (code === "EACCES" || code === "EPERM") {
      throw loadFailure("not_found", path, { kind: "unreadable" }, cause);
    }
    throw cause;
  }
  const extension = extname(path);
  if (!extensions.includes(extension)) {
    throw loadFailure("not_an_agent", path, { kind: "file", found: extension });
  }
}

async function importAgent(file: string, url: string): Promise<LoadedAgent> {
  let module: Record<string, unknown>;
  try {
    module = await import(url);
  } catch (cause) {
    throw importFailure(file, url, cause);
  }
  const exported = module.agent;
  if (exported === undefined) throw loadFailure("no_export", file, { exports: Object.keys(module) });
  const hooks = checkHooks(file, module);
  const permissions = checkPermissions(file, module.permissions);
  const perSession = typeof exported === "function";
  const makeAgent = perSession ? factoryOf(file, url, exported as () => unknown) : undefined;
  const agent = makeAgent ? await makeAgent() : checkAgent(file, await exported, "value");
  return Object.freeze({
    file,
    name: agent.name,
    agent,
    perSession,
    makeAgent: makeAgent ?? (() => agent),
    hooks,
    permissions,
  });
}

/** Calls the file's function, which may be async, and checks what it gave. */
function factoryOf(file: string, url: string, make: () => unknown): () => Agent | Promise<Agent> {
  const failed = (cause: unknown): never => {
    throw throwFailure("factory", file, url, cause);
  };
  const checked = (value: unknown) => checkAgent(file, value, "result");
  return () => {
    let made: unknown;
    try {
      made = make();
    } catch (cause) {
      return failed(cause);
    }
    return made instanceof Promise ? made.catch(failed).then(checked) : checked(made);
  };
}

/** An agent is told by its shape, not by its class: the file may have brought its own. */
function checkAgent(file: string, value: unknown, kind: "value" | "result"): Agent {
  const agent = value as Partial<Agent> | null;
  if (
    typeof agent === "object" && agent !== null && typeof agent.execute === "function" &&
    typeof agent.name === "string" && agent.name !== "" && typeof agent.type === "string"
  ) return agent as Agent;
  throw loadFailure("not_an_agent", file, { kind, found: describe(value) });
}

/** A value as code would show it: readable in any language. */
function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (Array.isArray(value)) return value.length ? "[…]" : "[]";
  if (typeof value === "function") return `function ${value.name}`.trim();
  if (typeof value !== "object" || value === null) return String(value);
  const keys = Object.keys(value);
  return keys.length ? `{ ${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ", …" : ""} }` : "{}";
}

/** A hook that is not run is refused, not ignored: `authenticate` may be all that guards an agent. */
function checkHooks(file: string, module: Record<string, unknown>): Hooks {
  const stray = ["authenticate", "onMessage"].find((name) => module[name] !== undefined);
  if (stray) throw loadFailure("hooks", file, { hook: stray, kind: "not_run" });
  const hooks = (module.hooks ?? {}) as Record<string, unknown>;
  if (typeof hooks !== "object" || Array.isArray(hooks)) {
    throw loadFailure("hooks", file, { hook: "hooks", kind: "not_plain" });
  }
  for (const [hook, value] of Object.entries(hooks)) {
    if (value === undefined) continue;
    if (hook !== "onSessionInit") throw loadFailure("hooks", file, { hook, kind: "not_run" });
    if (typeof value !== "function") throw loadFailure("hooks", file, { hook, kind: "not_a_function" });
  }
  return Object.freeze({ ...hooks }) as Hooks;
}

function checkPermissions(file: string, value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw loadFailure("hooks", file, { hook: "permissions", kind: "not_plain" });
}

/** `--watch`: an agent file that was saved is loaded anew for new sessions. */
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isAgentFileName, loadAgentFile, type LoadedAgent } from "../agent/load.ts";
import { loadDetails } from "../agent/load_failure.ts";
import type { Cli } from "./cli.ts";
import { failureText } from "./failure_texts.ts";
import { checkNames } from "./startup.ts";

/** Editors write a file in several steps; this long after the last one it is whole. */
const settleMs = 80;

export interface WatchOptions {
  readonly agents: readonly LoadedAgent[];
  /** Folders in which a new file is a new agent. */
  readonly folders: readonly string[];
  /** Gets all agents after each change that can be used. */
  readonly use: (agents: LoadedAgent[]) => void;
}

/** Follows the folders of the agents' files until it is closed. */
export class AgentWatcher {
  readonly #cli: Cli;
  readonly #use: WatchOptions["use"];
  /** Absolute path → the last good version, in the order of the command line. */
  readonly #agents: Map<string, LoadedAgent>;
  /** Absolute path → path as the user wrote it. */
  readonly #folders: Map<string, string>;
  /** Absolute path → the text last seen, so that a save without a change says nothing. */
  readonly #texts = new Map<string, string>();
  readonly #changed = new Set<string>();
  readonly #events: Deno.FsWatcher;
  readonly #following: Promise<void>;
  #timer?: ReturnType<typeof setTimeout>;
  #work: Promise<void> = Promise.resolve();
  #version = 0;

  constructor(cli: Cli, options: WatchOptions) {
    this.#cli = cli;
    this.#use = options.use;
    this.#agents = new Map(options.agents.map((agent) => [reportedPath(agent.file), agent]));
    this.#folders = new Map(options.folders.map((folder) => [realpathSync(folder), folder]));
    // A file's own watch ends when an editor replaces the file; its folder's goes on.
    const folders = new Set([
      ...this.#folders.keys(),
      ...[...this.#agents.keys()].map((path) => dirname(path)),
    ]);
    this.#events = Deno.watchFs([...folders], { recursive: false });
    this.#following = this.#follow();
  }

  async close(): Promise<void> {
    this.#events.close();
    await this.#following;
    clearTimeout(this.#timer);
    await this.#work;
  }

  async #follow(): Promise<void> {
    for await (const event of this.#events) {
      if (event.kind === "access") continue;
      for (const path of event.paths) this.#changed.add(resolve(path));
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#settle(), settleMs);
    }
  }

  #settle(): void {
    const paths = [...this.#changed];
    this.#changed.clear();
    this.#work = this.#work.then(async () => {
      for (const path of paths) await this.#look(path);
    });
  }

  async #look(path: string): Promise<void> {
    const text = await readFile(path, "utf8").catch(() => "");
    if (this.#texts.get(path) === text) return;
    this.#texts.set(path, text);
    const folder = this.#folders.get(dirname(path));
    const isNew = folder !== undefined && text !== "" && isAgentFileName(basename(path));
    const file = this.#agents.get(path)?.file ?? (isNew ? join(folder, basename(path)) : undefined);
    if (file) await this.#reload(path, file);
    if (await this.#isImported(path)) this.#cli.say("restartNeeded", basename(path));
  }

  async #reload(path: string, file: string): Promise<void> {
    try {
      const agent = await loadAgentFile(file, { version: ++this.#version });
      const agents = new Map(this.#agents).set(path, agent);
      checkNames(this.#cli, [...agents.values()]);
      this.#agents.set(path, agent);
      this.#use([...agents.values()]);
      this.#cli.say("reloaded", file, agent.name);
    } catch (failure) {
      // A file that never was an agent may be what agents share.
      if (!this.#agents.has(path) && loadDetails(failure)?.reason === "no_export") return;
      this.#cli.say("keptLast", file, failureText(failure, this.#cli.language));
    }
  }

  /** Whether an agent file imports this one, directly or through others. */
  async #isImported(path: string): Promise<boolean> {
    const seen = new Set<string>();
    const waiting = [...this.#agents.keys()];
    for (let file = waiting.pop(); file; file = waiting.pop()) {
      for (const imported of await importsOf(file)) {
        if (imported === path) return true;
        if (!seen.has(imported)) waiting.push(imported);
        seen.add(imported);
      }
    }
    return false;
  }
}

/** The path under which the system reports changes of a file: its folder without symbolic links. */
function reportedPath(file: string): string {
  return join(realpathSync(dirname(file)), basename(file));
}

/** Relative imports of a file as absolute paths, read off its text: enough for a hint to the user. */
async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const matches = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"'?#]+)/g);
  return [...matches].map(([, specifier]) => resolve(dirname(file), specifier));
}

/** The seeds' JavaScript clients in Node with npm's ws. */
import { join } from "node:path";
import { runCommand, StartedCommand } from "../../helpers/command.ts";
import { obstacle } from "./seed_server.ts";

/** Loaded before a client written for a browser: gives it its WebSocket, and prints what it logs as one JSON line. */
const observer = `globalThis.WebSocket = require("ws");
console.log = (...values) => process.stdout.write(JSON.stringify(values) + "\\n");
`;

/** A folder with ws in it, for the whole run of a test file; or why there is none. */
async function installWs(): Promise<{ folder?: string; missing?: string }> {
  if (obstacle) return {};
  const folder = await Deno.makeTempDir();
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  // Without a package.json of its own, npm might find one in a folder above.
  await Deno.writeTextFile(join(folder, "package.json"), "{}");
  await Deno.writeTextFile(join(folder, "observer.cjs"), observer);
  const quickly = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000"];
  try {
    const { code } = await runCommand("npm", ["install", ...quickly, "ws@8.23.0"], { cwd: folder });
    return code === 0 ? { folder } : { missing: "npm cannot install ws" };
  } catch {
    return { missing: "no npm" };
  }
}

const { folder, missing } = await installWs();

/** Why no client can be tried in Node. */
export const nodeMissing = missing;

/**
 * Starts a client.
 *
 * @param code - CommonJS, because one client assigns a variable it never declares
 * @param from - "browser" for a client that takes `WebSocket` for granted: its log is read with `logged`
 */
export async function startNodeClient(code: string, from: "browser" | "node"): Promise<StartedCommand> {
  const file = join(folder!, "client.cjs");
  await Deno.writeTextFile(file, code);
  const preload = from === "browser" ? ["--require", "./observer.cjs"] : [];
  return new StartedCommand("node", [...preload, file], { cwd: folder });
}

/** What a client handed to one call of `console.log`. */
// deno-lint-ignore no-explicit-any -- frames are read as the JSON they are
export type Logged = any[];

/** The first call of `console.log` that fits, waited for. */
export async function logged(client: StartedCommand, fits: (values: Logged) => boolean): Promise<Logged> {
  return JSON.parse(await client.line((line) => line.startsWith("[") && fits(JSON.parse(line))));
}

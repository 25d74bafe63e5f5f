/** A server where the seeds' clients look for it: on localhost:8080, with the example agents and the demo model. */
import { fileURLToPath } from "node:url";
import { loadAgentFile } from "../../../src/agent/load.ts";
import { startServer } from "../../../src/cli/serve.ts";
import { loadConfig } from "../../../src/config.ts";
import { documentsMissing } from "./documents.ts";

/** The port is written into the clients. */
const port = 8080;

function isPortTaken(): boolean {
  try {
    Deno.listen({ hostname: "localhost", port }).close();
    return false;
  } catch {
    return true;
  }
}

/** Why no client can be tried; undefined when all can. */
export const obstacle = documentsMissing ?? (isPortTaken() ? `port ${port} is taken` : undefined);

/** Defines a test that is ignored, with the reason in its name, when one of these stands in its way. */
export function seedTest(
  name: string,
  obstacles: readonly (string | undefined)[],
  fn: () => Promise<void>,
): void {
  const reason = obstacle ?? obstacles.find((text) => text !== undefined);
  Deno.test({ name: reason ? `${name} (ignored: ${reason})` : name, ignore: reason !== undefined, fn });
}

/** Lets `fetch` reach this machine only: agents fall back on what they bring with them. */
function cutNetwork(): Disposable {
  const original = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    if (/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)) return original(input, init);
    return Promise.reject(new TypeError(`Network is cut: ${hostname}`));
  };
  return { [Symbol.dispose]: () => void (globalThis.fetch = original) };
}

/** Serves one of the example agents, by the name of its file, with the default settings besides those given. */
export async function serveAgent(
  name: "hello" | "weather",
  settings: { tracePort?: number } = {},
): Promise<AsyncDisposable> {
  const file = fileURLToPath(new URL(`../../../agents/${name}.ts`, import.meta.url));
  const agent = await loadAgentFile(file);
  // A goodbye need not wait for clients that were killed.
  const running = await startServer({
    agents: [agent],
    config: loadConfig({ host: "localhost", port, drainSeconds: 0, ...settings }, {}),
  });
  const network = cutNetwork();
  return {
    async [Symbol.asyncDispose]() {
      network[Symbol.dispose]();
      await running.drain();
      await running.finished;
    },
  };
}

/** The executable: that it can be built, and that it serves an agent file from anywhere on disk. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestClient } from "../helpers/client.ts";
import { runCommand, StartedCommand } from "../helpers/command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A first build downloads packages and the base binary. */
const buildPatienceMs = 300_000;

/** The base binary that `deno compile` would take without asking the network; undefined when there is none. */
async function findBaseBinary(): Promise<string | undefined> {
  const given = Deno.env.get("DENORT_BIN");
  if (given) return existsSync(given) ? given : undefined;
  const { stdout } = await runCommand(Deno.execPath(), ["info", "--json"]);
  const name = `denort-${Deno.build.target}.zip`;
  const zip = join(JSON.parse(stdout).denoDir, "dl", "release", `v${Deno.version.deno}`, name);
  return existsSync(zip) ? zip : undefined;
}

/** Runs what the task `compile` runs, with the executable somewhere else than in the repository. */
async function build(output: string, env: Record<string, string> = {}) {
  const task: string = JSON.parse(await Deno.readTextFile(join(root, "deno.json"))).tasks.compile;
  assert.match(task, /^deno compile [^$&|;"'`<>]* --output dist\/myagent-ws main\.ts$/);
  const args = task.split(" ").slice(1).map((word) => word === "dist/myagent-ws" ? output : word);
  return await runCommand(Deno.execPath(), args, {
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    patienceMs: buildPatienceMs,
  });
}

Deno.test("The task compile embeds the program, the page and the packages, and nothing for tests", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // The runtime itself stands in for the base binary: what comes out does not run, but everything goes into it.
    const { code, stderr } = await build(join(folder, "myagent-ws"), { DENORT_BIN: Deno.execPath() });
    assert.equal(code, 0, stderr);
    for (const part of ["main.ts", "deno.json", "mod.ts", "console", "zod", "openai"]) {
      assert.match(stderr, new RegExp(`─ ${part.replace(".", "\\.")}(?:/|\\s)`), `${part} is not embedded`);
    }
    assert.doesNotMatch(stderr, /playwright|tests\b/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const agentFile = `import { createReactAgent, defineTool } from "myagent";
import { z } from "zod";

enum Sky { Sunny = "sunny" }

const weather = defineTool({
  name: "get_weather",
  description: "Weather of a city",
  parameters: z.object({ city: z.string() }),
  execute: ({ city }: { city: string }) => \`\${city}: \${Sky.Sunny}, 25 °C\`,
});

export const agent = createReactAgent({ name: "weather-assistant", tools: [weather] });
`;

/** Starts the executable beside an agent file, asks it one question and stops it. */
async function serveAndAsk(executable: string, folder: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "my_agent.ts"), agentFile);
  // Empty variables count as not set: no key of the tester's may be used.
  const env = { NO_COLOR: "1", OPENAI_API_KEY: "", OPENAI_BASE_URL: "", OPENAI_API_BASE: "" };
  const args = ["server", "my_agent.ts", "--host", "127.0.0.1", "--port", "0"];
  await using server = new StartedCommand(executable, args, { cwd: folder, env });
  const [, address] = /ws:\/\/(127\.0\.0\.1:\d+)/.exec(await server.line((line) => line.includes("🚀")))!;
  const health = await fetch(`http://${address}/health`);
  assert.equal((await health.json()).status, "healthy");
  const page = await fetch(`http://${address}/`);
  assert.match(await page.text(), /<!doctype html>/i);
  const asked = await runCommand(executable, ["health", "--url", `http://${address}`], { cwd: folder, env });
  assert.equal(asked.code, 0, asked.stderr);

  const client = await TestClient.connect(`ws://${address}/`);
  const answer = await client.ask(await client.createSession(), "What is the weather in Berlin?");
  assert.equal(answer.event, "agent.final_answer");
  assert.match(answer.content, /Berlin: sunny, 25 °C/);

  const { code } = await server.stop("SIGTERM");
  assert.equal(code, 0, server.lines.join("\n"));
  assert.equal((await client.closed).code, 1001);
}

const base = await findBaseBinary();
const mayDownload = Deno.env.get("COMPILE_TEST") === "1";
const ignore = base === undefined && !mayDownload;
const reason = ignore ? " (ignored: no base binary; set DENORT_BIN, or COMPILE_TEST=1 to download it)" : "";

Deno.test({
  name: `The executable serves an agent file, answers, tells its health and ends at SIGTERM${reason}`,
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const executable = join(folder, "myagent-ws");
      const { code, stderr } = await build(executable);
      assert.equal(code, 0, stderr);
      await serveAndAsk(executable, folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

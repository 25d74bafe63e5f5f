/** The Python clients of the seeds, with the websockets package that Debian brings. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand, StartedCommand } from "../../helpers/command.ts";
import { checkExpectedOutput, cutBlock } from "./documents.ts";
import { obstacle, seedTest, serveAgent } from "./seed_server.ts";

const python = "/usr/bin/python3";

async function lookForWebsockets(): Promise<string | undefined> {
  if (obstacle) return undefined;
  try {
    const { code } = await runCommand(python, ["-c", "import websockets"]);
    return code === 0 ? undefined : `${python} has no websockets package`;
  } catch {
    return `no ${python}`;
  }
}

const pythonMissing = await lookForWebsockets();
const env = { PYTHONUNBUFFERED: "1", PYTHONIOENCODING: "utf-8" };

/** Runs code until it ends, or until the test has seen enough. */
async function withClient(code: string, check: (client: StartedCommand) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "client.py");
    await Deno.writeTextFile(file, code);
    await using client = new StartedCommand(python, [file], { env });
    await check(client);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

seedTest("Seed 001's Python test connects and reads the greeting", [pythonMissing], async () => {
  await using _server = await serveAgent("hello");
  const block = cutBlock("001", "bash", "import websockets");
  // The document hands the code to the shell in double quotes; nothing in it means something to the shell.
  const [code] = [...block.matchAll(/^python -c "\n(.*?)^"$/gms)].map(([, text]) => text)
    .filter((text) => text.includes("import websockets"));
  const { code: exitCode, stdout, stderr } = await runCommand(python, ["-c", code], { env });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^\{'event': 'system\.connected', /);
});

seedTest("Seed 002's Python client gets the weather of Shanghai and ends", [pythonMissing], async () => {
  await using _server = await serveAgent("weather");
  // The document's client uses datetime without importing it: this line, and nothing else, is put before it.
  const code = "from datetime import datetime\n" + cutBlock("002", "python", "async def client_example");
  await withClient(code, async (client) => {
    assert.equal((await client.status).code, 0, client.lines.join("\n"));
    assert.equal(client.lines[0], "Connected to MyAgent WebSocket");
    assert.match(client.lines.find((line) => line.startsWith("Final answer: ")) ?? "", /上海/);
  });
});

seedTest("Seed 003's Python client prints what its document says it prints", [pythonMissing], async () => {
  await using _server = await serveAgent("hello");
  await withClient(cutBlock("003", "python", "class MyAgentClient"), async (client) => {
    await client.line((line) => line.startsWith("🎯 Agent回答: "));
    checkExpectedOutput(client.lines);
  });
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli } from "../../src/cli/main.ts";
import { say } from "../../src/mod.ts";
import { startTestServer } from "../helpers/server.ts";
import { FakeIo } from "./fake_io.ts";

async function run(...args: string[]) {
  const io = new FakeIo();
  const code = await runCli(["sessions", ...args], io);
  return { code, out: io.outText, err: io.errText };
}

Deno.test("sessions lists, shows, exports and deletes what is in a data folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    let id: string;
    {
      await using server = await startTestServer({ model: [say("an answer")], config: { dataDir: folder } });
      const client = await server.connect();
      id = await client.createSession();
      await client.ask(id, "a question");
      const busy = await run("list", "--data-dir", folder);
      assert.deepEqual([busy.code, busy.out], [1, ""]);
      assert.match(busy.err, /in use by process \d+/);
    }
    const listed = await run("list", "--data-dir", folder);
    assert.deepEqual(listed.out.split("\t").slice(0, 1).concat(listed.out.split("\t")[3]), [id, "tester"]);
    const shown = await run("show", id, "--data-dir", folder);
    assert.match(shown.out, /user: a question\nassistant: an answer\n$/);
    const exported = JSON.parse(
      (await run("export", id, "--store", `sqlite:${join(folder, "sessions.db")}`)).out,
    );
    assert.deepEqual([exported.id, exported.messages.length, exported.events.at(-1).content], [
      id,
      2,
      "an answer",
    ]);
    assert.equal((await run("delete", id, "--data-dir", folder)).code, 0);
    const gone = await run("show", id, "--data-dir", folder, "--lang", "en");
    assert.deepEqual([gone.code, gone.err], [1, `❌ There is no session ${id}\n`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sessions without a data folder says how to name one", async () => {
  const { code, err } = await run("list", "--lang", "en");
  assert.deepEqual([code, err], [1, "❌ Name the data folder with --data-dir\n"]);
});

import assert from "node:assert/strict";
import { runCli } from "../../src/cli/main.ts";
import { FakeIo, FakeServer } from "./fake_io.ts";
import { Folder, plainAgent } from "../fixtures/folder.ts";

/** A watching server, until the test is done with it. */
async function watching(paths: string[], check: (io: FakeIo, server: FakeServer) => Promise<void>) {
  const io = new FakeIo();
  const server = new FakeServer();
  io.startServer = server.start;
  const code = runCli(["server", ...paths, "--watch"], io);
  await io.shows("👀 正在监视文件变化");
  await check(io, server);
  server.end();
  assert.equal(await code, 0);
  assert.equal(io.errText, "");
}

Deno.test("A saved agent file is used for new sessions, a bad edit keeps the last good version", async () => {
  using folder = new Folder({ "a.ts": plainAgent("first"), "b.ts": plainAgent("other") });
  const file = folder.file("a.ts");
  await watching([file, folder.file("b.ts")], async (io, server) => {
    folder.write("a.ts", plainAgent("second"));
    await io.shows(`🔁 已重新加载 ${file}: second（对新会话生效）\n`);
    assert.deepEqual(server.sets, [["second", "other"]]);

    folder.write("a.ts", "export const agent = {{");
    await io.shows(`❗ ${file} 有错误，新会话继续使用上一个可用版本: Agent 文件 ${file} 有语法错误`);
    assert.equal(server.sets.length, 1);

    folder.write("a.ts", plainAgent("other"));
    await io.shows('Agent 同名 "other"');
    assert.equal(server.sets.length, 1);

    folder.write("a.ts", plainAgent("third"));
    await io.shows(": third（对新会话生效）");
    assert.deepEqual(server.sets.at(-1), ["third", "other"]);

    folder.write("b.ts", plainAgent("fourth"));
    await io.shows(": fourth（对新会话生效）");
    assert.deepEqual(server.sets.at(-1), ["third", "fourth"]);
  });
});

Deno.test("A file that an editor replaces is still followed", async () => {
  using folder = new Folder({ "a.ts": plainAgent("first") });
  await watching([folder.file("a.ts")], async (io) => {
    for (const name of ["second", "third"]) {
      folder.write(".a.ts.swap", plainAgent(name));
      Deno.renameSync(folder.file(".a.ts.swap"), folder.file("a.ts"));
      await io.shows(`: ${name}（对新会话生效）`);
    }
  });
});

Deno.test("A change of a file that agents import asks for a restart", async () => {
  using folder = new Folder({
    "a.ts": `import "./_one.ts";${plainAgent("a")}`,
    "_one.ts": 'export * from "./_two.ts";',
    "_two.ts": "export const x = 1;",
    "unrelated.ts": "",
  });
  await watching([folder.file("a.ts")], async (io, server) => {
    folder.write("unrelated.ts", "export const y = 2;");
    folder.write("_two.ts", "export const x = 2;");
    await io.shows("❗ _two.ts 已修改：它由 Agent 文件导入，需要重启服务器才能生效\n");
    assert.doesNotMatch(io.outText, /unrelated/);
    assert.deepEqual(server.sets, []);
  });
});

Deno.test("A new file in a watched folder becomes an agent", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a") });
  await watching([folder.path], async (io, server) => {
    folder.write("helper.ts", "export const x = 1;");
    folder.write("b.ts", plainAgent("b"));
    await io.shows(`🔁 已重新加载 ${folder.file("b.ts")}: b（对新会话生效）\n`);
    assert.deepEqual(server.sets, [["a", "b"]]);
    assert.doesNotMatch(io.outText, /helper/);
  });
});

Deno.test("A change in the last moment leaves nothing behind", async () => {
  using folder = new Folder({ "a.ts": plainAgent("first") });
  await watching([folder.file("a.ts")], async () => {
    // What this watcher has seen, the server's own sees within a few turns; it ends before the change has settled.
    using witness = Deno.watchFs(folder.path);
    folder.write("a.ts", plainAgent("second"));
    for await (const event of witness) if (event.kind === "modify") break;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  });
});

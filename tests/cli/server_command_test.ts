import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { runCli } from "../../src/cli/main.ts";
import { FakeIo, FakeServer } from "./fake_io.ts";
import { Folder, plainAgent } from "../fixtures/folder.ts";

/** A server command that is under way. */
function serving(argv: string[], env: Record<string, string> = {}) {
  const io = new FakeIo(env);
  const server = new FakeServer();
  io.startServer = server.start;
  return { io, server, code: runCli(argv, io) };
}

/** The sentence of a server that cannot listen. */
async function refusal(cause: unknown, ...flags: string[]): Promise<string> {
  using folder = new Folder({ "a.ts": plainAgent("a") });
  const io = new FakeIo();
  io.startServer = () => Promise.reject(cause);
  assert.equal(await runCli([folder.file("a.ts"), ...flags], io), 1);
  assert.match(io.errText, /^❌ 服务器错误: [^\n]*\n$/);
  return io.errText.slice("❌ 服务器错误: ".length, -1);
}

Deno.test("Start-up says what is loaded, where it listens and what to know, in this order", async () => {
  using folder = new Folder({ "one.ts": plainAgent("one"), "two.ts": plainAgent("two") });
  const [one, two] = [folder.file("one.ts"), folder.file("two.ts")];
  const { io, server, code } = serving(["server", one, two, "--port", "9000"]);
  await io.shows("演示模型");
  server.end();
  assert.equal(await code, 0);
  assert.equal(io.errText, "");
  assert.deepEqual(io.outText.split("\n"), [
    `🔍 正在加载 Agent 文件: ${one}`,
    "✅ Agent 加载成功: one",
    `🔍 正在加载 Agent 文件: ${two}`,
    "✅ Agent 加载成功: two",
    "🚀 MyAgent WebSocket 服务启动在 ws://localhost:9000",
    "🌐 控制台: http://localhost:9000/",
    "🧠 模型: demo",
    "💾 存储: 内存（重启后会话不保留）",
    "⚠️  演示模型: 未设置 OPENAI_API_KEY，回答由离线程序拼成，不是真正的 AI",
    "👋 服务器已停止",
    "",
  ]);
  assert.deepEqual(server.given[0].agents.map(({ name }) => name), ["one", "two"]);
});

Deno.test("An English locale or --lang en makes it speak English", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a") });
  for (const [flags, env] of [[["--lang", "en"], {}], [[], { LANG: "en_GB.UTF-8" }]] as const) {
    const { io, server, code } = serving([folder.file("a.ts"), ...flags], env);
    await io.shows("DEMO MODEL");
    server.end();
    await code;
    assert.match(io.outText, /^🔍 Loading agent file: .*\n✅ Agent loaded: a\n🚀 .* ws:\/\/localhost:8080\n/);
  }
});

Deno.test("A host that others can reach is warned about, and the console's address still opens", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a") });
  const { io, server, code } = serving([folder.file("a.ts"), "--host", "0.0.0.0"]);
  await io.shows("没有身份验证");
  server.end();
  await code;
  assert.match(io.outText, /启动在 ws:\/\/0\.0\.0\.0:8080\n🌐 控制台: http:\/\/localhost:8080\/\n/);
  const ipv6 = serving([folder.file("a.ts"), "--host", "::1"]);
  await ipv6.io.shows("演示模型");
  ipv6.server.end();
  await ipv6.code;
  assert.match(ipv6.io.outText, /ws:\/\/\[::1\]:8080\n/);
  assert.doesNotMatch(ipv6.io.outText, /没有身份验证/);
});

Deno.test("Flags win over the environment", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a") });
  const env = { MYAGENT_PORT: "7000", MYAGENT_HOST: "127.0.0.1", MYAGENT_AGENT_READY: "true" };
  const { io, server, code } = serving(
    [folder.file("a.ts"), "--port", "7001", "--no-agent-ready", "--debug"],
    env,
  );
  await io.shows("演示模型");
  server.end();
  await code;
  const { port, host, agentReady, debug } = server.given[0].config;
  assert.deepEqual({ port, host, agentReady, debug }, {
    port: 7001,
    host: "127.0.0.1",
    agentReady: false,
    debug: true,
  });
});

Deno.test("In a folder, what holds no agent is skipped with a note and what is broken is an error", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a"), "helper.ts": "export const x = 1;", "_own.ts": "{{" });
  const { io, server, code } = serving([folder.path]);
  await io.shows("演示模型");
  server.end();
  await code;
  assert.match(io.outText, /💤 已跳过 .*helper\.ts: 没有导出 agent\n/);
  assert.deepEqual(server.given[0].agents.map(({ name }) => name), ["a"]);

  folder.write("broken.ts", "export const agent = {{");
  const broken = serving([folder.path]);
  assert.equal(await broken.code, 1);
  assert.match(broken.io.errText, /^❌ Agent 文件 .*broken\.ts 有语法错误[^\n]*\n$/);

  using empty = new Folder({ "helper.ts": "export const x = 1;" });
  const none = serving([empty.path]);
  assert.equal(await none.code, 1);
  assert.match(none.io.errText, /^❌ .* 里没有导出 agent 的文件[^\n]*\n$/);
});

Deno.test("Two agents of one name are refused, because clients choose by name", async () => {
  using folder = new Folder({ "a.ts": plainAgent("same"), "b.ts": plainAgent("same") });
  const { io, code } = serving([folder.path]);
  assert.equal(await code, 1);
  assert.match(io.errText, /^❌ 两个文件的 Agent 同名 "same": .*a\.ts 和 .*b\.ts[^\n]*\n$/);
});

Deno.test("A server that cannot listen names a way out", async () => {
  const inUse = new Deno.errors.AddrInUse("Address already in use (os error 98)");
  assert.equal(
    await refusal(inUse, "--port", "8123"),
    "端口 8123 已被占用 (Address already in use)，请停止占用它的程序，或用 --port 8124 换一个端口",
  );
  const wrapped = new AppError("ERR_EXECUTION_603", "x", { cause: inUse, details: { port: 8000 } });
  assert.match(await refusal(wrapped), /^端口 8000 .*--port 8001/);
  assert.match(await refusal(new Deno.errors.PermissionDenied("no"), "--port", "80"), /^没有权限监听端口 80/);
  assert.match(
    await refusal(new Deno.errors.AddrNotAvailable("no"), "--host", "1.2.3.4"),
    /主机 "1\.2\.3\.4".*--host/,
  );
  assert.match(
    await refusal(new Error("failed to lookup address information"), "--host", "nope"),
    /"nope".*--host/,
  );
  assert.equal(await refusal(new AppError("ERR_EXECUTION_601", "Bad base URL")), "Bad base URL");
});

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} drains and ends with 0, a second one does not wait`, async () => {
    using folder = new Folder({ "a.ts": plainAgent("a") });
    const { io, server, code } = serving([folder.file("a.ts")]);
    await io.shows("演示模型");
    const gate = Promise.withResolvers<void>();
    server.slowDrain = gate.promise;
    assert.equal(io.signal(signal), 1);
    await io.shows("🛑 正在停止");
    assert.deepEqual([server.drains, io.exits], [1, []]);
    io.signal(signal);
    assert.deepEqual([server.drains, io.exits], [1, [exitCode]]);
    gate.resolve();
    assert.equal(await code, 0);
    assert.equal(io.signal("SIGINT") + io.signal("SIGTERM"), 0);
  });
}

Deno.test("A drain that fails is told in one line", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a") });
  const { io, server, code } = serving([folder.file("a.ts")]);
  await io.shows("演示模型");
  server.slowDrain = Promise.reject(new Error("disk full"));
  io.signal("SIGTERM");
  assert.equal(await code, 1);
  assert.equal(io.errText, "❌ 意外错误: disk full\n");
});

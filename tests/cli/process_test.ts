/** The real command line in a process of its own: streams, exit codes, signals. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Folder, plainAgent } from "../fixtures/folder.ts";
import { TestClient } from "../helpers/client.ts";
import { Screen } from "./screen.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
const plainTask = ["run", "--quiet", "--no-lock", "-A", main];

/** What a process needs to run at all: no language, no key, no setting. */
const env = Object.fromEntries(
  ["PATH", "HOME", "DENO_DIR", "NPM_CONFIG_REGISTRY", "NODE_EXTRA_CA_CERTS", "DENO_TLS_CA_STORE"]
    .flatMap((name) => Deno.env.has(name) ? [[name, Deno.env.get(name)!]] : []),
);

/** A command that is under way in a folder. */
class Started implements AsyncDisposable {
  readonly out = new Screen();
  readonly #child: Deno.ChildProcess;
  readonly #err: Promise<string>;
  readonly #reading: Promise<void>;

  constructor(folder: Folder, argv: string[], task = plainTask) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...task, ...argv],
      cwd: folder.path,
      env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#err = new Response(this.#child.stderr).text();
    this.#reading = this.#read();
  }

  /** Sends a signal, if one is given, and waits for the end. */
  async end(signal?: Deno.Signal): Promise<{ code: number; out: string; err: string }> {
    if (signal) this.#child.kill(signal);
    const { code } = await this.#child.status;
    await this.#reading;
    return { code, out: this.out.text, err: await this.#err };
  }

  /** Leaves no process behind when a test fails half way. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.end();
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) this.out.write(text);
    this.out.end();
  }
}

/** The port a server of ours said it listens on. */
const portIn = (out: string) => Number(/ws:\/\/localhost:(\d+)\n/.exec(out)?.[1]);

const good = plainAgent("good");
const failures: [what: string, files: Record<string, string>, argv: string[], sentence: RegExp][] = [
  ["No file at all", {}, ["server"], /^请指定 Agent 文件或文件夹，例如 myagent-ws server my_agent\.ts；.+$/],
  ["A missing file", {}, ["server", "my_agent.ts"], /^找不到 Agent 文件 my_agent\.ts，请检查路径$/],
  [
    "A syntax error",
    { "my_agent.ts": "export const agent = {\n  name: 'x'\n" },
    ["server", "my_agent.ts"],
    /^Agent 文件 my_agent\.ts 有语法错误，位置 my_agent\.ts:2:12: .+$/,
  ],
  [
    "A missing export",
    { "my_agent.ts": "const agent = 1; export const helper = agent;" },
    ["server", "my_agent.ts"],
    /^在 my_agent\.ts 中未找到 'agent' 变量（找到的导出: helper），请写成 .+$/,
  ],
  [
    "A wrong export",
    { "my_agent.ts": 'export const agent = "hello";' },
    ["server", "my_agent.ts"],
    /^my_agent\.ts 导出的 'agent' 不是 Agent，而是 "hello"，请写成 .+$/,
  ],
  [
    "A throw at import",
    { "my_agent.ts": 'throw new Error("no API key");' },
    ["server", "my_agent.ts"],
    /^Agent 文件 my_agent\.ts 加载时抛出错误（my_agent\.ts:1:7）: no API key$/,
  ],
  [
    "An unknown flag",
    { "a.ts": good },
    ["server", "a.ts", "--prot", "1"],
    /^未知选项 --prot，是不是想用 --port？$/,
  ],
  [
    "Port 99999",
    { "a.ts": good },
    ["server", "a.ts", "--port", "99999"],
    /^--port 的值 "99999" 无效: 不能大于 65535$/,
  ],
  [
    "A bad value in .env",
    { "a.ts": good, ".env": "MYAGENT_PORT=eighty\n" },
    ["server", "a.ts"],
    /^\.env 中 MYAGENT_PORT 的值 "eighty" 无效: 应为数字$/,
  ],
];

for (const [what, files, argv, sentence] of failures) {
  Deno.test(`${what} ends in one clear sentence and exit code 1`, async () => {
    using folder = new Folder(files);
    const { code, err } = await new Started(folder, argv).end();
    assert.match(err, /^❌ [^\n]+\n$/);
    assert.match(err.slice(2, -1), sentence);
    assert.equal(code, 1);
  });
}

Deno.test("A taken port ends in one clear sentence and exit code 1", async () => {
  using folder = new Folder({ "a.ts": good });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { code, err } = await new Started(folder, ["server", "a.ts", "--port", `${port}`]).end();
  assert.match(
    err,
    new RegExp(`^❌ 服务器错误: 端口 ${port} [^\\n]*Address already in use[^\\n]*--port \\d+[^\\n]*\n$`),
  );
  assert.equal(code, 1);
});

Deno.test("A server starts, survives a stray throw of its agent, and ends with 0 on SIGTERM", async () => {
  using folder = new Folder({
    "a.ts": `${good}
      setTimeout(() => { throw new Error("stray throw"); });
      Promise.reject(new Error("stray rejection"));`,
    ".env": "MYAGENT_PORT=0\n",
  });
  await using server = new Started(folder, ["a.ts"]);
  await server.out.shows("⚠️  演示模型");
  const [loading, loaded, listening, console] = server.out.text.split("\n");
  assert.equal(loading, "🔍 正在加载 Agent 文件: a.ts");
  assert.equal(loaded, "✅ Agent 加载成功: good");
  const port = portIn(`${listening}\n`);
  assert.equal(listening, `🚀 MyAgent WebSocket 服务启动在 ws://localhost:${port}`);
  assert.equal(console, `🌐 控制台: http://localhost:${port}/`);
  const health = await new Started(folder, ["health", "--port", `${port}`]).end();
  assert.deepEqual([health.code, health.err], [0, ""]);
  const { code, err, out } = await server.end("SIGTERM");
  assert.equal(code, 0);
  assert.match(out, /🛑 正在停止.*\n👋 服务器已停止\n$/);
  assert.match(err, /^(⚠️ {2}Uncaught in agent or server code: stray (throw|rejection)\n){2}$/);
});

Deno.test("deno task dev gives new sessions the edited agent, and keeps the last good version after a bad edit", async () => {
  using folder = new Folder({ "agents/a.ts": plainAgent("first") });
  const manifest = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const [deno, ...task] = (manifest.tasks.dev as string).split(" ");
  assert.equal(deno, "deno");
  const atRoot = task.map((word) => word === "main.ts" ? main : word);
  await using server = new Started(folder, ["--port", "0"], atRoot);
  await server.out.shows("⚠️  演示模型");

  /** Name of the agent that a new session gets. */
  const newSession = async () => {
    using client = await TestClient.connect(`ws://localhost:${portIn(server.out.text)}`);
    client.send({ event: "user.create_session" });
    const created = await client.find(({ event }) => event === "agent.session_created");
    return created.metadata.agent_name;
  };
  assert.equal(await newSession(), "first");
  folder.write("agents/a.ts", plainAgent("second"));
  await server.out.shows("🔁 已重新加载 agents/a.ts: second（对新会话生效）\n");
  assert.equal(await newSession(), "second");
  folder.write("agents/a.ts", "export const agent = {{");
  await server.out.shows("❗ agents/a.ts 有错误，新会话继续使用上一个可用版本: ");
  assert.equal(await newSession(), "second");
  const { code, err } = await server.end("SIGINT");
  assert.deepEqual([code, err], [0, ""]);
});

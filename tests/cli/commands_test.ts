import assert from "node:assert/strict";
import { protocolMarkdown, protocolSchema } from "../../src/protocol/schema.ts";
import { settingRows } from "../../src/config.ts";
import { cli } from "./fake_io.ts";
import { Folder, plainAgent } from "../fixtures/folder.ts";

const greeter = new URL("../fixtures/greeter.ts", import.meta.url);

Deno.test("check shows what an agent file holds", async () => {
  using folder = new Folder({ "greeter.ts": await Deno.readTextFile(greeter) });
  const file = folder.file("greeter.ts");
  const { code, out, err } = await cli(["check", file, "--lang", "en"], { columns: 70 });
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    `✅ ${file} is ready to use
   Name         greeter
   Description  Greets people
   Type         react
   Sessions     share one agent definition
   Tools        greet      Greets someone by name
                terminate  End the work when the request has been
                answered or cannot be answered.
   Permissions  net: ["example.com"]
                (not enforced by this version)
   Hooks        onSessionInit
`,
  );
});

Deno.test("check says in Chinese what is wrong with a file", async () => {
  using folder = new Folder({ "a.ts": "export const helper = 1;" });
  const { code, out, err } = await cli(["check", folder.file("a.ts")]);
  assert.deepEqual([code, out], [1, ""]);
  assert.equal(
    err,
    `❌ 在 ${folder.file("a.ts")} 中未找到 'agent' 变量（找到的导出: helper），` +
      "请写成 export const agent = createReactAgent({ … })\n",
  );
});

for (
  const [language, question, answer] of [
    ["zh", "北京现在几点？", /北京现在是 \d{4}\//],
    ["en", "What time is it in London?", /It is \d\d\/\d\d\/\d{4}, .* in London/],
  ] as const
) {
  Deno.test(`init writes a starter (${language}) that can be checked and run on the demo model`, async () => {
    using folder = new Folder();
    const file = folder.file("made/my_agent.ts");
    const flags = ["--lang", language];
    const made = await cli(["init", file, ...flags]);
    assert.deepEqual([made.code, made.err], [0, ""]);
    // What it offers to do next is what works.
    assert(made.out.includes(`myagent-ws run ${file} "${question}"`), made.out);
    assert(made.out.includes(`myagent-ws server ${file}`), made.out);
    const checked = await cli(["check", file, ...flags]);
    assert.match(checked.out, /my-agent\n[^]*current_time/);
    const run = await cli(["run", file, question, ...flags]);
    assert.equal(run.code, 0);
    assert.match(run.out, answer);
  });
}

Deno.test("init never overwrites, adds the ending, and refuses another language", async () => {
  using folder = new Folder({ "a.ts": "mine" });
  const file = folder.file("a.ts");
  const { code, err } = await cli(["init", file]);
  assert.equal(code, 1);
  assert.equal(
    err,
    `❌ ${file} 已存在，不会覆盖；请换一个文件名，例如 myagent-ws init ${folder.file("a2.ts")}\n`,
  );
  assert.equal(Deno.readTextFileSync(file), "mine");
  assert.equal((await cli(["init", folder.file("b")])).code, 0);
  assert.match(Deno.readTextFileSync(folder.file("b.ts")), /export const agent = /);
  assert.match((await cli(["init", folder.file("c.py")])).err, /^❌ [^\n]*TypeScript 或 JavaScript[^\n]*\n$/);
  assert.match((await cli(["init", folder.file("a.ts/d.ts")])).err, /^❌ 无法写入 [^\n]*\n$/);
});

Deno.test("schema prints the protocol as JSON Schema and as Markdown", async () => {
  assert.deepEqual(JSON.parse((await cli(["schema"])).out), protocolSchema());
  assert.equal((await cli(["schema", "--markdown"])).out, protocolMarkdown());
});

/** Runs the printed bash script and asks it, as the shell does when a tab is pressed. */
async function completeInBash(script: string, words: readonly string[]): Promise<string[]> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${
    words.length - 1
  }; _myagent_ws; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["--norc", "-c", `${script}\n${ask}`],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
}

Deno.test("The bash script completes commands, their flags and the names of shells", async () => {
  const { out } = await cli(["completions", "bash"]);
  assert.deepEqual(await completeInBash(out, ["myagent-ws", "se"]), ["server", "sessions"]);
  assert.deepEqual(await completeInBash(out, ["myagent-ws", "run", "--mo"]), ["--model"]);
  assert.deepEqual(await completeInBash(out, ["myagent-ws", "completions", ""]), ["bash", "zsh", "fish"]);
  assert.deepEqual(await completeInBash(out, ["myagent-ws", "help", "che"]), ["check"]);
  assert.deepEqual(await completeInBash(out, ["myagent-ws", "my_agent.ts", "--hea"]), [
    "--health-port",
    "--heartbeat-seconds",
  ]);
  // Nothing offered: the shell itself completes file names.
  assert.deepEqual(await completeInBash(out, ["myagent-ws", "server", "my"]), []);
});

Deno.test("Every completion script holds every command and every flag of the server", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out } = await cli(["completions", shell]);
    assert.equal(code, 0);
    for (const name of ["server", "run", "check", "init", "schema", "health", "completions"]) {
      assert.match(out, new RegExp(`\\b${name}\\b`));
    }
    for (const { flag } of settingRows()) {
      if (flag) assert(out.includes(shell === "fish" ? `-l ${flag.slice(2)}` : flag), `${shell}: ${flag}`);
    }
  }
});

/** A server that answers /health with this status while the check runs. */
async function withHealth(status: number, check: (port: number) => Promise<void>): Promise<void> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => new Response("{}", { status: new URL(request.url).pathname === "/health" ? status : 404 }),
  );
  await check(server.addr.port);
}

Deno.test("health exits with 0 for a healthy server only", async () => {
  await withHealth(200, async (port) => {
    const good = { code: 0, out: `✅ http://127.0.0.1:${port} 正常\n`, err: "" };
    assert.deepEqual(await cli(["health", "--host", "127.0.0.1", "--port", `${port}`]), good);
    assert.deepEqual(await cli(["health", "--url", `http://127.0.0.1:${port}`]), good);
    assert.deepEqual(await cli(["health", "--url", `ws://127.0.0.1:${port}/health`]), good);
    // In a container the variables of the server apply: all addresses means this one, too.
    const vars = { MYAGENT_HOST: "0.0.0.0", MYAGENT_PORT: `${port}` };
    assert.deepEqual(await cli(["health"], { vars }), good);
  });
  await withHealth(503, async (port) => {
    assert.deepEqual(await cli(["health", "--host", "127.0.0.1", "--port", `${port}`]), {
      code: 1,
      out: "",
      err: `❌ http://127.0.0.1:${port} 不正常: 状态码 503\n`,
    });
  });
});

Deno.test("health says in one line why it cannot ask", async () => {
  let freed = 0;
  await withHealth(200, (port) => Promise.resolve(void (freed = port)));
  const { code, err } = await cli(["health", "--host", "127.0.0.1", "--port", `${freed}`, "--lang", "en"]);
  assert.equal(code, 1);
  assert.match(err, /^❌ Cannot reach http:\/\/127\.0\.0\.1:\d+: Connection refused[^\n]*\n$/);
  assert.match((await cli(["health", "--url", "nonsense"])).err, /^❌ "nonsense" 不是网址[^\n]*\n$/);
});

Deno.test("A broken .env stops the commands that need it, not the others", async () => {
  using folder = new Folder({ ".env": "hello world\n", "a.ts": plainAgent("a") });
  const envFile = folder.file(".env");
  const line = `❌ 无法读取 ${envFile}: 第 1 行不是 NAME=value 的形式\n`;
  for (const argv of [["server", folder.file("a.ts")], ["run", folder.file("a.ts"), "x"], ["health"]]) {
    assert.deepEqual(await cli(argv, { envFile }), { code: 1, out: "", err: line });
  }
  for (const argv of [["--version"], ["--help"], ["schema"], ["completions", "bash"]]) {
    assert.deepEqual([(await cli(argv, { envFile })).code, (await cli(argv, { envFile })).err], [0, ""]);
  }
});

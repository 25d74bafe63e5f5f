import assert from "node:assert/strict";
import { runCli } from "../../src/cli/main.ts";
import { cli, FakeIo } from "./fake_io.ts";
import { Folder } from "../fixtures/folder.ts";

/** An agent file on a script: mails, thinks aloud, answers. */
const mailer = `
import { call, createReactAgent, defineTool, say, ScriptedModel } from "myagent";
import { z } from "zod";
const sendMail = defineTool({
  name: "send_mail", description: "Sends a mail", userConfirm: true, parameters: z.object({ to: z.string() }),
  execute: ({ to }) => "sent to " + to,
});
export const agent = () => createReactAgent({
  name: "mailer", tools: [sendMail],
  model: new ScriptedModel(call("send_mail", { to: "Alice" }, "I will mail Alice."), say("It ", "is done.")),
});
`;

/** An agent file with the given model. */
const withModel = (model: string) => `
import { createReactAgent, failing, hang, say, ScriptedModel } from "myagent";
export const agent = createReactAgent({ name: "x", model: ${model} });
`;

Deno.test("A pipe gets the answer and nothing else, tools and thoughts go beside it", async () => {
  using folder = new Folder({ "a.ts": mailer });
  const { code, out, err } = await cli(["run", folder.file("a.ts"), "mail", "Alice"]);
  assert.equal(code, 0);
  assert.equal(out, "It is done.\n");
  const lines = err.split("\n");
  assert.deepEqual(lines.slice(0, 4), [
    "💭 I will mail Alice.",
    '🔧 send_mail {"to":"Alice"}',
    "❓ 是否允许执行「send_mail」？",
    "   当前不是终端，无法询问，已拒绝",
  ]);
  assert.match(lines[4], /^ {3}✘ Tool execution cancelled by user: not at a terminal.* \(\d+ ms\)$/);
});

Deno.test("At a terminal text appears as it comes and questions are put to the user", async () => {
  using folder = new Folder({ "a.ts": mailer });
  for (const [typed, outcome] of [["y", /✔ sent to Alice/], ["", /✘ Tool execution cancelled/]] as const) {
    const io = new FakeIo();
    Object.assign(io, { outIsTerminal: true, errIsTerminal: true, inIsTerminal: true });
    io.typed.push(typed);
    assert.equal(await runCli(["run", folder.file("a.ts"), "mail Alice", "--lang", "en"], io), 0);
    assert.equal(io.outText, "I will mail Alice.\nIt is done.\n");
    assert.match(io.errText, /❓ Allow the tool send_mail to run\?\n.*\[y\/N\] /);
    assert.match(io.errText, outcome);
    assert(io.errText.startsWith("\x1b[2m🔧 send_mail"), "tools are dimmed");
  }
});

Deno.test("Without a key it says that the demo model answers", async () => {
  using folder = new Folder({
    "a.ts":
      'import { createReactAgent } from "myagent"; export const agent = createReactAgent({ name: "x" });',
  });
  const { code, out, err } = await cli(["run", folder.file("a.ts"), "你好"]);
  assert.equal(code, 0);
  assert.match(err, /^⚠️ {2}演示模型: /);
  assert.notEqual(out.trim(), "");
});

Deno.test("A run that fails is told in one line, behind what it had written", async () => {
  using folder = new Folder({
    "model.ts": withModel('new ScriptedModel(failing("model unreachable", "half an ans"))'),
    "code.ts": withModel('{ name: "m", stream() { throw new TypeError("x is not a function"); } }'),
    "factory.ts": `import { agent as inner } from "./model.ts"; let made = 0;
      export const agent = () => { if (made++) throw new Error("no db"); return inner; };`,
  });
  const model = await cli(["run", folder.file("model.ts"), "hi"], { outIsTerminal: true });
  assert.deepEqual(model, { code: 1, out: "half an ans\n", err: "❌ 运行失败: model unreachable\n" });
  const code = await cli(["run", folder.file("code.ts"), "hi", "--lang", "en"]);
  assert.deepEqual(code, { code: 1, out: "", err: "❌ Run failed: x is not a function\n" });
  const factory = await cli(["run", folder.file("factory.ts"), "hi"]);
  assert.equal(factory.code, 1);
  assert.match(factory.err, /^❌ 运行失败: [^\n]*no db[^\n]*\n$/);
});

Deno.test("Ctrl-C cancels the run, a second one does not wait for it", async () => {
  const model = `new ScriptedModel(async function* (request) {
    yield { type: "text", text: "let me see" };
    yield* hang()(request);
  })`;
  using folder = new Folder({ "a.ts": withModel(model) });
  const io = new FakeIo();
  io.outIsTerminal = true;
  const code = runCli(["run", folder.file("a.ts"), "hi"], io);
  await io.shows("let me see");
  assert.equal(io.signal("SIGINT"), 1);
  assert.deepEqual(io.exits, []);
  io.signal("SIGINT");
  assert.deepEqual(io.exits, [130]);
  assert.equal(await code, 130);
  assert.deepEqual([io.outText, io.errText], ["let me see\n", "已取消\n"]);
  assert.equal(io.signal("SIGINT"), 0);
});

Deno.test("A file that cannot be loaded and an empty question are told in one line", async () => {
  assert.deepEqual(await cli(["run", "no/such.ts", "hi"]), {
    code: 1,
    out: "",
    err: "❌ 找不到 Agent 文件 no/such.ts，请检查路径\n",
  });
  using folder = new Folder({ "a.ts": mailer });
  const { code, err } = await cli(["run", folder.file("a.ts"), " "]);
  assert.equal(code, 1);
  assert.equal(err.trim().split("\n").length, 1);
});

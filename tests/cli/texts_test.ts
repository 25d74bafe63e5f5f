import assert from "node:assert/strict";
import { settingRows } from "../../src/config.ts";
import { loadFailure, type LoadReason, type LoadReasons } from "../../src/agent/load_failure.ts";
import { displayWidth, padTo, wrap } from "../../src/cli/columns.ts";
import { failureText } from "../../src/cli/failure_texts.ts";
import { groupTitle, settingHelp } from "../../src/cli/help_texts.ts";
import { route } from "../../src/cli/route.ts";
import { chooseLanguage, text } from "../../src/cli/texts.ts";

Deno.test("Every setting and every group of settings has Chinese help", () => {
  for (const row of settingRows()) {
    assert.match(settingHelp(row, "zh"), /[\u4e00-\u9fff]/, `no Chinese help for ${row.name}`);
    assert.match(groupTitle(row.group, "zh"), /[\u4e00-\u9fff]/, `no Chinese title for ${row.group}`);
    assert.equal(settingHelp(row, "en"), row.help);
  }
});

Deno.test("The flag decides about the language, then the variable, then the locale, else it is Chinese", () => {
  assert.equal(chooseLanguage([], {}), "zh");
  assert.equal(chooseLanguage([], { LANG: "en_US.UTF-8" }), "en");
  assert.equal(chooseLanguage([], { LC_ALL: "zh_CN.UTF-8", LANG: "en_US.UTF-8" }), "zh");
  assert.equal(chooseLanguage([], { LC_MESSAGES: "en_GB", LANG: "de_DE" }), "en");
  assert.equal(chooseLanguage([], { LANG: "C.UTF-8", LANGUAGE: "en" }), "en");
  assert.equal(chooseLanguage([], { LANG: "C.UTF-8" }), "zh");
  assert.equal(chooseLanguage([], { LANG: "en_US", MYAGENT_LANGUAGE: "zh" }), "zh");
  assert.equal(chooseLanguage(["server", "--lang", "en"], { MYAGENT_LANGUAGE: "zh" }), "en");
  assert.equal(chooseLanguage(["--lang=zh"], { LANG: "en_US" }), "zh");
  assert.equal(chooseLanguage(["--lang", "fr"], { LANG: "en_US" }), "en");
});

Deno.test("Values fill the gaps of a text in order", () => {
  assert.equal(text("reloaded", "en", "a.ts", "$&{}"), "🔁 Reloaded a.ts: $&{} (for new sessions)");
});

Deno.test("Every reason why a file cannot be loaded is one Chinese line that names the file", () => {
  const samples: { [R in LoadReason]: LoadReasons[R][] } = {
    not_found: [{ kind: "missing" }, { kind: "folder" }, { kind: "empty_folder" }, { kind: "unreadable" }],
    syntax: [{ problem: "Expression expected", place: "a.ts:1:2" }],
    no_export: [{ exports: ["x"] }, { exports: [] }],
    not_an_agent: [
      { kind: "file", found: ".py" },
      { kind: "value", found: "42" },
      { kind: "result", found: "42" },
    ],
    throws: [{ kind: "import", problem: "no\nkey", place: "" }, {
      kind: "factory",
      problem: "x",
      place: "a.ts:1:2",
    }],
    import_missing: [
      { kind: "file", specifier: "./b", place: "a.ts:1:8", hint: "./b.ts" },
      { kind: "bare", specifier: "lodash", place: "", hint: "npm:lodash" },
      { kind: "name", specifier: "zod", place: "", hint: "nope" },
      { kind: "other", specifier: "No such built-in module: node:x", place: "" },
    ],
    hangs: [{ seconds: 20 }],
    hooks: [
      { hook: "authenticate", kind: "not_run" },
      { hook: "onSessionInit", kind: "not_a_function" },
      { hook: "permissions", kind: "not_plain" },
    ],
  };
  for (const reason of Object.keys(samples) as LoadReason[]) {
    for (const data of samples[reason]) {
      const failure = loadFailure(reason, "my_agent.ts", data as LoadReasons[typeof reason]);
      const line = failureText(failure, "zh");
      assert.match(line, /^[^\n]*my_agent\.ts[^\n]*$/);
      assert.match(line, /[\u4e00-\u9fff]/);
      assert.doesNotMatch(line, /undefined/);
      assert.doesNotMatch(failureText(failure, "en"), /undefined|[\u4e00-\u9fff]/);
    }
  }
});

Deno.test("What is not made for people becomes one line without a stack", () => {
  assert.equal(failureText(new TypeError("a\n  b"), "en"), "Unexpected error: a b");
  assert.equal(failureText("text", "zh"), "意外错误: text");
});

Deno.test("A Chinese character takes two columns", () => {
  assert.equal(displayWidth("工具 ab🔧"), 9);
  assert.equal(displayWidth("\x1b[1mab\x1b[22m"), 2);
  assert.equal(padTo("工具", 6), "工具  ");
});

Deno.test("Lines break between words and Chinese characters, not inside brackets", () => {
  assert.equal(wrap("one two three", 7), "one two\nthree");
  assert.equal(wrap("监听的主机名", 8), "监听的主\n机名");
  assert.equal(wrap("打开文件夹，再", 10), "打开文件\n夹，再");
  assert.equal(wrap("port [default 8080 · X]", 12), "port\n[default 8080 · X]");
  assert.equal(wrap("kept\nlines", 20), "kept\nlines");
});

Deno.test("The word server may be left out before anything that looks like an agent file", () => {
  const commands = ["server", "run", "check"];
  const routed = (...argv: string[]) => route(argv, commands);
  assert.deepEqual(routed("a.ts", "--port", "1"), ["server", "a.ts", "--port", "1"]);
  assert.deepEqual(routed("--port", "1", "a.ts"), ["server", "--port", "1", "a.ts"]);
  assert.deepEqual(routed("--lang", "en", "--debug", "a.ts"), ["server", "--lang", "en", "--debug", "a.ts"]);
  assert.deepEqual(routed("agents/"), ["server", "agents/"]);
  assert.deepEqual(routed("src"), ["server", "src"], "a folder that exists");
  assert.deepEqual(routed("--lang", "en", "check", "a.ts"), ["check", "--lang", "en", "a.ts"]);
  assert.deepEqual(routed("sevrer"), ["sevrer"]);
  assert.deepEqual(routed("help", "--lang", "en", "run"), ["run", "--help"]);
  assert.deepEqual(routed("help"), ["--help"]);
  assert.deepEqual(routed("--lang", "en"), []);
  assert.deepEqual(routed(), []);
});

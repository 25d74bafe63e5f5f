import assert from "node:assert/strict";
import { settingRows } from "../../src/config.ts";
import { version } from "../../src/version.ts";
import { cli } from "./fake_io.ts";
import { Folder, plainAgent } from "../fixtures/folder.ts";

Deno.test("Help names every command, in the language of the user", async () => {
  const chinese = await cli(["--help"]);
  assert.equal(chinese.code, 0);
  assert.equal(chinese.err, "");
  assert.match(chinese.out, /^用法: myagent-ws <command>/);
  for (
    const name of ["server", "run", "check", "init", "schema", "health", "completions", "version", "help"]
  ) {
    assert.match(chinese.out, new RegExp(`^  ${name}\\b.*[\\u4e00-\\u9fff]`, "m"));
  }
  const english = await cli(["help", "--lang", "en"]);
  assert.match(english.out, /^Usage: myagent-ws <command>/);
  assert.equal((await cli(["--lang=en", "-h"])).out, english.out);
  assert.equal((await cli(["--help"], { vars: { LC_ALL: "en_US.UTF-8" } })).out, english.out);
});

Deno.test("Help of server shows every setting with its default and variable, in groups", async () => {
  const { out } = await cli(["server", "--help", "--lang", "en"]);
  for (const row of settingRows()) {
    for (const variable of row.variables) assert(out.includes(variable), `no ${variable}`);
    if (!row.flag) continue;
    assert(
      out.includes(row.takesValue ? `${row.flag} <value>` : row.flag.replace("--", "--[no-]")),
      row.flag,
    );
    assert(out.includes(row.help.split(" ")[0]), row.help);
    if (row.fallback) assert(out.includes(`[default ${row.fallback} · `), row.name);
  }
  for (const title of ["Listening:", "Model:", "Sessions:", "Runs:"]) {
    assert(out.includes(`\n${title}\n`), title);
  }
  assert.equal((await cli(["help", "server", "--lang", "en"])).out, out);
});

Deno.test("Without a word it shows the help and says by its exit code that nothing was done", async () => {
  const { code, out, err } = await cli([]);
  assert.equal(code, 1);
  assert.equal(err, "");
  assert.equal(out, (await cli(["--help"])).out);
});

Deno.test("The version comes from deno.json, however it is asked for", async () => {
  const manifest = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assert.equal(version, manifest.version);
  for (const word of ["--version", "-V", "-v", "version"]) {
    assert.deepEqual(await cli([word]), { code: 0, out: `${version}\n`, err: "" });
  }
});

Deno.test("What nobody knows is refused in one line with the nearest that is known", async () => {
  const lines: [string[], string][] = [
    [["server", "a.ts", "--prot", "1"], "未知选项 --prot，是不是想用 --port？"],
    [["server", "a.ts", "--watch=1"], "未知选项 --watch=1，是不是想用 --watch？"],
    [["--zzz"], "未知选项 --zzz，运行 myagent-ws server --help 查看用法"],
    [["schema", "--markdwon"], "未知选项 --markdwon，是不是想用 --markdown？"],
    [["sevrer", "a.ts"], "sevrer 既不是命令，也不是已有的文件，是不是想用 server？"],
    [["help", "nope"], "nope 既不是命令，也不是已有的文件，运行 myagent-ws --help 查看用法"],
    [["check"], "缺少参数 <file>，运行 myagent-ws check --help 查看用法"],
    [["check", "a", "b"], "参数太多: a, b，运行 myagent-ws check --help 查看用法"],
    [["server", "a.ts", "--port"], "选项 --port 缺少值，运行 myagent-ws server --help 查看用法"],
    [["server", "a.ts", "--port="], "选项 --port 缺少值，运行 myagent-ws server --help 查看用法"],
    [["completions", "tcsh"], "没有 tcsh 的补全脚本，可选 bash、zsh、fish"],
  ];
  for (const [argv, sentence] of lines) {
    assert.deepEqual(await cli(argv), { code: 1, out: "", err: `❌ ${sentence}\n` });
  }
  assert.equal(
    (await cli(["server", "--prot", "--lang", "en"])).err,
    "❌ Unknown option --prot; did you mean --port?\n",
  );
});

Deno.test("A bad value is refused by the flag, the variable or the file it came from", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a"), ".env": "MYAGENT_PORT=abc\n" });
  const serve = ["server", folder.file("a.ts")];
  const err = async (argv: string[], change = {}) => (await cli(argv, change)).err;
  assert.equal(await err([...serve, "--port", "99999"]), '❌ --port 的值 "99999" 无效: 不能大于 65535\n');
  assert.equal(await err([...serve, "--port", "-1"]), '❌ --port 的值 "-1" 无效: 不能小于 0\n');
  assert.equal(await err([...serve, "--port", "8.5"]), '❌ --port 的值 "8.5" 无效: 应为整数\n');
  assert.equal(await err([...serve, "--lang", "fr"]), '❌ --lang 的值 "fr" 无效: 应为 zh 或 en\n');
  assert.equal(
    await err([...serve, "--port", "99999", "--lang", "en"]),
    '❌ Invalid value "99999" for --port: expected at most 65535\n',
  );
  assert.equal(
    await err(serve, { vars: { MYAGENT_WATCH: "perhaps" } }),
    '❌ MYAGENT_WATCH 的值 "perhaps" 无效: 应为 true 或 false\n',
  );
  const envFile = folder.file(".env");
  assert.equal(await err(serve, { envFile }), `❌ ${envFile} 中 MYAGENT_PORT 的值 "abc" 无效: 应为数字\n`);
  assert.equal(
    await err([...serve, "--lang", "en"], { envFile }),
    `❌ Invalid value "abc" for MYAGENT_PORT: expected a number (set in ${envFile})\n`,
  );
  // The environment wins over the file, so there the file is not to blame.
  assert.match(await err(serve, { envFile, vars: { MYAGENT_PORT: "x" } }), /^❌ MYAGENT_PORT 的值 "x"/);
});

Deno.test("A flag counts behind its command as well as before it", async () => {
  using folder = new Folder({ "a.ts": plainAgent("a") });
  for (const argv of [["--lang", "en", "check"], ["--debug", "--lang=en", "check"]]) {
    assert.match((await cli([...argv, folder.file("a.ts")])).out, /is ready to use/);
  }
  assert.match((await cli(["--lang", "fr", "check", folder.file("a.ts")])).err, /^❌ --lang /);
});

Deno.test("Only --debug shows where a failure came from", async () => {
  using folder = new Folder({ "a.ts": 'throw new Error("no key");' });
  const plain = await cli(["check", folder.file("a.ts")]);
  assert.match(plain.err, /^❌ [^\n]*no key[^\n]*\n$/);
  const debug = await cli(["check", folder.file("a.ts"), "--debug"]);
  assert.equal(debug.code, 1);
  assert.match(debug.err, /^❌ [^\n]*no key[^\n]*\nError: no key\n +at file:/);
});

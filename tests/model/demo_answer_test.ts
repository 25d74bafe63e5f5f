import assert from "node:assert/strict";
import { introduce, readable, reportResults } from "../../src/model/demo_answer.ts";

const done = (text: string, tool = "look") => ({ tool, text, failed: false });

Deno.test("Plain text is passed on as it is", () => {
  assert.equal(readable(" 北京 25°C \n", "zh"), "北京 25°C");
});

Deno.test("An object becomes a list, rows become a table", () => {
  assert.equal(
    readable('{"国家":"中国","tags":["a","b"],"none":null}', "zh"),
    "- 国家：中国\n- tags：a、b\n- none：–",
  );
  assert.equal(readable('{"answer":"42"}', "en"), "42");
  assert.equal(
    readable('[{"id":1,"name":"a|b"},{"id":2,"price":3}]', "en"),
    "| id | name | price |\n| --- | --- | --- |\n| 1 | a\\|b | – |\n| 2 | – | 3 |",
  );
  assert.equal(readable("[]", "zh"), "没有找到任何记录。");
  assert.equal(readable("[1,2]", "en"), "- 1\n- 2");
});

Deno.test("Text that only looks like JSON stays text", () => {
  assert.equal(readable("[draft] hello", "en"), "[draft] hello");
});

Deno.test("Long results are cut with a note, between characters", () => {
  const rows = JSON.stringify(Array.from({ length: 50 }, (_, id) => ({ id })));
  assert.match(readable(rows, "en"), /\(the first 20 of 50\)$/);
  const cut = readable("🌊".repeat(5000), "zh");
  assert.ok(cut.isWellFormed());
  assert.match(cut, /…（共 \d+ 个字符，其余略）$/);
});

Deno.test("A result in another language is introduced by its tool's name", () => {
  assert.equal(reportResults([done("Sunny")], "zh"), "look 返回：Sunny");
  assert.equal(reportResults([done("今天晴朗")], "en"), "look returned: 今天晴朗");
  assert.equal(reportResults([done("已发送给 a@b.com via SMTP")], "zh"), "已发送给 a@b.com via SMTP");
  assert.equal(reportResults([done("42")], "zh"), "42");
});

Deno.test("An empty result is said to be empty", () => {
  assert.match(reportResults([done("")], "zh"), /没有返回内容/);
});

Deno.test("An agent without a description of itself is introduced in general words", () => {
  assert.match(introduce("Answer briefly.", [], "en"), /^Hello! I am an assistant\.\n\nI have no tools\./);
  assert.match(introduce("你是一个业务助手，可以：\n1. 查询", [], "zh"), /^你好！我是一个业务助手。/);
});

import assert from "node:assert/strict";
import { agent } from "../../agents/hello.ts";
import { DemoModel } from "../../src/model/demo.ts";

const model = new DemoModel();

Deno.test("Hello: 你好 is answered by the tool", async () => {
  assert.equal(await agent.run("你好", { model }), "你好！很高兴认识你！");
});

Deno.test("Hello: 你好，请介绍一下自己 is answered with what the agent is and can do", async () => {
  const answer = await agent.run("你好，请介绍一下自己", { model });
  assert.match(answer, /我是一个友好的助手/);
  assert.match(answer, /say_hello：向用户打招呼/);
});

Deno.test("Hello: a name is greeted, in the language of the session", async () => {
  assert.equal(await agent.run("我叫小明", { model }), "你好，小明！很高兴认识你！");
  assert.equal(
    await agent.run("Say hello to Bob", { model, language: "en" }),
    "Hello, Bob! Nice to meet you!",
  );
});

Deno.test("Hello: it introduces itself in English", async () => {
  const answer = await agent.run("Please introduce yourself", { model, language: "en" });
  assert.match(answer, /I am a friendly assistant/);
  assert.match(answer, /say_hello/);
});

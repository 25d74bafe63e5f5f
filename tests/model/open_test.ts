import assert from "node:assert/strict";
import { Config } from "../../src/config.ts";
import { DemoModel } from "../../src/model/demo.ts";
import { chooseModel, type ModelConfig, toModel } from "../../src/model/open.ts";
import { OpenAIModel } from "../../src/model/openai.ts";
import { say, ScriptedModel } from "../../src/model/scripted.ts";
import { ask } from "../helpers/ask_model.ts";
import { startOpenAIStub, text } from "../helpers/openai_stub.ts";

const configOf = (values: Partial<ModelConfig> = {}): ModelConfig => Config.parse(values);
const fallback = new ScriptedModel(say("from the fallback"));

Deno.test("Without key and base URL the demo model answers", () => {
  const model = chooseModel(configOf());
  assert.ok(model instanceof DemoModel);
  assert.equal(model.demo, true);
});

Deno.test("A key, or a base URL alone, chooses the real model", () => {
  for (const values of [{ apiKey: "test-key" }, { baseUrl: "http://localhost:8000/v1" }]) {
    const model = chooseModel(configOf({ ...values, model: "m-1" }));
    assert.ok(model instanceof OpenAIModel);
    assert.equal(model.name, "m-1");
    assert.equal("demo" in model, false);
  }
});

Deno.test("The real model gets every setting of the configuration", async () => {
  await using stub = startOpenAIStub([text("ok")]);
  const values = { model: "m-1", apiKey: "test-key", baseUrl: stub.baseUrl, temperature: 0, maxTokens: 9 };
  await ask(chooseModel(configOf(values)));
  const [{ body, headers }] = stub.requests;
  assert.deepEqual([body.model, body.temperature, body.max_tokens], ["m-1", 0, 9]);
  assert.equal(headers.get("authorization"), "Bearer test-key");
});

Deno.test("An agent without a model of its own takes the fallback", () => {
  assert.equal(toModel(undefined, fallback, configOf({ apiKey: "test-key" })), fallback);
});

Deno.test("An agent's own Model is taken as it is", () => {
  const own = new ScriptedModel();
  assert.equal(toModel(own, fallback, configOf({ apiKey: "test-key" })), own);
});

Deno.test("An agent's own settings are laid over the configuration", async () => {
  await using stub = startOpenAIStub([text("ok")]);
  const config = configOf({
    model: "m-1",
    apiKey: "test-key",
    baseUrl: stub.baseUrl,
    temperature: 1,
    maxTokens: 9,
  });
  const model = toModel({ model: "m-2", temperature: 0 }, fallback, config);
  assert.equal(model.name, "m-2");
  assert.equal((await ask(model)).text, "ok");
  const [{ body, headers }] = stub.requests;
  assert.deepEqual([body.model, body.temperature, body.max_tokens], ["m-2", 0, 9]);
  assert.equal(headers.get("authorization"), "Bearer test-key");
});

Deno.test("Settings that reach no model leave the answer to the fallback", () => {
  assert.equal(toModel({ model: "m-2", temperature: 0 }, fallback, configOf()), fallback);
});

Deno.test("The server's key never goes to a base URL that an agent names", async () => {
  await using stub = startOpenAIStub([text("ok"), text("ok")]);
  const config = configOf({ apiKey: "server-key" });
  await ask(toModel({ baseUrl: stub.baseUrl }, fallback, config));
  await ask(toModel({ baseUrl: stub.baseUrl, apiKey: "own-key" }, fallback, config));
  assert.deepEqual(stub.requests.map(({ headers }) => headers.get("authorization")), [
    "Bearer none",
    "Bearer own-key",
  ]);
});

Deno.test("An agent's own key goes to the server's base URL", async () => {
  await using stub = startOpenAIStub([text("ok")]);
  await ask(toModel({ apiKey: "own-key" }, fallback, configOf({ baseUrl: stub.baseUrl })));
  assert.equal(stub.requests[0].headers.get("authorization"), "Bearer own-key");
});

import assert from "node:assert/strict";
import { call, createReactAgent, defineTool, hang, say, ScriptedModel } from "../../src/mod.ts";

const ask = defineTool({
  name: "ask",
  description: "Asks",
  userConfirm: true,
  execute: (args) => `did ${JSON.stringify(args)}`,
});

Deno.test("run resolves to the answer, and arun is the same", async () => {
  const agent = createReactAgent({});
  assert.equal(await agent.run("hi", { model: new ScriptedModel(say("Hel", "lo")) }), "Hello");
  assert.equal(await agent.arun("hi", { model: new ScriptedModel(say("Hello")) }), "Hello");
});

Deno.test("stream gives the events of the run", async () => {
  const agent = createReactAgent({});
  const types: string[] = [];
  for await (const { type } of agent.stream("hi", { model: new ScriptedModel(say("Hello")) })) {
    types.push(type);
  }
  assert.deepEqual(types, ["text", "text_end", "turn", "step"]);
});

Deno.test("A blank question is refused as it is by the server", async () => {
  const agent = createReactAgent({});
  const model = new ScriptedModel();
  await assert.rejects(agent.run("  ", { model }), { code: "ERR_VALIDATION_402" });
  assert.equal(model.requests.length, 0);
});

Deno.test("Tools see the values and the language that were given", async () => {
  const seen: unknown[] = [];
  const look = defineTool({
    name: "look",
    description: "",
    execute: (_args, { session, language }) => (seen.push(session, language), "x"),
  });
  const agent = createReactAgent({ tools: [look] });
  const model = new ScriptedModel(call("look"), say("x"));
  await agent.run("hi", { model, session: { dataset: 42 }, language: "en" });
  assert.deepEqual(seen, [{ dataset: 42 }, "en"]);
});

Deno.test("Nobody to ask is a refusal; a given confirm is asked", async () => {
  const agent = createReactAgent({ tools: [ask] });
  const model = () => new ScriptedModel(call("ask", { n: 1 }), say("end"));
  const refused = model();
  await agent.run("hi", { model: refused });
  assert.match(refused.requests[1].messages.at(-1)!.content, /Tool execution cancelled by user/);
  const granted = model();
  await agent.run("hi", { model: granted, confirm: () => Promise.resolve({ confirmed: true }) });
  assert.equal(granted.requests[1].messages.at(-1)!.content, 'did {"n":1}');
});

Deno.test("An aborted run rejects with the signal's reason", async () => {
  const abort = new AbortController();
  const run = createReactAgent({}).run("hi", { model: new ScriptedModel(hang()), signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(run, { message: "enough" });
});

Deno.test("Runs of one agent do not see each other's memory", async () => {
  const agent = createReactAgent({});
  const model = new ScriptedModel(say("a"), say("b"));
  await agent.run("first", { model });
  await agent.run("second", { model });
  assert.equal(JSON.stringify(model.requests[1].messages).includes("first"), false);
});

Deno.test("A stream that is left early stops asking the model", async () => {
  const agent = createReactAgent({});
  let closed = false;
  const model = {
    name: "endless",
    async *stream() {
      try {
        for (;;) yield await Promise.resolve({ type: "text", text: "x" } as const);
      } finally {
        closed = true;
      }
    },
  };
  for await (const _ of agent.stream("hi", { model })) break;
  assert.equal(closed, true);
});

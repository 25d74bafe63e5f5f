import assert from "node:assert/strict";
import type { Agent, AgentEvent, AgentOptions, Conclusion, RunOptions, Turn } from "../../src/mod.ts";
import {
  call,
  calling,
  createReactAgent,
  defineTool,
  failing,
  hang,
  say,
  ScriptedModel,
  ToolResult,
} from "../../src/mod.ts";
import { createToolCallAgent, withUsage } from "../../src/mod.ts";
import { fakeTime } from "../helpers/fake_time.ts";

interface Played {
  readonly events: AgentEvent[];
  readonly end: Conclusion;
  readonly model: ScriptedModel;
  /** Events of one type. */
  of<T extends AgentEvent["type"]>(type: T): (AgentEvent & { type: T })[];
}

/** Runs an agent on a script, without any server. */
async function play(options: AgentOptions | Agent, turns: Turn[], how: RunOptions = {}): Promise<Played> {
  const agent = "execute" in options ? options as Agent : createReactAgent(options);
  const model = new ScriptedModel(...turns);
  const events: AgentEvent[] = [];
  const run = agent.stream("question", { model, ...how })[Symbol.asyncIterator]() as AsyncGenerator<
    AgentEvent,
    Conclusion
  >;
  for (;;) {
    const step = await run.next();
    if (step.done) {
      const of = (type: string) => events.filter((event) => event.type === type);
      return { events, end: step.value, model, of: of as Played["of"] };
    }
    events.push(step.value);
  }
}

const echo = defineTool({ name: "echo", description: "Echoes", execute: (args) => JSON.stringify(args) });

Deno.test("Text without a tool call is the answer and is not repeated as thinking", async () => {
  const { end, of, model } = await play({}, [say("Hel", "lo")]);
  assert.deepEqual(end, { text: "Hello", finishReason: "stop", streamed: true });
  assert.deepEqual(of("text").map(({ text }) => text), ["Hel", "lo"]);
  assert.deepEqual(of("text_end"), [{ type: "text_end", discarded: false }]);
  assert.deepEqual(of("thinking"), []);
  assert.deepEqual(of("step").map(({ messages }) => messages), [[{ role: "assistant", content: "Hello" }]]);
  assert.equal(model.requests.length, 1);
});

Deno.test("Text beside tool calls is discarded as answer and told as thinking", async () => {
  const { of, end } = await play({ tools: [echo] }, [call("echo", { a: 1 }, "I look."), say("done")]);
  assert.deepEqual(of("text_end").map(({ discarded }) => discarded), [true, false]);
  assert.deepEqual(of("thinking"), [
    { type: "thinking", text: "I look.", step: 1, stage: "reasoning", streamed: true },
  ]);
  assert.equal(end.text, "done");
  const plain = await play(createToolCallAgent({ tools: [echo] }), [call("echo", {}, "Hm."), say("x")]);
  assert.equal(plain.of("thinking")[0].stage, "model");
});

Deno.test("A tool's call and result are told, remembered, and shown to the model", async () => {
  const { of, model } = await play({ tools: [echo] }, [call("echo", { a: 1 }), say("done")]);
  const [told] = of("tool_call");
  assert.deepEqual([told.tool, told.args, told.stepId, told.step, told.asks], [
    "echo",
    { a: 1 },
    "step_1_echo",
    1,
    false,
  ]);
  const [result] = of("tool_result");
  assert.deepEqual([result.status, result.text, result.stepId], ["success", '{"a":1}', "step_1_echo"]);
  const roles = model.requests[1].messages.map(({ role }) => role).filter((role) => role !== "system");
  assert.deepEqual(roles, ["user", "assistant", "tool"]);
  assert.equal(model.requests[1].messages.at(-1)!.tool_call_id, told.callId);
});

Deno.test("The same text twice in a row ends the loop with what is there", async () => {
  const { end, of } = await play({ tools: [echo] }, [call("echo", {}, "Again."), call("echo", {}, "Again.")]);
  assert.deepEqual(end, { text: "Again.", finishReason: "stop", streamed: false });
  assert.equal(of("tool_call").length, 1);
});

Deno.test("The same text in turns that do not follow each other is no repetition", async () => {
  const { end, of } = await play({ tools: [echo] }, [
    call("echo", { n: 1 }, "I look."),
    call("echo", { n: 2 }),
    call("echo", { n: 3 }, "I look."),
    say("done"),
  ]);
  assert.deepEqual([end.text, of("tool_call").length], ["done", 3]);
});

Deno.test("terminate answers with the text given with it, beside it, or before it", async () => {
  const given = await play({ tools: [echo] }, [call("terminate", { answer: " in args " }, "beside")]);
  assert.deepEqual([given.end.text, given.end.finishReason], ["in args", "terminate"]);
  const beside = await play({ tools: [echo] }, [call("terminate", {}, "beside")]);
  assert.deepEqual([beside.end.text, beside.end.finishReason], ["beside", "terminate"]);
  const before = await play({ tools: [echo] }, [call("echo", {}, "before"), call("terminate")]);
  assert.deepEqual([before.end.text, before.end.finishReason], ["before", "terminate"]);
  assert.equal(before.model.requests.length, 2);
});

Deno.test("terminate without any text costs one summary turn without tools", async () => {
  const { end, of, model } = await play({ tools: [echo], nextStepPrompt: "Next?" }, [
    call("echo"),
    call("terminate"),
    say("summed up"),
  ]);
  assert.deepEqual(end, { text: "summed up", finishReason: "terminate", streamed: true });
  assert.deepEqual(of("thinking").map(({ stage }) => stage), ["summary"]);
  const last = model.requests.at(-1)!;
  assert.deepEqual([last.tools, last.toolChoice], [[], "none"]);
  assert.doesNotMatch(last.messages[0].content, /Next\?/);
  assert.deepEqual(of("max_steps"), []);
});

Deno.test("terminate and its result are marked, and it comes last whatever its place in the turn", async () => {
  const { of, end } = await play({ tools: [echo] }, [
    calling([["terminate", { answer: "bye" }], ["echo", { n: 1 }], ["echo", { n: 2 }]]),
  ]);
  assert.deepEqual(of("tool_call").map(({ stepId, special }) => [stepId, special]), [
    ["step_1_echo", undefined],
    ["step_2_echo", undefined],
    ["step_3_terminate", true],
  ]);
  assert.deepEqual(of("tool_result").map(({ special }) => special), [undefined, undefined, true]);
  assert.equal(end.text, "bye");
});

Deno.test("terminate with unusable arguments still ends the run", async () => {
  const { end } = await play({}, [call("terminate", "{not json", "what I have")]);
  assert.deepEqual([end.text, end.finishReason], ["what I have", "terminate"]);
});

Deno.test("Steps used up give a summary, and the event says how many there were", async () => {
  const { end, of, model } = await play({ tools: [echo], maxSteps: 2 }, [
    call("echo", { n: 1 }),
    call("echo", { n: 2 }),
    say("what I know"),
  ]);
  assert.deepEqual(end, { text: "what I know", finishReason: "max_steps", streamed: true });
  assert.deepEqual(of("max_steps"), [{ type: "max_steps", maxSteps: 2 }]);
  assert.equal(model.requests.length, 3);
});

Deno.test("A summary that brings nothing is a failure of the model", async () => {
  await assert.rejects(play({ tools: [echo], maxSteps: 1 }, [call("echo"), call("echo")]), {
    code: "ERR_EXECUTION_601",
  });
});

Deno.test("Unknown tools, bad JSON and arguments against the schema go back to the model as text", async () => {
  const strict = defineTool({
    name: "strict",
    description: "",
    parameters: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
    execute: () => assert.fail("it must not run"),
  });
  const { of, model, end } = await play({ tools: [strict] }, [
    calling([["nobody", {}], ["strict", "{oops"], ["strict", { n: "x" }], ["strict", "[1]"]]),
    say("sorry"),
  ]);
  const texts = of("tool_result").map(({ status, text }) => [status, text]);
  assert.deepEqual(texts[0], ["failed", 'Unknown tool "nobody": use one of strict, terminate']);
  assert.deepEqual(texts[1], ["failed", "Invalid arguments for strict: they are not JSON"]);
  assert.match(texts[2][1], /^Invalid arguments for strict: n: /);
  assert.equal(texts[3][1], "Invalid arguments for strict: expected an object");
  assert.ok(of("tool_result").every(({ errorCode }) => errorCode === "ERR_VALIDATION_402"));
  const seen = model.requests[1].messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  assert.deepEqual(seen, texts.map(([, text]) => `Error: ${text}`));
  assert.equal(end.text, "sorry");
});

Deno.test("A call without arguments is a call with none", async () => {
  const { of } = await play({ tools: [echo] }, [call("echo", ""), say("x")]);
  assert.deepEqual([of("tool_call")[0].args, of("tool_result")[0].status], [{}, "success"]);
});

Deno.test("A hostile tool name stays out of the step id", async () => {
  const { of } = await play({ tools: [echo] }, [calling([["a~b c/../😀", {}], ["", {}]]), say("x")]);
  for (const { stepId } of of("tool_call")) assert.match(stepId, /^step_\d+_[\w-]{1,64}$/);
});

Deno.test("A tool that fails answers the model, and only its author's words are told", async () => {
  const tools = [
    defineTool({
      name: "author",
      description: "",
      execute: () => {
        throw new Error("No such city");
      },
    }),
    defineTool({
      name: "code",
      description: "",
      execute: () => (undefined as unknown as { secret: () => string }).secret(),
    }),
    defineTool({
      name: "odd",
      description: "",
      execute: () => {
        throw Object.create(null);
      },
    }),
  ];
  const { of, end } = await play({ tools }, [
    calling([["author", {}], ["code", {}], ["odd", {}]]),
    say("sorry"),
  ]);
  assert.deepEqual(of("tool_result").map(({ text }) => text), [
    "No such city",
    'Tool "code" failed',
    'Tool "odd" failed',
  ]);
  assert.equal(end.text, "sorry");
});

Deno.test("A result with output and error shows both to the model, and keeps them apart for the client", async () => {
  const tool = defineTool({
    name: "half",
    description: "",
    execute: () => new ToolResult({ output: "rows 1-3", error: "disk full", data: [1], system: "note" }),
  });
  const { of, model } = await play({ tools: [tool] }, [call("half"), say("x")]);
  const [result] = of("tool_result");
  assert.deepEqual([result.text, result.status, result.data], ["rows 1-3", "failed", [1]]);
  const seen = model.requests[1].messages.at(-1)!.content;
  assert.match(seen, /rows 1-3[\s\S]*disk full/);
  assert.equal(JSON.stringify(model.requests).includes("note"), false);
});

Deno.test("maxObserve limits what the model sees, not what the client gets", async () => {
  const tool = defineTool({ name: "long", description: "", execute: () => "x".repeat(100) });
  const { of, model } = await play({ tools: [tool], maxObserve: 10 }, [call("long"), say("x")]);
  assert.equal(of("tool_result")[0].text.length, 100);
  assert.equal(model.requests[1].messages.at(-1)!.content, `${"x".repeat(10)}…`);
});

Deno.test("maxObserve never cuts a character in half", async () => {
  const tool = defineTool({ name: "long", description: "", execute: () => `a${"😀".repeat(50)}` });
  const { model } = await play({ tools: [tool], maxObserve: 10 }, [call("long"), say("x")]);
  assert.equal(model.requests[1].messages.at(-1)!.content.isWellFormed(), true);
});

Deno.test("The prompts go with every request as one system message and never into memory", async () => {
  const { of, model } = await play(
    createToolCallAgent({ tools: [echo], systemPrompt: "Be kind.", nextStepPrompt: "What next?" }),
    [call("echo"), say("x")],
  );
  for (const { messages } of model.requests) {
    assert.deepEqual(messages.filter(({ role }) => role === "system").map(({ content }) => content), [
      "Be kind.\n\nWhat next?",
    ]);
    assert.equal(messages[0].role, "system");
  }
  assert.equal(JSON.stringify(of("step")).includes("next"), false);
});

Deno.test("toolChoice none offers no tools and takes no calls, required is passed on", async () => {
  const none = await play({ tools: [echo], toolChoice: "none" }, [call("echo", {}, "just text")]);
  assert.deepEqual([none.model.requests[0].tools, none.end.text], [[], "just text"]);
  assert.equal(none.of("text")[0].tentative, false);
  const required = await play({ tools: [echo], toolChoice: "required" }, [
    call("terminate", { answer: "x" }),
  ]);
  assert.equal(required.model.requests[0].toolChoice, "required");
  assert.deepEqual(required.model.requests[0].tools.map(({ name }) => name), ["echo", "terminate"]);
});

Deno.test("Memory is a budget of messages for every request", async () => {
  const turns = Array.from({ length: 8 }, (_, n) => call("echo", { n }));
  const { model } = await play({ tools: [echo], memory: 5, maxSteps: 20 }, [...turns, say("x")]);
  const sizes = model.requests.map(({ messages }) => messages.filter(({ role }) => role !== "system").length);
  assert.ok(Math.max(...sizes) <= 6, String(sizes));
  const last = model.requests.at(-1)!.messages.filter(({ role }) => role !== "system");
  assert.deepEqual([last[0].role, last[0].content], ["user", "question"]);
});

/** A tool that waits for its turn to be let go; `running` says how many were at work at once. */
function gates() {
  const state = { running: 0, most: 0, order: [] as string[] };
  const open = new Map<string, () => void>();
  const tool = (name: string) =>
    defineTool({
      name,
      description: "",
      execute: async () => {
        state.most = Math.max(state.most, ++state.running);
        await new Promise<void>((resolve) => open.set(name, resolve));
        state.running--;
        state.order.push(name);
        return name;
      },
    });
  return { state, open, tools: ["a", "b", "c"].map(tool) };
}

Deno.test("Calls of one turn run one after the other by default", async () => {
  using time = fakeTime();
  const { state, open, tools } = gates();
  const run = play({ tools }, [calling([["a", {}], ["b", {}], ["c", {}]]), say("x")]);
  for (const name of ["a", "b", "c"]) {
    await time.settle();
    assert.deepEqual([...open.keys()].at(-1), name);
    open.get(name)!();
  }
  await run;
  assert.deepEqual([state.most, state.order], [1, ["a", "b", "c"]]);
});

Deno.test("parallelTools runs them at the same time, and results go to the model in the order of the calls", async () => {
  using time = fakeTime();
  const { state, open, tools } = gates();
  const run = play({ tools, parallelTools: true }, [calling([["a", {}], ["b", {}], ["c", {}]]), say("x")]);
  await time.settle();
  assert.deepEqual([state.running, [...open.keys()]], [3, ["a", "b", "c"]]);
  for (const name of ["c", "a", "b"]) {
    open.get(name)!();
    await time.settle();
  }
  const { model, of } = await run;
  assert.deepEqual([state.most, state.order], [3, ["c", "a", "b"]]);
  assert.deepEqual(of("tool_result").map(({ tool }) => tool), ["c", "a", "b"]);
  const seen = model.requests[1].messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  assert.deepEqual(seen, ["a", "b", "c"]);
});

Deno.test("A failure of one of several calls leaves the others alone", async () => {
  const bad = defineTool({
    name: "bad",
    description: "",
    execute: () => {
      throw new Error("no");
    },
  });
  const { of, end } = await play({ tools: [bad, echo], parallelTools: true }, [
    calling([["bad", {}], ["echo", {}]]),
    say("x"),
  ]);
  assert.deepEqual(of("tool_result").map(({ tool, status }) => [tool, status]).sort(), [
    ["bad", "failed"],
    ["echo", "success"],
  ]);
  assert.equal(end.text, "x");
});

Deno.test("A failing model ends the run with its own words; an empty answer is a failure of the model", async () => {
  await assert.rejects(play({}, [failing("model unreachable", "half")]), {
    code: "ERR_EXECUTION_601",
    message: "model unreachable",
  });
  for (const turn of [say(), say(""), say("  ")]) {
    await assert.rejects(play({}, [turn]), { code: "ERR_EXECUTION_601" });
  }
});

Deno.test("An empty answer after something was said is what was said", async () => {
  const { end } = await play({ tools: [echo] }, [call("echo", {}, "Here it is."), say("")]);
  assert.deepEqual(end, { text: "Here it is.", finishReason: "stop", streamed: false });
});

Deno.test("Token usage is told with its turn", async () => {
  const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5 };
  const { of } = await play({}, [withUsage(say("x"), usage)]);
  assert.deepEqual(of("turn").map((turn) => turn.usage), [usage]);
});

Deno.test("An aborted run ends with the signal's reason, in the model and before a tool", async () => {
  const abort = new AbortController();
  const run = play({}, [hang()], { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(run, { message: "enough" });
});

Deno.test("A run that was stopped when its call was told does not carry the call out", async () => {
  const abort = new AbortController();
  let ran = false;
  const tool = defineTool({ name: "act", description: "", execute: () => (ran = true, "x") });
  const agent = createReactAgent({ tools: [tool] });
  const run = async () => {
    const model = new ScriptedModel(call("act"), say("x"));
    for await (const event of agent.stream("q", { model, signal: abort.signal })) {
      if (event.type === "tool_call") abort.abort(new Error("stopped"));
    }
  };
  await assert.rejects(run(), { message: "stopped" });
  assert.equal(ran, false);
});

import assert from "node:assert/strict";
import type { AgentEvent, Answer, RunContext, Tool, ToolContext } from "../../src/mod.ts";
import { defineTool, ToolResult } from "../../src/mod.ts";
import { act } from "../../src/agent/act.ts";
import { fakeTime } from "../helpers/fake_time.ts";

interface Acted {
  readonly events: AgentEvent[];
  readonly logged: string[];
  readonly asked: unknown[];
  result(): AgentEvent & { type: "tool_result" };
}

interface Circumstances {
  readonly signal?: AbortSignal;
  readonly answer?: Answer;
  readonly arguments?: string;
}

/** Carries out one call of this tool. */
async function perform(tool: Tool, how: Circumstances = {}): Promise<Acted> {
  const events: AgentEvent[] = [];
  const logged: string[] = [];
  const asked: unknown[] = [];
  const ctx: RunContext = {
    runId: "run_1",
    language: "en",
    messages: [],
    step: 0,
    calls: 0,
    session: { dataset: 42 },
    signal: how.signal ?? new AbortController().signal,
    model: () => assert.fail("no model is asked"),
    confirm: (question) => {
      asked.push(question);
      return Promise.resolve(how.answer ?? { confirmed: true });
    },
    log: (message) => void logged.push(message),
  };
  const request = { id: "call_1", name: tool.name, arguments: how.arguments ?? "{}" };
  const place = { step: 1, stepId: `step_1_${tool.name}` };
  const run = act(request, place, { agentName: "tester", tools: new Map([[tool.name, tool]]) }, ctx);
  for await (const event of run) events.push(event);
  return {
    events,
    logged,
    asked,
    result: () => events.find((event) => event.type === "tool_result")!,
  };
}

const tool = (execute: Tool["execute"], more: Partial<Tool> = {}): Tool => ({
  ...defineTool({ name: "work", description: "Works", execute }),
  ...more,
});

Deno.test("A tool is handed its place, the session's values and a key of its own", async () => {
  let given: ToolContext | undefined;
  await perform(tool((_args, ctx) => (given = ctx, "x")));
  const { session, agentName, runId, stepId, idempotencyKey, language } = given!;
  assert.deepEqual({ session, agentName, runId, stepId, idempotencyKey, language }, {
    session: { dataset: 42 },
    agentName: "tester",
    runId: "run_1",
    stepId: "step_1_work",
    idempotencyKey: "run_1:step_1_work",
    language: "en",
  });
});

Deno.test("What a tool emits comes between its call and its result, in order, also when it fails", async () => {
  for (const fails of [false, true]) {
    const { events } = await perform(tool(async (_args, ctx) => {
      ctx.emit("shop.one", { n: 1 });
      await Promise.resolve();
      ctx.emit("shop.two", "text", { a: 1 });
      ctx.progress(250);
      if (fails) throw new Error("no");
      return "x";
    }));
    const names = events.map((event) => event.type === "custom" ? event.event : event.type);
    assert.deepEqual(names, ["tool_call", "shop.one", "shop.two", "solver.progress", "tool_result"]);
    const progress = events[3] as AgentEvent & { type: "custom" };
    assert.equal(progress.metadata!.progress_percent, 100);
  }
});

Deno.test("Progress that is no number is not told", async () => {
  const { events } = await perform(tool((_args, ctx) => {
    for (const percent of [NaN, Infinity, undefined, "5"]) ctx.progress(percent as number);
    return "x";
  }));
  assert.deepEqual(events.map(({ type }) => type), ["tool_call", "tool_result"]);
});

Deno.test("Names of the server cannot be emitted; the tool is told at once and the call fails", async () => {
  for (const name of ["agent.final_answer", "system.notice", "plan.start", "nonsense"]) {
    const acted = await perform(tool((_args, ctx) => {
      ctx.emit(name, "x");
      return "not reached";
    }));
    assert.deepEqual(acted.events.map(({ type }) => type), ["tool_call", "tool_result"]);
    assert.equal(acted.result().status, "failed");
    assert.match(acted.result().text, /^Cannot emit /);
  }
});

Deno.test("A tool that emits without end is stopped before it fills the memory", async () => {
  const acted = await perform(tool((_args, ctx) => {
    for (let n = 0; n < 1_000_000; n++) ctx.emit("shop.tick", n);
    return "x";
  }));
  assert.ok(acted.events.length < 100_000, `${acted.events.length} events`);
  assert.equal(acted.result().status, "failed");
});

Deno.test("What a tool emits after its end is dropped", async () => {
  let emit: (() => void) | undefined;
  const { events } = await perform(tool((_args, ctx) => {
    emit = () => ctx.emit("shop.late");
    return "x";
  }));
  emit!();
  assert.deepEqual(events.map(({ type }) => type), ["tool_call", "tool_result"]);
});

Deno.test("A tool that takes longer than its time is told so and fails", async () => {
  using time = fakeTime();
  let signal: AbortSignal | undefined;
  const slow = tool((_args, ctx) => (signal = ctx.signal, new Promise(() => {})), { timeoutSeconds: 2 });
  const run = perform(slow);
  await time.pass(1999);
  assert.equal(signal!.aborted, false);
  await time.pass(1);
  const acted = await run;
  assert.equal(signal!.aborted, true);
  assert.deepEqual([acted.result().status, acted.result().errorCode, acted.result().text], [
    "failed",
    "ERR_TIMEOUT_500",
    'Tool "work" took longer than 2 s',
  ]);
});

Deno.test("A tool in time leaves no timer and no listener behind", async () => {
  using time = fakeTime();
  const abort = new AbortController();
  let listeners = 0;
  const { signal } = abort;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const acted = await perform(tool(() => "x", { timeoutSeconds: 1 }), { signal });
  await time.pass(2000);
  assert.deepEqual([acted.result().status, listeners], ["success", 0]);
});

Deno.test("A cancelled run escapes from the tool with the run's reason", async () => {
  const abort = new AbortController();
  const begun = Promise.withResolvers<void>();
  const run = perform(
    tool((_args, { signal }) => {
      begun.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("mine"))));
    }),
    { signal: abort.signal },
  );
  await begun.promise;
  abort.abort(new Error("stopped"));
  await assert.rejects(run, { message: "stopped" });
});

Deno.test("userConfirm asks first; a rule decides by the arguments, and one that throws asks", async () => {
  const rule = (args: Record<string, unknown>) => {
    if (args.explode) throw new Error("rule");
    return args.big === true;
  };
  const cases: [Tool["userConfirm"], string, number][] = [
    [true, "{}", 1],
    [false, "{}", 0],
    [undefined, "{}", 0],
    [rule, '{"big":true}', 1],
    [rule, '{"big":false}', 0],
    [rule, '{"explode":true}', 1],
  ];
  for (const [userConfirm, text, count] of cases) {
    const acted = await perform(tool(() => "x", { userConfirm }), { arguments: text });
    assert.equal(acted.asked.length, count, text);
    const [told] = acted.events as (AgentEvent & { type: "tool_call" })[];
    assert.equal(told.asks, count === 1);
  }
});

Deno.test("A refusal is a failed result in the fixed words, with what the user wrote", async () => {
  let ran = false;
  const asking = tool(() => (ran = true, "x"), { userConfirm: true });
  const plain = await perform(asking, { answer: { confirmed: false } });
  assert.equal(plain.result().text, "Tool execution cancelled by user");
  const why = await perform(asking, { answer: { confirmed: false, message: "not now" } });
  assert.match(why.result().text, /^Tool execution cancelled by user/);
  assert.equal(ran, false);
});

Deno.test("Edited arguments are what the tool gets and what the result tells", async () => {
  let got: unknown;
  const acted = await perform(tool((args) => (got = args, "x"), { userConfirm: true }), {
    arguments: '{"path":"a"}',
    answer: { confirmed: true, args: { path: "b" } },
  });
  assert.deepEqual([got, acted.result().edited], [{ path: "b" }, { path: "b" }]);
});

Deno.test("A call that cannot be carried out is not asked about", async () => {
  const acted = await perform(tool(() => "x", { userConfirm: true }), { arguments: "{oops" });
  assert.deepEqual([acted.asked.length, acted.result().status], [0, "failed"]);
});

Deno.test("A tool's own question carries its words and its place", async () => {
  const answers: unknown[] = [];
  const { asked } = await perform(tool(async (_args, ctx) => {
    answers.push(await ctx.confirm("Send it?", { to: "Alice" }));
    return "x";
  }));
  assert.deepEqual(asked, [{
    scope: "tool",
    message: "Send it?",
    tool: "work",
    toolStepId: "step_1_work",
    metadata: { to: "Alice" },
  }]);
  assert.deepEqual(answers, [{ confirmed: true }]);
});

Deno.test("The system note of a result goes to the log only", async () => {
  const acted = await perform(tool(() => new ToolResult({ output: "x", system: "cache miss" })));
  assert.deepEqual(acted.logged, ["cache miss"]);
  assert.equal(JSON.stringify(acted.events).includes("cache miss"), false);
});

Deno.test("A result that cannot be read fails its call, not the run", async () => {
  const acted = await perform(tool(() => ({
    toJSON() {
      throw new Error("unreadable");
    },
    toString: undefined,
    valueOf: undefined,
  })));
  assert.equal(acted.events.at(-1)!.type, "tool_result");
});

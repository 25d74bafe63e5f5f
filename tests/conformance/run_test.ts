/** Runs: C22, C23, C24 of protocol.md, retries and time limits (§8.5). */
import assert from "node:assert/strict";
import {
  AppError,
  call,
  calling,
  defineTool,
  failing,
  hang,
  say,
  type Turn,
  withUsage,
} from "../../src/mod.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { fakeTime } from "../helpers/fake_time.ts";
import { openSession } from "../helpers/session.ts";

const ofRun = (events: readonly AnyFrame[], runId: string) =>
  events.filter(({ metadata }) => metadata.run_id === runId);

/** Every run has one terminal event, and nothing of it comes after. */
function assertClosed(events: readonly AnyFrame[]): void {
  const runs = new Set(events.map(({ metadata }) => metadata.run_id).filter(Boolean));
  for (const run of runs) {
    const own = ofRun(events, run);
    assert.equal(own.filter(({ metadata }) => metadata.terminal).length, 1, `run ${run}`);
    assert.equal(own.at(-1)!.metadata.terminal, true);
  }
}

/** A tool that says it has begun and ends only when it is told to stop. */
function stubborn() {
  const begun = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const tool = defineTool({
    name: "wait",
    description: "Waits",
    execute: (_args, { signal }) =>
      new Promise((_, reject) => {
        begun.resolve();
        signal.addEventListener("abort", () => (seen.push("aborted"), reject(signal.reason)));
      }),
  });
  return { tool, begun: begun.promise, seen };
}

Deno.test("C22 The same message id twice gives one run and says which", async () => {
  using time = fakeTime();
  const { session, events } = await openSession({ model: [hang(), say("second")] });
  const first = session.start({ text: "a", messageId: "m-1" });
  assert.deepEqual(session.start({ text: "a", messageId: "m-1" }), {
    runId: first.runId,
    duplicate: "running",
  });
  await session.cancel("user_request");
  assert.deepEqual(session.start({ text: "a", messageId: "m-1" }), {
    runId: first.runId,
    duplicate: "finished",
  });
  session.start({ text: "b", messageId: "m-2" });
  await time.settle();
  const starts = events.filter(({ metadata }) => metadata.stage === "start");
  assert.deepEqual(starts.map(({ metadata }) => metadata.message_id), ["m-1", "m-2"]);
});

Deno.test("C22 A refused message does not use up its id", async () => {
  using time = fakeTime();
  const { session } = await openSession({ model: [hang(), say("now")] });
  session.start({ text: "a" });
  assert.throws(() => session.start({ text: "b", messageId: "m-1" }), { code: "ERR_RATELIMIT_702" });
  await session.cancel("user_request");
  assert.equal(session.start({ text: "b", messageId: "m-1" }).duplicate, undefined);
  await time.settle();
});

Deno.test("C23 Every event of a run has its id, one is terminal, and nothing of the run follows it", async () => {
  using time = fakeTime();
  const usage = { inputTokens: 4, outputTokens: 2, totalTokens: 6 };
  const { session, events } = await openSession({
    model: [
      withUsage(call("nothing"), usage),
      withUsage(say("one"), usage),
      failing("no model", "half"),
      say("three"),
    ],
  });
  for (const text of ["a", "b", "c"]) {
    session.start({ text });
    await time.pass(60);
  }
  assertClosed(events);
  const outcomes = events.filter(({ metadata }) => metadata.terminal).map(({ event }) => event);
  assert.deepEqual(outcomes, ["agent.final_answer", "agent.error", "agent.final_answer"]);
  assert.ok(events.slice(2).every(({ metadata }) => metadata.run_id), "an event of a run without its id");
  const [answer, error] = events.filter(({ metadata }) => metadata.terminal);
  assert.deepEqual([answer.metadata.total_tokens, answer.metadata.finish_reason], [12, "stop"]);
  assert.deepEqual([error.content, error.error], Array(2).fill("Execution error: no model"));
  assert.deepEqual([error.metadata.error_code, error.metadata.recovery_action], [
    "ERR_EXECUTION_601",
    "retry",
  ]);
});

Deno.test("C24 A cancel during a model call reaches the model, and a new message works at once", async () => {
  using time = fakeTime();
  const { session, events, model } = await openSession({ model: [hang(), say("here")] });
  session.start({ text: "a" });
  await time.settle();
  await session.cancel("user_request");
  const { requests } = model as unknown as { requests: { signal: AbortSignal }[] };
  assert.equal(requests[0].signal.aborted, true);
  session.start({ text: "b" });
  await time.pass(60);
  assertClosed(events);
  const ends = events.filter(({ metadata }) => metadata.terminal);
  assert.deepEqual(ends.map(({ event }) => event), ["agent.interrupted", "agent.final_answer"]);
  assert.equal(ends[0].metadata.reason, "user_request");
});

Deno.test("C24 A cancel during a tool reaches the tool; the open call is named and memory keeps none of it", async () => {
  using time = fakeTime();
  const { tool, begun, seen } = stubborn();
  const { session, events, model } = await openSession({
    agent: { tools: [tool] },
    model: [call("wait"), say("ok")],
  });
  session.start({ text: "a" });
  await begun;
  await session.cancel("user_request");
  assert.deepEqual(seen, ["aborted"]);
  assert.deepEqual(events.at(-1)!.metadata.open_steps, ["step_1_wait"]);
  assert.equal(events.some(({ event }) => event === "agent.tool_result"), false);
  session.start({ text: "b" });
  await time.pass(60);
  const { requests } = model as unknown as { requests: { messages: { role: string }[] }[] };
  assert.deepEqual(requests[1].messages.filter(({ role }) => role !== "system").map(({ role }) => role), [
    "user",
    "user",
  ]);
});

Deno.test("C24 A cancel during two tools side by side reaches both", async () => {
  using time = fakeTime();
  const a = stubborn();
  const b = stubborn();
  const tools = [{ ...a.tool, name: "a" }, { ...b.tool, name: "b" }];
  const { session, events } = await openSession({
    agent: { tools, parallelTools: true },
    model: [calling([["a", {}], ["b", {}]])],
  });
  session.start({ text: "go" });
  await Promise.all([a.begun, b.begun]);
  await session.cancel("user_request");
  assert.deepEqual([...a.seen, ...b.seen], ["aborted", "aborted"]);
  assert.deepEqual(events.at(-1)!.metadata.open_steps, ["step_1_a", "step_2_b"]);
  assertClosed(events);
  await time.settle();
});

Deno.test("A tool that ignores a cancel is left behind after cancelWaitSeconds, and nothing of it is sent", async () => {
  using time = fakeTime();
  const late = Promise.withResolvers<string>();
  const tool = defineTool({ name: "deaf", description: "Does not listen", execute: () => late.promise });
  const { session, events } = await openSession({
    agent: { tools: [tool] },
    model: [call("deaf"), say("next")],
    config: { cancelWaitSeconds: 2 },
  });
  session.start({ text: "a" });
  await time.settle();
  const cancelled = session.cancel("user_request");
  await time.pass(1999);
  assert.equal(events.at(-1)!.event, "agent.tool_call");
  await time.pass(1);
  await cancelled;
  assert.equal(events.at(-1)!.event, "agent.interrupted");
  const count = events.length;
  late.resolve("too late");
  await time.pass(10);
  assert.equal(events.length, count);
  session.start({ text: "b" });
  await time.pass(60);
  assert.equal(events.at(-1)!.content, "next");
});

Deno.test("A failed attempt is retried from the last completed step: the tool runs once", async () => {
  using time = fakeTime();
  let ran = 0;
  const tool = defineTool({ name: "count", description: "Counts", execute: () => `ran ${++ran}` });
  const { session, events, names } = await openSession({
    agent: { tools: [tool], maxRetryAttempts: 2, retryDelaySeconds: 1 },
    model: [call("count"), failing("model unreachable", "half an ans"), call("count"), say("done")],
  });
  session.start({ text: "go" });
  await time.pass(999);
  assert.equal(names().at(-1), "system.notice");
  const notice = events.at(-1)!.metadata;
  assert.deepEqual(
    [notice.action, notice.attempt, notice.total_attempts, notice.next_attempt, notice.retry_delay_seconds],
    ["retry", 1, 3, 2, 1],
  );
  const broken = events.findLast(({ metadata }) => metadata.is_final)!;
  assert.equal(broken.metadata.discarded, true);
  await time.pass(100);
  assert.equal(ran, 2);
  const steps = events.filter(({ event }) => event === "agent.tool_call").map(({ step_id }) => step_id);
  assert.deepEqual(steps, ["step_1_count", "step_2_count"]);
  assert.equal(events.at(-1)!.content, "done");
  assertClosed(events);
});

Deno.test("A run that takes too long says so and fails with ERR_TIMEOUT_501", async () => {
  using time = fakeTime();
  const { session, events, names } = await openSession({ model: [hang()], config: { runTimeoutSeconds: 3 } });
  session.start({ text: "go" });
  await time.pass(2999);
  assert.deepEqual(names().slice(2), ["thinking"]);
  await time.pass(1);
  assert.deepEqual(names().slice(3), ["timeout", "error"]);
  assert.equal(events.at(-2)!.metadata.reason, "deadline");
  assert.equal(events.at(-1)!.metadata.error_code, "ERR_TIMEOUT_501");
  assertClosed(events);
});

Deno.test("Steps used up give a summary with finish_reason max_steps", async () => {
  using time = fakeTime();
  const { session, events, names } = await openSession({
    agent: { maxSteps: 2 },
    model: [call("nothing"), call("nothing"), say("what I know")],
  });
  session.start({ text: "go" });
  await time.pass(60);
  assert.ok(names().includes("timeout"));
  assert.equal(events.find(({ metadata }) => metadata.stage === "summary")?.event, "agent.thinking");
  const final = events.at(-1)!;
  assert.deepEqual([final.content, final.metadata.finish_reason], ["what I know", "max_steps"]);
});

Deno.test("A fault in agent code ends its own run with a general sentence", async () => {
  using time = fakeTime();
  const turn: Turn = () => {
    throw new TypeError("Cannot read properties of undefined (reading 'secret')");
  };
  const refused: Turn = () => {
    throw new AppError("ERR_EXECUTION_601", "Model call refused: the API key is not valid (401)");
  };
  const { session, events } = await openSession({ model: [turn, refused, say("fine")] });
  for (const text of ["a", "b", "c"]) {
    session.start({ text });
    await time.pass(60);
  }
  const ends = events.filter(({ metadata }) => metadata.terminal).map(({ content }) => content);
  assert.deepEqual(ends, [
    "Execution error: Unexpected fault in agent or server code",
    "Execution error: Model call refused: the API key is not valid (401)",
    "fine",
  ]);
});

/** Questions to the user: C19 (without restart) and C20 of protocol.md. */
import assert from "node:assert/strict";
import { z } from "zod";
import { call, defineTool, say, type ToolContext } from "../../src/mod.ts";
import { fakeTime } from "../helpers/fake_time.ts";
import { openSession } from "../helpers/session.ts";

function deleting() {
  const deleted: string[] = [];
  const tool = defineTool({
    name: "delete_file",
    description: "Delete a file",
    parameters: z.object({ path: z.string().min(1) }),
    userConfirm: true,
    execute: ({ path }) => (deleted.push(path), `deleted ${path}`),
  });
  return {
    deleted,
    options: { agent: { tools: [tool] }, model: [call("delete_file", { path: "a.txt" }), say("ok")] },
  };
}

Deno.test("C20 A confirmed call runs with its own arguments, between question and result", async () => {
  using time = fakeTime();
  const { deleted, options } = deleting();
  const { session, events, names } = await openSession(options);
  session.start({ text: "go" });
  await time.pass(60);
  const question = events.at(-1)!;
  assert.equal(question.event, "agent.user_confirm");
  assert.match(question.step_id, /^confirm_[0-9a-f]{8}_delete_file$/);
  assert.deepEqual(question.metadata.tool_args, { path: "a.txt" });
  assert.equal(question.metadata.tool_step_id, "step_1_delete_file");
  assert.equal(Date.parse(question.metadata.expires_at) - Date.parse(question.timestamp), 300_000);
  assert.deepEqual(deleted, []);
  assert.equal(session.answer(question.step_id, { confirmed: true }), true);
  await time.pass(60);
  assert.equal(deleted.join(), "a.txt");
  assert.deepEqual(names().slice(3, 7), ["tool_call", "user_confirm", "system.notice", "tool_result"]);
  assert.equal(session.answer(question.step_id, { confirmed: true }), false);
});

Deno.test("C20 Edited arguments reach the tool; unusable ones leave the question open", async () => {
  using time = fakeTime();
  const { deleted, options } = deleting();
  const { session, events } = await openSession(options);
  session.start({ text: "go" });
  await time.settle();
  const { step_id } = events.at(-1)!;
  assert.throws(() => session.answer(step_id, { confirmed: true, args: { path: 5 } }), {
    code: "ERR_VALIDATION_402",
  });
  assert.equal(session.questions.has(step_id), true);
  session.answer(step_id, { confirmed: true, args: { path: "b.txt" } });
  await time.pass(60);
  assert.deepEqual(deleted, ["b.txt"]);
  const notice = events.find(({ metadata }) => metadata.action === "confirm_resolved")!.metadata;
  assert.deepEqual([notice.confirmed, notice.edited, notice.by], [true, true, "user"]);
  const result = events.find(({ event }) => event === "agent.tool_result")!.metadata;
  assert.deepEqual([result.args, result.edited], [{ path: "b.txt" }, true]);
});

Deno.test("C20 A refused call fails with the fixed text, and the run goes on", async () => {
  using time = fakeTime();
  const { deleted, options } = deleting();
  const { session, events } = await openSession(options);
  session.start({ text: "go" });
  await time.settle();
  session.answer(events.at(-1)!.step_id, { confirmed: false });
  await time.pass(60);
  assert.deepEqual(deleted, []);
  const result = events.find(({ event }) => event === "agent.tool_result")!;
  assert.deepEqual([result.content, result.metadata.status], ["Tool execution cancelled by user", "failed"]);
  assert.equal(events.at(-1)!.event, "agent.final_answer");
});

Deno.test("C20 A question nobody answers expires into a refusal, and the run's clock stood still meanwhile", async () => {
  using time = fakeTime();
  const { deleted, options } = deleting();
  const { session, events } = await openSession({
    ...options,
    config: { confirmTimeoutSeconds: 4, runTimeoutSeconds: 1 },
  });
  session.start({ text: "go" });
  await time.pass(3999);
  assert.equal(events.at(-1)!.event, "agent.user_confirm");
  await time.pass(61);
  const notice = events.find(({ metadata }) => metadata.action === "confirm_timeout")!;
  assert.match(notice.metadata.step_id, /^confirm_/);
  assert.deepEqual(deleted, []);
  assert.equal(events.at(-1)!.event, "agent.final_answer");
});

Deno.test("A cancelled run closes its question by agent.interrupted alone", async () => {
  using time = fakeTime();
  const { options } = deleting();
  const { session, events, names } = await openSession(options);
  session.start({ text: "go" });
  await time.settle();
  const { step_id } = events.at(-1)!;
  await session.cancel("user_request");
  assert.deepEqual(names().slice(-2), ["user_confirm", "interrupted"]);
  assert.deepEqual(events.at(-1)!.metadata.open_steps, ["step_1_delete_file", step_id]);
  assert.equal(session.questions.size, 0);
});

Deno.test("A tool may ask by itself, and reads what the user wrote", async () => {
  using time = fakeTime();
  const answers: unknown[] = [];
  const tool = defineTool({
    name: "ship",
    description: "Ships",
    execute: async (_args: unknown, ctx: ToolContext) => {
      answers.push(await ctx.confirm("Ship to the moon?", { weight_kg: 3 }));
      return "shipped";
    },
  });
  const { session, events } = await openSession({
    agent: { tools: [tool] },
    model: [call("ship"), say("ok")],
  });
  session.start({ text: "go" });
  await time.settle();
  const question = events.at(-1)!;
  assert.deepEqual([question.content, question.metadata.weight_kg], ["Ship to the moon?", 3]);
  session.answer(question.step_id, { confirmed: true, message: "carefully" });
  await time.pass(60);
  assert.deepEqual(answers, [{ confirmed: true, message: "carefully" }]);
});

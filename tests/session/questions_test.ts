import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import type { Question } from "../../src/mod.ts";
import { type Asking, Questions } from "../../src/session/questions.ts";
import type { Changes, Entry } from "../../src/store/store.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { fakeTime } from "../helpers/fake_time.ts";

const question: Question = {
  scope: "tool",
  message: "delete_file",
  tool: "delete_file",
  description: "Delete a file",
  args: { path: "a.txt" },
  toolStepId: "step_1_delete_file",
};

function open() {
  const drafts: AnyFrame[] = [];
  const changes: (Changes | undefined)[] = [];
  const state = { changed: 0, broken: false };
  let seq = 0;
  let made = 0;
  const questions = new Questions({
    append: (body, change) => {
      if (state.broken) throw new AppError("ERR_EXECUTION_602", "Cannot store the session's events");
      const entry: Entry = { seq: ++seq, event: body.event, frame: "{}", bytes: 2 };
      drafts.push(body as AnyFrame);
      changes.push(change?.(entry));
      return entry;
    },
    changed: () => state.changed++,
  }, () => `${(++made).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`);
  return { questions, drafts, changes, state };
}

const asking = (more: Partial<Asking> = {}): Asking => ({
  runId: "run_1",
  language: "en",
  timeoutSeconds: 10,
  signal: new AbortController().signal,
  ...more,
});

Deno.test("A question is told with all that is needed to answer it, and is in the store with its deadline", () => {
  using _time = fakeTime();
  const { questions, drafts, changes, state } = open();
  void questions.ask(question, asking());
  const [{ event, step_id, content, metadata }] = drafts;
  assert.deepEqual([event, step_id, content], [
    "agent.user_confirm",
    "confirm_00000001_delete_file",
    "Allow delete_file?",
  ]);
  assert.deepEqual(JSON.parse(JSON.stringify(metadata)), {
    requires_confirmation: true,
    scope: "tool",
    tool_name: "delete_file",
    tool_description: "Delete a file",
    tool_args: { path: "a.txt" },
    tool_step_id: "step_1_delete_file",
    timeout_seconds: 10,
    expires_at: "2025-01-02T03:04:15.678Z",
    run_id: "run_1",
  });
  const { question: stored } = changes[0]!;
  assert.deepEqual([stored!.stepId, stored!.runId, stored!.expiresAt, stored!.entry.seq], [
    step_id,
    "run_1",
    Date.parse("2025-01-02T03:04:15.678Z"),
    1,
  ]);
  assert.deepEqual([questions.size, questions.has(step_id), questions.stepIds(), state.changed], [
    1,
    true,
    [step_id],
    1,
  ]);
  questions.answer(step_id, { confirmed: false }, "en");
});

Deno.test("The first answer counts; a second one and an unknown step find nothing open", async () => {
  using _time = fakeTime();
  const { questions, drafts, changes, state } = open();
  const answer = questions.ask(question, asking());
  const [stepId] = questions.stepIds();
  assert.equal(questions.answer("confirm_nobody", { confirmed: true }, "en"), false);
  assert.equal(questions.answer(stepId, { confirmed: true, message: "go" }, "en"), true);
  assert.equal(questions.answer(stepId, { confirmed: false }, "en"), false);
  assert.deepEqual(await answer, { confirmed: true, message: "go" });
  assert.deepEqual(drafts[1].metadata, {
    action: "confirm_resolved",
    step_id: stepId,
    confirmed: true,
    edited: false,
    by: "user",
    run_id: "run_1",
  });
  assert.deepEqual([changes[1]!.answered, changes[1]!.call], [stepId, {
    stepId: "step_1_delete_file",
    runId: "run_1",
    tool: "delete_file",
    args: { path: "a.txt" },
    outcome: "started",
  }]);
  assert.deepEqual([questions.size, state.changed, drafts.length], [0, 2, 2]);
});

Deno.test("A refusal records no intent", async () => {
  using _time = fakeTime();
  const { questions, changes } = open();
  const answer = questions.ask(question, asking());
  questions.answer(questions.stepIds()[0], { confirmed: false, args: { path: "b" } }, "en");
  assert.deepEqual(await answer, { confirmed: false });
  assert.equal(changes[1]!.call, undefined);
});

Deno.test("Edited arguments are checked, go into the ledger, and count as edited only when they differ", async () => {
  using _time = fakeTime();
  const { questions, drafts, changes } = open();
  const accepts = (args: Record<string, unknown>) => {
    if (typeof args.path !== "string") throw new AppError("ERR_VALIDATION_402", "path: expected string");
    return { ...args };
  };
  const first = questions.ask(question, asking({ accepts }));
  const [stepId] = questions.stepIds();
  assert.throws(() => questions.answer(stepId, { confirmed: true, args: { path: 5 } }, "en"), {
    code: "ERR_VALIDATION_402",
    message: "Edited arguments are not valid: path: expected string",
  });
  assert.deepEqual([questions.has(stepId), drafts.length], [true, 1]);
  questions.answer(stepId, { confirmed: true, args: { path: "b.txt" } }, "en");
  assert.deepEqual(await first, { confirmed: true, args: { path: "b.txt" } });
  assert.deepEqual([drafts[1].metadata.edited, changes[1]!.call!.args], [true, { path: "b.txt" }]);
  const second = questions.ask(question, asking({ accepts }));
  questions.answer(questions.stepIds()[0], { confirmed: true, args: { path: "a.txt" } }, "en");
  assert.deepEqual([await second, drafts[3].metadata.edited], [{ confirmed: true }, false]);
});

Deno.test("A check that fails by itself does not tell the client its internals", () => {
  using _time = fakeTime();
  const { questions } = open();
  const accepts = () => {
    throw new TypeError("secret internals");
  };
  void questions.ask(question, asking({ accepts }));
  const [stepId] = questions.stepIds();
  assert.throws(() => questions.answer(stepId, { confirmed: true, args: {} }, "en"), (error: Error) => {
    return error instanceof AppError && !error.message.includes("secret");
  });
  questions.answer(stepId, { confirmed: false }, "en");
});

Deno.test("Time up is a refusal, told once", async () => {
  using time = fakeTime();
  const { questions, drafts, changes } = open();
  const answer = questions.ask(question, asking());
  const [stepId] = questions.stepIds();
  await time.pass(9_999);
  assert.equal(questions.has(stepId), true);
  await time.pass(1);
  assert.deepEqual(await answer, { confirmed: false });
  assert.deepEqual(drafts[1].metadata, { action: "confirm_timeout", step_id: stepId, run_id: "run_1" });
  assert.deepEqual(changes[1], { answered: stepId });
  assert.equal(questions.answer(stepId, { confirmed: true }, "en"), false);
});

Deno.test("An answered question does not expire afterwards", async () => {
  using time = fakeTime();
  const { questions, drafts } = open();
  void questions.ask(question, asking());
  questions.answer(questions.stepIds()[0], { confirmed: true }, "en");
  await time.pass(20_000);
  assert.equal(drafts.length, 2);
});

Deno.test("A stopped run closes its questions without another word", async () => {
  using time = fakeTime();
  const { questions, drafts } = open();
  const abort = new AbortController();
  const answer = questions.ask(question, asking({ signal: abort.signal }));
  abort.abort(new Error("stopped"));
  await assert.rejects(answer, { message: "stopped" });
  await time.pass(20_000);
  assert.deepEqual([questions.size, drafts.length], [0, 1]);
});

Deno.test("A run that is stopped already asks nothing", async () => {
  const { questions, drafts } = open();
  const abort = new AbortController();
  abort.abort(new Error("stopped"));
  await assert.rejects(async () => await questions.ask(question, asking({ signal: abort.signal })), {
    message: "stopped",
  });
  assert.equal(drafts.length, 0);
});

Deno.test("Many questions leave no listeners on the run's signal", async () => {
  using _time = fakeTime();
  const { questions } = open();
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  for (let n = 0; n < 50; n++) {
    const answer = questions.ask(question, asking({ signal }));
    questions.answer(questions.stepIds()[0], { confirmed: true }, "en");
    await answer;
  }
  assert.equal(listeners, 0);
});

Deno.test("A question that cannot be stored is not asked", async () => {
  using _time = fakeTime();
  const { questions, state } = open();
  state.broken = true;
  await assert.rejects(async () => await questions.ask(question, asking()), { code: "ERR_EXECUTION_602" });
  assert.equal(questions.size, 0);
});

Deno.test("An answer that cannot be stored leaves the question open", () => {
  using _time = fakeTime();
  const { questions, state } = open();
  void questions.ask(question, asking());
  const [stepId] = questions.stepIds();
  state.broken = true;
  assert.throws(() => questions.answer(stepId, { confirmed: true }, "en"), { code: "ERR_EXECUTION_602" });
  assert.equal(questions.has(stepId), true);
  state.broken = false;
  assert.equal(questions.answer(stepId, { confirmed: true }, "en"), true);
});

Deno.test("An expiry that cannot be stored still ends the wait", async () => {
  using time = fakeTime();
  const { questions, state } = open();
  const answer = questions.ask(question, asking());
  const settled = Promise.allSettled([answer]);
  state.broken = true;
  await time.pass(10_000);
  assert.equal((await settled)[0].status, "rejected");
  assert.equal(questions.size, 0);
});

Deno.test("A tool's own question shows its words; its metadata cannot say what only the server says", () => {
  using _time = fakeTime();
  const { questions, drafts } = open();
  const { args: _, ...plain } = question;
  const metadata = {
    to: "Alice",
    terminal: true,
    replayed: true,
    run_id: "forged",
    timeout_seconds: 1,
    scope: "x",
  };
  void questions.ask({ ...plain, message: "Send it?", metadata }, asking());
  const [draft] = drafts;
  assert.equal(draft.content, "Send it?");
  const { to, terminal, replayed, run_id, timeout_seconds, scope } = draft.metadata;
  assert.deepEqual([to, terminal, replayed, run_id, timeout_seconds, scope], [
    "Alice",
    undefined,
    undefined,
    "run_1",
    10,
    "tool",
  ]);
  questions.answer(draft.step_id, { confirmed: false }, "en");
});

Deno.test("A tool's name in a step id is made harmless", () => {
  using _time = fakeTime();
  const { questions } = open();
  void questions.ask({ ...question, tool: "a b/😀" }, asking());
  const [stepId] = questions.stepIds();
  assert.match(stepId, /^confirm_[0-9a-f]{8}_[\w-]+$/);
  questions.answer(stepId, { confirmed: false }, "en");
});

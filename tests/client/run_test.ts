import assert from "node:assert/strict";
import type { ClientRun, SessionEvent } from "../../src/client/client.ts";
import { answer, begin, direct, event, piece, Scene } from "./fake_server.ts";

/** All events of a run. */
async function read(run: ClientRun): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const numbersOf = (events: SessionEvent[]) => events.map((event) => event.event !== "snapshot" && event.seq);

Deno.test("A message starts a run, whose events and answer belong to it alone", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const run = session.send({ question: "hello", dataset: 4 });
  const reading = read(run);
  const { message_id, ...command } = scene.peer.command("user.message");
  assert.deepEqual(command, {
    event: "user.message",
    session_id: "S1",
    content: { question: "hello", dataset: 4 },
  });
  assert.match(message_id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.equal(run.messageId, message_id);
  assert.equal(run.runId, undefined);
  scene.peer.give(
    event(3, "shop.sold", "", { run_id: "run_0" }),
    begin(4, message_id),
    piece(5, "h"),
    event(6, "shop.sold"),
    answer(7, "hi"),
    event(8, "shop.sold", "", { run_id: "run_1" }),
  );
  assert.equal(await run.answer, "hi");
  assert.equal(run.runId, "run_1");
  assert.deepEqual(numbersOf(await reading), [4, 5, 7]);
});

Deno.test("A run that fails rejects with the server's code; its loop ends with that event", async () => {
  using scene = new Scene();
  const run = (await scene.session()).send("hello", { messageId: "m-1" });
  const reading = read(run);
  const metadata = {
    error_code: "ERR_EXECUTION_601",
    recovery_action: "retry",
    terminal: true,
    run_id: "run_1",
  };
  scene.peer.give(begin(3, "m-1"), event(4, "agent.error", "Execution error: model unreachable", metadata));
  await assert.rejects(run.answer, {
    name: "MyAgentError",
    code: "ERR_EXECUTION_601",
    recoveryAction: "retry",
    message: "Execution error: model unreachable",
  });
  assert.deepEqual(numbersOf(await reading), [3, 4]);
});

Deno.test("A run that is stopped rejects with the reason", async () => {
  using scene = new Scene();
  const run = (await scene.session()).send("hello", { messageId: "m-1" });
  const metadata = { reason: "server_restart", terminal: true, run_id: "run_1" };
  scene.peer.give(begin(3, "m-1"), event(4, "agent.interrupted", "", metadata));
  await assert.rejects(run.answer, { code: "interrupted", reason: "server_restart" });
});

Deno.test("Any last event ends a run, whatever its name", async () => {
  using scene = new Scene();
  const run = (await scene.session()).send("hello", { messageId: "m-1" });
  const metadata = { action: "solve_tasks", done: true, terminal: true, run_id: "run_1" };
  scene.peer.give(begin(3, "m-1"), event(4, "system.notice", "2 done", metadata));
  assert.equal(await run.answer, "2 done");
});

Deno.test("A refused message rejects its run and is not sent again", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const run = session.send("hello", { messageId: "m-1" });
  const reading = read(run);
  const metadata = { error_code: "ERR_RATELIMIT_702", recovery_action: "wait", reply_to: "m-1" };
  scene.peer.give(direct("agent.error", "Agent is currently running, please try again later", metadata));
  await assert.rejects(run.answer, { code: "ERR_RATELIMIT_702", recoveryAction: "wait" });
  await assert.rejects(reading, { code: "ERR_RATELIMIT_702" });
  (await scene.lose()).open().resume([], 2);
  assert.deepEqual(scene.peer.commands("user.message"), []);
});

Deno.test("A message is sent after the resume when there was no connection, and again until it is confirmed", async () => {
  using scene = new Scene();
  const session = await scene.session();
  scene.peer.end();
  const first = session.send("one", { messageId: "m-1" });
  const second = session.send("two", { messageId: "m-2" });
  await scene.time.pass(500);
  scene.peer.open();
  assert.deepEqual(scene.peer.commands("user.message"), []);
  scene.peer.resume([], 2);
  const ids = () => scene.peer.commands("user.message").map(({ message_id }) => message_id);
  assert.deepEqual(ids(), ["m-1", "m-2"]);
  // It has arrived, as the replay shows: only the other one is sent again.
  (await scene.lose()).open().resume([begin(3, "m-1"), answer(4, "1")]);
  assert.deepEqual(ids(), ["m-2"]);
  assert.equal(await first.answer, "1");
  scene.peer.give(begin(5, "m-2", "run_2"));
  (await scene.lose()).open().resume([answer(6, "2", "run_2")]);
  assert.deepEqual(ids(), []);
  assert.equal(await second.answer, "2");
});

Deno.test("A duplicate notice confirms a message; the run it names goes on as this one's", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const run = session.send("hello", { messageId: "m-1" });
  (await scene.lose()).open().resumeLost(30, [], { standing: { state: "RUNNING", run_id: "run_7" } });
  assert.equal(scene.peer.commands("user.message").length, 1);
  const duplicate = { action: "duplicate", message_id: "m-1", run_id: "run_7", state: "running" };
  scene.peer.give(direct("system.notice", "", { ...duplicate, reply_to: "m-1" }));
  assert.equal(run.runId, "run_7");
  (await scene.lose()).open().resume([answer(31, "late", "run_7")]);
  assert.deepEqual(scene.peer.commands("user.message"), []);
  assert.equal(await run.answer, "late");
});

Deno.test("A message that was answered before rejects, because its answer does not come again", async () => {
  using scene = new Scene();
  const run = (await scene.session()).send("hello", { messageId: "m-1" });
  const duplicate = { action: "duplicate", message_id: "m-1", run_id: "run_7", state: "finished" };
  scene.peer.give(direct("system.notice", "", { ...duplicate, reply_to: "m-1" }));
  await assert.rejects(run.answer, { code: "already_answered" });
});

Deno.test("A duplicate notice about a run that is known changes nothing", async () => {
  using scene = new Scene();
  const run = (await scene.session()).send("hello", { messageId: "m-1" });
  const duplicate = { action: "duplicate", message_id: "m-1", run_id: "run_1", state: "finished" };
  scene.peer.give(begin(3, "m-1"), direct("system.notice", "", duplicate), answer(4, "hi"));
  assert.equal(await run.answer, "hi");
});

Deno.test("The same message id sent twice is the same run", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const run = session.send("hello", { messageId: "m-1" });
  assert.equal(session.send("hello", { messageId: "m-1" }), run);
  assert.equal(scene.peer.commands("user.message").length, 1);
});

Deno.test("A run that ended in a gap says so; one in progress goes on", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const lost = session.send("one", { messageId: "m-1" });
  const kept = session.send("two", { messageId: "m-2" });
  scene.peer.give(begin(3, "m-1"), begin(4, "m-2", "run_2"));
  (await scene.lose()).open().resumeLost(90, [], { standing: { state: "RUNNING", run_id: "run_2" } });
  await assert.rejects(lost.answer, { code: "gap" });
  scene.peer.give(answer(91, "2", "run_2"));
  assert.equal(await kept.answer, "2");
});

Deno.test("Cancelling a run in progress is said at once, and again after a resume until it is over", async () => {
  using scene = new Scene();
  const run = (await scene.session()).send("hello", { messageId: "m-1" });
  scene.peer.give(begin(3, "m-1"));
  run.cancel();
  run.cancel();
  assert.equal(scene.peer.commands("user.cancel").length, 1);
  (await scene.lose()).open().resume([], 3);
  assert.equal(scene.peer.commands("user.cancel").length, 1);
  const metadata = { reason: "user_request", terminal: true, run_id: "run_1" };
  (await scene.lose()).open().resume([event(4, "agent.interrupted", "", metadata)]);
  assert.equal(scene.peer.commands("user.cancel").length, 0);
  await assert.rejects(run.answer, { code: "interrupted" });
});

Deno.test("Cancelling a message under way waits for its run, so that it cannot hit another one", async () => {
  using scene = new Scene();
  const run = (await scene.session()).send("hello", { messageId: "m-1" });
  run.cancel();
  assert.equal(scene.peer.commands("user.cancel").length, 0);
  scene.peer.give(begin(3, "m-1"));
  assert.equal(scene.peer.commands("user.cancel").length, 1);
});

Deno.test("A cancelled message that a lost connection swallowed is not sent again", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const swallowed = session.send("one", { messageId: "m-1" });
  const arrived = session.send("two", { messageId: "m-2" });
  const waiting = session.send("three", { messageId: "m-3" });
  scene.peer.give(direct("system.notice", "", { action: "queued", reply_to: "m-3" }));
  scene.peer.end();
  for (const run of [swallowed, arrived, waiting]) run.cancel();
  await scene.time.pass(500);
  scene.peer.open().resume([begin(3, "m-2")]);
  await assert.rejects(swallowed.answer, { code: "interrupted" });
  assert.deepEqual(scene.peer.commands("user.message").map(({ message_id }) => message_id), ["m-3"]);
  assert.equal(scene.peer.commands("user.cancel").length, 1);
});

Deno.test("An aborted signal stops the run and rejects with its reason", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const abort = new AbortController();
  const run = session.send("hello", { messageId: "m-1", signal: abort.signal });
  const reading = read(run);
  scene.peer.give(begin(3, "m-1"));
  abort.abort(new Error("the user has left"));
  await assert.rejects(run.answer, { message: "the user has left" });
  assert.equal(scene.peer.commands("user.cancel").length, 1);
  const metadata = { reason: "user_request", terminal: true, run_id: "run_1" };
  scene.peer.give(event(4, "agent.interrupted", "", metadata));
  assert.deepEqual(numbersOf(await reading), [3, 4]);

  const never = session.send("again", { signal: abort.signal });
  await assert.rejects(never.answer, { message: "the user has left" });
  assert.equal(scene.peer.commands("user.message").length, 1);
});

Deno.test("A message above 1 MiB is refused here, and a shorter one of many bytes as well", async () => {
  using scene = new Scene();
  const session = await scene.session();
  for (const text of ["x".repeat(1 << 20), "语".repeat(400_000)]) {
    await assert.rejects(session.send(text).answer, { code: "too_big" });
  }
  await assert.rejects(scene.client.createSession("x".repeat(1 << 20)), { code: "too_big" });
  assert.deepEqual(scene.peer.commands("user.message"), []);
  void session.send("x".repeat(1_000_000));
  assert.equal(scene.peer.commands("user.message").length, 1);
});

Deno.test("After a message that was too big for somebody on the way, the longest one is not sent again", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const short = session.send("short", { messageId: "m-1" });
  const long = session.send("x".repeat(70_000), { messageId: "m-2" });
  scene.peer.end(1009, "frame_too_big");
  const unsent = session.send("y".repeat(80_000), { messageId: "m-3" });
  await assert.rejects(long.answer, { code: "too_big" });
  await scene.time.pass(500);
  scene.peer.open().resume([], 2);
  assert.deepEqual(scene.peer.commands("user.message").map(({ message_id }) => message_id), ["m-1", "m-3"]);
  scene.peer.give(begin(3, "m-1"), answer(4, "a"), begin(5, "m-3", "run_2"), answer(6, "b", "run_2"));
  assert.deepEqual([await short.answer, await unsent.answer], ["a", "b"]);
});

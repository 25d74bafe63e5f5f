import assert from "node:assert/strict";
import { answer, begin, direct, event, question, Scene } from "./fake_server.ts";

Deno.test("Sessions are made one after the other, each with its own content", async () => {
  using scene = new Scene();
  const first = scene.client.createSession({ language: "en" });
  const second = scene.client.createSession("second");
  scene.peer.open();
  assert.deepEqual(scene.peer.received.map(({ content }) => content), [{ language: "en" }]);
  scene.peer.give(event(1, "agent.session_created"));
  assert.equal((await first).id, "S1");
  assert.deepEqual(scene.peer.received.map(({ content }) => content), [{ language: "en" }, "second"]);
  scene.peer.give({ ...event(1, "agent.session_created"), session_id: "S2" });
  const session = await second;
  assert.equal(session.id, "S2");
  assert.equal(session.isAttached, true);
  await session.ready;
});

Deno.test("A session whose making was cut off is made over the next connection", async () => {
  using scene = new Scene();
  const creating = scene.client.createSession();
  scene.peer.open();
  (await scene.lose()).open();
  assert.equal(scene.peer.commands("user.create_session").length, 1);
  scene.peer.give(event(1, "agent.session_created"));
  assert.equal((await creating).id, "S1");
  (await scene.lose()).open();
  assert.equal(scene.peer.commands("user.create_session").length, 0);
});

Deno.test("A refused creation rejects with the server's words, and the next one has its turn", async () => {
  using scene = new Scene();
  const refused = scene.client.createSession();
  const made = scene.client.createSession();
  scene.peer.open();
  const { message_id: reply_to } = scene.peer.command("user.create_session");
  const metadata = { error_code: "ERR_EXECUTION_604", recovery_action: "abort", reply_to };
  scene.peer.give({ event: "system.error", content: "Failed to create session: no", metadata });
  await assert.rejects(refused, {
    code: "ERR_EXECUTION_604",
    recoveryAction: "abort",
    message: "Failed to create session: no",
  });
  scene.peer.give(event(1, "agent.session_created"));
  assert.equal((await made).id, "S1");
});

Deno.test("A creation that is given up in time is not asked for; one under way makes no session here", async () => {
  using scene = new Scene();
  const [early, late] = [new AbortController(), new AbortController()];
  const neverSent = scene.client.createSession("a", { signal: early.signal });
  const sent = scene.client.createSession("b", { signal: late.signal });
  const kept = scene.client.createSession("c");
  early.abort();
  await assert.rejects(neverSent, { name: "AbortError" });
  await assert.rejects(scene.client.createSession("d", { signal: early.signal }), { name: "AbortError" });
  scene.peer.open();
  late.abort();
  await assert.rejects(sent, { name: "AbortError" });
  scene.peer.give(event(1, "agent.session_created"));
  scene.peer.give({ ...event(1, "agent.session_created"), session_id: "S2" });
  assert.equal((await kept).id, "S2");
  assert.deepEqual(scene.peer.received.map(({ content }) => content), ["b", "c"]);
  (await scene.lose()).open();
  assert.deepEqual(scene.peer.received.map(({ session_id }) => session_id), ["S2"]);
});

Deno.test("A creation that is given up without a connection is not asked for again", async () => {
  using scene = new Scene();
  const abort = new AbortController();
  const creating = scene.client.createSession("a", { signal: abort.signal });
  scene.peer.open().end();
  abort.abort();
  await assert.rejects(creating, { name: "AbortError" });
  await scene.time.pass(500);
  assert.deepEqual(scene.peer.open().received, []);
});

Deno.test("The first event of another session, in a replay, is not taken for that of the new one", async () => {
  using scene = new Scene();
  scene.peer.open();
  scene.client.resume("S2").close();
  const creating = scene.client.createSession();
  const replayed = { ...event(1, "agent.session_created", "", { replayed: true }), session_id: "S2" };
  scene.peer.give(replayed, event(1, "agent.session_created"));
  assert.equal((await creating).id, "S1");
});

Deno.test("A session's first events are given to a loop that begins later", async () => {
  using scene = new Scene();
  const session = await scene.session();
  scene.peer.give(event(3, "shop.sold"));
  await scene.time.settle();
  void scene.follow(session);
  scene.peer.give(event(4, "shop.sold"));
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2, 3, 4]);
});

Deno.test("Every loop gets every event; one that is left gets no more", async () => {
  using scene = new Scene();
  const session = await scene.session();
  void scene.follow(session);
  const second: number[] = [];
  const leaving = (async () => {
    for await (const event of session.events) {
      if (event.event !== "snapshot") second.push(event.seq!);
      if (second.length === 2) break;
    }
  })();
  scene.peer.give(event(3, "shop.sold"), event(4, "shop.sold"), event(5, "shop.sold"));
  await leaving;
  await scene.time.settle();
  assert.deepEqual([scene.numbers, second], [[1, 2, 3, 4, 5], [3, 4]]);
});

Deno.test("An answer to a question is sent, and gives the decision that counts", async () => {
  using scene = new Scene();
  const session = await scene.session();
  scene.peer.give(question(3, "confirm_1"));
  const given = session.respond("confirm_1", { confirmed: true, args: { path: "b" }, message: "go" });
  const { message_id: _, ...command } = scene.peer.command("user.response");
  assert.deepEqual(command, {
    event: "user.response",
    session_id: "S1",
    step_id: "confirm_1",
    content: { confirmed: true, args: { path: "b" }, message: "go" },
  });
  scene.peer.give(
    event(4, "system.notice", "", { action: "confirm_resolved", step_id: "confirm_0", confirmed: true }),
    event(5, "system.notice", "", { action: "confirm_resolved", step_id: "confirm_1", confirmed: false }),
  );
  assert.equal(await given, false);
});

Deno.test("An answer given without a connection is sent after the resume, again until it is settled", async () => {
  using scene = new Scene();
  const session = await scene.session();
  scene.peer.give(question(3, "confirm_1"));
  scene.peer.end();
  const given = session.respond("confirm_1", { confirmed: true });
  await scene.time.pass(500);
  scene.peer.open();
  assert.deepEqual(scene.peer.commands("user.response"), []);
  scene.peer.resume([], 3);
  const { message_id } = scene.peer.command("user.response");
  (await scene.lose()).open().resume([], 3);
  assert.equal(scene.peer.command("user.response").message_id, message_id);
  const resolved = { action: "confirm_resolved", step_id: "confirm_1", confirmed: true };
  (await scene.lose()).open().resume([event(4, "system.notice", "", resolved)]);
  assert.equal(await given, true);
  assert.deepEqual(scene.peer.commands("user.response"), []);
});

Deno.test("A question whose time is up was refused", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const given = session.respond("confirm_1", { confirmed: true });
  scene.peer.give(event(3, "system.notice", "", { action: "confirm_timeout", step_id: "confirm_1" }));
  assert.equal(await given, false);
});

Deno.test("An answer that is refused rejects with the server's words; one to a closed question says that", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const refused = session.respond("confirm_1", { confirmed: true, args: {} });
  const metadata = { error_code: "ERR_VALIDATION_402", reply_to: scene.peer.received.at(-1)!.message_id };
  scene.peer.give(direct("agent.error", "Invalid arguments", metadata));
  await assert.rejects(refused, { code: "ERR_VALIDATION_402", message: "Invalid arguments" });

  const late = session.respond("confirm_1", { confirmed: true });
  const reply_to = scene.peer.received.at(-1)!.message_id;
  const notice = { action: "response", step_id: "confirm_1", ok: false, reply_to };
  scene.peer.give(direct("system.notice", "", notice));
  await assert.rejects(late, { code: "question_closed" });

  const stopped = session.respond("confirm_2", { confirmed: true });
  scene.peer.give(event(3, "agent.interrupted", "", { reason: "user_request", terminal: true, run_id: "r" }));
  await assert.rejects(stopped, { code: "question_closed" });
  // Nothing of all that is sent again.
  (await scene.lose()).open().resume([], 3);
  assert.deepEqual(scene.peer.commands("user.response"), []);
});

Deno.test("Cancelling a session is said at once, or after the resume if the run is still there", async () => {
  using scene = new Scene();
  const session = await scene.session();
  session.cancel();
  assert.equal(scene.peer.commands("user.cancel").length, 1);
  scene.peer.give(direct("agent.interrupted", "", { reason: "user_request", idle: true }));
  (await scene.lose()).open().resume([], 2);
  assert.equal(scene.peer.commands("user.cancel").length, 0);
  scene.peer.give(begin(3, "other device"));
  scene.peer.end();
  session.cancel();
  await scene.time.pass(500);
  scene.peer.open().resume([event(4, "shop.sold", "", { run_id: "run_1" })]);
  assert.equal(scene.peer.commands("user.cancel").length, 1);
  // Not known to have arrived: said again, until the run is over.
  (await scene.lose()).open().resume([], 4);
  assert.equal(scene.peer.commands("user.cancel").length, 1);
  (await scene.lose()).open().resume([answer(5, "done")]);
  assert.equal(scene.peer.commands("user.cancel").length, 0);
});

Deno.test("Cancelling a session takes back what was not sent", async () => {
  using scene = new Scene();
  const session = await scene.session();
  scene.peer.end();
  const run = session.send("hello");
  session.cancel();
  await assert.rejects(run.answer, { code: "interrupted", reason: "user_request" });
  await scene.time.pass(500);
  scene.peer.open().resume([], 2);
  assert.deepEqual(scene.peer.commands("user.message"), []);
});

Deno.test("Cancelling a session stops a message under way with one command, and not the next message", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const run = session.send("hello", { messageId: "m-1" });
  session.cancel();
  const next = session.send("other", { messageId: "m-2" });
  scene.peer.give(
    begin(3, "m-1"),
    event(4, "agent.interrupted", "", { reason: "user_request", terminal: true, run_id: "run_1" }),
    begin(5, "m-2", "run_2"),
    answer(6, "hi", "run_2"),
  );
  await assert.rejects(run.answer, { code: "interrupted" });
  assert.equal(await next.answer, "hi");
  assert.deepEqual(scene.peer.received.map(({ event }) => event).filter((name) => name !== "user.ack"), [
    "user.create_session",
    "user.message",
    "user.cancel",
    "user.message",
  ]);
});

Deno.test("Messages that waited for a cancelled run are stopped with it", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const waiting = session.send("second", { messageId: "m-2" });
  scene.peer.give(direct("system.notice", "", { action: "queued", position: 1, reply_to: "m-2" }));
  const metadata = {
    reason: "user_request",
    terminal: true,
    run_id: "r",
    dropped_message_ids: ["m-2", "m-9"],
  };
  scene.peer.give(event(3, "agent.interrupted", "", metadata));
  await assert.rejects(waiting.answer, { code: "interrupted" });
  (await scene.lose()).open().resume([], 3);
  assert.deepEqual(scene.peer.commands("user.message"), []);
});

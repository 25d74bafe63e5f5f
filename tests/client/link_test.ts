import assert from "node:assert/strict";
import { answer, begin, direct, event, piece, question, Scene } from "./fake_server.ts";

/** A scene with session S1, whose events are read. */
async function opened() {
  const scene = new Scene();
  const session = await scene.session();
  return { scene, session, reading: scene.follow(session), [Symbol.dispose]: () => scene[Symbol.dispose]() };
}

Deno.test("A lost connection is followed by a resume from the last event", async () => {
  using given = await opened();
  const { scene, session } = given;
  scene.peer.give(event(3, "shop.opened"));
  assert.deepEqual(session.position, { seq: 3, eventId: "S1~e1~3" });
  const peer = (await scene.lose()).open();
  const command = peer.command("user.reconnect");
  assert.equal(command.session_id, "S1");
  assert.deepEqual(command.content, { last_event_id: "S1~e1~3" });
  assert.equal(session.isAttached, false);
  peer.resume([event(4, "shop.sold"), event(5, "shop.closed")]);
  peer.give(event(6, "shop.opened"));
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2, 3, 4, 5, 6]);
  assert.equal(session.isAttached, true);
});

Deno.test("An event that comes twice is given once", async () => {
  using given = await opened();
  const { scene } = given;
  scene.peer.give(event(3, "shop.opened"), event(3, "shop.opened"), event(2, "agent.ready"));
  (await scene.lose()).open().resume([event(3, "shop.opened"), event(4, "shop.sold")]);
  scene.peer.give(event(4, "shop.sold"), event(5, "shop.closed"));
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2, 3, 4, 5]);
});

Deno.test("A gap is closed by asking again, and nothing after it is given too early", async () => {
  using given = await opened();
  const { scene, session } = given;
  scene.peer.give(event(5, "shop.sold"), event(6, "shop.closed"));
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2]);
  assert.equal(session.isAttached, false);
  assert.equal(scene.peer.commands("user.reconnect").length, 1);
  assert.deepEqual(scene.peer.command("user.reconnect").content, { last_event_id: "S1~e1~2" });
  scene.peer.resume([3, 4, 5, 6].map((seq) => event(seq, "shop.sold")));
  scene.peer.give(event(7, "shop.opened"));
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(scene.peers.length, 1);
});

Deno.test("A gap that stays is no reason to ask for ever: the connection is replaced", async () => {
  using given = await opened();
  const { scene } = given;
  scene.peer.give(event(5, "shop.sold"));
  scene.peer.resume([event(4, "shop.sold"), event(5, "shop.sold")]);
  assert.equal(scene.client.state.phase, "reconnecting");
  assert.equal(scene.peer.commands("user.reconnect").length, 1);
  await scene.time.pass(500);
  // The next connection has its own chance to close the gap.
  scene.peer.open().resume([event(5, "shop.sold")]);
  assert.equal(scene.peer.commands("user.reconnect").length, 2);
  scene.peer.resume([3, 4, 5].map((seq) => event(seq, "shop.sold")));
  await scene.time.settle();
  assert.equal(scene.peers.length, 2);
  assert.deepEqual(scene.numbers, [1, 2, 3, 4, 5]);
});

Deno.test("A replay with a hole is asked for once more", async () => {
  using given = await opened();
  const { scene } = given;
  (await scene.lose()).open().resume([event(3, "shop.sold"), event(5, "shop.sold")]);
  assert.deepEqual(scene.peer.command("user.reconnect").content, { last_event_id: "S1~e1~3" });
  scene.peer.resume([event(4, "shop.sold"), event(5, "shop.sold")]);
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2, 3, 4, 5]);
});

Deno.test("A position that is lost gives a snapshot, and goes on behind it", async () => {
  using given = await opened();
  const { scene, session } = given;
  const messages = [{ role: "user", content: "hi" }];
  (await scene.lose()).open().resumeLost(40, messages, {
    standing: { state: "RUNNING", run_id: "run_9", epoch: "e2", reason: "epoch_mismatch" },
    snapshot: { open_stream_id: "st_4" },
  });
  scene.peer.give(event(41, "shop.sold"));
  await scene.time.settle();
  assert.deepEqual(scene.seen.find(({ event }) => event === "snapshot"), {
    event: "snapshot",
    session_id: "S1",
    content: { messages, total_messages: 1 },
    metadata: {
      reason: "epoch_mismatch",
      epoch: "e2",
      latest_seq: 40,
      state: "RUNNING",
      run_id: "run_9",
      open_confirmations: 0,
      open_stream_id: "st_4",
    },
  });
  assert.deepEqual(scene.numbers, [1, 2, 41]);
  assert.equal(session.position.seq, 41);
});

Deno.test("After a lost position the next resume names number and epoch, until there is an event id again", async () => {
  using given = await opened();
  const { scene, session } = given;
  (await scene.lose()).open().resumeLost(40, [], { standing: { epoch: "e2" } });
  assert.deepEqual(session.position, { seq: 40, epoch: "e2" });
  const peer = (await scene.lose()).open();
  assert.deepEqual(peer.command("user.reconnect").content, { last_seq: 40, epoch: "e2" });
});

Deno.test("A question that is offered again is given once; after a snapshot once more", async () => {
  using given = await opened();
  const { scene } = given;
  const offer = question(3, "confirm_1", { reoffered: true });
  scene.peer.give(question(3, "confirm_1"), offer);
  (await scene.lose()).open();
  scene.peer.give(offer);
  scene.peer.resume([], 3);
  const questions = () => scene.seen.filter(({ event }) => event === "agent.user_confirm").length;
  await scene.time.settle();
  assert.equal(questions(), 1);
  (await scene.lose()).open().resumeLost(30, [], { offers: [offer, offer] });
  await scene.time.settle();
  assert.equal(questions(), 2);
  // Offers never move the position.
  scene.peer.give(event(31, "shop.sold"));
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2, 3, 3, 31]);
});

Deno.test("A question from before the position is given to who resumes without having seen it", async () => {
  using scene = new Scene();
  const session = scene.client.resume("S1", { seq: 9, eventId: "S1~e1~9" });
  void scene.follow(session);
  scene.peer.open();
  assert.deepEqual(scene.peer.command("user.reconnect").content, { last_event_id: "S1~e1~9" });
  scene.peer.give(question(7, "confirm_1", { reoffered: true }));
  scene.peer.resume([event(10, "shop.sold")]);
  await session.ready;
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [7, 10]);
  assert.deepEqual(session.position, { seq: 10, eventId: "S1~e1~10", epoch: "e1" });
});

Deno.test("Who resumes without a position is told everything", async () => {
  using scene = new Scene();
  scene.peer.open();
  const session = scene.client.resume("S1");
  assert.deepEqual(scene.peer.command("user.reconnect").content, { last_seq: 0 });
  assert.equal(scene.client.resume("S1"), session);
  void scene.follow(session);
  scene.peer.resume([event(1, "agent.session_created"), event(2, "agent.ready")]);
  await scene.time.settle();
  assert.deepEqual(scene.numbers, [1, 2]);
});

for (const code of ["ERR_CONNECTION_902", "ERR_CONNECTION_903"]) {
  Deno.test(`A session that is gone (${code}) ends everything of it, and nothing else`, async () => {
    using given = await opened();
    const { scene, session, reading } = given;
    const run = session.send("hello");
    const peer = (await scene.lose()).open();
    const reply_to = peer.command("user.reconnect").message_id;
    peer.give(direct("agent.error", "Session not found", { error_code: code, reply_to }));
    await assert.rejects(reading, { code });
    await assert.rejects(run.answer, { code });
    await assert.rejects(session.send("again").answer, { code });
    assert.equal(scene.client.state.phase, "open");
    await scene.lose();
    assert.deepEqual(scene.peer.open().commands("user.reconnect"), []);
  });
}

Deno.test("Who resumes a session that does not exist is told by ready", async () => {
  using scene = new Scene();
  const session = scene.client.resume("S1");
  scene.peer.open();
  const reply_to = scene.peer.command("user.reconnect").message_id;
  scene.peer.give(
    direct("agent.error", "Session not found", { error_code: "ERR_CONNECTION_902", reply_to }),
  );
  await assert.rejects(session.ready, { code: "ERR_CONNECTION_902", message: "Session not found" });
});

Deno.test("A resume that is refused for now is tried again on the same connection", async () => {
  using given = await opened();
  const { scene, session } = given;
  const peer = (await scene.lose()).open();
  const { message_id: reply_to } = peer.command("user.reconnect");
  const metadata = { error_code: "ERR_RATELIMIT_703", reply_to };
  peer.give({ event: "system.error", content: "Too many sessions", metadata });
  await scene.time.pass(499);
  assert.equal(peer.commands("user.reconnect").length, 1);
  await scene.time.pass(1);
  assert.equal(peer.commands("user.reconnect").length, 2);
  peer.resume([], 2);
  assert.equal(session.isAttached, true);
});

Deno.test("A refusal because the server closes the connection changes nothing", async () => {
  using given = await opened();
  const { scene, session } = given;
  const run = session.send("hello", { messageId: "m-1" });
  const metadata = { error_code: "ERR_CONNECTION_900", reply_to: "m-1" };
  scene.peer.give({ event: "system.error", content: "closing", metadata });
  scene.peer.give(direct("agent.error", "closing", metadata));
  (await scene.lose(1001, "shutdown")).open().resume([], 2);
  assert.equal(scene.peer.command("user.message").message_id, "m-1");
  scene.peer.give(begin(3, "m-1"), answer(4, "hi"));
  assert.equal(await run.answer, "hi");
});

Deno.test("The end of a session ends its loop, after its last event", async () => {
  using given = await opened();
  const { scene, session, reading } = given;
  const run = session.send("hello");
  scene.peer.give(event(3, "agent.session_end", "", { reason: "expired" }));
  await reading;
  assert.deepEqual(scene.numbers, [1, 2, 3]);
  await assert.rejects(run.answer, { code: "session_ended" });
  await assert.rejects(session.send("again").answer, { code: "session_ended" });
});

Deno.test("A session that was left is not resumed, and its events are not given", async () => {
  using given = await opened();
  const { scene, session, reading } = given;
  const run = session.send("hello");
  session.close();
  await reading;
  await assert.rejects(run.answer, { code: "closed" });
  scene.peer.give(event(3, "shop.sold"));
  (await scene.lose()).open();
  assert.deepEqual(scene.peer.commands("user.reconnect"), []);
  assert.deepEqual(scene.numbers, [1, 2]);
});

Deno.test("Frames that answer commands are given too; the resume's own confirmation is not", async () => {
  using given = await opened();
  const { scene } = given;
  scene.peer.give(direct("system.notice", "no such task", { action: "cancel_task", ok: false }));
  (await scene.lose()).open().resume([], 2);
  await scene.time.settle();
  const names = scene.seen.map(({ event, metadata }) => [event, (metadata as { action?: string }).action]);
  assert.deepEqual(names.slice(2), [["system.notice", "cancel_task"], ["system.notice", "replay"]]);
});

Deno.test("Several sessions on one connection do not mix", async () => {
  using given = await opened();
  const { scene } = given;
  const other = scene.client.resume("S2", { seq: 4 });
  const seen: number[] = [];
  void (async () => {
    for await (const event of other.events) if (event.event === "agent.ready") seen.push(event.seq!);
  })();
  scene.peer.resume([{ ...event(5, "agent.ready"), session_id: "S2" }]);
  scene.peer.give(event(3, "shop.sold"), { ...event(6, "agent.ready"), session_id: "S2" });
  scene.peer.give({ ...event(1, "agent.ready"), session_id: "S3" });
  await scene.time.settle();
  assert.deepEqual([scene.numbers, seen], [[1, 2, 3], [5, 6]]);
  (await scene.lose()).open();
  const asked = scene.peer.commands("user.reconnect").map(({ session_id, content }) => [session_id, content]);
  assert.deepEqual(asked, [["S1", { last_event_id: "S1~e1~3" }], ["S2", { last_event_id: "S1~e1~6" }]]);
});

Deno.test("Pieces of a stream that is replayed in the middle are given once and in order", async () => {
  using given = await opened();
  const { scene } = given;
  scene.peer.give(piece(3, "a"), piece(4, "b"));
  (await scene.lose()).open().resume([piece(4, "b"), piece(5, "c"), piece(6, "d")]);
  scene.peer.give(piece(6, "d"), piece(7, "e"));
  await scene.time.settle();
  const text = scene.seen.map((event) => event.event === "agent.partial_answer" ? event.content : "").join(
    "",
  );
  assert.equal(text, "abcde");
});

/** Several connections, resume and acknowledgements on real sockets: C1–C3, C7–C14, C22 of protocol.md. */
import assert from "node:assert/strict";
import { call, defineTool, hang, say, type Turn } from "../../src/mod.ts";
import type { AnyFrame, TestClient } from "../helpers/client.ts";
import { eventually } from "../helpers/eventually.ts";
import { startTestServer } from "../helpers/server.ts";

const greet = defineTool({ name: "greet", description: "Greets", execute: () => "hello" });
const agent = { tools: [greet] };
const twoSteps = (): Turn[] => [call("greet", {}, "let me"), say("one ", "two ", "three")];

/** A frame without its delivery marks. */
function bare(frame: AnyFrame): AnyFrame {
  const { replayed: _, reoffered: __, resolved: ___, ...metadata } = frame.metadata;
  return { ...frame, metadata };
}

/** Resumes and returns the frames up to and with the replay notice. */
async function resume(
  client: TestClient,
  session_id: string,
  position: Record<string, unknown>,
): Promise<AnyFrame[]> {
  const from = client.frames.length;
  client.send({ event: "user.reconnect", session_id, ...position });
  const notice = await client.find(({ metadata }) => metadata.action === "replay", from);
  return client.frames.slice(from, client.frames.indexOf(notice) + 1);
}

const seqs = (frames: readonly AnyFrame[]) => frames.map(({ seq }) => seq).filter((seq) => seq !== undefined);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

Deno.test("C1 A connection attached from creation sees 1, 2, 3 … over several runs", async () => {
  await using server = await startTestServer({ agent, model: [...twoSteps(), ...twoSteps(), say("x")] });
  const client = await server.connect();
  const id = await client.createSession();
  for (const text of ["a", "b", "c"]) await client.ask(id, text);
  const events = client.sessionEvents(id);
  assert.ok(events.length > 20);
  assert.deepEqual(seqs(events), range(1, events.length));
});

Deno.test("C3 Connection and direct frames have no number and never appear in a replay", async () => {
  await using server = await startTestServer({ agent, model: twoSteps(), config: { heartbeatSeconds: 0.2 } });
  const client = await server.connect();
  const id = await client.createSession();
  client.send("not json");
  client.send({ event: "user.cancel", session_id: id });
  client.send({ event: "user.response", session_id: id, step_id: "nothing", content: { confirmed: true } });
  client.send({ event: "user.message", session_id: "unknown", content: "x" });
  await client.ask(id, "go");
  await client.event("system.heartbeat");
  const other = await server.connect();
  const replay = await resume(other, id, {});
  const direct = [...client.frames, ...other.frames].filter(({ event, metadata }) =>
    /^(system|auth)\./.test(event) || metadata.reconnected || metadata.idle || (event === "agent.error")
  );
  assert.ok(direct.length >= 9, `${direct.length}`);
  for (const frame of direct) assert.deepEqual([frame.seq, frame.event_id], [undefined, undefined]);
  const replayed = replay.filter(({ metadata }) => metadata.replayed === true);
  assert.deepEqual(replayed.map(bare), client.sessionEvents(id));
});

Deno.test("C2 C11 Two attached connections see the same events with the same ids, and either may command", async () => {
  const asking = defineTool({ name: "ask", description: "Asks", userConfirm: true, execute: () => "done" });
  await using server = await startTestServer({
    agent: { tools: [asking] },
    model: [call("ask"), say("ok"), hang(), say("z")],
  });
  const [a, b] = [await server.connect(), await server.connect()];
  const id = await a.createSession();
  await resume(b, id, {});
  a.send({ event: "user.message", session_id: id, content: "go" });
  const question = await b.event("agent.user_confirm");
  b.send({ event: "user.response", session_id: id, step_id: question.step_id, content: { approved: true } });
  await Promise.all([a.terminal(), b.terminal()]);
  const from = a.frames.length;
  b.send({ event: "user.message", session_id: id, content: "again" });
  await a.find(({ metadata }) => metadata.stage === "start", from);
  a.send({ event: "user.cancel", session_id: id });
  await Promise.all([a.event("agent.interrupted"), b.event("agent.interrupted")]);
  assert.deepEqual(b.sessionEvents(id).map(bare), a.sessionEvents(id));
});

Deno.test("C7 Cutting the connection does not stop the run, and its tool runs once", async () => {
  let ran = 0;
  const goOn = Promise.withResolvers<void>();
  const tool = defineTool({
    name: "slow",
    description: "Slow",
    execute: async () => (await goOn.promise, `ran ${++ran}`),
  });
  await using server = await startTestServer({
    agent: { tools: [tool] },
    model: [call("slow"), say("done")],
  });
  const client = await server.connect();
  const id = await client.createSession();
  client.send({ event: "user.message", session_id: id, content: "go" });
  const last = await client.event("agent.tool_call");
  await client.close();
  goOn.resolve();
  const again = await server.connect();
  again.send({ event: "user.reconnect", session_id: id, content: { last_event_id: last.event_id } });
  const end = await again.terminal();
  assert.deepEqual([end.event, end.content, ran], ["agent.final_answer", "done", 1]);
});

Deno.test("C8 Cut after every event of a run: the resume gives exactly the rest, by id and by number", async () => {
  await using server = await startTestServer({ agent, model: twoSteps() });
  const client = await server.connect();
  const id = await client.createSession();
  await client.ask(id, "go");
  const events = client.sessionEvents(id);
  for (const { seq, event_id } of [{ seq: 0, event_id: undefined }, ...events]) {
    const rest = events.slice(seq);
    for (
      const position of [{ last_seq: seq }, ...(event_id ? [{ content: { last_event_id: event_id } }] : [])]
    ) {
      const other = await server.connect();
      const frames = await resume(other, id, position);
      const replayed = frames.filter(({ metadata }) => metadata.replayed === true);
      assert.deepEqual(replayed.map(bare), rest);
      const { metadata } = frames.at(-1)!;
      assert.deepEqual(
        [metadata.replayed, metadata.count, metadata.recovered, metadata.from_seq, metadata.to_seq],
        [rest.length, rest.length, true, seq, events.length],
      );
      await other.close();
    }
  }
});

Deno.test("C9 With events produced during a replay the joined stream has no gap, no duplicate, and an exact count", async () => {
  const goOn = Promise.withResolvers<void>();
  const turn: Turn = async function* () {
    for (let i = 0; i < 1500; i++) yield { type: "text", text: `${"x".repeat(1100)}${i}` };
    await goOn.promise;
    for (let i = 0; i < 200; i++) yield { type: "text", text: `${"y".repeat(1100)}${i}` };
  };
  await using server = await startTestServer({ model: [turn] });
  const client = await server.connect();
  const id = await client.createSession();
  client.send({ event: "user.message", session_id: id, content: "go" });
  await client.find(({ seq }) => seq > 1400);
  const other = await server.connect();
  other.send({ event: "user.reconnect", session_id: id });
  await other.find(({ metadata }) => metadata.replayed);
  goOn.resolve();
  const end = await other.terminal();
  assert.deepEqual(seqs(other.frames), range(1, end.seq));
  const notice = other.frames.find(({ metadata }) => metadata.action === "replay")!;
  const replayed = other.frames.filter(({ metadata }) => metadata.replayed === true);
  assert.equal(notice.metadata.replayed, replayed.length);
  assert.equal(other.frames.indexOf(notice), other.frames.indexOf(replayed.at(-1)!) + 1);
});

Deno.test("C10 Lost positions are told apart, and bring a snapshot instead of events", async () => {
  await using server = await startTestServer({
    agent,
    model: [...twoSteps(), ...twoSteps(), ...twoSteps()],
    config: { logMaxEvents: 16 },
  });
  const client = await server.connect();
  const id = await client.createSession();
  for (const text of ["a", "b", "c"]) await client.ask(id, text);
  const latest = client.sessionEvents(id).at(-1)!;
  const foreign = await client.createSession();
  const cases = [
    [{ last_seq: 1 }, "position_too_old"],
    [{ last_seq: latest.seq + 1 }, "unknown_position"],
    [{ last_event_id: client.sessionEvents(foreign)[0].event_id }, "unknown_position"],
    [{ last_event_id: "what is this" }, "unknown_position"],
    [{ content: { last_seq: latest.seq, epoch: "other" } }, "epoch_mismatch"],
    [{ last_event_id: latest.event_id.replace(/~[^~]+~/, "~0ther~") }, "epoch_mismatch"],
  ] as const;
  for (const [position, reason] of cases) {
    const other = await server.connect();
    const frames = await resume(other, id, position);
    const [attached, snapshot, notice] = frames;
    assert.deepEqual([attached.metadata.recovered, attached.metadata.reason], [false, reason]);
    assert.equal(attached.metadata.latest_seq, latest.seq);
    assert.equal(snapshot.metadata.snapshot, true);
    assert.deepEqual(snapshot.content.messages.at(-1), { role: "assistant", content: "one two three" });
    assert.deepEqual([frames.length, notice.metadata.replayed, notice.metadata.recovered], [3, 0, false]);
    await other.close();
  }
});

Deno.test("C10 C19 An open question is offered again on every attach, with the same ids and deadline", async () => {
  const tool = defineTool({ name: "ask", description: "Asks", userConfirm: true, execute: () => "done" });
  await using server = await startTestServer({ agent: { tools: [tool] }, model: [call("ask"), say("ok")] });
  const client = await server.connect();
  const id = await client.createSession();
  client.send({ event: "user.message", session_id: id, content: "go" });
  const question = await client.event("agent.user_confirm");
  await client.close();
  for (const position of [{ last_event_id: question.event_id }, { last_seq: 999 }]) {
    const other = await server.connect();
    const frames = await resume(other, id, position);
    assert.equal(frames[0].metadata.open_confirmations, 1);
    const offered = frames.filter(({ event }) => event === "agent.user_confirm");
    assert.deepEqual(offered.map(bare), [question]);
    assert.equal(offered[0].metadata.reoffered, true);
    await other.close();
  }
  const missed = await server.connect();
  const frames = await resume(missed, id, { last_seq: question.seq - 1 });
  const offered = frames.filter(({ event }) => event === "agent.user_confirm");
  assert.deepEqual(offered.map(({ metadata }) => [metadata.replayed, metadata.reoffered]), [[
    true,
    undefined,
  ]]);
  missed.send({
    event: "user.response",
    session_id: id,
    step_id: question.step_id,
    content: { confirmed: true },
  });
  assert.equal((await missed.terminal()).content, "ok");
  const late = await server.connect();
  const resolved = (await resume(late, id, {})).find(({ event }) => event === "agent.user_confirm")!;
  assert.deepEqual([resolved.metadata.replayed, resolved.metadata.resolved], [true, true]);
});

Deno.test("C12 An unattached command is refused while another is attached, and carried out once it has left", async () => {
  await using server = await startTestServer({ agent, model: [say("one"), say("two")] });
  const [a, b] = [await server.connect(), await server.connect()];
  const id = await a.createSession();
  const end = await a.ask(id, "first");
  for (const event of ["user.message", "user.cancel", "user.response"]) {
    const from = b.frames.length;
    b.send({ event, session_id: id, content: "x", step_id: "s" });
    const refusal = await b.event("agent.error", from);
    assert.equal(refusal.content, "Session does not belong to this connection");
    assert.deepEqual(
      [refusal.metadata.error_code, refusal.metadata.recovery_action],
      ["ERR_CONNECTION_901", "reconnect"],
    );
  }
  b.send({ event: "user.ack", session_id: id, content: { last_seq: end.seq - 2 } });
  await a.close();
  await eventually(() => [...server.running.sessions.all()].every(({ attached }) => attached === 0));
  const from = b.frames.length;
  b.send({ event: "user.message", session_id: id, content: "second" });
  assert.equal((await b.terminal(from + 4)).content, "two");
  const [attached, missedA, missedB, notice] = b.frames.slice(from);
  assert.deepEqual([attached.event, attached.metadata.action], ["system.notice", "attached"]);
  assert.deepEqual([missedA.seq, missedB.seq], [end.seq - 1, end.seq]);
  assert.deepEqual([notice.metadata.action, notice.metadata.replayed], ["replay", 2]);
});

Deno.test("C13 An id nobody has answers the same for every command", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  const commands = [
    "message",
    "solve_tasks",
    "response",
    "cancel",
    "reconnect",
    "request_state",
    "cancel_task",
  ]
    .concat("restart_task", "retry_task", "cancel_plan", "replan");
  for (const name of commands) {
    const from = client.frames.length;
    client.send({ event: `user.${name}`, session_id: "no-such-session", content: "x", message_id: name });
    const refusal = await client.event("agent.error", from);
    assert.equal(refusal.content, "Session not found");
    assert.deepEqual(
      [refusal.metadata.error_code, refusal.metadata.recovery_action, refusal.metadata.reply_to],
      ["ERR_CONNECTION_902", "create_new_session", name],
    );
  }
});

Deno.test("C14 Every form of user.ack takes effect, none is answered, malformed ones are ignored", async () => {
  await using server = await startTestServer({
    agent,
    model: twoSteps(),
    config: { rateLimit: 10, rateBurst: 60 },
  });
  const owner = await server.connect();
  const id = await owner.createSession();
  await owner.ask(id, "go");
  const events = owner.sessionEvents(id);
  const event_id = events[3].event_id;
  await owner.close();
  await eventually(() => [...server.running.sessions.all()].every(({ attached }) => attached === 0));
  const forms = [
    { content: { last_event_id: event_id } },
    { session_id: id, content: { last_seq: 4 } },
    { session_id: id, content: 4 },
    { content: event_id },
    { metadata: { last_event_id: event_id } },
    { session_id: id, metadata: { last_seq: 4 } },
    { last_event_id: event_id },
    { session_id: id, last_seq: 4 },
    { session_id: id, seq: 4 },
  ];
  for (const form of forms) {
    const client = await server.connect();
    const malformed = [{}, { content: [] }, { content: { last_seq: "4" } }, { content: -1 }, {
      seq: 1.5,
      session_id: id,
    }];
    for (const ack of [...malformed, { content: `${id}~nope~2` }, form]) {
      client.send({ event: "user.ack", ...ack });
    }
    client.send({ event: "user.cancel", session_id: id });
    await client.event("agent.interrupted");
    const answers = client.frames.slice(1);
    assert.equal(answers[0].metadata.action, "attached", JSON.stringify(form));
    assert.deepEqual(seqs(answers), range(5, events.length), JSON.stringify(form));
    await client.close();
  }
});

Deno.test("C14 Fifty acks a second cause no rate error", async () => {
  await using server = await startTestServer({ config: { rateLimit: 10, rateBurst: 30 } });
  const client = await server.connect();
  const id = await client.createSession();
  for (let i = 0; i < 500; i++) {
    client.send({ event: "user.ack", session_id: id, content: { last_seq: i % 3 } });
  }
  await client.settle();
  assert.deepEqual(client.frames.filter(({ event }) => event.endsWith(".error")).length, 1);
});

Deno.test("C22 The same message id twice, at once and after a reconnect, gives one run", async () => {
  await using server = await startTestServer({ agent, model: twoSteps() });
  const client = await server.connect();
  const id = await client.createSession();
  const message = { event: "user.message", session_id: id, content: "go", message_id: "m-1" };
  client.send(message);
  client.send(message);
  const end = await client.terminal();
  const first = await client.find(({ metadata }) => metadata.action === "duplicate");
  assert.deepEqual([first.metadata.run_id, first.metadata.reply_to], [end.metadata.run_id, "m-1"]);
  await client.close();
  const other = await server.connect();
  await resume(other, id, { last_seq: end.seq });
  other.send(message);
  const again = await other.find(({ metadata }) => metadata.action === "duplicate");
  assert.deepEqual([again.metadata.run_id, again.metadata.state], [end.metadata.run_id, "finished"]);
  assert.deepEqual(seqs(other.frames), []);
});

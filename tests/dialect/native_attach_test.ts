import assert from "node:assert/strict";
import { call, defineTool, say } from "../../src/mod.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { ask, type FakePeer, FakeServer, names, numbers, settle } from "./fake_peer.ts";

Deno.test("A sender who is not attached is attached first when nobody else is, and then the command is carried out", async () => {
  const server = new FakeServer({ turns: [say("one"), say("two")] });
  const first = server.connect();
  const id = await first.create();
  await ask(server, first, id);
  const latest = server.find(id).latestSeq;
  first.conversation.close();
  const second = server.connect();
  const frames = await ask(server, second, id);
  assert.deepEqual(names(second.frames).slice(0, 3), ["attached", "replay", "agent.thinking"]);
  const [attached, replay] = frames;
  assert.deepEqual(
    [attached.metadata.recovered, attached.metadata.latest_seq, attached.metadata.reconnected],
    [
      true,
      latest,
      true,
    ],
  );
  assert.deepEqual([replay.metadata.replayed, replay.metadata.from_seq, replay.metadata.to_seq], [
    0,
    latest,
    latest,
  ]);
  assert.equal(numbers(second.frames)[0], latest + 1);
});

Deno.test("The position of an implicit attach: the command's own, else the connection's ack, else the newest", async () => {
  const server = new FakeServer({ turns: Array.from({ length: 6 }, () => say("x")) });
  const first = server.connect();
  const id = await first.create();
  await ask(server, first, id);
  first.conversation.close();
  const latest = server.find(id).latestSeq;

  const own = server.connect();
  await own.say({ event: "user.ack", session_id: id, content: 4 });
  await own.say({ event: "user.cancel", session_id: id, last_seq: 2 });
  assert.deepEqual(numbers(own.frames), Array.from({ length: latest - 2 }, (_, n) => n + 3));
  own.conversation.close();

  const acked = server.connect();
  assert.deepEqual(await acked.say({ event: "user.ack", session_id: id, content: 4 }), []);
  assert.deepEqual(await acked.say({ event: "user.ack", session_id: id, content: 3 }), []);
  await acked.say({ event: "user.cancel", session_id: id });
  assert.deepEqual(numbers(acked.frames), Array.from({ length: latest - 4 }, (_, n) => n + 5));
  acked.conversation.close();

  const neither = server.connect();
  await neither.say({ event: "user.cancel", session_id: id });
  assert.deepEqual([numbers(neither.frames), names(neither.frames)], [[], [
    "attached",
    "replay",
    "agent.interrupted",
  ]]);
});

Deno.test("Acks that are malformed, foreign, old or of the future change nothing and are never answered", async () => {
  const server = new FakeServer({ turns: [say("x")] });
  const first = server.connect();
  const id = await first.create();
  await ask(server, first, id);
  const { epoch } = server.find(id).record;
  const latest = server.find(id).latestSeq;
  first.conversation.close();
  const stranger = server.connect("bob");
  const peer = server.connect();
  for (
    const ack of [
      { content: { last_event_id: `${id}~other~1` } },
      { session_id: id, content: latest + 1 },
      { session_id: id, content: -1 },
      { session_id: id, content: "nonsense" },
      { session_id: "nobody", content: 1 },
      { content: 1 },
      { session_id: id, content: { last_seq: "1" } },
      {},
    ]
  ) {
    assert.deepEqual(await peer.say({ event: "user.ack", ...ack }), [], JSON.stringify(ack));
  }
  assert.deepEqual(await stranger.say({ event: "user.ack", content: `${id}~${epoch}~1` }), []);
  await peer.say({ event: "user.cancel", session_id: id });
  assert.deepEqual(numbers(peer.frames), []);
});

Deno.test("An ack is not counted, and one that comes inside a message is not answered either", async () => {
  const server = new FakeServer();
  const peer = server.connect();
  const session_id = await peer.create();
  assert.equal(peer.conversation.read('{"event":"user.ack","content":1}').counted, false);
  for (const content of [{ event: "user.ack", content: 1 }, { event: "user.ack" }]) {
    assert.deepEqual(await peer.say({ event: "user.message", session_id, content }), []);
  }
});

Deno.test("Acks of very many sessions are not remembered without end, the newest are", async () => {
  const server = new FakeServer({ config: { maxSessionsPerConnection: 1000, agentReady: true } });
  const owner = server.connect();
  const ids: string[] = [];
  for (let n = 0; n < 600; n++) ids.push(await quickly(server, owner));
  owner.conversation.close();
  const peer = server.connect();
  for (const session_id of ids) await peer.conversation.read(ackOf(session_id, 1)).handle();
  await peer.say({ event: "user.cancel", session_id: ids.at(-1)! });
  assert.deepEqual(numbers(peer.frames), [2]);
  const before = peer.frames.length;
  await peer.say({ event: "user.cancel", session_id: ids[0] });
  assert.deepEqual(numbers(peer.frames.slice(before)), []);
});

const ackOf = (session_id: string, seq: number) => JSON.stringify({ event: "user.ack", session_id, seq });

async function quickly(server: FakeServer, peer: FakePeer): Promise<string> {
  const before = server.sessions.size;
  await peer.conversation.read('{"event":"user.create_session"}').handle();
  assert.equal(server.sessions.size, before + 1);
  return peer.frames.findLast(({ event }) => event === "agent.session_created")!.session_id;
}

Deno.test("No more sessions on one connection than it may hold, made or attached", async () => {
  const server = new FakeServer({ config: { maxSessionsPerConnection: 2 } });
  const other = server.connect();
  const foreign = await other.create();
  other.conversation.close();
  const peer = server.connect();
  const [first] = [await peer.create(), await peer.create()];
  for (
    const command of [
      { event: "user.create_session" },
      { event: "user.reconnect", session_id: foreign },
      { event: "user.cancel", session_id: foreign },
    ]
  ) {
    const frames = await peer.say(command);
    assert.deepEqual(frames.map(({ event, metadata }) => [event, metadata.error_code]), [
      ["system.error", "ERR_RATELIMIT_703"],
    ]);
  }
  assert.equal(server.find(foreign).attached, 0);
  const again = await peer.say({ event: "user.reconnect", session_id: first, content: { last_seq: 2 } });
  assert.deepEqual(names(again), ["agent.session_created", "replay"]);
});

Deno.test("No more connections on one session than it may have; the refused one is not half attached", async () => {
  const server = new FakeServer({ config: { maxAttachmentsPerSession: 1 } });
  const first = server.connect();
  const id = await first.create();
  const second = server.connect();
  const frames = await second.say({ event: "user.reconnect", session_id: id });
  assert.deepEqual(frames.map(({ event, metadata }) => [event, metadata.error_code]), [
    ["agent.error", "ERR_RATELIMIT_703"],
  ]);
  assert.equal(server.find(id).attached, 1);
  first.conversation.close();
  assert.equal(
    (await second.say({ event: "user.reconnect", session_id: id }))[0].event,
    "agent.session_created",
  );
});

Deno.test("A connection that is attached may resynchronise: the same frames again, once each, and live afterwards", async () => {
  const server = new FakeServer({ turns: [say("one"), say("two")] });
  const peer = server.connect();
  const id = await peer.create();
  await ask(server, peer, id);
  const latest = server.find(id).latestSeq;
  const firstTime = peer.frames.filter(({ seq }) => seq > 2);
  const frames = await peer.say({ event: "user.reconnect", session_id: id, content: { last_seq: 2 } });
  assert.equal(server.find(id).attached, 1);
  assert.deepEqual(numbers(frames), Array.from({ length: latest - 2 }, (_, n) => n + 3));
  const replayed = frames.filter(({ seq }) => seq).map((frame) => {
    const { replayed, ...metadata } = frame.metadata;
    assert.equal(replayed, true);
    return { ...frame, metadata };
  });
  assert.deepEqual(replayed, firstTime);
  const before = peer.frames.length;
  await ask(server, peer, id);
  const after = numbers(peer.frames.slice(before));
  assert.deepEqual(after, Array.from({ length: after.length }, (_, n) => latest + 1 + n));
});

Deno.test("Every unusable position is told by its reason, with a snapshot and not one missed event", async () => {
  const server = new FakeServer({ turns: [say("answer")] });
  const first = server.connect();
  const id = await first.create();
  await ask(server, first, id);
  const { epoch } = server.find(id).record;
  const latest = server.find(id).latestSeq;
  const cases: [Record<string, unknown>, string][] = [
    [{ last_event_id: "nonsense" }, "unknown_position"],
    [{ last_event_id: `other~${epoch}~1` }, "unknown_position"],
    [{ last_event_id: `${id}~other~1` }, "epoch_mismatch"],
    [{ last_seq: 1, epoch: "other" }, "epoch_mismatch"],
    [{ last_seq: latest + 1 }, "unknown_position"],
    [{ last_event_id: `${id}~${epoch}~${latest + 1}` }, "unknown_position"],
    [{ last_seq: "1" }, "unknown_position"],
  ];
  for (const [content, reason] of cases) {
    const peer = server.connect();
    const frames = await peer.say({ event: "user.reconnect", session_id: id, content, message_id: "m" });
    assert.deepEqual(
      names(frames),
      ["agent.session_created", "agent.llm_message", "replay"],
      JSON.stringify(content),
    );
    const [created, snapshot, replay] = frames;
    assert.deepEqual([created.metadata.recovered, created.metadata.reason], [false, reason]);
    assert.deepEqual([snapshot.metadata.snapshot, snapshot.content.messages.at(-1).content], [
      true,
      "answer",
    ]);
    assert.deepEqual([replay.metadata.replayed, replay.metadata.count, replay.metadata.recovered], [
      0,
      0,
      false,
    ]);
    assert.deepEqual([replay.metadata.to_seq, numbers(frames)], [latest, []]);
    assert.ok(frames.every(({ metadata }) => metadata.reply_to === "m"));
    peer.conversation.close();
  }
});

Deno.test("Open questions are offered again in their place, once, with their own number", async () => {
  const tool = defineTool({ name: "act", description: "", userConfirm: true, execute: () => "x" });
  const server = new FakeServer({ tools: [tool], turns: [call("act"), say("done")] });
  const first = server.connect();
  const id = await first.create();
  await first.say({ event: "user.message", session_id: id, content: "go" });
  const question = first.frames.at(-1)!;
  assert.equal(question.event, "agent.user_confirm");
  const after = server.connect();
  const late = await after.say({
    event: "user.reconnect",
    session_id: id,
    content: { last_seq: question.seq },
  });
  assert.deepEqual(names(late), ["agent.session_created", "agent.user_confirm", "replay"]);
  assert.deepEqual(
    [late[0].metadata.open_confirmations, late[1].metadata.reoffered, late[1].seq, late[1].step_id],
    [1, true, question.seq, question.step_id],
  );
  const before = server.connect();
  const early = await before.say({ event: "user.reconnect", session_id: id, content: { last_seq: 0 } });
  const offered = early.filter(({ event }) => event === "agent.user_confirm");
  assert.deepEqual(
    offered.map(({ metadata }) => [metadata.replayed, metadata.reoffered, metadata.resolved]),
    [
      [true, undefined, undefined],
    ],
  );
  await after.say({
    event: "user.response",
    session_id: id,
    step_id: question.step_id,
    content: { approved: true },
  });
  await server.find(id).idle();
  const resolved = server.connect();
  const all = await resolved.say({ event: "user.reconnect", session_id: id });
  const old = all.find(({ event }) => event === "agent.user_confirm")!;
  assert.deepEqual([old.metadata.replayed, old.metadata.resolved], [true, true]);
});

Deno.test("A connection that goes away in the middle of a replay leaves nothing attached", async () => {
  const server = new FakeServer({ turns: [say("x")] });
  const first = server.connect();
  const id = await first.create();
  await ask(server, first, id);
  first.conversation.close();
  const peer = server.connect();
  const gate = Promise.withResolvers<void>();
  peer.blocked = gate.promise;
  const attaching = peer.say({ event: "user.reconnect", session_id: id });
  await settle();
  assert.equal(server.find(id).attached, 1);
  peer.conversation.close();
  peer.blocked = undefined;
  gate.resolve();
  await attaching;
  assert.deepEqual([server.find(id).attached, numbers(peer.frames)], [0, []]);
});

Deno.test("An attach whose log cannot be read is refused and leaves nothing attached", async () => {
  class Unreadable extends MemoryStore {
    // deno-lint-ignore no-explicit-any -- the memory store answers at once, this one refuses
    override read(): any {
      return Promise.reject(new Error("disk"));
    }
  }
  const server = new FakeServer({ store: new Unreadable() });
  const first = server.connect();
  const id = await first.create();
  first.conversation.close();
  const peer = server.connect();
  const frames = await peer.say({ event: "user.reconnect", session_id: id });
  assert.equal(frames.at(-1)!.event, "agent.error");
  assert.equal(JSON.stringify(frames).includes("disk"), false);
  assert.equal(server.find(id).attached, 0);
});

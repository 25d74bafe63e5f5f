import assert from "node:assert/strict";
import type { CloseReason } from "../../src/errors.ts";
import { hang, say } from "../../src/mod.ts";
import { events } from "../../src/protocol/schema.ts";
import { ask, FakeServer, numbers } from "./fake_peer.ts";

const sessionCommands = [
  { event: "user.message", content: "x" },
  { event: "user.solve_tasks", content: [{ id: 1 }] },
  { event: "user.response", step_id: "s", content: { confirmed: true } },
  { event: "user.cancel" },
  { event: "user.request_state" },
  { event: "user.cancel_task", content: { task_id: 1 } },
  { event: "user.restart_task", content: { task_id: 1 } },
  { event: "user.retry_task", content: { task_id: 1 } },
  { event: "user.cancel_plan" },
  { event: "user.replan" },
];

Deno.test("An unknown session, one of somebody else and a malformed id get the same refusal for every command", async () => {
  const server = new FakeServer();
  const owner = server.connect("alice");
  const id = await owner.create();
  const stranger = server.connect("bob");
  for (const command of [...sessionCommands, { event: "user.reconnect" }]) {
    for (const session_id of ["nobody", id]) {
      const [frame, ...more] = await stranger.say({ ...command, session_id, message_id: "m" });
      const { timestamp: _, ...rest } = frame;
      assert.deepEqual([rest, more], [{
        event: "agent.error",
        session_id,
        content: "Session not found",
        error: "Session not found",
        show_content: "助手出错：会话不存在",
        metadata: { error_code: "ERR_CONNECTION_902", recovery_action: "create_new_session", reply_to: "m" },
      }, []]);
    }
  }
  assert.equal(owner.frames.length, 2);
});

Deno.test("A closed session says so before anything else is looked at, to its owner only", async () => {
  const server = new FakeServer();
  const peer = server.connect();
  const id = await peer.create();
  await server.sessions.end(server.find(id), "operator");
  for (const command of [...sessionCommands, { event: "user.reconnect" }]) {
    const [frame] = await peer.say({ ...command, session_id: id });
    assert.deepEqual([frame.content, frame.metadata.error_code], ["Session is closed", "ERR_CONNECTION_903"]);
    const [other] = await server.connect("bob").say({ ...command, session_id: id });
    assert.equal(other.content, "Session not found");
  }
});

Deno.test("While another is attached an unattached sender may only reconnect; every attached one may command", async () => {
  const server = new FakeServer({ turns: [hang()] });
  const first = server.connect();
  const id = await first.create();
  const second = server.connect();
  for (const command of sessionCommands) {
    const [frame, ...more] = await second.say({ ...command, session_id: id });
    assert.deepEqual(
      [frame.content, frame.metadata.error_code, frame.metadata.recovery_action, more.length],
      [
        "Session does not belong to this connection",
        "ERR_CONNECTION_901",
        "reconnect",
        0,
      ],
    );
  }
  await second.say({ event: "user.reconnect", session_id: id, content: { last_seq: 2 } });
  await second.say({ event: "user.message", session_id: id, content: "go" });
  assert.equal(server.find(id).state, "RUNNING");
  await first.say({ event: "user.cancel", session_id: id });
  assert.equal(server.find(id).state, "IDLE");
  assert.deepEqual(first.frames.slice(2), second.frames.filter(({ seq }) => seq > 2));
});

Deno.test("The end of a session lets go of it; the connection and its other sessions stay", async () => {
  const server = new FakeServer({ config: { maxSessionsPerConnection: 2 } });
  const peer = server.connect();
  const [first, second] = [await peer.create(), await peer.create()];
  await server.sessions.end(server.find(first), "expired");
  assert.equal(peer.frames.at(-1)!.event, "agent.session_end");
  peer.conversation.heartbeat();
  assert.equal(peer.frames.at(-1)!.metadata.active_sessions, 1);
  assert.notEqual(await peer.create(), undefined);
  assert.deepEqual([server.find(second).attached, peer.closes], [1, []]);
});

Deno.test("A connection that is gone lets go of all its sessions, and their runs go on", async () => {
  const server = new FakeServer({ turns: [say("one"), say("two")] });
  const peer = server.connect();
  const ids = [await peer.create(), await peer.create()];
  for (const session_id of ids) {
    await peer.conversation.read(JSON.stringify({ event: "user.message", session_id, content: "go" }))
      .handle();
  }
  peer.conversation.close();
  const count = peer.frames.length;
  for (const id of ids) {
    await server.find(id).idle();
    assert.deepEqual([server.find(id).attached, server.find(id).state], [0, "IDLE"]);
  }
  assert.equal(peer.frames.length, count);
});

Deno.test("Many sessions on one connection: each event names its own, and numbers count per session", async () => {
  const server = new FakeServer({ turns: Array.from({ length: 20 }, () => say("x")) });
  const peer = server.connect();
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push(await peer.create());
  await Promise.all(ids.map((id) => ask(server, peer, id)));
  for (const id of ids) {
    const own = numbers(peer.frames.filter(({ session_id }) => session_id === id));
    assert.deepEqual(own, Array.from({ length: own.length }, (_, n) => n + 1));
    assert.ok(own.length >= 5);
  }
});

Deno.test("Every frame of this dialect validates, refusals of impossible ids included", async () => {
  const server = new FakeServer({ turns: [say("x")] });
  const peer = server.connect();
  peer.conversation.open();
  const session_id = await peer.create();
  await ask(server, peer, session_id);
  for (const odd of ["weird id!", "x".repeat(500), "会话", "../..", "a~b"]) {
    await peer.say({ event: "user.message", session_id: odd, content: "x", message_id: "m" });
    await peer.say({ event: "user.reconnect", session_id: odd });
  }
  await peer.say("{");
  await peer.say({ event: "user.reconnect_with_state", signed_state: {} });
  await peer.say({ event: "user.reconnect", session_id });
  peer.conversation.read("{").refuse(50);
  peer.conversation.read(JSON.stringify({ event: "user.cancel", session_id, message_id: "m" })).refuse(50);
  peer.conversation.heartbeat();
  peer.conversation.announceShutdown(10);
  for (const reason of ["rate_limit", "internal_error", "over_capacity"] as const) {
    peer.conversation.announceClose(reason);
  }
  for (const frame of peer.frames) {
    const parsed = events.get(frame.event)!.safeParse(frame);
    assert.equal(parsed.success, true, `${JSON.stringify(frame)}: ${parsed.error?.message}`);
  }
});

Deno.test("A goodbye is explained except where the protocol says nothing comes before it", () => {
  const server = new FakeServer();
  const silent: CloseReason[] = [
    "bye",
    "shutdown",
    "restart",
    "invalid_utf8",
    "frame_too_big",
    "slow_consumer",
  ];
  const told: CloseReason[] = ["rate_limit", "inbound_overflow", "policy", "internal_error", "over_capacity"];
  for (const reason of [...silent, ...told]) {
    const peer = server.connect();
    peer.conversation.announceClose(reason);
    assert.deepEqual(
      peer.frames.map(({ event }) => event),
      silent.includes(reason) ? [] : ["system.error"],
      reason,
    );
  }
});

Deno.test("A dropped message is answered with the wait and its own id", () => {
  const peer = new FakeServer().connect();
  peer.conversation.read(JSON.stringify({ event: "user.cancel", session_id: "S1", message_id: "m" })).refuse(
    70,
  );
  const [{ event, metadata }] = peer.frames;
  assert.deepEqual([event, metadata.error_code, metadata.retry_after_ms, metadata.reply_to], [
    "system.error",
    "ERR_RATELIMIT_700",
    70,
    "m",
  ]);
});

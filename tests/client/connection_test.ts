import assert from "node:assert/strict";
import type { ConnectionState } from "../../src/client/client.ts";
import { MyAgentError } from "../../src/client/client.ts";
import { event, Scene } from "./fake_server.ts";

/** Reads all states, to the end. */
function states(scene: Scene): ConnectionState[] {
  const read: ConnectionState[] = [];
  void (async () => {
    for await (const state of scene.client.states) read.push(state);
  })();
  return read;
}

Deno.test("The states tell of connecting, open, reconnecting with its delay, and closed with its reason", async () => {
  using scene = new Scene();
  const read = states(scene);
  await scene.time.settle();
  scene.peer.open();
  scene.peer.end(1011, "internal_error");
  await scene.time.pass(500);
  scene.peer.open();
  scene.peer.give({ event: "system.error", content: "Not for you" });
  scene.peer.end(4003, "forbidden");
  await scene.time.settle();
  assert.deepEqual(read, [
    { phase: "connecting" },
    { phase: "open" },
    { phase: "reconnecting", delayMs: 500, code: 1011, reason: "internal_error" },
    { phase: "connecting" },
    { phase: "open" },
    { phase: "closed", code: 4003, reason: "forbidden", detail: "Not for you" },
  ]);
  assert.equal(scene.client.state.phase, "closed");
});

Deno.test("A lost connection is tried again at its time, and not before", async () => {
  using scene = new Scene();
  scene.peer.open();
  scene.peer.end();
  await scene.time.pass(499);
  assert.equal(scene.peers.length, 1);
  await scene.time.pass(1);
  assert.equal(scene.peers.length, 2);
});

Deno.test("The waits grow while nothing works, up to 60 s, and start anew when a conversation works", async () => {
  using scene = new Scene();
  scene.chance = 0.999999;
  await scene.session();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    const before = Date.now();
    await scene.lose();
    waits.push(Date.now() - before);
    // Even a server that greets is no proof: the session must be resumed.
    if (attempt % 2) scene.peer.open();
  }
  assert.deepEqual(waits, [999, 1999, 3999, 7999, 15_999, 31_999, 59_999, 59_999]);
  scene.peer.resume([], 2);
  const before = Date.now();
  await scene.lose();
  assert.equal(Date.now() - before, 999);
});

Deno.test("A slow consumer comes back at once", async () => {
  using scene = new Scene();
  scene.peer.open();
  scene.peer.end(4008, "slow_consumer");
  await scene.time.pass(1);
  assert.equal(scene.peers.length, 2);
});

for (
  const [code, reason] of [[1000, "bye"], [4001, "invalid_token"], [1008, "policy"], [4321, ""]] as const
) {
  Deno.test(`After ${code} ${reason} the client does not come back, and says so everywhere`, async () => {
    using scene = new Scene();
    const session = await scene.session();
    const reading = scene.follow(session);
    const run = session.send("hello");
    scene.peer.end(code, reason);
    const closed = (cause: unknown) =>
      cause instanceof MyAgentError && cause.code === "closed" && cause.reason === reason;
    await assert.rejects(reading, closed);
    await assert.rejects(run.answer, closed);
    await assert.rejects(scene.client.createSession(), closed);
    await assert.rejects(scene.client.resume("S2").ready, closed);
    await assert.rejects(session.send("again").answer, closed);
    await assert.rejects(session.respond("s", { confirmed: true }), closed);
    await scene.time.pass(70_000);
    assert.equal(scene.peers.length, 1);
  });
}

Deno.test("Silence of two and a half heartbeats means that the peer is gone", async () => {
  using scene = new Scene();
  scene.peer.open(2);
  await scene.time.pass(4999);
  assert.equal(scene.client.state.phase, "open");
  await scene.time.pass(1);
  assert.deepEqual(scene.client.state, {
    phase: "reconnecting",
    delayMs: 500,
    code: 1006,
    reason: "silence",
  });
  assert.equal(scene.peers[0].goodbyes.length, 1);
  // The old socket may say something at last: nobody listens.
  scene.peers[0].end(1000, "bye");
  scene.peers[0].give({ event: "system.connected" });
  assert.equal(scene.client.state.phase, "reconnecting");
  await scene.time.pass(500);
  assert.equal(scene.peers.length, 2);
  assert.equal(scene.client.state.phase, "connecting");
});

Deno.test("Any frame is a sign of life", async () => {
  using scene = new Scene();
  scene.peer.open(2);
  for (let turn = 0; turn < 5; turn++) {
    await scene.time.pass(4000);
    scene.peer.give({ event: "system.heartbeat" });
  }
  await scene.time.pass(4999);
  assert.equal(scene.client.state.phase, "open");
});

Deno.test("A server that promises no heartbeat is never taken for dead", async () => {
  using scene = new Scene();
  scene.peer.open(0);
  await scene.time.pass(100_000);
  assert.equal(scene.client.state.phase, "open");
});

Deno.test("A handshake without a greeting is given up after 15 s", async () => {
  using scene = new Scene();
  await scene.time.pass(15_000);
  assert.equal(scene.client.state.phase, "reconnecting");
  assert.equal(scene.peers[0].goodbyes.length, 1);
});

Deno.test("reconnectNow does not wait, and does nothing to an open connection", async () => {
  using scene = new Scene();
  scene.peer.open();
  scene.client.reconnectNow();
  assert.equal(scene.peers.length, 1);
  scene.peer.end();
  scene.client.reconnectNow();
  assert.equal(scene.peers.length, 2);
  await scene.time.pass(2000);
  assert.equal(scene.peers.length, 2);
});

Deno.test("An address that is a function is asked before every attempt; its failure is a failed attempt", async () => {
  let turn = 0;
  const url = () => {
    if (++turn === 2) return Promise.reject(new Error("no token today"));
    return Promise.resolve(`ws://test/?token=${turn}`);
  };
  using scene = new Scene({ url });
  await scene.time.settle();
  scene.peer.open();
  scene.peer.end(4001, "token_expired");
  await scene.time.pass(500);
  assert.deepEqual(scene.client.state, { phase: "reconnecting", delayMs: 1000, code: 1006, reason: "" });
  await scene.time.pass(1000);
  assert.deepEqual(scene.peers.map((peer) => peer.url), ["ws://test/?token=1", "ws://test/?token=3"]);
});

Deno.test("An address that comes too late, or not at all, does not wake a closed client", async () => {
  type Address = PromiseWithResolvers<string>;
  const ends = [
    ({ resolve }: Address) => resolve("ws://test/"),
    ({ reject }: Address) => reject(new Error("no token today")),
  ];
  for (const end of ends) {
    const address = Promise.withResolvers<string>();
    using scene = new Scene({ url: () => address.promise });
    await scene.time.settle();
    await scene.client.close();
    end(address);
    await scene.time.settle();
    assert.equal(scene.client.state.phase, "closed");
    assert.equal(scene.peers.length, 0);
  }
});

Deno.test("Without a session a greeting is proof enough that the connection works", async () => {
  using scene = new Scene();
  for (let turn = 0; turn < 3; turn++) {
    scene.peer.open();
    const before = Date.now();
    await scene.lose();
    assert.equal(Date.now() - before, 500);
  }
});

Deno.test("Closing says bye, ends every loop quietly, and resolves when the socket is closed", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const reading = scene.follow(session);
  const run = session.send("hello");
  let isClosed = false;
  const closing = scene.client.close().then(() => isClosed = true);
  assert.deepEqual(scene.peer.goodbyes, [{ code: 1000, reason: "bye" }]);
  await reading;
  await assert.rejects(run.answer, { code: "closed" });
  await scene.time.settle();
  assert.equal(isClosed, false);
  scene.peer.end(1000, "bye");
  await closing;
  await scene.time.pass(70_000);
  assert.equal(scene.peers.length, 1);
});

Deno.test("Closing takes 3 s at most, and nothing when nothing is open", async () => {
  using scene = new Scene();
  scene.peer.open();
  let isClosed = false;
  const closing = scene.client.close().then(() => isClosed = true);
  await scene.time.pass(2999);
  assert.equal(isClosed, false);
  await scene.time.pass(1);
  await closing;
  await scene.client.close();
});

Deno.test("An aborted signal closes the client, also before it has begun", async () => {
  const abort = new AbortController();
  {
    using scene = new Scene({ signal: abort.signal });
    scene.peer.open();
    abort.abort();
    assert.equal(scene.client.state.phase, "closed");
    await scene.time.settle();
  }
  using scene = new Scene({ signal: abort.signal });
  assert.equal(scene.peers.length, 0);
  assert.equal(scene.client.state.phase, "closed");
});

Deno.test("What is no frame is ignored", async () => {
  using scene = new Scene();
  void scene.follow(await scene.session());
  for (const data of ["", "{", "null", "[]", "7", '{"event":7}', new ArrayBuffer(3)]) {
    scene.peer.onmessage!({ data });
  }
  scene.peer.give({ event: "shop.opened" }, event(3, "shop.cart_changed", { items: 2 }));
  await scene.time.settle();
  assert.equal(scene.client.state.phase, "open");
  assert.deepEqual(scene.numbers, [1, 2, 3]);
});

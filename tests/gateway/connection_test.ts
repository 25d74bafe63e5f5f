import assert from "node:assert/strict";
import { mock } from "node:test";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Conversation, Inbound, Peer } from "../../src/dialect/dialect.ts";
import { Connection } from "../../src/gateway/connection.ts";
import { Metrics } from "../../src/trace/metrics.ts";
import { FakeSocket } from "../helpers/fake_socket.ts";
import { fakeTime } from "../helpers/fake_time.ts";

interface Given {
  config?: Partial<Record<keyof Config, unknown>>;
  handle?: (text: string, peer: Peer) => Promise<void> | void;
  conversation?: Partial<Conversation>;
  counted?: (text: string) => boolean;
  socket?: FakeSocket;
}

/** A connection with a dialect that notes what it is asked to do. */
function open(
  { config = {}, handle = () => {}, conversation = {}, counted = () => true, socket }: Given = {},
) {
  const fake = socket ?? new FakeSocket();
  const done: string[] = [];
  const errors: string[] = [];
  const metrics = new Metrics();
  let peer!: Peer;
  const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) };
  const connection = new Connection(fake, {
    config: loadConfig({ rateLimit: 0, heartbeatSeconds: 0, ...config }, {}),
    metrics,
    logger,
    principal: "anonymous",
    converse: (given) => {
      peer = given;
      return {
        open: () => void done.push("open"),
        read: (text): Inbound => ({
          counted: counted(text),
          handle: () => {
            done.push(text);
            return handle(text, given);
          },
          refuse: (waitMs) => void done.push(`refused ${text} ${waitMs}`),
        }),
        heartbeat: () => void done.push("heartbeat"),
        announceClose: (reason) => void done.push(`goodbye ${reason}`),
        announceShutdown: (seconds) => void done.push(`shutdown ${seconds}`),
        close: () => void done.push("released"),
        ...conversation,
      };
    },
  });
  return { connection, socket: fake, done, errors, metrics, peer };
}

const turns = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};
const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;

Deno.test("Messages are handled one after the other, in the order they came; acks do not wait", async () => {
  const gate = Promise.withResolvers<void>();
  const { connection, done } = open({
    handle: (text) => text === "a" ? gate.promise : undefined,
    counted: (text) => text !== "ack",
  });
  for (const text of ["a", "b", "ack", "c"]) connection.receive(text);
  await turns();
  assert.deepEqual(done, ["a", "ack"]);
  gate.resolve();
  await turns();
  assert.deepEqual(done, ["a", "ack", "b", "c"]);
});

Deno.test("A binary message is read as UTF-8; what is none closes 1007", async () => {
  const { connection, done, socket } = open();
  connection.receive(bytes("助手 😀"));
  await turns();
  assert.deepEqual(done, ["助手 😀"]);
  connection.receive(new Uint8Array([0xff, 0xfe]).buffer);
  assert.deepEqual(socket.closes, [{ code: 1007, reason: "invalid_utf8" }]);
});

Deno.test("A message of 1 MiB passes, one byte more closes 1009, as text and as bytes", () => {
  const mib = 1 << 20;
  for (const text of ["a".repeat(mib), "字".repeat(mib / 3 | 0), "😀".repeat(mib / 4)]) {
    for (const data of [text, bytes(text)]) {
      const { connection, socket } = open();
      connection.receive(data);
      assert.deepEqual(socket.closes, []);
    }
  }
  for (const text of ["a".repeat(mib + 1), "字".repeat(mib / 3 + 1), "😀".repeat(mib / 4) + "a"]) {
    for (const data of [text, bytes(text)]) {
      const { connection, socket, done } = open();
      connection.receive(data);
      assert.deepEqual(socket.closes, [{ code: 1009, reason: "frame_too_big" }]);
      assert.deepEqual(done, ["goodbye frame_too_big", "released"]);
    }
  }
});

Deno.test("A handler that throws, or rejects, closes 1011 and nothing else", async () => {
  const faults = [
    () => {
      throw new Error("secret");
    },
    () => Promise.reject(new Error("secret")),
    () => {
      throw Object.create(null);
    },
  ];
  for (const handle of faults) {
    const { connection, socket, done, errors } = open({ handle });
    connection.receive("a");
    connection.receive("b");
    await turns();
    assert.deepEqual(socket.closes, [{ code: 1011, reason: "internal_error" }]);
    assert.deepEqual(done, ["a", "goodbye internal_error", "released"]);
    assert.equal(errors.length, 1);
    assert.equal(JSON.stringify(socket.sent).includes("secret"), false);
  }
});

Deno.test("A fault anywhere in the dialect closes 1011, and the process lives on", () => {
  const broken = () => {
    throw new Error("broken");
  };
  const cases: [Partial<Conversation>, (connection: Connection) => void][] = [
    [{ open: broken }, (connection) => connection.open()],
    [{ read: broken }, (connection) => connection.receive("a")],
    [{ announceShutdown: broken }, (connection) => connection.announceShutdown(1)],
  ];
  for (const [conversation, act] of cases) {
    const { connection, socket } = open({ conversation });
    act(connection);
    assert.deepEqual(socket.closes, [{ code: 1011, reason: "internal_error" }]);
  }
});

Deno.test("A goodbye that cannot be said still ends the connection", () => {
  const conversation = {
    announceClose: () => {
      throw new Error("broken");
    },
  };
  const silent = open({ conversation });
  silent.connection.close("policy");
  assert.ok(silent.socket.closes.length + Number(silent.socket.terminated) >= 1);
  assert.deepEqual(silent.done, ["released"]);
  const socket = new FakeSocket();
  socket.close = () => {
    throw new Error("broken");
  };
  const stuck = open({ socket });
  stuck.connection.close("policy");
  assert.deepEqual([socket.terminated, stuck.done.at(-1)], [true, "released"]);
});

Deno.test("A socket that cannot send any more ends its own connection, once", async () => {
  const socket = new FakeSocket();
  socket.send = () => {
    throw new Error("broken pipe");
  };
  const { connection, done } = open({
    socket,
    handle: (_text, peer) => peer.send("answer"),
    conversation: { announceClose: () => socket.send("goodbye") },
  });
  connection.receive("a");
  await turns();
  connection.receive("b");
  await turns();
  assert.deepEqual(done, ["a", "released"]);
  assert.ok(socket.closes.length <= 1);
});

Deno.test("After a close nothing is handled, nothing is sent, and no second goodbye is said", async () => {
  const gate = Promise.withResolvers<void>();
  const { connection, socket, done, peer } = open({
    handle: (text) => text === "a" ? gate.promise : undefined,
  });
  connection.receive("a");
  connection.receive("b");
  connection.close("policy");
  connection.close("bye");
  connection.receive("c");
  gate.resolve();
  await turns();
  peer.send("late");
  peer.close("bye");
  assert.deepEqual(done, ["a", "goodbye policy", "released"]);
  assert.deepEqual([socket.closes, socket.sent], [[{ code: 1008, reason: "policy" }], []]);
  assert.equal(peer.ready(), undefined);
});

Deno.test("A peer that is gone is let go of, and its code is counted", () => {
  const { connection, done, metrics, socket } = open();
  connection.closed(1001);
  assert.deepEqual([done, metrics.count("myagent_closes_total", "1001"), socket.closes], [
    ["released"],
    1,
    [],
  ]);
});

Deno.test("32 messages may wait behind the one in progress, one more closes 1008", async () => {
  const gate = Promise.withResolvers<void>();
  const { connection, socket, done } = open({ handle: (text) => text === "0" ? gate.promise : undefined });
  for (let n = 0; n <= 32; n++) connection.receive(`${n}`);
  assert.deepEqual(socket.closes, []);
  connection.receive("33");
  assert.deepEqual(socket.closes, [{ code: 1008, reason: "inbound_overflow" }]);
  gate.resolve();
  await turns();
  assert.deepEqual(done, ["0", "goodbye inbound_overflow", "released"]);
});

Deno.test("Messages over the rate are refused one by one, acks never, and a flood closes 1008", async () => {
  using time = fakeTime();
  const { connection, socket, done } = open({
    config: { rateLimit: 10, rateBurst: 3 },
    counted: (text) => text !== "ack",
  });
  for (let n = 0; n < 5; n++) connection.receive(`${n}`);
  for (let n = 0; n < 500; n++) connection.receive("ack");
  await time.settle();
  assert.deepEqual(done.filter((text) => text !== "ack").sort(), [
    "0",
    "1",
    "2",
    "refused 3 100",
    "refused 4 100",
  ]);
  for (let n = 0; n < 98; n++) connection.receive("x");
  assert.deepEqual(socket.closes, []);
  connection.receive("x");
  assert.deepEqual(socket.closes, [{ code: 1008, reason: "rate_limit" }]);
});

Deno.test("The first heartbeat comes after half to a whole interval, the next ones after each, none after the close", async () => {
  using time = fakeTime();
  const random = Math.random;
  try {
    for (const [chance, first] of [[0, 15_000], [0.999, 29_985]]) {
      Math.random = () => chance;
      const { connection, done } = open({ config: { heartbeatSeconds: 30 } });
      connection.open();
      const beats = () => done.filter((what) => what === "heartbeat").length;
      mock.timers.tick(first - 1);
      assert.equal(beats(), 0);
      mock.timers.tick(1);
      assert.equal(beats(), 1);
      mock.timers.tick(29_999);
      assert.equal(beats(), 1);
      mock.timers.tick(1);
      assert.equal(beats(), 2);
      connection.close("bye");
      mock.timers.tick(300_000);
      assert.equal(beats(), 2);
    }
  } finally {
    Math.random = random;
  }
  await time.settle();
});

Deno.test("A heartbeat that fails closes 1011, and beats no more", () => {
  using _time = fakeTime();
  let beats = 0;
  const { connection, socket } = open({
    config: { heartbeatSeconds: 30 },
    conversation: {
      heartbeat: () => {
        beats++;
        throw new Error("broken");
      },
    },
  });
  connection.open();
  for (let n = 0; n < 10; n++) mock.timers.tick(30_000);
  assert.deepEqual([beats, socket.closes], [1, [{ code: 1011, reason: "internal_error" }]]);
});

Deno.test("Heartbeats can be switched off", () => {
  using _time = fakeTime();
  const { connection, done } = open({ config: { heartbeatSeconds: 0 } });
  connection.open();
  mock.timers.tick(1_000_000);
  assert.deepEqual(done, ["open"]);
});

Deno.test("A slow peer is closed 4008 without another word, and whoever waits for it is let go", async () => {
  using time = fakeTime();
  const socket = new FakeSocket(false);
  const { connection, done, peer } = open({ socket });
  connection.open();
  for (let n = 0; n < 3; n++) peer.send("x".repeat(1 << 20));
  const waiting = peer.ready()!;
  for (let n = 0; n < 3; n++) peer.send("x".repeat(1 << 20));
  await waiting;
  await time.settle();
  assert.deepEqual(socket.closes, [{ code: 4008, reason: "slow_consumer" }]);
  assert.deepEqual(done, ["open", "goodbye slow_consumer", "released"]);
  // What waited is dropped: the peer resumes from the log.
  assert.equal(socket.sent.length, 1);
});

Deno.test("What waits is handed over before any other goodbye", () => {
  using _time = fakeTime();
  const socket = new FakeSocket(false);
  const { connection, peer } = open({ socket });
  for (let n = 0; n < 3; n++) peer.send(`${n}${"x".repeat(300_000)}`);
  assert.equal(socket.sent.length, 1);
  connection.close("policy");
  assert.deepEqual(socket.sent.map((text) => text[0]), ["0", "1", "2"]);
});

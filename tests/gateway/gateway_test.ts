import assert from "node:assert/strict";
import { type Config, loadConfig } from "../../src/config.ts";
import { openNative } from "../../src/dialect/native.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { SocketEvents } from "../../src/gateway/socket.ts";
import { createReactAgent, hang, ScriptedModel } from "../../src/mod.ts";
import { SessionRegistry } from "../../src/session/registry.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { silentLogger } from "../../src/trace/logger.ts";
import { Metrics } from "../../src/trace/metrics.ts";
import { FakeSocket } from "../helpers/fake_socket.ts";
import { fakeTime } from "../helpers/fake_time.ts";
import { define } from "../helpers/server.ts";

function open(config: Partial<Record<keyof Config, unknown>> = {}) {
  const metrics = new Metrics();
  const settings = loadConfig({ heartbeatSeconds: 0, ...config }, {});
  const model = new ScriptedModel(hang());
  const sessions = new SessionRegistry({
    config: settings,
    store: new MemoryStore(),
    agents: [define(createReactAgent({ name: "tester" }))],
    modelFor: () => model,
    metrics,
    logger: silentLogger,
  });
  const services = {
    config: settings,
    sessions,
    metrics,
    logger: silentLogger,
    state: { keys: [], audience: "test" },
    startedAt: Date.now(),
  };
  const page = (path: string) => {
    if (path === "/broken") throw new Error("secret");
    return path === "/" ? new Response("the page") : undefined;
  };
  const gateway = new Gateway({ ...services, openNative, page });
  return { gateway, sessions };
}

const request = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  new Request(`http://localhost:8080${path}`, { headers, method });

/** Connects a socket by hand; gives the status where it was refused. */
function connect(gateway: Gateway, path = "/", headers: Record<string, string> = {}) {
  const admitted = gateway.admit(request(path, headers));
  if (admitted instanceof Response) return { status: admitted.status };
  const socket = new FakeSocket();
  (admitted as SocketEvents).onOpen(socket);
  return { status: 101, socket, events: admitted as SocketEvents };
}

Deno.test("Plain requests: the page at /, health, schema, metrics, and 404 for all else", async () => {
  const { gateway } = open();
  const status = async (path: string, method = "GET") =>
    (await gateway.fetch(request(path, {}, method))).status;
  assert.equal(await (await gateway.fetch(request("/"))).text(), "the page");
  for (const path of ["/health", "/metrics", "/schema", "/schema?event=user.ack"]) {
    assert.equal(await status(path), 200, path);
  }
  for (const path of ["/nowhere", "/api/sessions", "/v1/chat", "/agui", "/schema?event=nobody", "/ws"]) {
    assert.equal(await status(path), 404, path);
  }
  assert.equal(await status("/", "POST"), 404);
});

Deno.test("A fault behind a route is a plain 500 without a word about it", async () => {
  const { gateway } = open();
  const response = await gateway.fetch(request("/broken"));
  assert.deepEqual([response.status, (await response.text()).includes("secret")], [500, false]);
});

Deno.test("The health listener serves health and metrics only, and no sockets", async () => {
  const { gateway } = open();
  const { healthDoor } = gateway;
  assert.equal((await healthDoor.fetch(request("/health"))).status, 200);
  assert.equal((await healthDoor.fetch(request("/metrics"))).status, 200);
  assert.equal((await healthDoor.fetch(request("/"))).status, 404);
  assert.equal((healthDoor.admit(request("/")) as Response).status, 404);
});

Deno.test("Reserved paths are never a native connection, any other path is", () => {
  const { gateway } = open();
  for (
    const path of ["/ui", "/ui/x", "/api/x", "/agui", "/agui/x", "/v1/x", "/health", "/metrics", "/schema"]
  ) {
    assert.equal(connect(gateway, path).status, 404, path);
  }
  for (const path of ["/", "/ws", "/ws/", "/chat", "/uix", "/v10", "/healthy", "/?token=x"]) {
    assert.equal(connect(gateway, path).status, 101, path);
  }
});

Deno.test("A page of another origin gets 403, also where it would get 404", () => {
  const { gateway } = open({ allowedOrigins: "https://app.example" });
  const from = (origin: string, path = "/") => connect(gateway, path, { origin }).status;
  assert.equal(from("https://evil.example"), 403);
  assert.equal(from("https://app.example"), 101);
  assert.equal(connect(gateway).status, 101);
});

Deno.test("Over maxConnections a socket is told and closed 1013; a tenth beyond, the upgrade gets 503", () => {
  const { gateway } = open({ maxConnections: 10 });
  const held = Array.from({ length: 10 }, () => connect(gateway));
  const over = connect(gateway);
  assert.deepEqual(over.socket!.closes, [{ code: 1013, reason: "over_capacity" }]);
  assert.deepEqual(over.socket!.frames.map(({ event }) => event), ["system.error"]);
  assert.equal(connect(gateway).status, 503);
  over.events!.onClose(1013);
  held[0].events!.onClose(1000);
  assert.deepEqual(connect(gateway).socket!.frames.map(({ event }) => event), ["system.connected"]);
});

Deno.test("Messages and closes of a socket that was never opened are nothing", () => {
  const { gateway } = open();
  const admitted = gateway.admit(request("/")) as SocketEvents;
  admitted.onMessage("{}");
  admitted.onClose(1006);
});

Deno.test("?agent= picks the agent of the connection's sessions", async () => {
  const { gateway } = open();
  const { socket, events } = connect(gateway, "/?agent=nobody");
  events!.onMessage('{"event":"user.create_session"}');
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  assert.match(socket!.frames.at(-1)!.content, /there is no agent "nobody" here/);
});

Deno.test("Draining: notice, interrupted runs, ended sessions, 1001, and nobody new", async () => {
  using time = fakeTime();
  const { gateway, sessions } = open({ drainSeconds: 10 });
  const { socket, events } = connect(gateway);
  events!.onMessage('{"event":"user.create_session"}');
  await time.settle();
  const session_id = socket!.frames.at(-1)!.session_id;
  events!.onMessage(JSON.stringify({ event: "user.message", session_id, content: "go" }));
  await time.settle();
  const from = socket!.frames.length;
  const drained = gateway.drain();
  assert.equal(connect(gateway).status, 503);
  const health = await gateway.fetch(request("/health"));
  assert.deepEqual([health.status, (await health.json()).status], [503, "draining"]);
  await time.pass(9_999);
  assert.deepEqual(socket!.frames.slice(from).map(({ metadata }) => metadata.action), ["shutdown"]);
  await time.pass(10);
  assert.deepEqual(socket!.frames.slice(from + 1).map(({ event, metadata }) => [event, metadata.reason]), [
    ["agent.interrupted", "server_shutdown"],
    ["agent.session_end", "server_shutdown"],
  ]);
  assert.deepEqual(socket!.closes, [{ code: 1001, reason: "shutdown" }]);
  events!.onClose(1001);
  await drained;
  assert.equal(sessions.size, 0);
  await gateway.drain();
});

Deno.test("A peer that never answers the goodbye does not hold up the shutdown", async () => {
  using time = fakeTime();
  const { gateway } = open({ drainSeconds: 0 });
  const { socket } = connect(gateway);
  let drained = false;
  const draining = gateway.drain().then(() => drained = true);
  await time.pass(1_990);
  assert.deepEqual([drained, socket!.closes.length], [false, 1]);
  await time.pass(50);
  await draining;
});

Deno.test("No session is made while the server is going down", async () => {
  using time = fakeTime();
  const { gateway, sessions } = open({ drainSeconds: 1 });
  const { socket, events } = connect(gateway);
  events!.onMessage('{"event":"user.create_session"}');
  await time.settle();
  const session_id = socket!.frames.at(-1)!.session_id;
  events!.onMessage(JSON.stringify({ event: "user.message", session_id, content: "go" }));
  await time.settle();
  const draining = gateway.drain();
  await time.settle();
  events!.onMessage('{"event":"user.create_session"}');
  await time.pass(1_500);
  events!.onClose(1001);
  await draining;
  assert.equal(sessions.size, 0);
});

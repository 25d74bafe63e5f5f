/** What a connection may not do, and how it is told: C17 of protocol.md, §2, §6, §7 and §14. */
import assert from "node:assert/strict";
import { call, defineTool, hang, say } from "../../src/mod.ts";
import { startTestServer } from "../helpers/server.ts";

const mib = 1 << 20;

/** A valid command of exactly this many bytes. */
function padded(bytes: number): string {
  const empty = JSON.stringify({ event: "user.create_session", content: "" });
  return JSON.stringify({ event: "user.create_session", content: "x".repeat(bytes - empty.length) });
}

Deno.test("C17 A message of 1 MiB is taken, one byte more closes 1009", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  client.send(padded(mib));
  await client.event("agent.session_created");
  client.send(padded(mib + 1));
  assert.deepEqual(await client.closed, { code: 1009, reason: "frame_too_big" });
  const other = await server.connect();
  other.send(JSON.stringify({ event: "x", content: "字".repeat(mib / 3) }));
  assert.equal((await other.closed).code, 1009);
  const binary = await server.connect();
  binary.sendBytes(new Uint8Array(mib + 1));
  assert.equal((await binary.closed).code, 1009);
});

Deno.test("C17 An outbound event stays below 1 MiB, is marked as truncated, and the answer keeps the run's end", async () => {
  const tool = defineTool({ name: "big", description: "Big", execute: () => "字😀".repeat(400_000) });
  await using server = await startTestServer({
    agent: { tools: [tool], maxObserve: 100 },
    model: [call("big"), say("答".repeat(500_000))],
  });
  const client = await server.connect();
  const id = await client.createSession();
  const final = await client.ask(id, "go");
  const result = await client.event("agent.tool_result");
  for (const frame of [result, final]) {
    const bytes = new TextEncoder().encode(JSON.stringify(frame)).length;
    assert.ok(bytes <= mib - 4096 && bytes > mib / 2, `${bytes} bytes`);
    assert.equal(frame.metadata.truncated, true);
    assert.ok(frame.metadata.original_bytes > mib);
    assert.ok(frame.content.endsWith("…") && frame.content.isWellFormed());
  }
  assert.deepEqual([final.show_content, final.metadata.terminal], [undefined, true]);
});

Deno.test("C17 Over maxConnections the upgrade is answered with 1013, far over it with HTTP 503", async () => {
  await using server = await startTestServer({ config: { maxConnections: 2 } });
  const [first] = [await server.connect(), await server.connect()];
  const third = await server.connect();
  assert.equal((await third.event("system.error")).metadata.error_code, "ERR_CONNECTION_900");
  assert.deepEqual(await third.closed, { code: 1013, reason: "over_capacity" });
  await first.close();
  const fourth = await server.connect();
  await fourth.event("system.connected");
});

Deno.test("C17 Shutdown gives notice, interrupts runs, ends sessions and closes 1001", async () => {
  const server = await startTestServer({ model: [hang()] });
  const client = await server.connect();
  const id = await client.createSession();
  client.send({ event: "user.message", session_id: id, content: "go" });
  await client.find(({ metadata }) => metadata.stage === "start");
  const from = client.frames.length;
  await server[Symbol.asyncDispose]();
  assert.deepEqual(await client.closed, { code: 1001, reason: "shutdown" });
  const [notice, interrupted, end] = client.frames.slice(from);
  assert.deepEqual([notice.event, notice.metadata.action], ["system.notice", "shutdown"]);
  assert.deepEqual([interrupted.event, interrupted.metadata.reason], [
    "agent.interrupted",
    "server_shutdown",
  ]);
  assert.deepEqual([end.event, end.metadata.reason], ["agent.session_end", "server_shutdown"]);
});

Deno.test("A run that is nearly done may finish during the drain", async () => {
  const finish = Promise.withResolvers<void>();
  const tool = defineTool({
    name: "slow",
    description: "Slow",
    execute: async () => (await finish.promise, "ok"),
  });
  const server = await startTestServer({
    agent: { tools: [tool] },
    model: [call("slow"), say("done")],
    config: { drainSeconds: 10 },
  });
  const client = await server.connect();
  const id = await client.createSession();
  client.send({ event: "user.message", session_id: id, content: "go" });
  await client.event("agent.tool_call");
  const drained = server[Symbol.asyncDispose]();
  await client.find(({ metadata }) => metadata.action === "shutdown");
  const health = await fetch(`${server.http}/health`);
  assert.deepEqual([health.status, (await health.json()).status], [503, "draining"]);
  finish.resolve();
  assert.equal((await client.terminal()).content, "done");
  await drained;
});

Deno.test("Malformed and unknown messages are answered and never close the connection", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  const cases: [unknown, string, string][] = [
    ["{", "Invalid JSON: the message cannot be parsed", "ERR_VALIDATION_400"],
    ["", "Invalid JSON: the message is empty", "ERR_VALIDATION_400"],
    ["[1]", "Message must be a JSON object", "ERR_VALIDATION_400"],
    ["null", "Message must be a JSON object", "ERR_VALIDATION_400"],
    [{}, "Unknown event type or missing session_id: (none)", "ERR_VALIDATION_400"],
    [{ event: 5 }, "Unknown event type or missing session_id: (none)", "ERR_VALIDATION_400"],
    [{ event: "user.dance" }, "Unknown event type or missing session_id: user.dance", "ERR_VALIDATION_400"],
    [
      { event: "user.message" },
      "Unknown event type or missing session_id: user.message",
      "ERR_VALIDATION_400",
    ],
    [
      { event: "user.reconnect" },
      "Unknown event type or missing session_id: user.reconnect",
      "ERR_VALIDATION_400",
    ],
    [
      { event: "user.create_session", content: 5 },
      "Content of user.create_session must be a string or an object",
      "ERR_VALIDATION_403",
    ],
    [
      { event: "user.create_session", message_id: "m".repeat(129) },
      "message_id must be at most 128 characters",
      "ERR_VALIDATION_402",
    ],
    [
      { event: "user.reconnect_with_state" },
      "Missing signed_state in reconnect request",
      "ERR_VALIDATION_401",
    ],
  ];
  for (const [message, content, code] of cases) {
    const from = client.frames.length;
    client.send(message);
    const error = await client.event("system.error", from);
    assert.deepEqual([error.content, error.error, error.metadata.error_code], [content, content, code]);
  }
  client.sendBytes(
    new TextEncoder().encode(JSON.stringify({ event: "user.create_session", content: "你好" })),
  );
  await client.event("agent.session_created");
});

Deno.test("Commands with unusable content are refused with their fixed text", async () => {
  await using server = await startTestServer({ model: [say("a"), say("b")] });
  const client = await server.connect();
  const session_id = await client.createSession();
  const cases: [Record<string, unknown>, string, string][] = [
    [{ event: "user.message", content: "  " }, "Message content cannot be empty", "402"],
    [{ event: "user.message" }, "Message content cannot be empty", "402"],
    [{ event: "user.message", content: null }, "Message content cannot be empty", "402"],
    [{ event: "user.message", content: 5 }, "Message content must be a string or an object", "403"],
    [{ event: "user.message", content: ["a"] }, "Message content must be a string or an object", "403"],
    [{ event: "user.response", content: { confirmed: true } }, "Missing step_id in user response", "401"],
    [{ event: "user.solve_tasks", content: {} }, "Missing tasks in user.solve_tasks content", "401"],
    [
      { event: "user.solve_tasks", content: [{ id: 1 }] },
      "Agent does not support direct task solving",
      "405",
    ],
    [{ event: "user.cancel_task", content: {} }, "Missing task_id for cancel_task", "401"],
    [
      { event: "user.cancel_task", content: { task_id: 2 } },
      "Agent does not support cancel_solver_task",
      "405",
    ],
    [{ event: "user.retry_task" }, "Missing task_id for restart_task", "401"],
    [
      { event: "user.restart_task", content: { task_id: "2" } },
      "Agent does not support restart_solver_task",
      "405",
    ],
    [{ event: "user.cancel_plan" }, "Agent does not support cancel_plan", "405"],
    [{ event: "user.replan" }, "Agent does not support replan", "405"],
  ];
  for (const [message, content, code] of cases) {
    const from = client.frames.length;
    client.send({ session_id, message_id: "m", ...message });
    const error = await client.event("agent.error", from);
    assert.deepEqual(
      [error.content, error.metadata.error_code, error.metadata.reply_to],
      [content, `ERR_VALIDATION_${code}`, "m"],
    );
  }
  assert.equal((await client.ask(session_id, { question: "q" }, { message_id: "m" })).content, "a");
});

Deno.test("Structured messages give the question and values for tools; a nested command is carried out", async () => {
  const seen: unknown[] = [];
  const tool = defineTool({
    name: "look",
    description: "Looks",
    execute: (_, ctx) => (seen.push(ctx.session), "ok"),
  });
  await using server = await startTestServer({
    agent: { tools: [tool] },
    model: [call("look"), say("a"), call("look"), say("b"), say("c")],
    hooks: { onSessionInit: (content, session) => void (session.seen = content) },
  });
  const client = await server.connect();
  const id = await client.createSession({ dataset_id: 42 });
  await client.ask(id, { question: "Weekly", template: "t", tasks: [1] });
  const second = await client.ask(id, { city: "Oslo" });
  assert.deepEqual(seen, [
    { dataset_id: 42, seen: { dataset_id: 42 }, template: "t" },
    { dataset_id: 42, seen: { dataset_id: 42 }, template: "t", city: "Oslo" },
  ]);
  const start = client.frames.findLast(({ metadata }) => metadata.stage === "start")!;
  assert.deepEqual([start.metadata.input, second.content], ['{"city":"Oslo"}', "b"]);
  const nested = await client.ask(id, { event: "user.message", content: "inner", message_id: "in" });
  assert.equal(nested.content, "c");
  const from = client.frames.length;
  client.send({ event: "user.message", session_id: id, content: { event: "user.cancel" } });
  assert.equal((await client.event("agent.interrupted", from)).metadata.idle, true);
});

Deno.test("A busy session refuses a second message and goes on", async () => {
  await using server = await startTestServer({ model: [hang()] });
  const client = await server.connect();
  const session_id = await client.createSession();
  client.send({ event: "user.message", session_id, content: "a" });
  client.send({ event: "user.message", session_id, content: "b", message_id: "m" });
  const error = await client.event("agent.error");
  assert.equal(error.content, "Agent is currently running, please try again later");
  assert.deepEqual(
    [error.metadata.error_code, error.metadata.recovery_action, error.metadata.reply_to, error.seq],
    ["ERR_RATELIMIT_702", "wait", "m", undefined],
  );
  client.send({ event: "user.cancel", session_id });
  assert.equal((await client.event("agent.interrupted")).metadata.reason, "user_request");
});

Deno.test("A binary message that is not UTF-8 closes 1007 without another word", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  client.sendBytes(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
  assert.deepEqual(await client.closed, { code: 1007, reason: "invalid_utf8" });
  assert.deepEqual(client.frames.map(({ event }) => event), ["system.connected"]);
});

Deno.test("Excess messages are refused one by one; a flood closes 1008 rate_limit", async () => {
  await using server = await startTestServer({ config: { rateLimit: 10, rateBurst: 30 } });
  const client = await server.connect();
  for (let i = 0; i < 80; i++) client.send({ event: "user.cancel", session_id: "s", message_id: `m-${i}` });
  for (let i = 0; i < 80; i++) await client.find(({ metadata }) => metadata.reply_to === `m-${i}`);
  const dropped = client.frames.filter(({ metadata }) => metadata.error_code === "ERR_RATELIMIT_700");
  assert.ok(dropped.length >= 45 && dropped.length <= 50, `${dropped.length} were dropped`);
  assert.ok(dropped.every(({ metadata }) => metadata.retry_after_ms > 0));
  for (let i = 0; i < 120; i++) client.send({ event: "user.cancel", session_id: "s" });
  assert.deepEqual(await client.closed, { code: 1008, reason: "rate_limit" });
  assert.equal(client.frames.at(-1)!.metadata.error_code, "ERR_CONNECTION_900");
});

Deno.test("More than 32 commands behind one that takes time close 1008 inbound_overflow", async () => {
  const making = Promise.withResolvers<void>();
  await using server = await startTestServer({ hooks: { onSessionInit: () => making.promise } });
  const client = await server.connect();
  client.send({ event: "user.create_session" });
  for (let i = 0; i < 33; i++) client.send({ event: "user.cancel", session_id: "s" });
  assert.deepEqual(await client.closed, { code: 1008, reason: "inbound_overflow" });
  making.resolve();
});

Deno.test("A failing hook, an unknown agent and too many sessions are said before any session exists", async () => {
  await using server = await startTestServer({
    config: { maxSessionsPerConnection: 1 },
    hooks: {
      onSessionInit: (content) => {
        if (content === "bad") throw new TypeError("secret internals");
      },
    },
  });
  const client = await server.connect();
  const expect = async (content: unknown, text: string, code: string) => {
    const from = client.frames.length;
    client.send({ event: "user.create_session", content });
    const error = await client.event("system.error", from);
    assert.deepEqual([error.content, error.metadata.error_code], [text, code]);
  };
  await expect("bad", 'Failed to create session: agent "tester" could not be made', "ERR_EXECUTION_604");
  await expect(
    { agent: "nobody" },
    'Failed to create session: there is no agent "nobody" here (there are: tester)',
    "ERR_VALIDATION_402",
  );
  await client.createSession();
  await expect("x", "Too many sessions: one connection may hold 1", "ERR_RATELIMIT_703");
});

Deno.test("The subprotocol myagent.v1 is chosen when offered, another one never", async () => {
  await using server = await startTestServer();
  const offered = new WebSocket(server.url, ["other", "myagent.v1"]);
  await new Promise((resolve) => offered.addEventListener("open", resolve));
  assert.equal(offered.protocol, "myagent.v1");
  const gone = new Promise((resolve) => offered.addEventListener("close", resolve));
  offered.close();
  await gone;
});

/** An upgrade by hand, because a browser's WebSocket sets its own Origin. */
async function handshake(http: string, path: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port, host } = new URL(http);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = Object.entries({
    Host: host,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).filter(([, value]) => value !== "").map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`));
  const buffer = new Uint8Array(1024);
  const count = await connection.read(buffer);
  return Number(new TextDecoder().decode(buffer.subarray(0, count ?? 0)).split(" ")[1]);
}

Deno.test("Upgrades are admitted by path and origin", async () => {
  await using server = await startTestServer();
  await using strict = await startTestServer({ config: { allowedOrigins: "https://app.example" } });
  for (const path of ["/", "/ws", "/ws/", "/anything"]) {
    assert.equal(await handshake(server.http, path, {}), 101, path);
  }
  for (
    const path of ["/ui/x", "/api/sessions", "/agui", "/v1/chat", "/health", "/metrics", "/schema", "/ws/s1"]
  ) {
    assert.equal(await handshake(server.http, path, {}), 404, path);
  }
  const origins = {
    "null": 101,
    "http://localhost:3000": 101,
    "http://127.0.0.1": 101,
    "https://evil.example": 403,
  };
  for (const [origin, status] of Object.entries(origins)) {
    assert.equal(await handshake(server.http, "/", { Origin: origin }), status, origin);
  }
  assert.equal(await handshake(strict.http, "/", { Origin: "https://app.example" }), 101);
  assert.equal(await handshake(strict.http, "/", { Origin: "http://localhost:3000" }), 403);
  assert.equal(await handshake(server.http, "/", { "Sec-WebSocket-Key": "" }), 400);
});

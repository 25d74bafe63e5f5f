/** Every frame is what /schema says: C30 of protocol.md, and the other HTTP answers of §16. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { call, defineTool, failing, hang, say, ToolResult } from "../../src/mod.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { startTestServer } from "../helpers/server.ts";

const tools = [
  defineTool({
    name: "table",
    description: "Rows",
    execute: (_args, ctx) => {
      ctx.emit("shop.cart_changed", { items: 2 }, { total: null });
      ctx.progress(40);
      return new ToolResult({ output: "2 rows", data: [{ a: 1, b: null }], system: "note" });
    },
  }),
  defineTool({ name: "ask", description: "Asks", userConfirm: true, execute: () => "done" }),
  defineTool({
    name: "crash",
    description: "Crashes",
    execute: () => {
      throw new TypeError("at file:///srv/secret.ts:1:1");
    },
  }),
];

const model = () => [
  call("table", {}, "I look at the table"),
  call("ask"),
  call("crash"),
  call("nothing"),
  say("the ", "answer"),
  failing("model unreachable", "half"),
  say("again"),
  hang(),
  ...Array.from({ length: 3 }, () => call("table")),
  say("summary"),
];

/** A walk past everything the server can say today; gives all frames. */
async function fullRun(language: "zh" | "en"): Promise<{ frames: AnyFrame[]; schema: unknown }> {
  await using server = await startTestServer({
    agent: { tools, maxSteps: 5, maxRetryAttempts: 1 },
    model: model(),
    config: { language, sendLlmMessage: true, heartbeatSeconds: 0.1, logMaxEvents: 100 },
  });
  const client = await server.connect();
  const session_id = await client.createSession({ preferences: { language: `${language}-XX` } });
  client.send({ event: "user.message", session_id, content: "one", message_id: "m1" });
  const question = await client.event("agent.user_confirm");
  client.send({
    event: "user.response",
    session_id,
    step_id: question.step_id,
    content: { confirmed: true },
  });
  await client.terminal();
  await client.ask(session_id, "two");
  client.send({ event: "user.message", session_id, content: "one", message_id: "m1" });
  client.send({ event: "user.message", session_id, content: "three" });
  client.send({ event: "user.message", session_id, content: "busy" });
  client.send({ event: "user.cancel", session_id });
  client.send({ event: "user.cancel", session_id });
  client.send("{");
  client.send({ event: "user.message", session_id: "nobody", content: "x" });
  client.send({ event: "user.request_state", session_id });
  client.send({ event: "user.response", session_id, step_id: "none", content: { confirmed: true } });
  await client.event("system.heartbeat");
  await client.settle();
  const other = await server.connect();
  for (const position of [{ last_seq: 3 }, { last_seq: 9999 }]) {
    other.send({ event: "user.reconnect", session_id, ...position });
  }
  await other.find(({ metadata }) => metadata.action === "replay" && !metadata.recovered);
  const schema = await (await fetch(`${server.http}/schema`)).json();
  const frames = [...client.frames, ...other.frames];
  await server.running.drain();
  await client.closed;
  return { frames: [...frames, ...client.frames.slice(-3)], schema };
}

/** Members of the protocol that are null; what agents and users wrote inside args, data, content may be. */
function nullMembers(frame: AnyFrame): string[] {
  const top = Object.entries(frame).filter(([, value]) => value === null);
  const meta = Object.entries(frame.metadata).filter(([, value]) => value === null);
  return frame.event.startsWith("shop.") ? [] : [...top, ...meta].map(([key]) => `${frame.event} ${key}`);
}

for (const language of ["zh", "en"] as const) {
  Deno.test(`C30 Every frame of a full run validates against /schema, with sentences in ${language}`, async () => {
    const { frames, schema } = await fullRun(language);
    const ajv = new Ajv2020({ strict: false, formats: { uuid: /^[0-9a-f-]{36}$/ } });
    ajv.addSchema(schema as object, "protocol");
    const seen = new Set<string>();
    for (const frame of frames) {
      seen.add(frame.event);
      if (frame.event.startsWith("shop.")) continue;
      const validate = ajv.getSchema(`protocol#/$defs/${frame.event}`);
      assert.ok(validate, `no definition of ${frame.event}`);
      assert.ok(
        validate(frame),
        `${JSON.stringify(validate.errors?.[0])} in ${JSON.stringify(frame).slice(0, 400)}`,
      );
      assert.match(frame.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(
        typeof frame.show_content,
        frame.event === "agent.partial_answer" ? "undefined" : "string",
      );
      assert.deepEqual(nullMembers(frame), []);
      assert.doesNotMatch(JSON.stringify(frame), /\bat (file|async|Object)\b|\.ts:\d|\/srv\//);
    }
    const expected = ["connected", "notice", "error", "heartbeat"].map((name) => `system.${name}`)
      .concat(
        ["session_created", "ready", "thinking", "tool_call", "tool_result", "partial_answer", "final_answer"]
          .map((
            name,
          ) => `agent.${name}`),
      )
      .concat(
        ["llm_message", "error", "interrupted", "user_confirm", "session_end"].map((name) => `agent.${name}`),
      );
    assert.deepEqual(expected.filter((name) => !seen.has(name)), []);
    const said = frames.map(({ show_content }) => show_content).filter(Boolean).join(" ");
    assert.equal(/思考中…/.test(said), language === "zh");
    assert.equal(/Thinking…/.test(said), language === "en");
    const created = frames.find(({ event }) => event === "agent.session_created")!;
    assert.equal(created.content, language === "zh" ? "会话创建成功" : "Session created");
  });
}

Deno.test("/schema gives one definition by name, and 404 for a name that is none", async () => {
  await using server = await startTestServer();
  const one = await (await fetch(`${server.http}/schema?event=user.message`)).json();
  assert.deepEqual([one.title, one.properties.event.const], ["user.message", "user.message"]);
  const none = await fetch(`${server.http}/schema?event=nothing`);
  assert.deepEqual([none.status, await none.json()], [404, { error: 'There is no event "nothing"' }]);
  const whole = await (await fetch(`${server.http}/schema`)).json();
  for (const name of ["user.ack", "plan.start", "trace_started", "start_agent"]) {
    assert.ok(whole.$defs[name], name);
  }
});

Deno.test("/health counts connections and sessions and names no session", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  const id = await client.createSession();
  const response = await fetch(`${server.http}/health`);
  const text = await response.text();
  const { status, timestamp, active_connections, active_sessions, version } = JSON.parse(text);
  assert.deepEqual([response.status, status, active_connections, active_sessions], [200, "healthy", 1, 1]);
  assert.match(`${timestamp} ${version}`, /^\d{4}-.*Z \d+\.\d+\.\d+$/);
  assert.equal(text.includes(id), false);
});

Deno.test("/metrics is Prometheus text with the names of the protocol, and never a session id", async () => {
  await using server = await startTestServer({ agent: { tools }, model: [call("table"), say("x")] });
  const client = await server.connect();
  const id = await client.createSession();
  await client.ask(id, "secret question");
  const text = await (await fetch(`${server.http}/metrics`)).text();
  for (
    const line of [
      "myagent_connections 1",
      'myagent_sessions{state="idle"} 1',
      'myagent_runs_total{outcome="final_answer"} 1',
      'myagent_events_total{event="agent.final_answer"} 1',
      'myagent_events_total{event="custom"} 1',
      'myagent_tool_calls_total{status="success"} 1',
      "myagent_confirmations_open 0",
    ]
  ) assert.ok(text.includes(`${line}\n`), line);
  assert.match(text, /myagent_route_seconds_bucket\{le="0\.1"\} [1-9]/);
  assert.match(text, /myagent_log_bytes [1-9]\d+/);
  assert.equal(text.includes(id) || text.includes("secret"), false);
});

Deno.test("Cross-origin answers carry CORS headers for allowed origins only", async () => {
  await using server = await startTestServer({ config: { allowedOrigins: "https://app.example" } });
  for (
    const [origin, allowed] of [["https://app.example", "https://app.example"], [
      "https://evil.example",
      null,
    ]] as const
  ) {
    const response = await fetch(`${server.http}/health`, { headers: { origin } });
    await response.body?.cancel();
    assert.equal(response.headers.get("access-control-allow-origin"), allowed);
  }
});

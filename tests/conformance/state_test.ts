/** State export and restore: C27 of protocol.md, §11. */
import assert from "node:assert/strict";
import { call, defineTool, hang, say, ScriptedModel } from "../../src/mod.ts";
import type { AnyFrame, TestClient } from "../helpers/client.ts";
import { eventually } from "../helpers/eventually.ts";
import { startTestServer } from "../helpers/server.ts";

const tools = [defineTool({ name: "greet", description: "Greets", execute: () => "hello" })];
const agent = { tools };

async function exported(client: TestClient, session_id: string): Promise<AnyFrame> {
  const from = client.frames.length;
  client.send({ event: "user.request_state", session_id, message_id: "export" });
  return await client.event("agent.state_exported", from);
}

Deno.test("C27 An exported session comes back on another server with its tool calls, and they are used", async () => {
  const config = { stateSecretKey: "first secret" };
  let state: AnyFrame;
  let original: string;
  {
    await using first = await startTestServer({
      agent,
      model: [call("greet", { a: 1 }), say("greeted")],
      config,
    });
    const client = await first.connect();
    original = await client.createSession({ color: "red", api_key: "sk-1" });
    await client.ask(original, "go");
    state = await exported(client, original);
  }
  const { metadata } = state;
  assert.deepEqual([state.seq, metadata.reply_to, metadata.message_count], [undefined, "export", 4]);
  assert.equal(metadata.signed_state.state.metadata.session_state.api_key, "[removed]");
  const model = new ScriptedModel(say("I remember"));
  const rotated = { stateSecretKey: "second secret, first secret" };
  await using second = await startTestServer({ agent, model, config: rotated });
  const client = await second.connect();
  client.send({ event: "user.reconnect_with_state", signed_state: metadata.signed_state });
  const restored = await client.event("agent.state_restored");
  assert.deepEqual(
    [
      restored.seq,
      restored.metadata.original_session_id,
      restored.metadata.message_count,
      restored.metadata.warnings,
    ],
    [1, original, 4, []],
  );
  assert.notEqual(restored.session_id, original);
  assert.equal((await client.event("agent.ready")).seq, 2);
  assert.equal((await client.ask(restored.session_id, "what did you do?")).content, "I remember");
  const asked = model.requests[0].messages.filter(({ role }) => role !== "system");
  assert.deepEqual(asked.map(({ role }) => role), ["user", "assistant", "tool", "assistant", "user"]);
  assert.equal(asked[1].tool_calls?.[0].name, "greet");
});

Deno.test("C27 Forged, foreign and unreadable states are refused with their texts", async () => {
  await using server = await startTestServer({ agent, config: { stateSecretKey: "secret" } });
  await using other = await startTestServer({ agent, config: { stateSecretKey: "other" } });
  const client = await server.connect();
  const { metadata: { signed_state } } = await exported(client, await client.createSession());
  const stranger = await other.connect();
  const refusals: [TestClient, unknown, string, string][] = [
    [client, undefined, "Missing signed_state in reconnect request", "ERR_VALIDATION_401"],
    [client, {}, "Invalid state: Missing required field: state", "ERR_VALIDATION_406"],
    [client, { ...signed_state, version: "2.0" }, "Invalid state: Version mismatch", "ERR_VALIDATION_406"],
    [
      client,
      { ...signed_state, timestamp: signed_state.timestamp - 604_900 },
      "Invalid state: State expired",
      "ERR_VALIDATION_406",
    ],
    [
      client,
      { ...signed_state, state: { ...signed_state.state, current_step: 9 } },
      "Invalid state: checksum mismatch",
      "ERR_VALIDATION_406",
    ],
    [client, { ...signed_state, audience: "x" }, "Invalid state: Invalid state signature", "ERR_AUTH_803"],
    [stranger, signed_state, "Invalid state: Invalid state signature", "ERR_AUTH_803"],
  ];
  for (const [who, state, text, code] of refusals) {
    const from = who.frames.length;
    who.send({ event: "user.reconnect_with_state", ...(state === undefined ? {} : { signed_state: state }) });
    const error = await who.event("system.error", from);
    assert.deepEqual([error.content, error.metadata.error_code], [text, code]);
  }
});

Deno.test("A restore retires the original, replays what was missed of it, and is refused while another watches it", async () => {
  await using server = await startTestServer({ agent, model: [say("one"), hang()] });
  const [a, b] = [await server.connect(), await server.connect()];
  const id = await a.createSession();
  const end = await a.ask(id, "go");
  const { metadata: { signed_state } } = await exported(a, id);
  b.send({ event: "user.reconnect_with_state", signed_state });
  const refused = await b.event("agent.error");
  assert.deepEqual(
    [refused.content, refused.metadata.error_code],
    ["Session already active on another connection", "ERR_CONNECTION_904"],
  );
  a.send({ event: "user.message", session_id: id, content: "still running" });
  await a.find(({ metadata }) => metadata.stage === "start" && metadata.input === "still running");
  await a.close();
  await eventually(() => [...server.running.sessions.all()].every(({ attached }) => attached === 0));
  const from = b.frames.length;
  b.send({
    event: "user.reconnect_with_state",
    signed_state: JSON.stringify(signed_state),
    content: { last_seq: end.seq },
  });
  const notice = await b.find(({ metadata }) => metadata.action === "replay", from);
  const [restored, ready, ...rest] = b.frames.slice(from);
  assert.deepEqual([restored.event, ready.event], ["agent.state_restored", "agent.ready"]);
  const missed = rest.slice(0, -1);
  assert.deepEqual(missed.map(({ event }) => event), [
    "agent.thinking",
    "agent.interrupted",
    "agent.session_end",
  ]);
  assert.ok(missed.every(({ session_id, metadata }) => session_id === id && metadata.replayed === true));
  assert.deepEqual([missed[1].metadata.reason, missed[2].metadata.reason], ["superseded", "restored"]);
  assert.deepEqual([notice.metadata.replayed, notice.metadata.original_session_id], [3, id]);
  b.send({ event: "user.message", session_id: id, content: "x" });
  assert.equal((await b.find(({ content }) => content === "Session is closed")).event, "agent.error");
});

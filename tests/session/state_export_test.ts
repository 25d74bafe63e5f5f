import assert from "node:assert/strict";
import { byteLength } from "../../src/protocol/shrink.ts";
import type { Message } from "../../src/protocol/transcript.ts";
import { events } from "../../src/protocol/schema.ts";
import { signState } from "../../src/session/state_export.ts";
import { verifyState } from "../../src/session/state_restore.ts";
import { authority, conversation, exported, nowMs, source } from "../helpers/signed_state.ts";

Deno.test("An export has the shape of the protocol and says how large it is and when it ends", () => {
  const { signedState, size, messageCount, expiresAt } = signState(source, authority);
  const { state, timestamp, version, key_id, audience, subject, ...proofs } = signedState;
  assert.deepEqual(state, {
    session_id: "S1",
    current_step: 2,
    agent_state: "IDLE",
    created_at: "2025-01-02T03:03:05.678Z",
    last_active_at: "2025-01-02T03:04:04.678Z",
    memory_snapshot: JSON.stringify(conversation),
    tool_states: {},
    pending_confirmations: [],
    metadata: {
      agent_name: "weather-assistant",
      agent_config: { model: "demo", maxSteps: 5 },
      session_state: { dataset_id: 42, nested: { list: [1, 2.5, 0, 1e21, null, true] } },
    },
  });
  assert.deepEqual([timestamp, version, audience, subject], [1735787045, "1.0", "myagent-ws", "anonymous"]);
  assert.equal(key_id, authority.keys[0].id);
  assert.deepEqual(Object.keys(proofs), ["checksum", "signature"]);
  assert.match(`${proofs.checksum}${proofs.signature}`, /^[0-9a-f]{128}$/);
  assert.equal(size, byteLength(JSON.stringify(signedState)));
  assert.deepEqual([messageCount, expiresAt], [5, "2025-01-09T03:04:05.000Z"]);
  const metadata = {
    signed_state: signedState,
    state_size: size,
    message_count: messageCount,
    current_step: 2,
    expires_at: expiresAt,
  };
  const type = events.get("agent.state_exported");
  assert.ok(type);
  const frame = {
    event: "agent.state_exported",
    session_id: "S1",
    content: "x",
    timestamp: expiresAt,
    metadata,
  };
  assert.equal(type.safeParse(frame).success, true);
});

Deno.test("No secret leaves in arguments, values, tool states, options or open questions", () => {
  const messages: Message[] = [
    { role: "system", content: "hunter2 system prompt" },
    { role: "user", content: "log in" },
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "1", name: "login", arguments: '{"user":"a","password":"hunter2","key":"stays"}' }],
    },
    { role: "tool", content: "ok", tool_call_id: "1", name: "login" },
  ];
  const { state } = exported({
    messages,
    values: { db: { api_key: "hunter2", key: "hunter2" }, region: "eu" },
    toolStates: { login: { accessToken: "hunter2" } },
    agentConfig: { apiKey: "hunter2", model: "m" },
    pendingConfirmations: [{ step_id: "c1", tool_args: { secret: "hunter2", key: "stays" } }],
  });
  assert.equal(JSON.stringify(state).includes("hunter2"), false);
  const [, call] = JSON.parse(state.memory_snapshot);
  assert.equal(call.tool_calls[0].arguments, '{"user":"a","password":"[removed]","key":"stays"}');
  assert.deepEqual(state.metadata.session_state, {
    db: { api_key: "[removed]", key: "[removed]" },
    region: "eu",
  });
  assert.deepEqual(state.tool_states, { login: { accessToken: "[removed]" } });
  assert.deepEqual(state.metadata.agent_config, { apiKey: "[removed]", model: "m" });
  assert.deepEqual(state.pending_confirmations, [
    { step_id: "c1", tool_args: { secret: "[removed]", key: "stays" } },
  ]);
});

Deno.test("However long the session is, its state takes at most 100,000 bytes and can be restored", () => {
  const texts = ["x".repeat(300_000), '"\\\u0000'.repeat(30_000), "字😀".repeat(20_000)];
  for (const text of texts) {
    const calls = [{ id: "1", name: "t", arguments: JSON.stringify({ text }) }];
    const messages: Message[] = [
      ...Array.from(
        { length: 200 },
        (_, n): Message => ({ role: "user", content: `${n} ${text.slice(0, 3000)}` }),
      ),
      { role: "user", content: text },
      { role: "assistant", content: text, tool_calls: calls },
      { role: "tool", content: text, tool_call_id: "1", name: "t" },
      { role: "assistant", content: "done" },
    ];
    const values = { text, list: Array(40_000).fill(7), small: 1 };
    const { signedState, size, messageCount } = signState({
      ...source,
      messages,
      values,
      toolStates: values,
      agentConfig: values,
      pendingConfirmations: [{ text }],
    }, authority);
    assert.ok(size <= 100_000 && size === byteLength(JSON.stringify(signedState)));
    const restored = verifyState(JSON.parse(JSON.stringify(signedState)), authority);
    assert.equal(restored.messages.length, messageCount);
    assert.equal(restored.messages.at(-1)!.content, "done");
    assert.equal(restored.values.small, 1);
    assert.ok(restored.warnings.includes("values_dropped"));
  }
});

Deno.test("A conversation of 100 messages that fits is exported whole, a longer one without its beginning", () => {
  const messages = Array.from({ length: 75 }, (_, n): Message[] => [
    { role: "user", content: `question ${n}` },
    { role: "assistant", content: `answer ${n}` },
  ]).flat();
  assert.equal(signState({ ...source, messages: messages.slice(50) }, authority).messageCount, 100);
  const { signedState, messageCount } = signState({ ...source, messages }, authority);
  assert.equal(messageCount, 100);
  assert.deepEqual(JSON.parse(signedState.state.memory_snapshot), messages.slice(50));
});

Deno.test("Odd values do not stop an export", () => {
  const circle: Record<string, unknown> = { a: 1n, b: NaN, c: undefined };
  circle.self = circle;
  const { state } = exported({ values: circle, toolStates: { toJSON: () => "text" } });
  assert.deepEqual(state.metadata.session_state, { a: "1", b: null, self: "[circular]" });
  assert.deepEqual(state.tool_states, {});
  assert.deepEqual(exported({ messages: [] }).state.memory_snapshot, "[]");
});

Deno.test("Without a key, or with names that fill the state, the export says why it fails", () => {
  assert.throws(() => signState(source, { ...authority, keys: [] }), {
    code: "ERR_EXECUTION_604",
    message: "Cannot export the session: no key is configured",
  });
  assert.throws(() => signState({ ...source, agentName: "x".repeat(100_000) }, authority), {
    code: "ERR_EXECUTION_603",
    message: /^Cannot export the session: its state takes \d{6} bytes, at most 100000 are allowed$/,
  });
});

Deno.test("The time of signing is in whole seconds and never ahead of the clock", () => {
  assert.equal(exported({}, { nowMs: nowMs + 321 }).timestamp, 1735787045);
  assert.equal(exported({}, { nowMs: nowMs + 322 }).timestamp, 1735787046);
});

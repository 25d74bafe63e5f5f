import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { checksumOf, ExportedState, signatureOf, stateSize } from "../../src/session/signed_state.ts";
import { signState } from "../../src/session/state_export.ts";
import { stateKeys, stateSubject } from "../../src/session/state_keys.ts";
import { verifyState } from "../../src/session/state_restore.ts";
import { authority, conversation, exported, nowMs, source } from "../helpers/signed_state.ts";

Deno.test("A session comes back as it was exported: messages with calls, values, step and times", () => {
  const { signedState } = signState(source, authority);
  for (
    const given of [
      signedState,
      JSON.parse(JSON.stringify(signedState)),
      JSON.stringify(signedState, null, 2),
    ]
  ) {
    const { state, messages, values, warnings } = verifyState(given, authority);
    assert.deepEqual(messages, conversation);
    assert.deepEqual(values, JSON.parse(JSON.stringify(source.values)));
    assert.deepEqual([state.session_id, state.current_step, state.agent_state], ["S1", 2, "IDLE"]);
    assert.deepEqual(
      [state.created_at, state.last_active_at],
      ["2025-01-02T03:03:05.678Z", "2025-01-02T03:04:04.678Z"],
    );
    assert.deepEqual(state.metadata.agent_name, "weather-assistant");
    assert.deepEqual(warnings, []);
  }
});

Deno.test("What was restored can be exported and restored again without a difference", () => {
  const first = verifyState(exported(), authority);
  const again = verifyState(exported({ messages: first.messages, values: first.values }), authority);
  assert.deepEqual(again, first);
});

Deno.test("Checksum and signature are those that anyone can compute from the protocol", () => {
  // By hand: every member in order, every number as it is written.
  const state = '{"agent_state":"IDLE","created_at":"2025-01-02T03:03:05.678Z","current_step":2,' +
    '"last_active_at":"2025-01-02T03:04:04.678Z","memory_snapshot":"[{\\"role\\":\\"user\\",\\"content\\":\\"hi\\"}]",' +
    '"metadata":{"agent_config":{},"agent_name":"a","session_state":{"😀":2,"\ufb33":1,"n":1e+21}},' +
    '"pending_confirmations":[],"session_id":"S1","tool_states":{}}';
  const canonical = state.replace('"😀":2,"\ufb33":1,"n":1e+21', '"n":1e+21,"😀":2,"\ufb33":1');
  const checksum = createHash("sha256").update(canonical).digest("hex");
  const id = createHash("sha256").update("s3cret").digest("hex").slice(0, 8);
  const signable = `{"audience":"x","checksum":"${checksum}","key_id":"${id}","state":${canonical},` +
    '"subject":"anonymous","timestamp":1735787045,"version":"1.0"}';
  const signature = createHmac("sha256", "s3cret").update(signable).digest("hex");
  const { signedState } = signState({
    ...source,
    agentName: "a",
    agentConfig: {},
    messages: [{ role: "user", content: "hi" }],
    values: { "\ufb33": 1, n: 1e21, "😀": 2 },
  }, { ...authority, keys: stateKeys(["s3cret"]), audience: "x" });
  assert.deepEqual(
    [signedState.key_id, signedState.checksum, signedState.signature],
    [id, checksum, signature],
  );
  assert.equal(checksumOf(JSON.parse(state)), checksum);
  assert.equal(signatureOf({ ...JSON.parse(signable), signature: "ignored" }, "s3cret"), signature);
  assert.equal(stateSize(JSON.parse(signable)), new TextEncoder().encode(signable).length);
});

Deno.test("A key that was rotated out of first place still verifies; one that was taken away does not", () => {
  const old = stateKeys(["old secret"]);
  const rotated = stateKeys(["new secret", "old secret"]);
  const before = exported({}, { keys: old });
  assert.equal(verifyState(before, { ...authority, keys: rotated }).messages.length, 5);
  const after = exported({}, { keys: rotated });
  assert.equal(after.key_id, rotated[0].id);
  assert.equal(verifyState(after, { ...authority, keys: rotated }).messages.length, 5);
  const refused = { code: "ERR_AUTH_803", message: "Invalid state: Invalid state signature" };
  assert.throws(() => verifyState(after, { ...authority, keys: old }), refused);
  assert.throws(() => verifyState(before, { ...authority, keys: stateKeys(["new secret"]) }), refused);
  assert.throws(() => verifyState(before, { ...authority, keys: [] }), refused);
});

Deno.test("Two secrets of one name both verify", () => {
  const keys = [{ id: "same", secret: "one" }, { id: "same", secret: "two" }];
  const signed = exported({}, { keys: [keys[1]] });
  assert.equal(verifyState(signed, { ...authority, keys }).state.session_id, "S1");
});

Deno.test("A state is for its audience and its owner only", () => {
  const alice = { subject: stateSubject("myagent-ws", "alice") };
  const signed = exported({}, alice);
  assert.equal(verifyState(signed, { ...authority, ...alice }).state.session_id, "S1");
  assert.throws(() => verifyState(signed, { ...authority, subject: stateSubject("myagent-ws", "bob") }), {
    code: "ERR_AUTH_803",
    message: "Invalid state: Principal mismatch",
  });
  assert.throws(() => verifyState(signed, { ...authority, ...alice, audience: "other" }), {
    code: "ERR_AUTH_803",
    message: "Invalid state: Audience mismatch",
  });
});

Deno.test("Questions and a run that were open come back as a warning only", () => {
  const signed = exported({ state: "RUNNING", pendingConfirmations: [{ step_id: "confirm_1" }] });
  const { state, warnings } = verifyState(signed, { ...authority, nowMs: nowMs + 1000 });
  assert.equal(state.agent_state, "RUNNING");
  assert.deepEqual(warnings, ["confirmations_dropped"]);
});

Deno.test("Of a state only the first four members are required", () => {
  const bare = {
    session_id: "S1",
    current_step: 0,
    agent_state: "IDLE",
    created_at: "2025-01-02T03:00:00.000Z",
  };
  assert.deepEqual(ExportedState.parse(bare), {
    ...bare,
    memory_snapshot: "[]",
    tool_states: {},
    pending_confirmations: [],
    metadata: { agent_config: {}, session_state: {} },
  });
  for (const name of Object.keys(bare)) {
    assert.equal(ExportedState.safeParse({ ...bare, [name]: undefined }).success, false, name);
  }
});

/** Signed states for tests: one session with everything in it, and forgeries made with the right key. */
import type { Message } from "../../src/protocol/transcript.ts";
import {
  checksumOf,
  signatureOf,
  type SignedState,
  type StateAuthority,
} from "../../src/session/signed_state.ts";
import { signState, type StateSource } from "../../src/session/state_export.ts";
import { stateKeys } from "../../src/session/state_keys.ts";

export const nowMs = Date.UTC(2025, 0, 2, 3, 4, 5, 678);

export const authority: StateAuthority = {
  keys: stateKeys(["a secret that signs"]),
  audience: "myagent-ws",
  subject: "anonymous",
  nowMs,
};

export const conversation: readonly Message[] = [
  { role: "user", content: "北京今天天气怎么样？" },
  {
    role: "assistant",
    content: "I look.",
    tool_calls: [
      { id: "call_1", name: "get_weather", arguments: '{"city":"北京"}' },
      { id: "call_2", name: "get_weather", arguments: '{"city":"Oslo"}' },
    ],
  },
  { role: "tool", content: "25°C", tool_call_id: "call_1", name: "get_weather" },
  {
    role: "tool",
    content: "3°C 😀",
    tool_call_id: "call_2",
    name: "get_weather",
    image: "data:image/png;base64,x",
  },
  { role: "assistant", content: 'Warm there, "cold" here\n' },
];

export const source: StateSource = {
  sessionId: "S1",
  step: 2,
  state: "IDLE",
  createdAt: nowMs - 60_000,
  activeAt: nowMs - 1000,
  agentName: "weather-assistant",
  agentConfig: { model: "demo", maxSteps: 5 },
  messages: conversation,
  values: { dataset_id: 42, nested: { list: [1, 2.5, -0, 1e21, null, true] } },
};

/** A signed state as it comes back from a client: through JSON. */
export function exported(
  more: Partial<StateSource> = {},
  as: Partial<StateAuthority> = {},
): SignedState & Record<string, unknown> {
  return JSON.parse(JSON.stringify(signState({ ...source, ...more }, { ...authority, ...as }).signedState));
}

/** The same state with other members, checksum and signature made anew: what only the server itself could do. */
export function resigned(
  changes: Record<string, unknown>,
  secret = authority.keys[0].secret,
): Record<string, unknown> {
  const signed: Record<string, unknown> = { ...exported(), ...changes };
  signed.checksum = checksumOf(signed.state);
  return { ...signed, signature: signatureOf(signed, secret) };
}

/** A signed state whose inner state has other members. */
export function withState(changes: Record<string, unknown>): Record<string, unknown> {
  return resigned({ state: { ...exported().state, ...changes } });
}

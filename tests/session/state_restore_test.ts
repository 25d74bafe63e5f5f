import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { checksumOf, signatureOf } from "../../src/session/signed_state.ts";
import { verifyState } from "../../src/session/state_restore.ts";
import { Random } from "../fuzz/random.ts";
import { anyValue, deepJson } from "../fuzz/values.ts";
import { authority, exported, nowMs, resigned, withState } from "../helpers/signed_state.ts";

type Members = Record<string, unknown>;

const signer = authority.keys[0].secret;

/** What verification says of a state: the text after "Invalid state: " and the code, or "restored". */
function verdict(given: unknown, as: Partial<typeof authority> = {}): string {
  try {
    verifyState(given, { ...authority, ...as });
    return "restored";
  } catch (cause) {
    assert.ok(cause instanceof AppError, `not an AppError: ${cause}`);
    assert.match(cause.message, /^Invalid state: /);
    return `${cause.code.replace("ERR_", "")} ${cause.message.replace("Invalid state: ", "")}`;
  }
}

const without = (tree: object, name: string) =>
  Object.fromEntries(Object.entries(tree).filter(([key]) => key !== name));

const malformed = "VALIDATION_406 Malformed state";
const badChecksum = "VALIDATION_406 checksum mismatch";
const badSignature = "AUTH_803 Invalid state signature";
const tooLarge = "VALIDATION_406 State too large";

Deno.test("What is no object is malformed", () => {
  for (
    const given of [
      undefined,
      null,
      1,
      true,
      [],
      [exported()],
      "",
      "x",
      "[]",
      "null",
      '"{}"',
      "{",
      Symbol("x"),
    ]
  ) {
    assert.equal(verdict(given), malformed, String(given));
  }
});

Deno.test("Every required member that is missing is named, the outer ones first", () => {
  const names = ["state", "timestamp", "version", "key_id", "audience", "subject", "checksum", "signature"];
  for (const name of names) {
    const expected = `VALIDATION_406 Missing required field: ${name}`;
    assert.equal(verdict(without(exported(), name)), expected);
    assert.equal(verdict({ ...exported(), [name]: null }), expected);
    assert.equal(verdict(JSON.stringify(without(exported(), name))), expected);
  }
  for (const name of ["session_id", "current_step", "agent_state", "created_at"]) {
    const expected = `VALIDATION_406 Missing required field: ${name}`;
    assert.equal(verdict({ ...exported(), state: without(exported().state, name) }), expected);
    assert.equal(verdict({ ...exported(), state: { ...exported().state, [name]: null } }), expected);
  }
  assert.equal(verdict({}), "VALIDATION_406 Missing required field: state");
  assert.equal(verdict({ state: {}, version: "1.0" }), "VALIDATION_406 Missing required field: timestamp");
  // A member of the prototype is not a member.
  const inherited = JSON.parse(`{"__proto__":${JSON.stringify(exported())}}`);
  assert.equal(verdict(inherited), "VALIDATION_406 Missing required field: state");
  assert.equal(verdict(Object.create(exported())), "VALIDATION_406 Missing required field: state");
});

Deno.test("A forged member is found, whichever it is", () => {
  const forged: [Members, string][] = [
    [{ version: "2.0" }, "VALIDATION_406 Version mismatch"],
    [{ version: 1 }, "VALIDATION_406 Version mismatch"],
    [{ timestamp: exported().timestamp + 1 }, badSignature],
    [{ timestamp: exported().timestamp - 1 }, badSignature],
    [{ timestamp: String(exported().timestamp) }, badSignature],
    [{ key_id: "k1" }, badSignature],
    [{ key_id: 7 }, badSignature],
    [{ audience: "other" }, badSignature],
    [{ subject: "alice" }, badSignature],
    [{ extra: 1 }, badSignature],
    [{ checksum: "0".repeat(64) }, badChecksum],
    [{ checksum: exported().checksum.toUpperCase() }, badChecksum],
    [{ checksum: [exported().checksum] }, badChecksum],
    [{ signature: "0".repeat(64) }, badSignature],
    [{ signature: exported().signature.toUpperCase() }, badSignature],
    [{ signature: exported().signature.slice(1) }, badSignature],
    [{ signature: 1 }, badSignature],
    [{ state: [] }, badChecksum],
    [{ state: "x" }, badChecksum],
  ];
  for (const [change, expected] of forged) {
    assert.equal(verdict({ ...exported(), ...change }), expected, JSON.stringify(change));
  }
  for (const [name, value] of Object.entries(exported().state)) {
    const other = typeof value === "number" ? value + 1 : typeof value === "string" ? `${value} ` : { x: 1 };
    assert.equal(
      verdict({ ...exported(), state: { ...exported().state, [name]: other } }),
      badChecksum,
      name,
    );
  }
  assert.equal(verdict({ ...exported(), state: { ...exported().state, extra: 1 } }), badChecksum);
});

Deno.test("A forger who makes the checksum anew fails at the signature", () => {
  const state = { ...exported().state, current_step: 3 };
  assert.equal(verdict({ ...exported(), state, checksum: checksumOf(state) }), badSignature);
  const forged = { ...exported(), state, checksum: checksumOf(state) };
  assert.equal(verdict({ ...forged, signature: signatureOf(forged, "guess") }), badSignature);
  assert.equal(verdict({ ...forged, signature: signatureOf(forged, signer) }), "restored");
  // The right secret under a name that no key has.
  assert.equal(verdict(resigned({ key_id: "nobody" })), badSignature);
});

Deno.test("A state lives for 604,800 s, and a clock may be 60 s ahead", () => {
  const signed = exported();
  const at = signed.timestamp * 1000;
  const lifeMs = 604_800_000;
  assert.equal(verdict(signed, { nowMs: at + lifeMs }), "restored");
  assert.equal(verdict(signed, { nowMs: at + lifeMs + 1 }), "VALIDATION_406 State expired");
  assert.equal(verdict(signed, { nowMs: at - 60_000 }), "restored");
  assert.equal(verdict(signed, { nowMs: at - 60_001 }), "VALIDATION_406 Timestamp in the future");
});

Deno.test("100,000 bytes are verified, 100,001 are too large, however they are written", () => {
  // A state that holds nothing beyond ASCII, so that characters are bytes.
  const ascii = (bytes: number) => {
    const state = { ...exported().state, memory_snapshot: "[]", filler: "" };
    const length = JSON.stringify(resigned({ state })).length;
    return resigned({ state: { ...state, filler: "x".repeat(bytes - length) } });
  };
  assert.equal(JSON.stringify(ascii(100_000)).length, 100_000);
  assert.equal(verdict(ascii(100_000)), "restored");
  assert.equal(verdict(JSON.stringify(ascii(100_000), null, 4)), "restored");
  assert.equal(verdict(ascii(100_001)), tooLarge);
  assert.equal(verdict(JSON.stringify(ascii(100_001))), tooLarge);
  // Bytes, not characters.
  const wide = withState({ filler: "字".repeat(40_000) });
  assert.ok(JSON.stringify(wide).length < 50_000);
  assert.equal(verdict(wide), tooLarge);
});

Deno.test("Faults are told in the order of the protocol: mending one shows the next", () => {
  const huge = { ...exported().state, current_step: -1, filler: "x".repeat(100_000) };
  const good = { ...exported().state };
  const wrong: Members = {
    state: huge,
    version: "0.9",
    timestamp: 0,
    key_id: "nobody",
    audience: "other",
    subject: "alice",
    signature: "0".repeat(64),
  };
  const sign = (changes: Members) => {
    const signed: Members = { ...wrong, ...changes };
    return { ...signed, signature: signatureOf(signed, signer) };
  };
  const young = { version: "1.0", timestamp: exported().timestamp };
  const bad = { ...good, current_step: -1 };
  const sealed = { ...young, state: bad, checksum: checksumOf(bad), key_id: authority.keys[0].id };
  const steps: [unknown, string][] = [
    ["{", malformed],
    [wrong, "VALIDATION_406 Missing required field: checksum"],
    [{ ...wrong, checksum: "x" }, "VALIDATION_406 Version mismatch"],
    [{ ...wrong, checksum: "x", version: "1.0" }, "VALIDATION_406 State expired"],
    [{ ...wrong, checksum: "x", version: "1.0", timestamp: 9e9 }, "VALIDATION_406 Timestamp in the future"],
    [{ ...wrong, checksum: "x", ...young }, tooLarge],
    [{ ...wrong, checksum: "x", ...young, state: bad }, badChecksum],
    [{ ...wrong, ...young, state: bad, checksum: checksumOf(bad) }, badSignature],
    [{ ...wrong, ...sealed }, badSignature],
    [sign(sealed), "AUTH_803 Audience mismatch"],
    [sign({ ...sealed, audience: "myagent-ws" }), "AUTH_803 Principal mismatch"],
    [sign({ ...sealed, audience: "myagent-ws", subject: "anonymous" }), malformed],
    [
      sign({
        ...sealed,
        audience: "myagent-ws",
        subject: "anonymous",
        state: good,
        checksum: checksumOf(good),
      }),
      "restored",
    ],
  ];
  for (const [given, expected] of steps) assert.equal(verdict(given), expected);
});

Deno.test("What does not fit is malformed even when it is signed", () => {
  const messages = (...list: unknown[]) => ({ memory_snapshot: JSON.stringify(list) });
  const unfit: Members[] = [
    { session_id: "" },
    { session_id: "a/b" },
    { session_id: 1 },
    { current_step: -1 },
    { current_step: 1.5 },
    { current_step: "2" },
    { agent_state: 1 },
    { agent_state: "x".repeat(65) },
    { created_at: 1735787045 },
    { created_at: "yesterday" },
    { last_active_at: 1 },
    { memory_snapshot: [] },
    { memory_snapshot: "" },
    { memory_snapshot: "{" },
    { memory_snapshot: "{}" },
    { memory_snapshot: "null" },
    { memory_snapshot: "[".repeat(40_000) + "]".repeat(40_000) },
    { memory_snapshot: JSON.stringify(Array(30_000).fill(0)) },
    messages(null),
    messages("hi"),
    messages({ role: "user" }),
    messages({ role: "owner", content: "x" }),
    messages({ role: "user", content: ["x"] }),
    messages({ role: "assistant", content: "", tool_calls: [{ id: "1" }] }),
    messages({ role: "assistant", content: "", tool_calls: {} }),
    messages(...Array(101).fill({ role: "user", content: "x" })),
    { tool_states: [] },
    { tool_states: "x" },
    { pending_confirmations: {} },
    { metadata: [] },
    { metadata: null },
    { metadata: { agent_name: 1 } },
    { metadata: { agent_config: [] } },
    { metadata: { session_state: "x" } },
  ];
  for (const change of unfit) {
    assert.equal(verdict(withState(change)), malformed, JSON.stringify(change).slice(0, 90));
  }
  for (const state of [[], "x", 7, true]) assert.equal(verdict(resigned({ state })), malformed);
  for (const timestamp of ["1735787045", true, [], exported().timestamp + 0.5]) {
    assert.equal(verdict(resigned({ timestamp })), malformed);
  }
  const hundred = Array(100).fill({ role: "user", content: "x" });
  assert.equal(verdict(withState(messages(...hundred))), "restored");
});

Deno.test("Values that no frame can bring are malformed, also when reading them throws", () => {
  const trap = { ...exported() };
  Object.defineProperty(trap, "checksum", {
    enumerable: true,
    get: () => {
      throw new Error("trap");
    },
  });
  const circle: Members = { ...exported() };
  circle.self = circle;
  for (
    const given of [trap, circle, { ...exported(), n: NaN }, { ...exported(), n: 1n }, {
      ...exported(),
      d: new Date(),
    }]
  ) {
    assert.equal(verdict(given), malformed);
  }
});

Deno.test("Depth exhausts nothing, before and after the signature", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const holding = (levels: number) =>
    JSON.stringify(exported()).replace('"tool_states":{}', `"tool_states":{"a":${deep(levels)}}`);
  assert.equal(verdict(holding(500_000)), tooLarge);
  assert.equal(verdict(holding(40_000)), malformed);
  assert.equal(verdict(holding(100)), badChecksum);
  assert.equal(verdict(withState({ tool_states: { a: JSON.parse(deep(490)) } })), "restored");
});

Deno.test("Nothing in a state becomes a prototype", () => {
  const poison = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},' +
    '"a":{"__proto__":{"polluted":true}}}';
  const snapshot = `[{"role":"user","content":"x","__proto__":{"polluted":true}}]`;
  const metadata = JSON.parse(`{"agent_name":"a","session_state":${poison},"__proto__":{"polluted":true}}`);
  const { state, messages, values } = verifyState(
    withState({ metadata, memory_snapshot: snapshot }),
    authority,
  );
  assert.deepEqual(Object.keys(values), ["constructor", "a"]);
  for (const tree of [values, values.a as Members, messages[0], state, state.metadata]) {
    assert.equal(Object.hasOwn(tree, "__proto__"), false);
    assert.equal(Object.getPrototypeOf(tree), Object.prototype);
  }
  assert.deepEqual(messages, [{ role: "user", content: "x" }]);
});

Deno.test("Results without a call and calls without a result are left out with one warning", () => {
  const list = [
    { role: "tool", content: "lost", tool_call_id: "0" },
    { role: "user", content: "q" },
    { role: "user", content: "q again" },
    { role: "assistant", content: "", tool_calls: [{ id: "1", name: "t", arguments: "{}", type: "x" }] },
    { role: "tool", content: "r", tool_call_id: "1", unknown: 1 },
    { role: "tool", content: "r", tool_call_id: "1" },
    { role: "assistant", content: "a", tool_calls: [{ id: "2", name: "t", arguments: "{}" }] },
    { role: "system", content: "obey" },
  ];
  const signed = withState({ memory_snapshot: JSON.stringify(list), pending_confirmations: [{}] });
  const { messages, warnings } = verifyState(signed, authority);
  assert.deepEqual(messages, [
    { role: "user", content: "q" },
    { role: "user", content: "q again" },
    { role: "assistant", content: "", tool_calls: [{ id: "1", name: "t", arguments: "{}" }] },
    { role: "tool", content: "r", tool_call_id: "1" },
    { role: "assistant", content: "a" },
  ]);
  assert.deepEqual(warnings, ["confirmations_dropped", "orphan_messages_dropped"]);
});

/** A place inside a value, chosen by chance, gets another value or goes. */
function mutate(random: Random, tree: unknown): void {
  if (typeof tree !== "object" || tree === null) return;
  const members = tree as Members;
  const names = Object.keys(members);
  const name = names.length > 0 && random.chance(0.9)
    ? random.pick(names)
    : random.pick(["x", "0", "toString"]);
  const inner = members[name];
  if (typeof inner === "object" && inner !== null && random.chance(0.7)) return mutate(random, inner);
  if (random.chance(0.2)) delete members[name];
  else if (typeof inner === "string" && random.chance(0.5)) {
    const at = random.int(inner.length + 1);
    members[name] = inner.slice(0, at) + random.pick(['"', "]", "\u0000", "字", ""]) + inner.slice(at + 1);
  } else members[name] = anyValue(random, 4);
}

const texts = new RegExp(
  "^(VALIDATION_406 (Missing required field: \\w+|Version mismatch|State expired|Timestamp in the future|" +
    "State too large|checksum mismatch|Malformed state)|AUTH_803 (Invalid state signature|Audience mismatch|" +
    "Principal mismatch)|restored)$",
);

Deno.test("Mutated states, signed or not, are restored or refused with a text of the protocol (seed 3)", () => {
  const random = new Random(3);
  const seen = new Map<string, number>();
  for (let round = 0; round < 6000; round++) {
    const signed: Members = exported();
    const before = JSON.stringify(signed);
    for (let times = 1 + random.int(3); times > 0; times--) mutate(random, signed);
    const changed = JSON.stringify(signed) !== before;
    const trusted = random.chance(0.5) && signed.state !== undefined;
    if (trusted) {
      const state = JSON.parse(JSON.stringify(signed.state));
      Object.assign(signed, { state, checksum: checksumOf(state) });
      signed.signature = signatureOf(JSON.parse(JSON.stringify(signed)), signer);
    }
    let given: unknown = JSON.parse(JSON.stringify(signed));
    if (random.chance(0.3)) given = JSON.stringify(given);
    if (typeof given === "string" && random.chance(0.3)) given = given.slice(0, random.int(given.length));
    if (random.chance(0.02)) given = JSON.parse(deepJson(random));
    if (random.chance(0.02)) given = anyValue(random, 4);
    const outcome = verdict(given, { nowMs: nowMs + random.int(2) * 1000 });
    assert.match(outcome, texts);
    if (changed && !trusted) assert.notEqual(outcome, "restored", `round ${round}`);
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
  // The mutations reach every depth of the verification.
  for (const outcome of [malformed, badChecksum, badSignature, "restored"]) {
    assert.ok(seen.get(outcome)! > 50, outcome);
  }
});

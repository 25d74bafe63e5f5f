import assert from "node:assert/strict";
import { decodeCommand, encodeFrame, replyTo, toCommand, withMark } from "../../src/protocol/codec.ts";
import { commandNames } from "../../src/protocol/commands.ts";

const decode = (value: unknown) => decodeCommand(typeof value === "string" ? value : JSON.stringify(value));

Deno.test("Every refusal has its fixed text, code and reply", () => {
  const cases: [unknown, string, string, string?][] = [
    ["{", "ERR_VALIDATION_400", "Invalid JSON: the message cannot be parsed"],
    ["", "ERR_VALIDATION_400", "Invalid JSON: the message is empty"],
    [" \n", "ERR_VALIDATION_400", "Invalid JSON: the message is empty"],
    ['{"a":1} trailing', "ERR_VALIDATION_400", "Invalid JSON: the message cannot be parsed"],
    ["[]", "ERR_VALIDATION_400", "Message must be a JSON object"],
    ["null", "ERR_VALIDATION_400", "Message must be a JSON object"],
    ['"user.ack"', "ERR_VALIDATION_400", "Message must be a JSON object"],
    ["5", "ERR_VALIDATION_400", "Message must be a JSON object"],
    [{}, "ERR_VALIDATION_400", "Unknown event type or missing session_id: (none)"],
    [{ event: null }, "ERR_VALIDATION_400", "Unknown event type or missing session_id: (none)"],
    [{ event: ["user.ack"] }, "ERR_VALIDATION_400", "Unknown event type or missing session_id: (none)"],
    [
      { event: "x".repeat(500), message_id: "m" },
      "ERR_VALIDATION_400",
      `Unknown event type or missing session_id: ${"x".repeat(100)}`,
      "m",
    ],
    [
      { event: "agent.ready", session_id: "S1" },
      "ERR_VALIDATION_400",
      "Unknown event type or missing session_id: agent.ready",
    ],
    [
      { event: "user.cancel", message_id: "m" },
      "ERR_VALIDATION_400",
      "Unknown event type or missing session_id: user.cancel",
      "m",
    ],
    [
      { event: "user.cancel", session_id: "" },
      "ERR_VALIDATION_400",
      "Unknown event type or missing session_id: user.cancel",
    ],
    [
      { event: "user.cancel", session_id: 5 },
      "ERR_VALIDATION_400",
      "Unknown event type or missing session_id: user.cancel",
    ],
    [
      { event: "user.message", session_id: "S1", message_id: "m".repeat(129) },
      "ERR_VALIDATION_402",
      "message_id must be at most 128 characters",
    ],
    [
      { event: "user.message", session_id: "S1", message_id: 5 },
      "ERR_VALIDATION_403",
      "message_id must be a string",
    ],
    [
      { event: "user.cancel", session_id: "S1", token: 5 },
      "ERR_VALIDATION_403",
      "Invalid message: token has the wrong type",
    ],
  ];
  for (const [given, code, message, reply] of cases) {
    const details = reply === undefined ? {} : { reply_to: reply };
    assert.throws(() => decode(given), { name: "AppError", code, message, details }, JSON.stringify(given));
  }
});

Deno.test("A refusal never quotes the parser or the input", () => {
  for (const text of ['{"password":"hunter2"', "\u0000", "{'a':1}", `{"a":${"[".repeat(50_000)}`]) {
    assert.throws(() => decode(text), { message: /^Invalid JSON: the message (cannot be parsed|is empty)$/ });
  }
});

Deno.test("Every command is understood, with unknown members beside it", () => {
  for (const event of commandNames) {
    const message = { event, session_id: "S1", message_id: "m", extra: { a: 1 }, content: "x" };
    assert.deepEqual(decode(message), message);
  }
});

Deno.test("A member that is null counts as absent", () => {
  assert.deepEqual(
    decode({ event: "user.create_session", session_id: null, message_id: null, token: null, content: null }),
    { event: "user.create_session" },
  );
  assert.throws(() => decode({ event: "user.cancel", session_id: null }), { code: "ERR_VALIDATION_400" });
});

Deno.test("user.reconnect may name its session in the content", () => {
  const command = decode({ event: "user.reconnect", content: { session_id: "S1", last_seq: 3 } });
  assert.equal(command.session_id, "S1");
  assert.equal(
    decode({ event: "user.reconnect", session_id: "S2", content: { session_id: "S1" } }).session_id,
    "S2",
  );
  for (const content of ["S1", 5, [], null, { session_id: 5 }]) {
    assert.throws(() => decode({ event: "user.reconnect", content }), { code: "ERR_VALIDATION_400" });
  }
});

Deno.test("An acknowledgement is never refused for what it holds", () => {
  for (
    const more of [{ message_id: 5 }, { session_id: 7 }, { content: [] }, { message_id: "m".repeat(500) }, {}]
  ) {
    assert.equal(decode({ event: "user.ack", ...more }).event, "user.ack");
  }
});

Deno.test("Names of Object's own members are neither commands nor trouble", () => {
  for (const event of ["constructor", "__proto__", "toString", "user.constructor"]) {
    assert.throws(() => decode(`{"event":"${event}","session_id":"S1"}`), { code: "ERR_VALIDATION_400" });
  }
  const text = '{"event":"user.message","session_id":"S1","content":{"__proto__":{"polluted":true}}}';
  decode(text);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("Only a usable message id is echoed", () => {
  assert.deepEqual(replyTo("m"), { reply_to: "m" });
  assert.deepEqual(replyTo("m".repeat(128)), { reply_to: "m".repeat(128) });
  for (const id of ["", "m".repeat(129), 5, null, undefined, {}]) assert.deepEqual(replyTo(id), {});
});

Deno.test("A command's value is checked where it did not come as text", () => {
  for (const value of [undefined, null, 5, "text", [], () => {}]) {
    assert.throws(() => toCommand(value), { message: "Message must be a JSON object" });
  }
});

Deno.test("Absent members are left out, never null; errors repeat their text", () => {
  const text = encodeFrame({ event: "agent.error", content: "no", session_id: undefined }, "en");
  const frame = JSON.parse(text);
  assert.deepEqual(Object.keys(frame), [
    "event",
    "content",
    "error",
    "show_content",
    "timestamp",
    "metadata",
  ]);
  assert.deepEqual([frame.error, frame.show_content, frame.metadata], ["no", "Assistant error: no", {}]);
  assert.match(frame.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(
    "content" in JSON.parse(encodeFrame({ event: "system.heartbeat", content: null }, "zh")),
    false,
  );
  assert.equal("error" in JSON.parse(encodeFrame({ event: "error.execution", content: "x" }, "zh")), false);
});

Deno.test("Non-ASCII text is written as it is", () => {
  assert.ok(encodeFrame({ event: "agent.ready", content: "助手 😀" }, "zh").includes("助手 😀"));
});

Deno.test("What JSON cannot hold is written as text and does not fail the run", () => {
  const circular: Record<string, unknown> = { name: "a", big: 10n ** 20n };
  circular.self = circular;
  circular.list = [circular, { deep: circular }];
  const shared = { x: 1 };
  const content = {
    circular,
    shared: [shared, shared],
    date: new Date(0),
    missing: undefined,
    run: () => 1,
    symbol: Symbol("s"),
    map: new Map([[1, 2]]),
  };
  const frame = JSON.parse(encodeFrame({ event: "shop.x", content }, "zh"));
  assert.deepEqual(frame.content, {
    circular: {
      name: "a",
      big: "100000000000000000000",
      self: "[circular]",
      list: ["[circular]", { deep: "[circular]" }],
    },
    shared: [{ x: 1 }, { x: 1 }],
    date: "1970-01-01T00:00:00.000Z",
    map: {},
  });
});

Deno.test("A value that throws when it is read does not fail the run", () => {
  const hostile = {
    fine: 1,
    toJSON() {
      throw new Error("secret");
    },
  };
  const getter = Object.defineProperty({ fine: 1 }, "bad", {
    enumerable: true,
    get() {
      throw new Error("secret");
    },
  });
  for (const content of [{ hostile }, { getter }, { date: new Date(NaN) }]) {
    const text = encodeFrame({ event: "shop.x", content }, "zh");
    assert.equal(JSON.parse(text).event, "shop.x");
    assert.equal(text.includes("secret"), false);
  }
});

Deno.test("A mark is added to full and to empty metadata, and to nothing else", () => {
  const place = { seq: 1, event_id: "S1~e~1" };
  for (const metadata of [{}, { a: 1 }, { a: {} }, { a: { b: {} } }, { a: "}}" }, { a: [] }, { a: "{}" }]) {
    for (const content of ["x", "{}}", {}, { metadata: {} }, { a: "{}}" }]) {
      const frame = encodeFrame({ event: "shop.x", session_id: "S1", content, metadata }, "zh", place);
      const marked = JSON.parse(withMark(withMark(frame, "replayed"), "resolved"));
      const { metadata: own, ...rest } = JSON.parse(frame);
      assert.deepEqual(marked, { ...rest, metadata: { ...own, replayed: true, resolved: true } });
    }
  }
});

Deno.test("Content that JSON leaves out is left out, and the frame stays JSON", () => {
  const nothing = { toJSON: () => undefined };
  for (const content of [nothing, { toJSON: () => () => 1 }, () => 1, Symbol("s"), undefined, null]) {
    const frame = JSON.parse(encodeFrame({ event: "shop.x", session_id: "S1", content }, "zh"));
    assert.deepEqual(["content" in frame, frame.metadata], [false, {}]);
  }
  const frame = JSON.parse(encodeFrame({ event: "shop.x", content: { a: nothing, b: 1 } }, "zh"));
  assert.deepEqual(frame.content, { b: 1 });
});

Deno.test("Metadata is an object whatever an agent put into it, so that marks can be added", () => {
  for (const toJSON of [() => "x", () => undefined, () => [1], () => null]) {
    const text = encodeFrame({ event: "shop.x", content: "x", metadata: { a: 1, toJSON } }, "zh");
    const { metadata } = JSON.parse(withMark(text, "replayed"));
    assert.equal(metadata.replayed, true);
  }
});

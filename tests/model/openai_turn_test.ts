import assert from "node:assert/strict";
import { type Chunk, Turn } from "../../src/model/openai_turn.ts";
import { fragments } from "../helpers/openai_stub.ts";

type Called = [id: string | RegExp, name: string, args: string];

/** Chunks of one choice each, from their deltas. */
function turnOf(...deltas: object[]): { turn: Turn; text: string[] } {
  const turn = new Turn();
  return { turn, text: deltas.map((delta) => turn.take({ choices: [{ delta }] } as Chunk)) };
}

function expectCalls(turn: Turn, ...expected: Called[]): void {
  const calls = [...turn.rest()].filter((part) => part.type === "call");
  assert.deepEqual(
    calls.map((call) => [call.name, call.arguments]),
    expected.map(([, name, args]) => [name, args]),
  );
  calls.forEach(({ id }, index) => {
    const wanted = expected[index][0];
    if (typeof wanted === "string") assert.equal(id, wanted);
    else assert.match(id, wanted);
  });
  assert.equal(new Set(calls.map(({ id }) => id)).size, calls.length, "every call has an id of its own");
}

const calls = (...tool_calls: object[]) => ({ tool_calls });
const piece = (args: unknown, rest: object = {}) => calls({ ...rest, function: { arguments: args } });
const start = (name: string, args: unknown, rest: object = {}) =>
  calls({ ...rest, function: { name, arguments: args } });
const made = /^call_[0-9a-f-]{36}$/;

Deno.test("Turn joins the arguments of interleaved calls by their index", () => {
  const { turn } = turnOf(
    start("a", "", { index: 0, id: "x" }),
    start("b", "", { index: 1, id: "y" }),
    piece('{"n":', { index: 1 }),
    piece('{"m":', { index: 0 }),
    calls({ index: 0, function: { arguments: "1}" } }, { index: 1, function: { arguments: "2}" } }),
  );
  expectCalls(turn, ["x", "a", '{"m":1}'], ["y", "b", '{"n":2}']);
});

Deno.test("Turn joins arguments cut inside escapes and surrogate pairs", () => {
  const args = JSON.stringify({ text: 'q"\\\n\u2028 北京 👍🏽' });
  for (
    const escaped of [
      args,
      args.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
    ]
  ) {
    const { turn } = turnOf(
      start("say", "", { index: 0, id: "x" }),
      ...fragments(escaped).map((part) => piece(part, { index: 0 })),
    );
    expectCalls(turn, ["x", "say", escaped]);
  }
});

Deno.test("Turn keeps calls apart whose index is always 0 but whose ids differ", () => {
  const { turn } = turnOf(
    start("a", '{"n":', { index: 0, id: "x" }),
    piece("1}", { index: 0 }),
    start("a", "", { index: 0, id: "y" }),
    piece('{"n":2}', { index: 0 }),
  );
  expectCalls(turn, ["x", "a", '{"n":1}'], ["y", "a", '{"n":2}']);
});

Deno.test("Turn tells whole calls apart that have neither index nor id", () => {
  const { turn } = turnOf(
    calls(
      { function: { name: "a", arguments: '{"n":1}' } },
      { function: { name: "a", arguments: '{"n":2}' } },
      { id: "", function: { name: "now", arguments: "" } },
      { id: "", function: { name: "now", arguments: "" } },
    ),
    start("b", '{"n":3}'),
  );
  expectCalls(
    turn,
    [made, "a", '{"n":1}'],
    [made, "a", '{"n":2}'],
    [made, "now", "{}"],
    [made, "now", "{}"],
    [
      made,
      "b",
      '{"n":3}',
    ],
  );
});

Deno.test("Turn tells whole calls apart that share index 0 and have no id", () => {
  const { turn } = turnOf(start("a", '{"n":1}', { index: 0 }), start("a", '{"n":2}', { index: 0 }));
  expectCalls(turn, [made, "a", '{"n":1}'], [made, "a", '{"n":2}']);
});

Deno.test("Turn appends pieces without index and id to the last call", () => {
  const { turn } = turnOf(start("a", '{"n"'), piece(":1"), piece("}"), start("b", ""), piece("{}"));
  expectCalls(turn, [made, "a", '{"n":1}'], [made, "b", "{}"]);
});

Deno.test("Turn takes id and name once, however often they are repeated", () => {
  const again = { index: 0, id: "x" };
  const { turn } = turnOf(start("a", "", again), start("a", '{"n"', again), start("a", ":1}", again));
  expectCalls(turn, ["x", "a", '{"n":1}']);
  const { turn: nameless } = turnOf(start("a", ""), start("a", '{"n"'), start("a", ":1}"));
  expectCalls(nameless, [made, "a", '{"n":1}']);
});

Deno.test("Turn goes on with a call when a server makes up an id for every delta", () => {
  const { turn } = turnOf(
    start("a", "", { index: 0, id: "x1" }),
    piece('{"n"', { index: 0, id: "x2" }),
    piece(":1}", { index: 0, id: "x3" }),
  );
  expectCalls(turn, ["x1", "a", '{"n":1}']);
});

Deno.test("Turn takes an id or a name that comes late", () => {
  const { turn: late } = turnOf(start("a", "", { index: 0 }), piece("{}", { index: 0, id: "x" }));
  expectCalls(late, ["x", "a", "{}"]);
  const { turn: first } = turnOf(calls({ index: 0, id: "x" }), start("a", "{}", { index: 0 }));
  expectCalls(first, ["x", "a", "{}"]);
});

Deno.test("Turn gives a second call under a used id an id of its own", () => {
  const { turn } = turnOf(start("a", "{}", { index: 0, id: "a" }), start("a", "{}", { index: 1, id: "a" }));
  expectCalls(turn, ["a", "a", "{}"], [made, "a", "{}"]);
});

Deno.test("Turn writes arguments sent as an object as JSON text", () => {
  const { turn } = turnOf(start("a", { city: "Oslo" }, { index: 0, id: "x" }));
  expectCalls(turn, ["x", "a", '{"city":"Oslo"}']);
});

Deno.test("Turn turns missing, null and blank arguments into an empty object", () => {
  for (const args of [undefined, null, "", " \n"]) {
    const { turn } = turnOf(start("a", args, { index: 0, id: "x" }));
    expectCalls(turn, ["x", "a", "{}"]);
  }
});

Deno.test("Turn leaves out a call that never got a name", () => {
  const { turn } = turnOf(piece("{}", { index: 0, id: "x" }));
  expectCalls(turn);
  assert.equal(turn.hasContent, false);
});

Deno.test("Turn holds half a surrogate pair back until the other half is there", () => {
  const { turn, text } = turnOf({ content: "a\ud83d" }, { content: "" }, { content: "\udc4db" }, {
    content: "c\ud83d",
  });
  assert.deepEqual(text, ["a", "", "👍b", "c"]);
  assert.deepEqual([...turn.rest()], [{ type: "text", text: "\ud83d" }]);
});

Deno.test("Turn takes no reasoning for text, but typed parts and refusals", () => {
  const { turn, text } = turnOf({ reasoning_content: "hm" }, { content: null }, {
    content: [{ type: "thinking", text: "hm" }, { type: "text", text: "yes" }],
  }, { content: null, refusal: "no" });
  assert.deepEqual(text, ["", "", "yes", "no"]);
  assert.equal(turn.hasContent, true);
});

Deno.test("Turn has no content after reasoning alone", () => {
  assert.equal(turnOf({ reasoning_content: "hm", content: "" }).turn.hasContent, false);
});

Deno.test("Turn takes the last usage wherever it stands, and adds up a missing total", () => {
  const turn = new Turn();
  turn.take({ choices: [{ delta: { content: "a" } }], usage: { prompt_tokens: 3, completion_tokens: 1 } });
  turn.take({ choices: [{ delta: {}, finish_reason: "stop" }], usage: null });
  assert.deepEqual([...turn.rest()], [{
    type: "usage",
    usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 },
  }]);
  turn.take({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 9 } });
  assert.deepEqual([...turn.rest()], [{
    type: "usage",
    usage: { inputTokens: 3, outputTokens: 2, totalTokens: 9 },
  }]);
});

Deno.test("Turn survives chunks without choices, deltas and calls", () => {
  const turn = new Turn();
  const odd = [
    null,
    {},
    { choices: null },
    { choices: [] },
    { choices: [{}] },
    { choices: [{ delta: null }] },
    {
      choices: [{ delta: { tool_calls: null } }],
    },
    { choices: [{ delta: { tool_calls: [null, { function: null }] } }] },
    { usage: {} },
  ];
  for (const chunk of odd) assert.equal(turn.take(chunk as Chunk), "");
  assert.deepEqual([...turn.rest()], []);
});

Deno.test("Turn does not take a message that repeats the stream at its end", () => {
  const turn = new Turn();
  const said = [
    { choices: [{ delta: { content: "Hi" } }] },
    { object: "chat.completion.chunk", choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] },
  ].map((chunk) => turn.take(chunk));
  assert.deepEqual(said, ["Hi", ""]);
});

Deno.test("Turn is torn while arguments are incomplete", () => {
  const { turn } = turnOf(start("a", '{"n"', { index: 0, id: "x" }));
  assert.equal(turn.isTorn, true);
  turn.take({ choices: [{ delta: piece(":1}", { index: 0 }) as never }] });
  assert.equal(turn.isTorn, false);
});

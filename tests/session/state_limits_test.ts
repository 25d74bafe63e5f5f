import assert from "node:assert/strict";
import { Random } from "../fuzz/random.ts";
import { byteLength } from "../../src/protocol/shrink.ts";
import type { Message } from "../../src/protocol/transcript.ts";
import { fitList, fitMessages, fitValues, newestForState } from "../../src/session/state_limits.ts";
import { pairCalls } from "../../src/session/state_transcript.ts";

const user = (content: string): Message => ({ role: "user", content });
const said = (content: string): Message => ({ role: "assistant", content });
const asks = (id: string, text = "{}"): Message => ({
  role: "assistant",
  content: "",
  tool_calls: [{ id, name: "t", arguments: text }],
});
const result = (id: string, content = "r"): Message => ({
  role: "tool",
  content,
  tool_call_id: id,
  name: "t",
});

/** Bytes of the messages as text inside the JSON of a state. */
const bytesOf = (messages: readonly Message[]) => byteLength(JSON.stringify(JSON.stringify(messages))) - 2;

Deno.test("At most 100 messages go along, the newest ones", () => {
  const pairs = Array.from({ length: 80 }, (_, n) => [user(`q${n}`), said(`a${n}`)]).flat();
  assert.deepEqual(newestForState(pairs), pairs.slice(-100));
  assert.deepEqual(newestForState(pairs.slice(0, 100)), pairs.slice(0, 100));
  // The hundredth message from the end is an answer: its question is gone, so it goes as well.
  assert.deepEqual(newestForState(pairs.slice(0, 101)), pairs.slice(2, 101));
  // One turn longer than that: its question leads, and still there are no more than 100.
  const long = [user("q"), ...Array.from({ length: 120 }, (_, n) => [asks(`${n}`), result(`${n}`)]).flat()];
  const kept = newestForState(long);
  assert.deepEqual(kept[0], user("q"));
  assert.ok(kept.length <= 100 && kept.length >= 98);
  assert.equal(pairCalls(kept).dropped, 0);
});

Deno.test("What fits to the byte stays, one byte less room drops the oldest 20 %", () => {
  const messages = Array.from({ length: 10 }, (_, n) => [user(`q${n} "quoted" 字`), said(`a${n}\n`)]).flat();
  const bytes = bytesOf(messages);
  assert.deepEqual(fitMessages(messages, bytes), messages);
  assert.deepEqual(fitMessages(messages, bytes - 1), messages.slice(4));
  // 20 → 16 → 12 → 9, which starts with an answer whose question is gone: 8.
  assert.deepEqual(fitMessages(messages, bytesOf(messages.slice(8)) - 1), messages.slice(12));
});

Deno.test("A long message is shortened visibly and keeps the turn around it", () => {
  for (const piece of ["a", "字", "😀", '"', "\\", "\u0000", "\ud83d"]) {
    const long = result("1", piece.repeat(200_000));
    const messages = [user("q"), asks("1"), long, said("a")];
    const kept = fitMessages(messages, 20_000);
    assert.ok(bytesOf(kept) <= 20_000, piece);
    assert.deepEqual([kept[0], kept[1], kept[3]], [messages[0], messages[1], messages[3]]);
    const { content } = kept[2];
    assert.ok(content.endsWith("…"), piece);
    // As long as it may be: a quarter of the room.
    assert.ok(bytesOf([kept[2]]) > 4900, `${piece} ${bytesOf([kept[2]])}`);
  }
});

Deno.test("A character of two code units is never cut in the middle", () => {
  for (let room = 2000; room < 2040; room++) {
    const [{ content }] = fitMessages([user("😀".repeat(5000))], room);
    assert.match(content, /^(?:😀)+…$/u);
    assert.equal(content.isWellFormed(), true);
  }
});

Deno.test("The only message is shortened to what fits", () => {
  const [kept] = fitMessages([user("x".repeat(150_000))], 10_000);
  assert.match(kept.content, /^x{2000,}…$/);
  // Two that fit alone and not together.
  const both = fitMessages([user("x".repeat(9000)), said("y".repeat(9000))], 10_000);
  assert.equal(both.length, 2);
  assert.ok(bytesOf(both) <= 10_000 && bytesOf(both) > 9900);
  assert.ok(both.every(({ content }) => content.endsWith("…")));
});

Deno.test("Shortened arguments are still JSON", () => {
  const text = JSON.stringify({ path: "a.txt", content: "line\n".repeat(50_000) });
  const [, call] = fitMessages([user("q"), asks("1", text), result("1")], 20_000);
  const args = JSON.parse(call.tool_calls![0].arguments);
  assert.equal(args.path, "a.txt");
  assert.match(args.content, /^(line\n)+l?i?n?e?…$/);
  const many = JSON.stringify(Array.from({ length: 50_000 }, (_, n) => n));
  const [, other] = fitMessages([user("q"), asks("1", many), result("1")], 20_000);
  assert.match(JSON.parse(other.tool_calls![0].arguments).shortened, /^\[0,1,2.*…$/);
});

Deno.test("A picture that does not fit is left out, and its message says so", () => {
  const shown: Message = { ...result("1", "a chart"), image: `data:image/png;base64,${"A".repeat(150_000)}` };
  const kept = fitMessages([user("q"), asks("1"), shown, said("a")], 90_000);
  assert.deepEqual(kept[2], result("1", "a chart\n[image left out]"));
});

Deno.test("A message that cannot be shortened goes, with its results", () => {
  const calls = Array.from({ length: 2000 }, (_, n) => ({ id: `call_${n}`, name: "t", arguments: "{}" }));
  const messages: Message[] = [
    user("q"),
    { role: "assistant", content: "", tool_calls: calls },
    ...calls.map(({ id }) => result(id)),
    said("a"),
  ];
  assert.deepEqual(fitMessages(messages, 50_000), [user("q"), said("a")]);
  const named: Message = {
    ...asks("1"),
    tool_calls: [{ id: "1", name: "t".repeat(60_000), arguments: "{}" }],
  };
  assert.deepEqual(fitMessages([user("q"), named, result("1"), said("a")], 50_000), [user("q"), said("a")]);
});

Deno.test("Random transcripts always fit, in order, with calls and results together", () => {
  const random = new Random(5);
  for (let round = 0; round < 400; round++) {
    const messages: Message[] = [];
    const text = () =>
      random.pick(["a", "字", '"', "😀", "\n"]).repeat(random.int(random.chance(0.1) ? 8000 : 200));
    for (let turn = 0; turn < 1 + random.int(40); turn++) {
      messages.push(user(text()));
      for (let step = 0; step < random.int(4); step++) {
        const id = `c${turn}-${step}`;
        messages.push(asks(id, JSON.stringify({ text: text() })), result(id, text()));
      }
      if (random.chance(0.8)) messages.push(said(text()));
    }
    const room = 2000 + random.int(30_000);
    const kept = fitMessages(newestForState(messages), room);
    assert.ok(bytesOf(kept) <= room);
    assert.ok(kept.length > 0);
    assert.equal(pairCalls(kept).dropped, 0);
    const places = kept.map(({ role, content, tool_call_id }) =>
      messages.findLastIndex((other) =>
        other.role === role && other.tool_call_id === tool_call_id &&
        other.content.startsWith(content.slice(0, -1))
      )
    );
    assert.ok(places.every((place) => place >= 0));
  }
});

Deno.test("Values are kept, the largest ones replaced first, and the last ones left out if there are too many", () => {
  const values = { a: "x".repeat(100), b: 1, c: ["y".repeat(500)] };
  const bytes = byteLength(JSON.stringify(values));
  assert.deepEqual(fitValues(values, bytes), values);
  assert.deepEqual(fitValues(values, bytes - 1), { ...values, c: "[too large]" });
  assert.deepEqual(fitValues(values, 60), { a: "[too large]", b: 1, c: "[too large]" });
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`name${n}`, n]));
  const kept = fitValues(many, 1000);
  assert.ok(byteLength(JSON.stringify(kept)) <= 1000 && byteLength(JSON.stringify(kept)) > 950);
  assert.deepEqual(Object.keys(kept), Object.keys(many).slice(0, Object.keys(kept).length));
});

Deno.test("Of a list the first items stay", () => {
  assert.deepEqual(fitList(["ab", "cd"], 11), ["ab", "cd"]);
  assert.deepEqual(fitList(["ab", "cd"], 10), ["ab"]);
  assert.deepEqual(fitList(["x".repeat(100), "cd"], 50), ["[too large]"]);
  assert.deepEqual(fitList([], 50), []);
});

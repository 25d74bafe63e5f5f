import assert from "node:assert/strict";
import { AnswerStream } from "../../src/session/answer_stream.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { fakeTime } from "../helpers/fake_time.ts";

function open(answerStream: "eager" | "safe" = "eager") {
  const drafts: AnyFrame[] = [];
  const limits = { coalesceMs: 50, coalesceBytes: 1024, answerStream };
  let named = 0;
  const stream = new AnswerStream(() => `st_ab_${++named}`, limits, (draft) => void drafts.push(draft));
  return { stream, drafts };
}

Deno.test("A stream counts its frames, its words and its code points, and ends with an empty frame", async () => {
  using time = fakeTime();
  const { stream, drafts } = open();
  stream.push("one two ", true);
  stream.push("three 😀", true);
  await time.pass(50);
  stream.end(false);
  assert.deepEqual(drafts.map(({ content }) => content), ["one two ", "three 😀", ""]);
  assert.deepEqual(drafts.map(({ metadata }) => metadata), [
    { is_streaming: true, is_final: false, chunk_index: 0, stream_id: "st_ab_1", word_count: 2 },
    { is_streaming: true, is_final: false, chunk_index: 1, stream_id: "st_ab_1", word_count: 2 },
    { is_streaming: false, is_final: true, chunk_index: 2, stream_id: "st_ab_1", total_length: 15 },
  ]);
  assert.deepEqual([stream.open, stream.last], [undefined, { id: "st_ab_1", text: "one two three 😀" }]);
});

Deno.test("Every stream of a run has its own id and counts from 0", () => {
  using _time = fakeTime();
  const { stream, drafts } = open();
  for (const discarded of [true, false]) {
    stream.push("x", true);
    stream.end(discarded);
  }
  assert.deepEqual(
    drafts.map(({ metadata }) => [metadata.stream_id, metadata.chunk_index, metadata.discarded]),
    [
      ["st_ab_1", 0, undefined],
      ["st_ab_1", 1, true],
      ["st_ab_2", 0, undefined],
      ["st_ab_2", 1, undefined],
    ],
  );
});

Deno.test("Ending what never began says nothing", () => {
  using _time = fakeTime();
  const { stream, drafts } = open();
  stream.end(false);
  assert.deepEqual(drafts, []);
});

Deno.test("What is pending comes out before the end", () => {
  using _time = fakeTime();
  const { stream, drafts } = open();
  stream.push("a", false);
  stream.push("b", false);
  stream.end(false);
  assert.deepEqual(drafts.map(({ content }) => content), ["a", "b", ""]);
});

Deno.test("Safe mode holds back only text that may become a tool call", () => {
  using _time = fakeTime();
  const { stream, drafts } = open("safe");
  stream.push("maybe", true);
  stream.end(true);
  assert.deepEqual(drafts, []);
  stream.push("surely", false);
  stream.end(false);
  assert.deepEqual(drafts.map(({ content }) => content), ["surely", ""]);
});

/** Answer streams and coalescing: C4, C5, C6 of protocol.md. */
import assert from "node:assert/strict";
import { call, say, type Turn } from "../../src/mod.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { fakeTime } from "../helpers/fake_time.ts";
import { openSession } from "../helpers/session.ts";

/** A turn that writes `count` pieces, one every `everyMs`. */
function dripping(count: number, everyMs: number): Turn {
  return async function* () {
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      yield { type: "text", text: `${i}😀 ` };
    }
  };
}

const partials = (events: readonly AnyFrame[]) =>
  events.filter(({ event }) => event === "agent.partial_answer");

Deno.test("C4 A thousand deltas add up to the final answer in far fewer frames, and the end frame comes first", async () => {
  using time = fakeTime();
  const { session, events } = await openSession({ model: [dripping(1000, 1)] });
  session.start({ text: "go" });
  await time.pass(1010);
  const final = events.at(-1)!;
  assert.equal(final.event, "agent.final_answer");
  const own = partials(events).filter(({ metadata }) => metadata.stream_id === final.metadata.stream_id);
  assert.equal(own.map(({ content }) => content).join(""), final.content);
  assert.equal(final.content, Array.from({ length: 1000 }, (_, i) => `${i}😀 `).join(""));
  assert.ok(own.length <= 30, `${own.length} frames`);
  assert.deepEqual(own.map(({ metadata }) => metadata.chunk_index), own.map((_, index) => index));
  const end = own.at(-1)!;
  assert.deepEqual([end.content, end.metadata.is_final, end.seq], ["", true, final.seq - 1]);
  assert.equal(end.metadata.total_length, Array.from(final.content as string).length);
});

Deno.test("C5 No delta waits longer than 50 ms for its frame", async () => {
  using time = fakeTime();
  const pushedAt: number[] = [];
  const turn: Turn = async function* () {
    for (let i = 0; i < 40; i++) {
      await new Promise((resolve) => setTimeout(resolve, 7));
      pushedAt.push(Date.now());
      yield { type: "text", text: "x" };
    }
  };
  const { session, events } = await openSession({ model: [turn] });
  session.start({ text: "go" });
  await time.pass(400);
  const frames = partials(events).filter(({ content }) => content !== "");
  let delta = 0;
  for (const frame of frames) {
    const sentAt = Date.parse(frame.timestamp);
    for (const _ of frame.content) {
      assert.ok(sentAt - pushedAt[delta] <= 50, `delta ${delta} waited ${sentAt - pushedAt[delta]} ms`);
      delta++;
    }
  }
  assert.equal(delta, 40);
  assert.ok(frames.length < 12, `${frames.length} frames`);
});

Deno.test("C5 No other event of the session overtakes a pending delta", async () => {
  using time = fakeTime();
  const turn: Turn = async function* () {
    yield { type: "text", text: "first " };
    await new Promise((resolve) => setTimeout(resolve, 10));
    yield { type: "text", text: "second" };
    yield { type: "call", id: "c1", name: "nothing", arguments: "{}" };
  };
  const { session, events, names } = await openSession({ model: [turn, say("done")] });
  session.start({ text: "go" });
  await time.pass(15);
  assert.deepEqual(names().slice(3, 8), [
    "partial_answer",
    "partial_answer",
    "partial_answer",
    "thinking",
    "tool_call",
  ]);
  assert.deepEqual(partials(events).slice(0, 3).map(({ content }) => content), ["first ", "second", ""]);
  assert.equal(events[6].metadata.stream_id, events[5].metadata.stream_id);
  assert.equal(events[5].metadata.discarded, true);
  await time.pass(60);
});

Deno.test("C6 Of several llm_message snapshots in one window only the newest is sent, before the next other event", async () => {
  using time = fakeTime();
  const { AnswerStream } = await import("../../src/session/answer_stream.ts");
  const appended: string[] = [];
  const stream = new AnswerStream(
    () => "st_1",
    { coalesceMs: 50, coalesceBytes: 1024, answerStream: "eager" },
    (draft) => appended.push(String(draft.content)),
  );
  for (const version of [1, 2, 3]) stream.offer(() => appended.push(`snapshot ${version}`));
  assert.equal(appended.length, 0);
  await time.pass(50);
  assert.equal(appended.join(), "snapshot 3");
  stream.offer(() => appended.push("snapshot 4"));
  stream.push("text", true);
  assert.deepEqual(appended, ["snapshot 3", "snapshot 4", "text"]);
});

Deno.test("C6 A snapshot is in the log before the tool call that follows it", async () => {
  using time = fakeTime();
  const { session, events, names } = await openSession({
    model: [call("nothing"), say("done")],
    config: { sendLlmMessage: true },
  });
  session.start({ text: "go" });
  await time.pass(60);
  const snapshot = names().indexOf("llm_message");
  assert.ok(snapshot > 0 && snapshot < names().indexOf("tool_call"));
  assert.equal(events[snapshot].content.messages[0].content, "go");
  const last = names().lastIndexOf("llm_message");
  assert.ok(last > snapshot && last < names().indexOf("final_answer"));
});

Deno.test("A code point split over two deltas is not split over two frames", async () => {
  using time = fakeTime();
  const { session, events } = await openSession({ model: [say("a\ud83d", "\ude00b")] });
  session.start({ text: "go" });
  await time.pass(60);
  for (const { content } of partials(events)) assert.ok(content.isWellFormed(), JSON.stringify(content));
  assert.equal(events.at(-1)?.content, "a😀b");
});

Deno.test("Safe mode holds back text that may become a tool call and sends the answer whole", async () => {
  using time = fakeTime();
  const { session, events, names } = await openSession({
    model: [call("nothing", {}, "let me see"), say("the ", "answer")],
    config: { answerStream: "safe" },
  });
  session.start({ text: "go" });
  await time.pass(60);
  assert.deepEqual(partials(events), []);
  const final = events.at(-1)!;
  assert.deepEqual([final.content, final.metadata.stream_id], ["the answer", undefined]);
  const thought = events.find(({ metadata }) => metadata.stage === "reasoning")!;
  assert.deepEqual([thought.content, thought.metadata.stream_id], ["let me see", undefined]);
  assert.ok(names().includes("tool_result"));
});

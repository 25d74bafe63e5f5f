import assert from "node:assert/strict";
import { encodeFrame } from "../../src/protocol/codec.ts";
import { maxFrameBytes } from "../../src/protocol/event.ts";
import { events } from "../../src/protocol/schema.ts";
import { byteLength } from "../../src/protocol/shrink.ts";
import type { Message } from "../../src/protocol/transcript.ts";
import { conversationBody, snapshotBody } from "../../src/session/conversation.ts";

const user = (content: string): Message => ({ role: "user", content });
const conversation = (messages: Message[]) => ({ agentName: "tester", state: "IDLE", messages });

const withTools: Message[] = [
  { role: "system", content: "secret prompt" },
  user("q"),
  { role: "assistant", content: "", tool_calls: [{ id: "1", name: "t", arguments: "{}" }] },
  { role: "tool", content: "r", tool_call_id: "1", name: "t", image: "data:x" },
  { role: "assistant", content: "a" },
];

interface Content {
  messages: Message[];
  total_messages: number;
}

Deno.test("The conversation never holds the system prompt", () => {
  const body = conversationBody(conversation(withTools));
  const { messages, total_messages } = body.content as Content;
  assert.deepEqual([messages.map(({ role }) => role), total_messages], [
    ["user", "assistant", "tool", "assistant"],
    4,
  ]);
});

Deno.test("A snapshot without sendLlmMessage holds only what user and assistant said to each other", () => {
  const body = snapshotBody(conversation(withTools), undefined, false);
  assert.deepEqual((body.content as Content).messages, [user("q"), { role: "assistant", content: "a" }]);
  const everything = snapshotBody(conversation(withTools), undefined, true);
  assert.deepEqual((everything.content as Content).messages, withTools.slice(1));
});

Deno.test("An answer in progress is the snapshot's last message and names its stream", () => {
  const body = snapshotBody(conversation([user("q")]), { id: "st_1", text: "half an" }, false);
  assert.deepEqual((body.content as Content).messages.at(-1), { role: "assistant", content: "half an" });
  assert.deepEqual([body.metadata!.open_stream_id, body.metadata!.snapshot], ["st_1", true]);
  assert.equal("open_stream_id" in snapshotBody(conversation([]), undefined, false).metadata!, false);
});

Deno.test("A snapshot holds the newest messages that fit a frame, whole", () => {
  for (const [piece, size] of [["a", 50_000], ["字", 40_000], ["😀", 30_000], ["\u0000", 9_000]] as const) {
    const messages = Array.from({ length: 40 }, (_, n) => user(`${n} ${piece.repeat(size / piece.length)}`));
    const body = snapshotBody(conversation(messages), undefined, true);
    const frame = encodeFrame({ ...body, session_id: "S1" }, "en");
    const parsed = JSON.parse(frame);
    assert.ok(byteLength(frame) <= maxFrameBytes);
    assert.equal(parsed.metadata.truncated, undefined, piece);
    const kept = parsed.content.messages as Message[];
    assert.ok(kept.length > 1);
    assert.deepEqual(kept, messages.slice(-kept.length));
    assert.equal(parsed.content.total_messages, 40);
  }
});

Deno.test("A newest message too long for a frame is still sent, shortened", () => {
  const messages = [user("old"), user("字".repeat(600_000))];
  const body = snapshotBody(conversation(messages), undefined, false);
  const parsed = JSON.parse(encodeFrame({ ...body, session_id: "S1" }, "en"));
  assert.deepEqual([parsed.content.messages.length, parsed.metadata.truncated], [1, true]);
  assert.match(parsed.content.messages[0].content, /^字+…$/);
});

Deno.test("A snapshot with everything never starts with a result whose call was cut off", () => {
  const big = "x".repeat(100_000);
  const messages: Message[] = [
    user("q"),
    {
      role: "assistant",
      content: "",
      tool_calls: ["1", "2", "3"].map((id) => ({ id, name: "t", arguments: big })),
    },
    ...["1", "2", "3"].map((id): Message => ({ role: "tool", content: "r", tool_call_id: id, name: "t" })),
  ];
  const body = snapshotBody(conversation(messages), undefined, true);
  assert.notEqual((body.content as Content).messages[0]?.role, "tool");
});

Deno.test("Both bodies have the shape of agent.llm_message", () => {
  const bodies = [
    conversationBody(conversation(withTools)),
    snapshotBody(conversation(withTools), { id: "st_1", text: "x" }, true),
    snapshotBody(conversation([]), undefined, false),
  ];
  for (const body of bodies) {
    const frame = JSON.parse(encodeFrame({ ...body, session_id: "S1" }, "en"));
    assert.equal(events.get("agent.llm_message")!.safeParse(frame).success, true);
  }
});

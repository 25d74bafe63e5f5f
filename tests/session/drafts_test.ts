import assert from "node:assert/strict";
import type { AgentEvent } from "../../src/mod.ts";
import { encodeFrame } from "../../src/protocol/codec.ts";
import { events } from "../../src/protocol/schema.ts";
import { draftOf } from "../../src/session/drafts.ts";

type Recorded = Parameters<typeof draftOf>[0];

const frame = (event: Recorded, streamId?: string) =>
  JSON.parse(encodeFrame({ ...draftOf(event, "en", streamId), session_id: "S1" }, "en", {
    seq: 1,
    event_id: "S1~e~1",
  }));

const all: Recorded[] = [
  { type: "thinking", text: "I look.", step: 1, stage: "reasoning", streamed: true },
  { type: "thinking", text: "", step: 2, stage: "summary" },
  {
    type: "tool_call",
    step: 1,
    stepId: "step_1_t",
    callId: "c",
    tool: "t",
    args: { a: null },
    special: true,
  },
  {
    type: "tool_result",
    stepId: "step_1_t",
    tool: "t",
    status: "success",
    text: "ok",
    durationMs: 3,
    message: { role: "tool", content: "r", tool_call_id: "c" },
    data: [{ a: 1 }],
    edited: { a: 2 },
  },
  {
    type: "tool_result",
    stepId: "step_1_t",
    tool: "t",
    status: "failed",
    text: "no",
    error: "no",
    errorCode: "ERR_EXECUTION_600",
    durationMs: 3,
    message: { role: "tool", content: "r", tool_call_id: "c" },
  },
  { type: "max_steps", maxSteps: 5 },
  { type: "custom", event: "solver.progress", metadata: { task_id: 1, progress_percent: 4 } },
];

Deno.test("Whatever an agent yields becomes an event of the protocol", () => {
  for (const event of all) {
    const written = frame(event, "st_1");
    const parsed = events.get(written.event)!.safeParse(written);
    assert.equal(parsed.success, true, `${event.type}: ${parsed.error?.message}`);
  }
});

Deno.test("Thinking names the stream whose text it repeats, and only then", () => {
  assert.equal(frame(all[0], "st_1").metadata.stream_id, "st_1");
  assert.equal("stream_id" in frame({ ...all[0], streamed: false } as Recorded, "st_1").metadata, false);
  assert.equal("stream_id" in frame(all[0], undefined).metadata, false);
});

Deno.test("A result is told with what it has and nothing else", () => {
  const good = frame(all[3]);
  assert.deepEqual(good.metadata, {
    tool: "t",
    status: "success",
    duration_ms: 3,
    data: [{ a: 1 }],
    args: { a: 2 },
    edited: true,
  });
  const bad = frame(all[4]);
  assert.deepEqual(bad.metadata, {
    tool: "t",
    status: "failed",
    duration_ms: 3,
    error: "no",
    error_code: "ERR_EXECUTION_600",
  });
});

Deno.test("A result with output and error keeps the output as its content", () => {
  const both = frame({ ...all[4], text: "rows 1-3", error: "disk full" } as Recorded);
  assert.deepEqual([both.content, both.metadata.error, both.show_content], [
    "rows 1-3",
    "disk full",
    "“t” failed: disk full",
  ]);
});

Deno.test("An agent's own event keeps its content and loses what only the server may say", () => {
  const custom = (content: unknown, metadata?: Record<string, unknown>) =>
    frame({ type: "custom", event: "shop.cart", content, metadata } as AgentEvent & { type: "custom" });
  for (const content of ["text", { a: 1 }, [1]]) assert.deepEqual(custom(content).content, content);
  assert.deepEqual([custom(5).content, custom(true).content], ["5", "true"]);
  assert.equal("content" in custom(undefined), false);
  assert.equal("content" in custom(null), false);
  assert.deepEqual(custom("x", { a: 1, terminal: true, run_id: "r", replayed: true }).metadata, { a: 1 });
});

Deno.test("An event with a name of the server is refused here too: agents may come from another process", () => {
  for (const event of ["agent.final_answer", "system.error", "nonsense"]) {
    assert.throws(() => draftOf({ type: "custom", event }, "en", undefined), { name: "AppError" });
  }
});

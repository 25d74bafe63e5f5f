import assert from "node:assert/strict";
import type { EventOf, ServerEvent, SessionEvent } from "../../src/client/client.ts";
import { events } from "../../src/protocol/schema.ts";

/** Complete, or the compiler complains; nothing else, or it complains as well. */
const typed: Record<ServerEvent["event"], true> = {
  "system.connected": true,
  "system.heartbeat": true,
  "system.notice": true,
  "system.error": true,
  "auth.error": true,
  "agent.session_created": true,
  "agent.ready": true,
  "agent.thinking": true,
  "agent.tool_call": true,
  "agent.tool_result": true,
  "agent.partial_answer": true,
  "agent.final_answer": true,
  "agent.llm_message": true,
  "agent.error": true,
  "agent.timeout": true,
  "agent.interrupted": true,
  "agent.session_end": true,
  "agent.user_confirm": true,
  "agent.state_exported": true,
  "agent.state_restored": true,
  "plan.start": true,
  "plan.completed": true,
  "plan.cancelled": true,
  "plan.step_completed": true,
  "plan.validation_error": true,
  "plan.coercion_error": true,
  "solver.start": true,
  "solver.completed": true,
  "solver.cancelled": true,
  "solver.restarted": true,
  "solver.progress": true,
  "solver.step_failed": true,
  "solver.retry": true,
  "aggregate.start": true,
  "aggregate.completed": true,
  "pipeline.completed": true,
  "error.execution": true,
  "error.validation": true,
  "error.timeout": true,
  "error.recovery_started": true,
  "error.recovery_success": true,
  "error.recovery_failed": true,
};

Deno.test("The client's types name every event that the server may send, and no other", () => {
  const declared = [...events.entries()].filter(([name, type]) =>
    type.shape.event !== undefined && !name.startsWith("user.")
  );
  assert.deepEqual(Object.keys(typed).sort(), declared.map(([name]) => name).sort());
});

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What a `switch` over the name gives: checked by the compiler, here and in every editor. */
function describe(event: SessionEvent): string {
  switch (event.event) {
    case "agent.tool_call":
      return `${event.metadata.tool}(${Object.keys(event.metadata.args)})`;
    case "solver.start":
      return String(event.content.task.id);
    case "solver.progress":
      return String(event.metadata.task_id);
    case "error.execution":
      return event.content ?? "";
    case "plan.start":
      return event.content.question;
    case "agent.error":
      return event.metadata.error_code;
    case "snapshot":
      return event.content.messages[0].content;
    default:
      return event.event;
  }
}

Deno.test("The name of an event tells its type", () => {
  const status: Same<EventOf<"agent.tool_result">["metadata"]["status"], "success" | "failed" | "unknown"> =
    true;
  const taskId: Same<EventOf<"solver.retry">["metadata"]["task_id"], string | number> = true;
  assert.ok(status && taskId);
  const base = { timestamp: "2025-01-02T03:04:05.678Z", session_id: "S1" };
  assert.equal(describe({ ...base, event: "plan.start", content: { question: "why" }, metadata: {} }), "why");
});

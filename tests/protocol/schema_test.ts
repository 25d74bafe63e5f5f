import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { complete, examples, nameOf } from "./examples.ts";
import { commandNames } from "../../src/protocol/commands.ts";
import { events, eventSchema, protocolMarkdown, protocolSchema } from "../../src/protocol/schema.ts";

/** Every name of protocol.md §7, §9, §10, §11 and §12. */
const names = {
  commands: [
    "user.create_session",
    "user.message",
    "user.solve_tasks",
    "user.response",
    "user.cancel",
    "user.ack",
    "user.reconnect",
    "user.request_state",
    "user.reconnect_with_state",
    "user.cancel_task",
    "user.restart_task",
    "user.retry_task",
    "user.cancel_plan",
    "user.replan",
  ],
  connection: ["system.connected", "system.heartbeat", "system.notice", "system.error", "auth.error"],
  session: [
    "agent.session_created",
    "agent.ready",
    "agent.thinking",
    "agent.tool_call",
    "agent.tool_result",
    "agent.partial_answer",
    "agent.final_answer",
    "agent.llm_message",
    "agent.error",
    "agent.timeout",
    "agent.interrupted",
    "agent.session_end",
    "agent.user_confirm",
    "agent.state_exported",
    "agent.state_restored",
  ],
  plan: [
    "plan.start",
    "plan.completed",
    "plan.cancelled",
    "plan.step_completed",
    "plan.validation_error",
    "plan.coercion_error",
    "solver.start",
    "solver.completed",
    "solver.cancelled",
    "solver.restarted",
    "solver.progress",
    "solver.step_failed",
    "solver.retry",
    "aggregate.start",
    "aggregate.completed",
    "pipeline.completed",
    "error.execution",
    "error.validation",
    "error.timeout",
    "error.recovery_started",
    "error.recovery_success",
    "error.recovery_failed",
  ],
  trace: [
    "start_agent",
    "cancel_agent",
    "connection_established",
    "trace_started",
    "think_completed",
    "tool_completed",
    "run_error",
    "status_update",
    "trace_completed",
  ],
};

Deno.test("Every event of the protocol has a definition, and nothing else has", () => {
  assert.deepEqual([...events.keys()].sort(), Object.values(names).flat().sort());
  assert.deepEqual([...commandNames].sort(), [...names.commands].sort());
  assert.deepEqual(Object.keys(protocolSchema().$defs as object).sort(), Object.values(names).flat().sort());
});

Deno.test("The examples of the protocol are one of each kind, and validate as zod types and as JSON Schema", () => {
  assert.deepEqual(new Set(examples.map(nameOf)), new Set(events.keys()));
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const whole = ajv.compile(protocolSchema());
  for (const example of examples) {
    const frame = complete(example);
    const name = nameOf(frame);
    const parsed = events.get(name)!.safeParse(frame);
    assert.equal(parsed.success, true, `${name}: ${parsed.error?.message}`);
    const one = ajv.compile(eventSchema(name)!);
    assert.equal(one(frame), true, `${name}: ${ajv.errorsText(one.errors)}`);
    assert.equal(whole(frame), true, name);
  }
});

Deno.test("The schema does tell frames apart: a wrong member does not pass", () => {
  const wrong: Record<string, unknown>[] = [
    { ...complete(examples[0]), content: 5 },
    { ...complete(examples[3]), metadata: { error_code: "ERR_NOBODY_1", recovery_action: "abort" } },
    { ...complete(examples[7]), timestamp: "2025-01-02 03:04:05" },
    { ...complete(examples[7]), seq: 0 },
    { ...complete(examples[7]), session_id: "a~b" },
    { ...complete(examples[9]), step_id: undefined },
    { event: "user.cancel" },
    { event: "user.message", session_id: "S1", message_id: "m".repeat(129) },
  ];
  for (const frame of wrong) {
    const text = JSON.parse(JSON.stringify(frame));
    assert.equal(events.get(nameOf(text))!.safeParse(text).success, false, JSON.stringify(text));
  }
});

Deno.test("A name that is none has no schema, whatever it is", () => {
  for (const name of ["nobody", "", "constructor", "__proto__", "toString"]) {
    assert.equal(eventSchema(name), undefined, name);
  }
});

Deno.test("Every event has a row of documentation", () => {
  const text = protocolMarkdown();
  for (const name of events.keys()) assert.ok(text.includes(`\`${name}\``), name);
  assert.doesNotMatch(text, /undefined|\[object/);
});

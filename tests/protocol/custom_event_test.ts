import assert from "node:assert/strict";
import { authorMetadata, checkCustomEvent } from "../../src/protocol/custom_event.ts";
import { events } from "../../src/protocol/schema.ts";

/** Events of the protocol an agent may send, each with members that fit. */
const open: Record<string, [content: unknown, metadata: Record<string, unknown>]> = {
  "plan.step_completed": ["Sources read", { step_name: "read", step_index: 1 }],
  "solver.progress": [undefined, { task_id: 1, progress_percent: 40 }],
  "solver.step_failed": [{ error_message: "timeout", step_name: "query" }, { task_id: "1" }],
  "solver.retry": [undefined, { task_id: 1, attempt: 2, max_attempts: 3 }],
  "error.execution": ["Query failed", { error_code: "ERR_EXECUTION_602" }],
  "error.validation": ["id missing", { field: "id" }],
  "error.timeout": ["Query took too long", { timeout_seconds: 30 }],
  "error.recovery_started": ["Trying again", { attempt: 1 }],
  "error.recovery_success": ["Recovered", { attempts: 2 }],
  "error.recovery_failed": ["Gave up", { attempts: 3 }],
};

Deno.test("An agent may use names of its own and the events the protocol leaves to agents", () => {
  for (const name of ["shop.cart_changed", "a.b", "x.plan.start", "my-app.v2.done"]) checkCustomEvent(name);
  for (const [name, [content, metadata]] of Object.entries(open)) checkCustomEvent(name, content, metadata);
});

Deno.test("No other name of the protocol can be emitted, however it is written", () => {
  const taken = [...events.keys()].filter((name) => name.includes(".") && !(name in open));
  assert.ok(taken.length > 30);
  for (
    const name of [...taken, "agent.custom", "system.x", "AGENT.final_answer", "User.message", "Plan.start"]
  ) {
    assert.throws(() => checkCustomEvent(name), { name: "AppError", message: /belongs to the server/ }, name);
  }
});

Deno.test("A malformed name is refused", () => {
  const names = [
    "",
    "shop",
    ".x",
    "x.",
    "shop..x",
    "shop x.y",
    "shop.\nx",
    "1.x",
    "x".repeat(99) + ".y",
    "shop.a\n",
  ];
  for (const name of [...names, 5, null, undefined, {}]) {
    assert.throws(() => checkCustomEvent(name as string), { name: "AppError" }, String(name));
  }
});

Deno.test("An event of the protocol must have the shape the protocol gives it", () => {
  const wrong: [string, unknown, Record<string, unknown>?][] = [
    ["solver.retry", undefined],
    ["solver.progress", undefined, { progress_percent: 4 }],
    ["error.execution", { a: 1 }],
    ["plan.step_completed", 5],
    ["error.timeout", "x", { task_id: {} }],
  ];
  for (const [name, content, metadata] of wrong) {
    assert.throws(() => checkCustomEvent(name, content, metadata), {
      name: "AppError",
      message: new RegExp(`^Cannot emit "${name}": `),
    });
  }
});

Deno.test("Metadata of agents never holds what only the server may say", () => {
  const own = { step_name: "read", agent_name: "a", data: null };
  const forged = {
    run_id: "r",
    terminal: true,
    message_id: "m",
    reply_to: "m",
    replayed: true,
    reoffered: true,
    resolved: true,
    truncated: true,
    original_bytes: 5,
  };
  assert.deepEqual(authorMetadata({ ...own, ...forged }), own);
  assert.deepEqual(authorMetadata(), {});
});

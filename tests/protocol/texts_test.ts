import assert from "node:assert/strict";
import { localizedReason, refuse, statusText } from "../../src/protocol/texts.ts";

Deno.test("A refusal's gap is filled with the value as it is", () => {
  assert.equal(
    refuse("unknownEvent", "$& {} $1").message,
    "Unknown event type or missing session_id: $& {} $1",
  );
  assert.equal(refuse("sessionNotFound").message, "Session not found");
  const error = refuse("rateLimited", "", { retry_after_ms: 7 });
  assert.deepEqual([error.code, error.details], ["ERR_RATELIMIT_700", { retry_after_ms: 7 }]);
});

Deno.test("Fixed texts of the protocol are word for word", () => {
  const texts = {
    notAnObject: "Message must be a JSON object",
    emptyMessage: "Message content cannot be empty",
    busy: "Agent is currently running, please try again later",
    sessionNotFound: "Session not found",
    sessionClosed: "Session is closed",
    notYourSession: "Session does not belong to this connection",
    missingStepId: "Missing step_id in user response",
    missingTasks: "Missing tasks in user.solve_tasks content",
    missingTaskToCancel: "Missing task_id for cancel_task",
    missingTaskToRestart: "Missing task_id for restart_task",
    missingState: "Missing signed_state in reconnect request",
  } as const;
  for (const [name, text] of Object.entries(texts)) {
    assert.equal(refuse(name as keyof typeof texts).message, text);
  }
  assert.equal(
    refuse("unsupported", "direct task solving").message,
    "Agent does not support direct task solving",
  );
  assert.equal(refuse("createFailed", "x").message, "Failed to create session: x");
});

Deno.test("A status line speaks the session's language and takes its value as it is", () => {
  assert.equal(statusText("toolCall", "zh", "$&"), "调用工具: $&");
  assert.equal(statusText("toolCall", "en", "t"), "Tool call: t");
  assert.equal(statusText("created", "zh"), "会话创建成功");
  assert.equal(statusText("created", "en"), "Session created");
});

Deno.test("A reason that is no fixed text is shown as it is, in both languages", () => {
  for (const text of ["disk full", "Session", "Too many", ""]) {
    assert.equal(localizedReason(text, "zh"), text);
    assert.equal(localizedReason(text, "en"), text);
  }
  assert.equal(localizedReason("Session is closed", "en"), "Session is closed");
  assert.equal(localizedReason("Too many sessions: this server holds 5", "zh"), "会话数已达上限");
});

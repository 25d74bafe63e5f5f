import assert from "node:assert/strict";
import { AppError, closeCodes, describeCause, type ErrorCode, failures } from "../src/errors.ts";

/** The table of protocol.md §13, written down a second time. */
const recovery: Record<string, string> = {
  ERR_VALIDATION_400: "manual_input",
  ERR_VALIDATION_401: "manual_input",
  ERR_VALIDATION_402: "manual_input",
  ERR_VALIDATION_403: "manual_input",
  ERR_VALIDATION_405: "abort",
  ERR_VALIDATION_406: "export_state_again",
  ERR_TIMEOUT_500: "retry",
  ERR_TIMEOUT_501: "retry",
  ERR_TIMEOUT_502: "retry",
  ERR_EXECUTION_600: "retry",
  ERR_EXECUTION_601: "retry",
  ERR_EXECUTION_602: "retry",
  ERR_EXECUTION_603: "retry",
  ERR_EXECUTION_604: "abort",
  ERR_EXECUTION_605: "manual_input",
  ERR_RATELIMIT_700: "retry",
  ERR_RATELIMIT_701: "abort",
  ERR_RATELIMIT_702: "wait",
  ERR_RATELIMIT_703: "abort",
  ERR_AUTH_800: "authenticate",
  ERR_AUTH_801: "authenticate",
  ERR_AUTH_802: "abort",
  ERR_AUTH_803: "create_new_session",
  ERR_CONNECTION_900: "reconnect",
  ERR_CONNECTION_901: "reconnect",
  ERR_CONNECTION_902: "create_new_session",
  ERR_CONNECTION_903: "create_new_session",
  ERR_CONNECTION_904: "reconnect",
};

Deno.test("Every code of the protocol has its recovery action, and there is no other code", () => {
  const own = Object.fromEntries(
    Object.keys(failures).map((code) => [code, new AppError(code as ErrorCode, "x").recoveryAction]),
  );
  assert.deepEqual(own, recovery);
});

Deno.test("Close reasons have the codes of the protocol", () => {
  const expected = {
    bye: 1000,
    shutdown: 1001,
    unsupported_data: 1003,
    invalid_utf8: 1007,
    rate_limit: 1008,
    inbound_overflow: 1008,
    policy: 1008,
    bad_session_id: 1008,
    frame_too_big: 1009,
    internal_error: 1011,
    restart: 1012,
    over_capacity: 1013,
    invalid_token: 4001,
    auth_timeout: 4001,
    token_expired: 4001,
    forbidden: 4003,
    slow_consumer: 4008,
    session_limit: 4009,
    connection_limit: 4009,
  };
  assert.deepEqual(closeCodes, expected);
});

Deno.test("A failure's status, action and retryability follow from its code alone", () => {
  const error = new AppError("ERR_EXECUTION_601", "model unreachable", { details: { retry_after_ms: 5 } });
  assert.deepEqual([error.httpStatus, error.retryable, error.recoveryAction], [502, true, "retry"]);
  assert.deepEqual(error.details, { retry_after_ms: 5 });
  assert.equal(new AppError("ERR_VALIDATION_402", "x").retryable, false);
  for (const code of Object.keys(failures) as ErrorCode[]) {
    const { httpStatus } = new AppError(code, "x");
    assert.ok(httpStatus >= 400 && httpStatus < 600, code);
  }
});

Deno.test("Anything thrown becomes a failure with a general sentence; a failure made for people stays as it is", () => {
  const own = new AppError("ERR_CONNECTION_902", "Session not found");
  assert.equal(AppError.from(own), own);
  for (const cause of [new TypeError("secret"), "secret", null, undefined, 7, Object.create(null)]) {
    const error = AppError.from(cause);
    assert.deepEqual([error.code, error.message], [
      "ERR_EXECUTION_604",
      "Unexpected fault in agent or server code",
    ]);
    assert.equal(error.cause, cause);
  }
});

Deno.test("A cause is described with what caused it", () => {
  const error = new Error("Cannot store", { cause: new Error("disk full", { cause: "quota" }) });
  assert.equal(describeCause(error), "Cannot store (disk full (quota))");
  assert.deepEqual([describeCause("text"), describeCause(5), describeCause(undefined)], [
    "text",
    "5",
    "undefined",
  ]);
});

Deno.test("Describing a cause never throws, whatever was thrown", () => {
  const circular = new Error("first");
  const second = new Error("second", { cause: circular });
  circular.cause = second;
  assert.match(describeCause(circular), /^first/);
  const hostile = {
    toString() {
      throw new Error("no");
    },
  };
  for (const value of [Object.create(null), hostile, Symbol("s")]) {
    assert.equal(typeof describeCause(value), "string");
  }
});

/** The one table of failures, and the one class that carries them. */

/** What a client should do about a failure (protocol.md §13). */
export type RecoveryAction =
  | "manual_input"
  | "retry"
  | "wait"
  | "authenticate"
  | "reconnect"
  | "create_new_session"
  | "export_state_again"
  | "abort";

type Row = readonly [meaning: string, recovery: RecoveryAction, httpStatus: number];

/** Code → meaning, recovery action, HTTP status. Everything else about a failure follows from its row. */
export const failures = {
  ERR_VALIDATION_400: ["not JSON, not an object, unknown event or missing session id", "manual_input", 400],
  ERR_VALIDATION_401: ["required field missing", "manual_input", 400],
  ERR_VALIDATION_402: ["constraint broken", "manual_input", 422],
  ERR_VALIDATION_403: ["wrong type", "manual_input", 400],
  ERR_VALIDATION_405: ["agent does not support the command", "abort", 405],
  ERR_VALIDATION_406: ["signed state unusable", "export_state_again", 422],
  ERR_TIMEOUT_500: ["one call took too long", "retry", 504],
  ERR_TIMEOUT_501: ["the run took too long", "retry", 504],
  ERR_TIMEOUT_502: ["a confirmation took too long", "retry", 504],
  ERR_EXECUTION_600: ["tool failed", "retry", 500],
  ERR_EXECUTION_601: ["model or API call failed", "retry", 502],
  ERR_EXECUTION_602: ["storage or database failed", "retry", 503],
  ERR_EXECUTION_603: ["out of a resource", "retry", 507],
  ERR_EXECUTION_604: ["agent, hook or server code failed", "abort", 500],
  ERR_EXECUTION_605: ["outcome of a tool call unknown after a crash", "manual_input", 500],
  ERR_RATELIMIT_700: ["too many messages", "retry", 429],
  ERR_RATELIMIT_701: ["token or cost quota used up", "abort", 429],
  ERR_RATELIMIT_702: ["session busy", "wait", 409],
  ERR_RATELIMIT_703: ["session, connection or attachment limit reached", "abort", 429],
  ERR_AUTH_800: ["token missing or wrong", "authenticate", 401],
  ERR_AUTH_801: ["token expired", "authenticate", 401],
  ERR_AUTH_802: ["not allowed", "abort", 403],
  ERR_AUTH_803: ["signed state: signature, audience or principal", "create_new_session", 403],
  ERR_CONNECTION_900: ["server is closing this connection", "reconnect", 503],
  ERR_CONNECTION_901: ["session belongs to another connection", "reconnect", 409],
  ERR_CONNECTION_902: ["session not found", "create_new_session", 404],
  ERR_CONNECTION_903: ["session is closed", "create_new_session", 410],
  ERR_CONNECTION_904: ["session already active on another connection", "reconnect", 409],
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof failures;

/** Close reason (the machine word on the wire) → WebSocket close code (protocol.md §6). */
export const closeCodes = {
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
} as const;

export type CloseReason = keyof typeof closeCodes;

/**
 * A failure whose message is made for the person who reads it: it names the failed action and the offending
 * value, and never holds a stack, a path of the server or a secret. The cause stays on the server.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  /** Machine data that goes to the client beside the code, e.g. `retry_after_ms`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get recoveryAction(): RecoveryAction {
    return failures[this.code][1];
  }

  get httpStatus(): number {
    return failures[this.code][2];
  }

  /** True when the same request may succeed later without a change. */
  get retryable(): boolean {
    return this.recoveryAction === "retry";
  }

  /** Wraps anything thrown; what is not already an AppError becomes an internal fault with a general sentence. */
  static from(cause: unknown): AppError {
    return cause instanceof AppError
      ? cause
      : new AppError("ERR_EXECUTION_604", "Unexpected fault in agent or server code", { cause });
  }
}

/** The reason of a thrown value as one line for logs on the server; clients get `AppError.message` only. */
export function describeCause(cause: unknown, depth = 4): string {
  try {
    if (!(cause instanceof Error)) return String(cause);
    const inner = cause.cause === undefined || depth === 0
      ? ""
      : ` (${describeCause(cause.cause, depth - 1)})`;
    return `${cause.message}${inner}`;
  } catch {
    // Anything can be thrown, also what cannot be printed.
    return "a value that cannot be shown";
  }
}

/** The one class of failures that the client gives to its caller. */
import type { Frame, RecoveryAction, ServerErrorCode } from "./events.ts";

/**
 * What failed, beside the codes of the server:
 * - `interrupted`: the run was stopped; `reason` says by what
 * - `closed`: the client or the session was closed, or the server refuses this client for good
 * - `session_ended`: the session is over
 * - `gap`: the run ended among events that the server cannot give any more
 * - `already_answered`: the message id was used before, and its run is over
 * - `question_closed`: the question is not open, or its run was stopped
 * - `too_big`: the message is above the limit of 1 MiB
 * - `overflow`: a reader of events fell too far behind
 */
export type ClientErrorCode =
  | ServerErrorCode
  | "interrupted"
  | "closed"
  | "session_ended"
  | "gap"
  | "already_answered"
  | "question_closed"
  | "too_big"
  | "overflow";

export class MyAgentError extends Error {
  override readonly name = "MyAgentError";
  readonly code: ClientErrorCode;
  /** What may help, as the server sees it. */
  readonly recoveryAction?: RecoveryAction;
  /** Reason of an interruption or of a close, as a machine word. */
  readonly reason?: string;

  constructor(
    code: ClientErrorCode,
    message: string,
    more: { recoveryAction?: RecoveryAction; reason?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.recoveryAction = more.recoveryAction;
    this.reason = more.reason;
  }
}

/** The failure that an error frame of the server tells of. */
export function errorOf({ content, metadata }: Frame): MyAgentError {
  return new MyAgentError(metadata.error_code as ServerErrorCode, String(content), {
    recoveryAction: metadata.recovery_action as RecoveryAction,
  });
}

export function interruption(reason: string): MyAgentError {
  return new MyAgentError("interrupted", `The run was stopped: ${reason}`, { reason });
}

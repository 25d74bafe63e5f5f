/** Verifying a state that a client brings back: whatever it holds, the outcome is a session or a refusal (protocol.md §11). */
import { z } from "zod";
import { AppError, type ErrorCode } from "../errors.ts";
import { Message } from "../protocol/transcript.ts";
import {
  checksumOf,
  ExportedState,
  maxClockSkewSeconds,
  maxStateBytes,
  maxStateMessages,
  requiredSignedMembers,
  requiredStateMembers,
  signatureOf,
  type StateAuthority,
  stateLifeSeconds,
  stateSize,
  stateVersion,
} from "./signed_state.ts";
import { equalDigests } from "./state_keys.ts";
import { isTooLarge } from "./state_limits.ts";
import { pairCalls } from "./state_transcript.ts";

/** Why a restored session is not quite the exported one. */
export type RestoreWarning =
  /** Questions were open at the export; they are not asked again. */
  | "confirmations_dropped"
  /** Calls without a result, or results without a call, were left out. */
  | "orphan_messages_dropped"
  /** Values of the session were too large to be exported. */
  | "values_dropped";

export interface RestoredState {
  readonly state: ExportedState;
  readonly messages: Message[];
  /** What tools see as `ctx.session`. */
  readonly values: Record<string, unknown>;
  readonly warnings: RestoreWarning[];
}

type Members = Record<string, unknown>;

function invalid(reason: string, code: ErrorCode = "ERR_VALIDATION_406", cause?: unknown): AppError {
  return new AppError(code, `Invalid state: ${reason}`, { cause });
}

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Checks a signed state in the order of the protocol and reads it. Members of a wrong type fail at the first check
 * that they cannot pass; those that the signature covers and nothing else looks at are malformed.
 *
 * @param given - the object, or its JSON text
 * @throws AppError "Invalid state: …", ERR_VALIDATION_406 or, for signature, audience and principal, ERR_AUTH_803
 */
export function verifyState(given: unknown, authority: StateAuthority): RestoredState {
  try {
    const signed = typeof given === "string" ? JSON.parse(given) : given;
    if (!isObject(signed)) throw invalid("Malformed state");
    checkMembers(signed);
    checkAge(signed, authority.nowMs);
    checkIntegrity(signed, authority);
    return readState(signed.state);
  } catch (cause) {
    // No JSON, too many levels, a value that no frame can bring: none of it can be a state.
    throw cause instanceof AppError ? cause : invalid("Malformed state", undefined, cause);
  }
}

function checkMembers(signed: Members): void {
  const { state } = signed;
  const missing = (tree: Members, names: readonly string[]) =>
    names.find((name) => !Object.hasOwn(tree, name) || tree[name] === undefined || tree[name] === null);
  const name = missing(signed, requiredSignedMembers) ??
    (isObject(state) ? missing(state, requiredStateMembers) : undefined);
  if (name) throw invalid(`Missing required field: ${name}`);
  if (signed.version !== stateVersion) throw invalid("Version mismatch");
}

function checkAge({ timestamp }: Members, nowMs: number): void {
  if (typeof timestamp !== "number") return;
  const ageSeconds = nowMs / 1000 - timestamp;
  if (ageSeconds > stateLifeSeconds) throw invalid("State expired");
  if (ageSeconds < -maxClockSkewSeconds) throw invalid("Timestamp in the future");
}

function checkIntegrity(signed: Members, { keys, audience, subject }: StateAuthority): void {
  if (stateSize(signed) > maxStateBytes) throw invalid("State too large");
  if (!equalDigests(signed.checksum, checksumOf(signed.state))) throw invalid("checksum mismatch");
  const genuine = keys.some(({ id, secret }) =>
    id === signed.key_id && equalDigests(signed.signature, signatureOf(signed, secret))
  );
  if (!genuine) throw invalid("Invalid state signature", "ERR_AUTH_803");
  if (signed.audience !== audience) throw invalid("Audience mismatch", "ERR_AUTH_803");
  if (signed.subject !== subject) throw invalid("Principal mismatch", "ERR_AUTH_803");
  // Signed, and yet without a time: nobody could say when it ends.
  if (!Number.isSafeInteger(signed.timestamp)) throw invalid("Malformed state");
}

/** A copy without members named `__proto__`, which turn into prototypes wherever they are assigned. */
function parseSafely(text: string): unknown {
  return JSON.parse(text, (name, value) => name === "__proto__" ? undefined : value);
}

function readState(given: unknown): RestoredState {
  const state = ExportedState.parse(parseSafely(JSON.stringify(given)));
  const snapshot = parseSafely(state.memory_snapshot);
  // Counted first: a list of 30,000 wrong items would make as many complaints.
  if (!Array.isArray(snapshot) || snapshot.length > maxStateMessages) throw invalid("Malformed state");
  const { messages, dropped } = pairCalls(z.array(Message).parse(snapshot));
  const values = state.metadata.session_state;
  const warnings: RestoreWarning[] = [];
  if (state.pending_confirmations.length > 0) warnings.push("confirmations_dropped");
  if (dropped > 0) warnings.push("orphan_messages_dropped");
  if (Object.values(values).some(isTooLarge)) warnings.push("values_dropped");
  return { state, messages, values, warnings };
}

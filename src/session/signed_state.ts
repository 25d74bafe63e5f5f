/** A session as a client may keep it: its shape, its limits, and what makes it tamper-proof (protocol.md §11). */
import { z } from "zod";
import { SessionId, Timestamp } from "../protocol/event.ts";
import { byteLength } from "../protocol/shrink.ts";
import { canonicalJson } from "./state_canonical.ts";
import { hmacSha256, sha256, type StateKey } from "./state_keys.ts";

export const stateVersion = "1.0";
/** Bytes of a whole signed state as JSON without white space. */
export const maxStateBytes = 100_000;
export const maxStateMessages = 100;
/** How long a state can be restored: 7 days. */
export const stateLifeSeconds = 604_800;
/** How far the clock of the server that signed may be ahead. */
export const maxClockSkewSeconds = 60;

const Values = z.record(z.string(), z.unknown());

/** What is exported of a session. Only the first four members are required when it comes back. */
export const ExportedState = z.object({
  session_id: SessionId,
  current_step: z.int().min(0),
  agent_state: z.string().max(64),
  created_at: Timestamp,
  last_active_at: Timestamp.optional(),
  /** JSON text of the messages. */
  memory_snapshot: z.string().default("[]"),
  tool_states: Values.default({}),
  pending_confirmations: z.array(z.unknown()).default([]),
  metadata: z.object({
    agent_name: z.string().optional(),
    agent_config: Values.default({}),
    /** The session's values, which tools see as `ctx.session`. */
    session_state: Values.default({}),
  }).prefault({}),
});
export type ExportedState = z.infer<typeof ExportedState>;

/** Members of an exported state without which there is nothing to restore. */
export const requiredStateMembers = ["session_id", "current_step", "agent_state", "created_at"] as const;

/** The state beside everything that proves where it comes from. Signed, not encrypted: its owner may read it. */
export interface SignedState {
  readonly state: ExportedState;
  /** When it was signed, in seconds since 1970. */
  readonly timestamp: number;
  readonly version: string;
  /** Names the key of the signature. */
  readonly key_id: string;
  /** The server or agent that it was made by and for. */
  readonly audience: string;
  /** Its owner, from `stateSubject`. */
  readonly subject: string;
  /** Hex SHA-256 of the state's canonical JSON. */
  readonly checksum: string;
  /** Hex HMAC-SHA256 of the canonical JSON of everything else. */
  readonly signature: string;
}

/** In the order in which a missing one is named. */
export const requiredSignedMembers = [
  "state",
  "timestamp",
  "version",
  "key_id",
  "audience",
  "subject",
  "checksum",
  "signature",
] as const satisfies readonly (keyof SignedState)[];

/** On whose behalf a state is signed or verified. */
export interface StateAuthority {
  /** The first one signs, all of them verify. */
  readonly keys: readonly StateKey[];
  readonly audience: string;
  /** From `stateSubject`. */
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Bytes of a signed state as JSON without white space, however it was written. Cheaper by far than a checksum. */
export function stateSize(signed: object): number {
  return byteLength(JSON.stringify(signed));
}

/** @throws TypeError when JSON cannot hold the state */
export function checksumOf(state: unknown): string {
  return sha256(canonicalJson(state));
}

/**
 * The signature over every member but the signature itself, also over those that nobody knows.
 *
 * @throws TypeError when JSON cannot hold the members
 */
export function signatureOf(signed: object, secret: string): string {
  const { signature: _, ...signable } = signed as { signature?: unknown };
  return hmacSha256(canonicalJson(signable), secret);
}

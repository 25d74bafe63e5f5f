/** Exporting a session: what leaves, shortened and without secrets, signed (protocol.md §11). */
import { AppError } from "../errors.ts";
import { isoTime } from "../protocol/time.ts";
import type { Message } from "../protocol/transcript.ts";
import {
  checksumOf,
  type ExportedState,
  maxStateBytes,
  signatureOf,
  type SignedState,
  type StateAuthority,
  stateLifeSeconds,
  stateSize,
  stateVersion,
} from "./signed_state.ts";
import { fitList, fitMessages, fitValues, newestForState } from "./state_limits.ts";
import { redact, redactArguments } from "./state_redaction.ts";
import { pairCalls } from "./state_transcript.ts";

/** A session after its last completed step. */
export interface StateSource {
  readonly sessionId: string;
  /** Steps of the run that are completed. */
  readonly step: number;
  /** `IDLE` or `RUNNING`. */
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly activeAt: number;
  readonly agentName: string;
  /** What is worth knowing of the agent's options. */
  readonly agentConfig?: Readonly<Record<string, unknown>>;
  readonly messages: readonly Message[];
  /** What tools see as `ctx.session`. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Default: none. */
  readonly toolStates?: Readonly<Record<string, unknown>>;
  /** Open questions; a restored session only knows that there were some. Default: none. */
  readonly pendingConfirmations?: readonly unknown[];
}

export interface StateExport {
  readonly signedState: SignedState;
  /** Bytes of the whole signed state as JSON without white space. */
  readonly size: number;
  readonly messageCount: number;
  /** UTC with milliseconds. */
  readonly expiresAt: string;
}

// Together below three quarters of a state, so that there is always room for the newest messages.
const roomBytes = { values: 50_000, toolStates: 10_000, agentConfig: 5_000, confirmations: 5_000 } as const;

/**
 * Makes the signed state of a session. Secrets are replaced by "[removed]"; of a long conversation only the newest
 * part goes along, and values that are too large stay behind as "[too large]".
 *
 * @throws AppError ERR_EXECUTION_604 without a key, ERR_EXECUTION_603 when names alone fill the state
 */
export function signState(source: StateSource, authority: StateAuthority): StateExport {
  const { keys: [key], audience, subject, nowMs } = authority;
  if (!key) throw new AppError("ERR_EXECUTION_604", "Cannot export the session: no key is configured");
  const timestamp = Math.floor(nowMs / 1000);
  const base = stateWithoutMemory(source);
  const seal = (memory: string): SignedState => {
    const state = { ...base, memory_snapshot: memory };
    const unsigned = { state, timestamp, version: stateVersion, key_id: key.id, audience, subject };
    const signable = { ...unsigned, checksum: checksumOf(state) };
    return { ...signable, signature: signatureOf(signable, key.secret) };
  };
  const newest = newestForState(pairCalls(source.messages).messages).map(withoutSecrets);
  const messages = fitMessages(newest, maxStateBytes - stateSize(seal("")));
  const signedState = seal(JSON.stringify(messages));
  const size = stateSize(signedState);
  if (size > maxStateBytes) {
    const reason = `its state takes ${size} bytes, at most ${maxStateBytes} are allowed`;
    throw new AppError("ERR_EXECUTION_603", `Cannot export the session: ${reason}`);
  }
  const expiresAt = isoTime((timestamp + stateLifeSeconds) * 1000);
  return { signedState, size, messageCount: messages.length, expiresAt };
}

function stateWithoutMemory(source: StateSource): Omit<ExportedState, "memory_snapshot"> {
  const { sessionId, step, state, createdAt, activeAt, agentName } = source;
  return {
    session_id: sessionId,
    current_step: step,
    agent_state: state,
    created_at: isoTime(createdAt),
    last_active_at: isoTime(activeAt),
    tool_states: membersOf(source.toolStates, roomBytes.toolStates),
    pending_confirmations: fitList(listOf(source.pendingConfirmations), roomBytes.confirmations),
    metadata: {
      agent_name: agentName,
      agent_config: membersOf(source.agentConfig, roomBytes.agentConfig),
      session_state: membersOf(source.values, roomBytes.values),
    },
  };
}

/** Values as they leave; what turns out to be no object of values, say a thing that writes itself as text, is none. */
function membersOf(values: unknown, room: number): Record<string, unknown> {
  const members = redact(values, "values");
  const isObject = typeof members === "object" && members !== null && !Array.isArray(members);
  return fitValues(isObject ? members as Record<string, unknown> : {}, room);
}

function listOf(items: unknown): unknown[] {
  const list = redact(items, "arguments");
  return Array.isArray(list) ? list : [];
}

function withoutSecrets(message: Message): Message {
  const calls = message.tool_calls?.map((call) => ({ ...call, arguments: redactArguments(call.arguments) }));
  return calls ? { ...message, tool_calls: calls } : message;
}

/** State export and restore (protocol.md §11): a session that its owner takes away and brings back. */
import { AppError } from "../errors.ts";
import { type DeliveryMark, replyTo, withMark } from "../protocol/codec.ts";
import type { Command } from "../protocol/commands.ts";
import { readPosition } from "../protocol/position.ts";
import { refuse, statusText } from "../protocol/texts.ts";
import type { Session } from "../session/session.ts";
import type { StateAuthority } from "../session/signed_state.ts";
import { signState } from "../session/state_export.ts";
import { stateSubject } from "../session/state_keys.ts";
import { type RestoredState, verifyState } from "../session/state_restore.ts";
import type { Entry } from "../store/store.ts";
import { hold, recoveryFor } from "./native_attach.ts";
import type { NativeConnection } from "./native_connection.ts";

function authorityOf({ peer, services }: NativeConnection): StateAuthority {
  const { keys, audience } = services.state;
  return { keys, audience, subject: stateSubject(audience, peer.principal), nowMs: Date.now() };
}

/** Answers with the signed state of the session after its last completed step. */
export function exportState(connection: NativeConnection, session: Session, command: Command): void {
  const source = session.stateSource();
  const { signedState, size, messageCount, expiresAt } = signState(source, authorityOf(connection));
  connection.direct({
    event: "agent.state_exported",
    session_id: session.id,
    content: statusText("stateExported", session.language),
    metadata: {
      signed_state: signedState,
      state_size: size,
      message_count: messageCount,
      current_step: source.step,
      expires_at: expiresAt,
      ...replyTo(command.message_id),
    },
  }, session.language);
}

/**
 * Makes a new session from a signed state.
 *
 * @throws AppError with the fixed text of the first check that fails
 */
export async function restoreState(connection: NativeConnection, command: Command): Promise<void> {
  const content = command.content as { signed_state?: unknown } | undefined;
  const given = command.signed_state ?? (typeof content === "object" ? content?.signed_state : undefined);
  if (given === undefined || given === null) throw refuse("missingState");
  const restored = verifyState(given, authorityOf(connection));
  const id = restored.state.session_id;
  const original = await findOriginal(connection, id);
  // The new one first: if it cannot be made, the old one is still there.
  const session = await makeRestored(connection, restored);
  const missed = await retire(connection, original, command);
  hold(connection, session, 0).attachment.startLive();
  session.openRestored(restored, connection.peer.connectionId, connection.services.config.agentReady);
  if (missed) await sendMissed(connection, session, id, missed, command);
}

async function makeRestored(connection: NativeConnection, restored: RestoredState): Promise<Session> {
  const { peer, services } = connection;
  try {
    return await services.sessions.restore({
      owner: peer.principal,
      agent: restored.state.metadata.agent_name,
      language: services.config.language,
      content: restored.values,
    });
  } catch (cause) {
    if (cause instanceof AppError && cause.code === "ERR_RATELIMIT_703") throw cause;
    throw refuse("restoreFailed");
  }
}

/** What the asking connection has missed of the original; undefined when it named no position. */
interface Missed {
  readonly entries: readonly Entry[];
  readonly recovered: boolean;
}

/** The original session, if it is still there. @throws AppError while another connection watches it */
async function findOriginal(
  { attached, peer, services }: NativeConnection,
  id: string,
): Promise<Session | undefined> {
  const original = await services.sessions.find(id, peer.principal).catch(() => undefined);
  if (original && original.attached > (attached.has(id) ? 1 : 0)) throw refuse("activeElsewhere");
  return original;
}

/** Ends the original session and reads what the connection has missed of it. */
async function retire(
  { attached, services }: NativeConnection,
  original: Session | undefined,
  command: Command,
): Promise<Missed | undefined> {
  const position = readPosition(command);
  if (!original) return position && { entries: [], recovered: false };
  attached.get(original.id)?.release();
  attached.delete(original.id);
  await original.end("restored");
  const recovery = position && recoveryFor(original, position);
  const entries = recovery?.recovered ? await original.entriesAfter(recovery.from) : [];
  await services.sessions.end(original, "restored");
  return recovery && { entries, recovered: recovery.recovered };
}

async function sendMissed(
  connection: NativeConnection,
  session: Session,
  originalId: string,
  { entries, recovered }: Missed,
  command: Command,
): Promise<void> {
  const mark: DeliveryMark = "replayed";
  for (const { frame } of entries) {
    await connection.peer.ready();
    connection.peer.send(withMark(frame, mark));
  }
  connection.direct({
    event: "system.notice",
    session_id: session.id,
    content: statusText("replayed", session.language, entries.length),
    metadata: {
      action: "replay",
      replayed: entries.length,
      count: entries.length,
      recovered,
      original_session_id: originalId,
      ...replyTo(command.message_id),
    },
  }, session.language);
}

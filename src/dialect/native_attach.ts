/** Attaching a connection to a session: resume, all or nothing, then live (protocol.md §5.3, §5.4). */
import { encodeFrame, type FrameBody, replyTo, withMark } from "../protocol/codec.ts";
import type { Command } from "../protocol/commands.ts";
import { type Position, readPosition } from "../protocol/position.ts";
import { refuse, statusText } from "../protocol/texts.ts";
import type { Sink } from "../session/attachment.ts";
import type { Session } from "../session/session.ts";
import type { Attached, NativeConnection } from "./native_connection.ts";

/** Subscribes the connection to what follows `after`; the caller decides when it goes live. */
export function hold(connection: NativeConnection, session: Session, after: number): Attached {
  const { attached, peer, services } = connection;
  // A session made for a socket that went away meanwhile must not count as watched.
  if (connection.closed) throw refuse("closing", "bye");
  const limit = services.config.maxSessionsPerConnection;
  if (attached.size >= limit && !attached.has(session.id)) {
    throw refuse("tooManySessions", `one connection may hold ${limit}`);
  }
  attached.get(session.id)?.release();
  const sink: Sink = {
    deliver: (entry, marks) => {
      peer.send(marks.reduce(withMark, entry.frame));
      if (entry.event === "agent.session_end") attached.delete(session.id);
    },
    ready: () => peer.ready(),
    fail: (reason) => peer.close(reason),
  };
  const attachment = session.attach(sink, after);
  const held: Attached = {
    session,
    attachment,
    release: () => {
      attachment.close();
      session.detach(attachment);
    },
  };
  attached.set(session.id, held);
  return held;
}

/** Whether an acknowledged position is one of this log. */
export function fits(session: Session, { seq, epoch }: Position): boolean {
  return seq <= session.latestSeq && (epoch === undefined || epoch === session.record.epoch);
}

/** The position of a client that names none (protocol.md §5.4). */
function knownPosition(
  connection: NativeConnection,
  session: Session,
  how: "explicit" | "implicit",
): Position {
  if (how === "explicit") return { seq: 0 };
  const acked = connection.acks.get(session.id);
  return acked && fits(session, acked) ? acked : { seq: session.latestSeq };
}

interface Recovery {
  readonly recovered: boolean;
  readonly reason?: "unknown_position" | "epoch_mismatch" | "position_too_old";
  /** Where the client stands. */
  readonly from: number;
}

/** Whether everything after the position can be given, by the checks of §5.3 in their order. */
export function recoveryFor(session: Session, position: Position): Recovery {
  const from = position.seq;
  const lost = (reason: Recovery["reason"]): Recovery => ({
    recovered: false,
    reason,
    from: Number.isNaN(from) ? 0 : from,
  });
  if (Number.isNaN(from)) return lost("unknown_position");
  if (position.sessionId !== undefined && position.sessionId !== session.id) return lost("unknown_position");
  if (position.epoch !== undefined && position.epoch !== session.record.epoch) return lost("epoch_mismatch");
  if (from > session.latestSeq) return lost("unknown_position");
  if (from + 1 < session.oldestSeq) return lost("position_too_old");
  return { recovered: true, from };
}

/**
 * Attaches in the order of §5.3: confirmation, re-offers or snapshot, missed events, notice, live events.
 *
 * @throws AppError over a limit, before anything was sent
 */
export async function attach(
  connection: NativeConnection,
  session: Session,
  command: Command,
  how: "explicit" | "implicit",
): Promise<void> {
  const latest = session.latestSeq;
  const recovery = recoveryFor(session, readPosition(command) ?? knownPosition(connection, session, how));
  const held = hold(connection, session, recovery.recovered ? recovery.from : latest);
  connection.services.metrics.attach(recovery.recovered, recovery.reason);
  connection.direct(confirmation(session, command, how, recovery, latest), session.language);
  if (!recovery.recovered) sendSnapshot(connection, session, command);
  const openBefore = session.questions.entries()
    .filter((entry) => entry.seq <= (recovery.recovered ? recovery.from : latest));
  for (const entry of openBefore) connection.peer.send(withMark(entry.frame, "reoffered"));
  try {
    const replayed = await held.attachment.replay(latest);
    connection.direct(replayNotice(session, command, recovery, replayed, latest), session.language);
    await held.attachment.goLive();
  } catch (cause) {
    // Half attached would be worse than not at all: later commands would work, and no event would ever come.
    held.release();
    connection.attached.delete(session.id);
    throw cause;
  }
}

function replayNotice(
  session: Session,
  command: Command,
  recovery: Recovery,
  replayed: number,
  latest: number,
): FrameBody {
  return {
    event: "system.notice",
    session_id: session.id,
    content: statusText("replayed", session.language, replayed),
    metadata: {
      action: "replay",
      replayed,
      count: replayed,
      recovered: recovery.recovered,
      from_seq: recovery.from,
      to_seq: latest,
      ...replyTo(command.message_id),
    },
  };
}

/** Frame 1: where the session stands; a notice when nobody asked for the attach itself. */
function confirmation(
  session: Session,
  command: Command,
  how: "explicit" | "implicit",
  recovery: Recovery,
  latest: number,
): FrameBody {
  return {
    event: how === "explicit" ? "agent.session_created" : "system.notice",
    session_id: session.id,
    content: statusText("resumed", session.language),
    metadata: {
      ...(how === "explicit" ? {} : { action: "attached" }),
      reconnected: true,
      recovered: recovery.recovered,
      ...(recovery.reason ? { reason: recovery.reason } : {}),
      epoch: session.record.epoch,
      latest_seq: latest,
      oldest_seq: session.oldestSeq,
      state: session.state,
      ...(session.runId ? { run_id: session.runId } : {}),
      open_confirmations: session.questions.size,
      agent_name: session.agent.name,
      ...replyTo(command.message_id),
    },
  };
}

function sendSnapshot(connection: NativeConnection, session: Session, command: Command): void {
  const body = session.snapshot();
  const metadata = { ...body.metadata, ...replyTo(command.message_id) };
  connection.peer.send(encodeFrame({ ...body, session_id: session.id, metadata }, session.language));
}

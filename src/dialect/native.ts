/** The native dialect (protocol.md §3–§9): commands in, session events and direct frames out. */
import { AppError, closeCodes, describeCause } from "../errors.ts";
import { decodeCommand, encodeFrame, replyTo } from "../protocol/codec.ts";
import { type Command, sessionless } from "../protocol/commands.ts";
import { readAck } from "../protocol/position.ts";
import { isRefusal, refuse, statusText } from "../protocol/texts.ts";
import { version } from "../version.ts";
import type { Session } from "../session/session.ts";
import type { Conversation, DialectServices, Inbound, Peer } from "./dialect.ts";
import { attach, fits } from "./native_attach.ts";
import { createSession, sessionCommands, unwrap } from "./native_commands.ts";
import type { NativeConnection } from "./native_connection.ts";

/** Acknowledgements of sessions a connection is not attached to: more than it may ever hold. */
const maxAcks = 256;

export function openNative(peer: Peer, services: DialectServices): Conversation {
  const connection: NativeConnection = {
    peer,
    services,
    attached: new Map(),
    acks: new Map(),
    closed: false,
    direct: (body, language = services.config.language) => peer.send(encodeFrame(body, language)),
  };
  return {
    open: () => greet(connection),
    read: (text) => read(connection, text),
    heartbeat: () =>
      connection.direct({
        event: "system.heartbeat",
        metadata: {
          active_sessions: connection.attached.size,
          server_uptime_seconds: Math.round((Date.now() - services.startedAt) / 1000),
        },
      }),
    announceClose: (reason) => {
      // 1000, 1001 and 1012 are no errors; the others named here close at once (protocol.md §6).
      if ([1000, 1001, 1007, 1009, 1012, 4008].includes(closeCodes[reason])) return;
      answerFailure(connection, refuse("closing", reason), undefined);
    },
    announceShutdown: (drainSeconds) =>
      connection.direct({
        event: "system.notice",
        content: statusText("shutdown", services.config.language),
        metadata: { action: "shutdown", drain_seconds: drainSeconds },
      }),
    close: () => {
      connection.closed = true;
      for (const held of connection.attached.values()) held.release();
      connection.attached.clear();
    },
  };
}

function greet({ peer, services, direct }: NativeConnection): void {
  direct({
    event: "system.connected",
    connection_id: peer.connectionId,
    content: statusText("connected", services.config.language),
    metadata: {
      connection_id: peer.connectionId,
      server_version: version,
      protocol: "1",
      heartbeat_interval_seconds: services.config.heartbeatSeconds,
      auth_required: false,
    },
  });
}

function read(connection: NativeConnection, text: string): Inbound {
  let command: Command;
  try {
    command = decodeCommand(text);
  } catch (cause) {
    const failure = AppError.from(cause);
    return {
      counted: true,
      handle: () => answerFailure(connection, failure, undefined),
      refuse: (retryAfterMs) => refuseRate(connection, failure.details, retryAfterMs),
    };
  }
  if (command.event === "user.ack") {
    return { counted: false, handle: () => acknowledge(connection, command), refuse: () => {} };
  }
  return {
    counted: true,
    handle: () => carryOut(connection, command),
    refuse: (retryAfterMs) => refuseRate(connection, replyTo(command.message_id), retryAfterMs),
  };
}

function refuseRate(
  connection: NativeConnection,
  reply: Readonly<Record<string, unknown>>,
  retryAfterMs: number,
): void {
  answerFailure(connection, refuse("rateLimited", "", { ...reply, retry_after_ms: retryAfterMs }), undefined);
}

/** Every command ends here: it is carried out or answered with its failure, and never throws. */
async function carryOut(connection: NativeConnection, given: Command): Promise<void> {
  let command = given;
  try {
    command = unwrap(given);
    if (command.event === "user.ack") return acknowledge(connection, command);
    if (command.event === "user.create_session") return await createSession(connection, command);
    if (sessionless.has(command.event)) {
      return await sessionCommands[command.event]!(connection, undefined as never, command);
    }
    const reached = reach(connection, command);
    // Awaited only where there is something to wait for: others' messages would otherwise go first.
    const session = reached instanceof Promise ? await reached : reached;
    // `user.reconnect` is the attach itself; all others act on the session they have reached.
    if (command.event !== "user.reconnect") {
      await sessionCommands[command.event]!(connection, session, command);
    }
  } catch (cause) {
    if (!(cause instanceof AppError)) {
      connection.services.logger.error(`Command failed: ${describeCause(cause)}`, { event: command.event });
    }
    answerFailure(connection, AppError.from(cause), command);
  }
}

/** Finds the session by the rules of protocol.md §5.2 and attaches the sender where they say so. */
function reach(connection: NativeConnection, command: Command): Session | Promise<Session> {
  const id = command.session_id!;
  const held = connection.attached.get(id)?.session;
  const isAttach = command.event === "user.reconnect";
  return held && held.state !== "CLOSED" && !isAttach ? held : seek(connection, command, isAttach);
}

async function seek(connection: NativeConnection, command: Command, isAttach: boolean): Promise<Session> {
  const session = await connection.services.sessions.find(command.session_id!, connection.peer.principal);
  if (isAttach) await attach(connection, session, command, "explicit");
  else {
    if (session.attached > 0) throw refuse("notYourSession");
    await attach(connection, session, command, "implicit");
  }
  return session;
}

/** A refusal: `agent.error` where a session was named, `system.error` elsewhere; nothing else has changed. */
function answerFailure(connection: NativeConnection, failure: AppError, command: Command | undefined): void {
  const named = command !== undefined &&
    (!sessionless.has(command.event) || isRefusal(failure, "activeElsewhere")) &&
    !isRefusal(failure, "tooManySessions");
  const session = named ? connection.attached.get(command.session_id!)?.session : undefined;
  connection.direct({
    event: named ? "agent.error" : "system.error",
    session_id: named ? shownId(command!.session_id ?? "") : undefined,
    content: failure.message,
    metadata: {
      error_code: failure.code,
      recovery_action: failure.recoveryAction,
      ...replyTo(command?.message_id),
      ...failure.details,
    },
  }, session?.language);
}

/** An id the client made up may not fit the frame's type: then it is left out. */
function shownId(id: string): string | undefined {
  return /^[A-Za-z0-9._-]{1,128}$/.test(id) ? id : undefined;
}

function acknowledge({ peer, services, attached, acks }: NativeConnection, command: Command): void {
  const position = readAck(command);
  if (!position) return;
  const id = position.sessionId ?? (attached.size === 1 ? [...attached.keys()][0] : undefined);
  if (id === undefined) return;
  const session = services.sessions.peek(id, peer.principal);
  // A session that was put away is judged when it is attached: an acknowledgement does not read it back.
  if (session ? !fits(session, position) : !services.sessions.durable) return;
  if (position.seq <= (acks.get(id)?.seq ?? -1)) return;
  if (acks.size >= maxAcks && !acks.has(id)) acks.delete(acks.keys().next().value!);
  acks.set(id, position);
}

/** Events of a connection, and the frames that any command may be answered with (protocol.md §9.1). */
import { z } from "zod";
import { failures } from "../errors.ts";
import { serverEvent, SessionId, Text, withRun } from "./event.ts";

export const ErrorMetadata = withRun({
  error_code: z.enum(Object.keys(failures) as [keyof typeof failures]),
  recovery_action: z.enum([
    "manual_input",
    "retry",
    "wait",
    "authenticate",
    "reconnect",
    "create_new_session",
    "export_state_again",
    "abort",
  ]),
  error_type: z.string().optional(),
  retry_after_ms: z.number().optional(),
});

export const connectionEvents = [
  serverEvent("system.connected", "First frame of every accepted connection.", {
    connection_id: z.uuid(),
    content: Text,
    metadata: z.looseObject({
      connection_id: z.uuid(),
      server_version: z.string(),
      protocol: z.literal("1"),
      heartbeat_interval_seconds: z.number(),
      auth_required: z.boolean(),
    }),
  }),
  serverEvent("system.heartbeat", "The connection is alive.", {
    metadata: z.looseObject({ active_sessions: z.int(), server_uptime_seconds: z.number() }),
  }),
  serverEvent("system.notice", "Something to know; `metadata.action` says what.", {
    session_id: SessionId.optional(),
    content: Text,
    // The replay notice counts the replayed frames under the name of the delivery mark.
    metadata: withRun({ action: z.string(), replayed: z.union([z.literal(true), z.int()]).optional() }),
  }),
  serverEvent("system.error", "A fault outside any session, or a refusal before one exists.", {
    content: Text,
    error: Text,
    metadata: ErrorMetadata,
  }),
  serverEvent("auth.error", "The sender is not authenticated.", {
    content: Text,
    error: Text,
    metadata: ErrorMetadata,
  }),
] as const;

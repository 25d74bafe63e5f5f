/** How an event is declared: once, in zod, from which come its type, validator, JSON Schema and documentation. */
import { z } from "zod";

/** Largest inbound message in bytes (protocol.md §2). */
export const maxInboundBytes = 1 << 20;
/** Largest stored frame in bytes: room is left for the delivery marks (protocol.md §4.4). */
export const maxFrameBytes = (1 << 20) - 4096;

export const SessionId = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/).describe("Id of a session");
export const StepId = z.string().min(1).describe("Id of a tool call or a question, unique in its session");
export const Timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .describe("UTC with milliseconds");
const Metadata = z.looseObject({});

/** Members that every event of a run may carry in its metadata. */
export const runMetadata = {
  run_id: z.string().optional(),
  terminal: z.literal(true).optional().describe("Set on the one last event of a run"),
  message_id: z.string().optional(),
  agent_name: z.string().optional(),
  scope: z.string().optional(),
  task_id: z.union([z.string(), z.number()]).optional(),
  replayed: z.literal(true).optional(),
  reoffered: z.literal(true).optional(),
  resolved: z.literal(true).optional(),
  truncated: z.literal(true).optional(),
  original_bytes: z.int().optional(),
  reply_to: z.string().optional(),
};

const common = {
  timestamp: Timestamp,
  metadata: Metadata,
  show_content: z.string().describe("A ready-made sentence for people").optional(),
  seq: z.int().min(1).optional(),
  event_id: z.string().max(300).optional(),
};

type Body = Partial<
  Record<"content" | "metadata" | "session_id" | "step_id" | "error" | "connection_id", z.ZodType>
>;
type ServerEvent<N extends string, B extends Body> = z.ZodObject<
  { event: z.ZodLiteral<N> } & Omit<typeof common, keyof B> & B,
  z.core.$loose
>;

/** A frame from server to client in the native dialect; `seq` and `event_id` stand on session events only. */
export function serverEvent<const N extends string, B extends Body>(
  name: N,
  doc: string,
  body: B,
): ServerEvent<N, B> {
  const shape = { event: z.literal(name), ...common, ...body };
  return z.looseObject(shape).describe(doc) as unknown as ServerEvent<N, B>;
}

/** A member that people read. */
export const Text = z.string();

/** Metadata of a session event: the given members beside those of the run. */
export function withRun<S extends z.ZodRawShape>(
  shape: S,
): z.ZodObject<Omit<typeof runMetadata, keyof S> & S, z.core.$loose> {
  return z.looseObject({ ...runMetadata, ...shape });
}

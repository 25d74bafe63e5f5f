/** Commands: what a client may send in the native dialect (protocol.md §3, §7). */
import { z } from "zod";

const envelope = {
  message_id: z.string().max(128).optional().describe("Makes a message idempotent; echoed as reply_to"),
  token: z.string().optional(),
  session_id: z.string().optional().describe("Names the session; required by all session commands"),
  timestamp: z.unknown().optional(),
  metadata: z.unknown().optional(),
  last_event_id: z.string().optional(),
  last_seq: z.int().min(0).optional(),
  signed_state: z.unknown().optional(),
  step_id: z.unknown().optional(),
  seq: z.unknown().optional(),
  content: z.unknown().optional(),
};

type Body = Partial<Record<keyof typeof envelope, z.ZodType>>;

function command<const N extends string>(name: N, doc: string, body: Body = {}) {
  return z.looseObject({ event: z.literal(name), ...envelope, ...body }).describe(doc);
}

const needsSession = { session_id: z.string().min(1) };
const TaskId = z.union([z.string(), z.number()]);
const Position = z.looseObject({
  last_event_id: z.string().optional(),
  last_seq: z.int().min(0).optional(),
  epoch: z.string().optional(),
});
const aboutTask = { ...needsSession, content: z.looseObject({ task_id: TaskId }) };

const table = [
  command("user.create_session", "Makes a session and attaches the sender.", {
    content: z.union([z.string(), z.looseObject({})]).optional(),
  }),
  command("user.message", "Starts a run: text, or an object with `question` and values for tools.", {
    ...needsSession,
    content: z.union([z.string(), z.looseObject({ question: z.string().optional() })]),
  }),
  command("user.solve_tasks", "Runs given tasks without planning.", {
    ...needsSession,
    content: z.union([z.array(z.unknown()), z.looseObject({ tasks: z.unknown() })]),
  }),
  command("user.response", "Answers a confirmation.", {
    ...needsSession,
    step_id: z.string().min(1),
    content: z.looseObject({
      confirmed: z.boolean().optional(),
      approved: z.boolean().optional(),
      args: z.looseObject({}).optional(),
      message: z.string().optional(),
    }),
  }),
  command("user.cancel", "Ends the run.", needsSession),
  command("user.ack", "Everything up to this position has been processed; never answered.", {
    content: z.union([z.string(), z.int(), Position]).optional(),
    seq: z.int().min(0).optional(),
  }),
  command("user.reconnect", "Attaches the sender, with what it missed since the position.", {
    content: Position.optional(),
  }),
  command("user.request_state", "Asks for the signed state.", needsSession),
  command("user.reconnect_with_state", "Makes a session from a signed state."),
  command("user.cancel_task", "Cancels one task of a plan.", aboutTask),
  command("user.restart_task", "Starts one task of a plan again.", aboutTask),
  command("user.retry_task", "Another name of user.restart_task.", aboutTask),
  command("user.cancel_plan", "Gives the plan up before its tasks begin.", needsSession),
  command("user.replan", "Plans anew.", {
    ...needsSession,
    content: z.looseObject({ question: z.string().optional() }).optional(),
  }),
] as const;

export const commands: readonly z.ZodObject[] = table;

/** The name of a command, e.g. "user.message". */
export type CommandName = (typeof table)[number]["shape"]["event"]["value"];

export const commandNames: ReadonlySet<string> = new Set(table.map((type) => type.shape.event.value));

/** Commands that work without a session: all others are refused when they name none. */
export const sessionless: ReadonlySet<string> = new Set<CommandName>([
  "user.create_session",
  "user.ack",
  "user.reconnect_with_state",
]);

/** A command whose envelope is sound; what stands in `content` is checked by the one who carries it out. */
export interface Command {
  readonly event: CommandName;
  readonly session_id?: string;
  readonly message_id?: string;
  readonly content?: unknown;
  readonly step_id?: unknown;
  readonly [member: string]: unknown;
}

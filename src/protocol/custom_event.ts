/** Events that agents make up: which names are theirs, and what they may say in them (protocol.md §10). */
import { AppError } from "../errors.ts";
import { events } from "./schema.ts";

const reserved = /^(system|auth|agent|user|plan|solver|aggregate|pipeline|error)\./i;
/** Events of the protocol that agents may send themselves. */
const open = new Set([
  "plan.step_completed",
  "solver.progress",
  "solver.step_failed",
  "solver.retry",
  ...["execution", "validation", "timeout"].map((name) => `error.${name}`),
  ...["started", "success", "failed"].map((name) => `error.recovery_${name}`),
]);

/** Members of metadata that only the server writes. */
const serverMembers = new Set([
  ...["run_id", "terminal", "message_id", "reply_to"],
  ...["replayed", "reoffered", "resolved", "truncated", "original_bytes"],
]);

/** Metadata without what only the server may say. */
export function authorMetadata(metadata: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !serverMembers.has(key)));
}

/** @throws AppError when the event is malformed or could be taken for something the server says */
export function checkCustomEvent(name: string, content?: unknown, metadata?: Record<string, unknown>): void {
  if (typeof name !== "string" || name.length > 100 || !/^[a-z][\w-]*(\.[\w-]+)+$/i.test(name)) {
    throw new AppError(
      "ERR_EXECUTION_604",
      `Cannot emit ${JSON.stringify(name)}: use a name like "shop.cart_changed"`,
    );
  }
  if (!reserved.test(name)) return;
  if (!open.has(name)) {
    throw new AppError("ERR_EXECUTION_604", `Cannot emit "${name}": the name belongs to the server`);
  }
  const frame = {
    event: name,
    session_id: "s",
    timestamp: "2025-01-02T03:04:05.678Z",
    content,
    metadata: metadata ?? {},
  };
  const issue = events.get(name)!.safeParse(frame).error?.issues[0];
  if (!issue) return;
  const what = `${issue.path.join(".")}: ${issue.message.replace(/^Invalid input: /, "")}`;
  throw new AppError("ERR_EXECUTION_604", `Cannot emit "${name}": ${what}`);
}

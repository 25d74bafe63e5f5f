/** Events of a plan, its tasks and the agent's own information (protocol.md §10). */
import { z } from "zod";
import { serverEvent, SessionId, Text, withRun } from "./event.ts";

const session_id = SessionId;
const Anything = z.looseObject({});
const Task = z.looseObject({ id: z.union([z.string(), z.number()]) });
const metadata = withRun({});
const aboutTask = withRun({ task_id: z.union([z.string(), z.number()]), attempt: z.int().optional() });
const Reason = z.looseObject({ message: z.string(), error: z.string() });

const planEvents = [
  serverEvent("plan.start", "Planning begins.", {
    session_id,
    content: z.looseObject({ question: z.string() }),
    metadata,
  }),
  serverEvent("plan.completed", "The plan is ready.", { session_id, content: Anything, metadata }),
  serverEvent("plan.cancelled", "The plan was given up.", { session_id, content: Anything, metadata }),
  serverEvent("plan.step_completed", "The planner finished one of its steps.", {
    session_id,
    content: Text.optional(),
    metadata,
  }),
  serverEvent("plan.validation_error", "The planner's own check failed.", {
    session_id,
    content: Reason,
    metadata,
  }),
  serverEvent("plan.coercion_error", "Given tasks could not be used.", {
    session_id,
    content: Reason,
    metadata,
  }),
];

const taskEvents = [
  ["solver.start", "A task got a slot."],
  ["solver.completed", "A task is settled; `result.status` says how."],
  ["solver.cancelled", "A task was cancelled."],
  ["solver.restarted", "A task starts again."],
].map(([name, doc]) =>
  serverEvent(name, doc, { session_id, content: z.looseObject({ task: Task }), metadata: aboutTask })
);

const solverEvents = [
  ["solver.progress", "A task is under way."],
  ["solver.step_failed", "Details of a failure inside a task."],
  ["solver.retry", "A task's step is tried again."],
].map(([name, doc]) =>
  serverEvent(name, doc, { session_id, content: Anything.optional(), metadata: aboutTask })
);

const pipelineEvents = [
  ["aggregate.start", "All tasks are settled; their results are being combined."],
  ["aggregate.completed", "The results are combined."],
  ["pipeline.completed", "The whole pipeline is done; `metadata.status` says how."],
].map(([name, doc]) => serverEvent(name, doc, { session_id, content: Anything, metadata }));

const informationEvents = [
  ["error.execution", "Information: something failed; the run goes on."],
  ["error.validation", "Information: an input was not usable."],
  ["error.timeout", "Information: something took too long."],
  ["error.recovery_started", "A failed attempt is being made good."],
  ["error.recovery_success", "It was made good."],
  ["error.recovery_failed", "It could not be made good."],
].map(([name, doc]) => serverEvent(name, doc, { session_id, content: Text.optional(), metadata }));

export const pipelineAndPlanEvents = [
  ...planEvents,
  ...taskEvents,
  ...solverEvents,
  ...pipelineEvents,
  ...informationEvents,
];

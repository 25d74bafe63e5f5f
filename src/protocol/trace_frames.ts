/** The trace dialect: frames and actions of `/ws/{session_id}` (protocol.md §12). */
import { z } from "zod";
import { SessionId, Timestamp } from "./event.ts";

const traceRun = {
  run_id: z.string(),
  trace_id: z.string(),
  parent_run_id: z.string().optional(),
  name: z.string(),
  run_type: z.enum([
    "agent",
    "think",
    "act",
    "tool",
    "llm",
    "retrieval",
    "preprocessing",
    "postprocessing",
    "chain",
    "custom",
  ]),
  status: z.enum(["success", "error", "cancelled"]),
  duration_ms: z.number(),
};

function traceFrame(name: string, doc: string, data: z.ZodRawShape) {
  return z.looseObject({
    event_type: z.literal(name),
    timestamp: Timestamp,
    message_id: z.string(),
    session_id: SessionId,
    data: z.looseObject(data),
  }).describe(doc);
}

export const traceFrames = [
  traceFrame("connection_established", "First frame of a trace connection.", {
    status: z.literal("connected"),
    session_id: SessionId,
  }),
  traceFrame("trace_started", "A run begins.", {
    trace_id: z.string(),
    trace_name: z.string(),
    request: z.string(),
    agent_name: z.string(),
    max_steps: z.int(),
  }),
  traceFrame("think_completed", "A model turn is done.", traceRun),
  traceFrame("tool_completed", "A tool succeeded.", traceRun),
  traceFrame("run_error", "A think, tool or agent run failed.", { ...traceRun, error: z.string() }),
  traceFrame("status_update", "The run moved on.", {
    current_step: z.int(),
    max_steps: z.int(),
    agent_state: z.string(),
    message: z.string(),
    progress_percentage: z.number(),
  }),
  traceFrame("trace_completed", "Last frame of a trace.", {
    trace_id: z.string(),
    duration_ms: z.number(),
    total_runs: z.int(),
    status: z.enum(["success", "error", "cancelled"]),
    total_cost: z.number().nullable(),
    total_tokens: z.int(),
    final_response: z.string(),
  }),
] as const;

export const traceActions = [
  z.looseObject({ action: z.literal("start_agent"), question: z.string() }).describe("Starts a run."),
  z.looseObject({ action: z.literal("cancel_agent") }).describe("Cancels the run."),
] as const;

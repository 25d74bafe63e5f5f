/** Events of a session and its runs (protocol.md §9.2, §9.3, §11). */
import { z } from "zod";
import { ErrorMetadata } from "./connection_events.ts";
import { serverEvent, SessionId, StepId, Text, withRun } from "./event.ts";
import { Message } from "./transcript.ts";

const session_id = SessionId;
const Values = z.record(z.string(), z.unknown());
const position = {
  epoch: z.string().optional(),
  reconnected: z.boolean().optional(),
  recovered: z.boolean().optional(),
  reason: z.string().optional(),
  latest_seq: z.int().optional(),
  oldest_seq: z.int().optional(),
  state: z.enum(["IDLE", "RUNNING"]).optional(),
  open_confirmations: z.int().optional(),
};

export const agentEvents = [
  serverEvent("agent.session_created", "A session exists, or this connection is attached to it again.", {
    session_id,
    content: Text,
    metadata: withRun({
      agent_name: z.string(),
      connection_id: z.uuid().optional(),
      agent_type: z.string().optional(),
      language: z.enum(["zh", "en"]).optional(),
      ...position,
    }),
  }),
  serverEvent("agent.ready", "The session takes messages.", {
    session_id,
    content: Text,
    metadata: withRun({ state: z.literal("IDLE") }),
  }),
  serverEvent("agent.thinking", "The agent works: a status, or what the model wrote beside its tool calls.", {
    session_id,
    content: Text,
    metadata: withRun({
      step: z.int().min(0),
      stage: z.enum(["start", "model", "reasoning", "summary"]),
      input: z.string().optional(),
      stream_id: z.string().optional(),
    }),
  }),
  serverEvent("agent.tool_call", "A tool is about to run.", {
    session_id,
    step_id: StepId,
    content: Text,
    metadata: withRun({
      tool: z.string(),
      args: Values,
      status: z.literal("running"),
      call_id: z.string(),
      special: z.literal(true).optional(),
    }),
  }),
  serverEvent("agent.tool_result", "The same tool has ended, one way or the other.", {
    session_id,
    step_id: StepId,
    content: Text,
    metadata: withRun({
      tool: z.string(),
      status: z.enum(["success", "failed", "unknown"]),
      error: z.string().optional(),
      error_code: z.string().optional(),
      duration_ms: z.number(),
      data: z.unknown().optional(),
      args: Values.optional(),
      edited: z.literal(true).optional(),
      attempt: z.int().optional(),
      special: z.literal(true).optional(),
    }),
  }),
  serverEvent("agent.partial_answer", "The next piece of an answer; an empty one with `is_final` ends it.", {
    session_id,
    content: Text,
    metadata: withRun({
      is_streaming: z.boolean(),
      is_final: z.boolean(),
      chunk_index: z.int().min(0),
      stream_id: z.string(),
      word_count: z.int().optional(),
      total_length: z.int().optional(),
      discarded: z.literal(true).optional(),
    }),
  }),
  serverEvent("agent.final_answer", "The answer; ends a run.", {
    session_id,
    content: Text,
    metadata: withRun({
      finish_reason: z.enum(["stop", "terminate", "max_steps", "declined", "plan_cancelled", "invalid_plan"]),
      duration_ms: z.number(),
      model: z.string(),
      total_tokens: z.int().optional(),
      stream_id: z.string().optional(),
      demo: z.literal(true).optional(),
    }),
  }),
  serverEvent("agent.llm_message", "The conversation as the model sees it, or the snapshot after a gap.", {
    session_id,
    content: z.looseObject({ messages: z.array(Message), total_messages: z.int() }),
    metadata: withRun({
      agent_name: z.string(),
      agent_state: z.string(),
      snapshot: z.literal(true).optional(),
      open_stream_id: z.string().optional(),
    }),
  }),
  serverEvent("agent.error", "The run failed, or one command was refused.", {
    session_id: SessionId.optional(),
    content: Text,
    error: Text,
    metadata: ErrorMetadata,
  }),
  serverEvent("agent.timeout", "A limit was reached; what follows says what came of it.", {
    session_id,
    content: Text,
    metadata: withRun({ reason: z.enum(["deadline", "max_steps"]), max_steps: z.int().optional() }),
  }),
  serverEvent("agent.interrupted", "The run was stopped; ends a run.", {
    session_id,
    content: Text,
    metadata: withRun({
      reason: z.enum(["user_request", "superseded", "server_shutdown", "server_restart", "operator"]),
      open_steps: z.array(z.string()).optional(),
      idle: z.literal(true).optional(),
    }),
  }),
  serverEvent("agent.session_end", "The last event of a session.", {
    session_id,
    content: Text,
    metadata: withRun({
      reason: z.enum(["expired", "restored", "server_shutdown", "operator"]),
      duration_seconds: z.number(),
    }),
  }),
  serverEvent("agent.user_confirm", "A question to the user: may this be done?", {
    session_id,
    step_id: StepId,
    content: Text,
    metadata: withRun({
      requires_confirmation: z.literal(true),
      scope: z.enum(["tool", "plan"]),
      timeout_seconds: z.number(),
      expires_at: z.string(),
      tool_name: z.string().optional(),
      tool_description: z.string().optional(),
      tool_args: Values.optional(),
      args_schema: Values.optional(),
      tool_step_id: z.string().optional(),
      plan_summary: z.string().optional(),
      tasks: z.array(z.unknown()).optional(),
    }),
  }),
  serverEvent("agent.state_exported", "The signed state of a session.", {
    session_id,
    content: Text,
    metadata: withRun({
      signed_state: Values,
      state_size: z.int(),
      message_count: z.int(),
      current_step: z.int(),
      expires_at: z.string(),
    }),
  }),
  serverEvent("agent.state_restored", "First event of a session made from a signed state.", {
    session_id,
    content: Text,
    metadata: withRun({
      original_session_id: z.string(),
      restored_step: z.int(),
      message_count: z.int(),
      agent_name: z.string(),
      connection_id: z.uuid().optional(),
      epoch: z.string().optional(),
      warnings: z.array(z.string()),
    }),
  }),
] as const;

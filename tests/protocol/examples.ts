/** The examples of protocol.md, one of each kind at least, with the common members the document leaves out. */
const uuid = "5b0c1a52-6f1e-4f0a-9a53-2f6f0c8f1d11";
const run = { run_id: "run_7c" };
const task = { id: 1, title: "Sales" };
const toolRun = {
  run_id: "88bb34cd",
  trace_id: "0f3a9c1e",
  parent_run_id: "61b2",
  name: "mysql_query",
  run_type: "tool",
  status: "success",
  duration_ms: 12.1,
  inputs: { sql: "SELECT 1" },
  outputs: { output: "10 rows" },
};

export const examples: Record<string, unknown>[] = [
  {
    event: "system.connected",
    connection_id: uuid,
    content: "连接成功",
    metadata: {
      connection_id: uuid,
      server_version: "0.1.0",
      protocol: "1",
      heartbeat_interval_seconds: 30,
      auth_required: false,
    },
  },
  { event: "system.heartbeat", metadata: { active_sessions: 1, server_uptime_seconds: 90 } },
  {
    event: "system.notice",
    session_id: "S1",
    content: "Task 2 will be cancelled",
    metadata: { action: "cancel_task", task_id: 2, ok: true },
  },
  {
    event: "system.error",
    content: "Message must be a JSON object",
    error: "Message must be a JSON object",
    metadata: { error_code: "ERR_VALIDATION_400", recovery_action: "manual_input" },
  },
  {
    event: "auth.error",
    content: "Invalid token",
    error: "Invalid token",
    metadata: { error_code: "ERR_AUTH_800", recovery_action: "authenticate" },
  },
  {
    event: "agent.session_created",
    session_id: "S1",
    content: "会话已恢复连接",
    metadata: {
      reconnected: true,
      recovered: true,
      epoch: "k3f9",
      latest_seq: 42,
      oldest_seq: 1,
      state: "RUNNING",
      run_id: "run_7c",
      open_confirmations: 0,
      agent_name: "weather-assistant",
    },
  },
  {
    event: "agent.session_created",
    session_id: "S1",
    content: "会话创建成功",
    metadata: { agent_name: "weather-assistant", connection_id: uuid, epoch: "k3f9" },
    seq: 1,
    event_id: "S1~k3f9~1",
  },
  { event: "agent.ready", session_id: "S1", content: "助手已就绪", metadata: { state: "IDLE" } },
  {
    event: "agent.thinking",
    session_id: "S1",
    content: "收到，开始处理…",
    metadata: { step: 0, stage: "start", input: "北京今天天气怎么样？", ...run },
  },
  {
    event: "agent.tool_call",
    session_id: "S1",
    step_id: "step_3_get_weather",
    content: "调用工具: get_weather",
    metadata: { tool: "get_weather", args: { city: "北京" }, status: "running", call_id: "call_9" },
  },
  {
    event: "agent.tool_result",
    session_id: "S1",
    step_id: "step_3_get_weather",
    content: "北京 25°C",
    metadata: { tool: "get_weather", status: "success", duration_ms: 52 },
  },
  {
    event: "agent.partial_answer",
    session_id: "S1",
    content: "北京今天",
    metadata: { is_streaming: true, is_final: false, chunk_index: 0, stream_id: "st_1", word_count: 1 },
  },
  {
    event: "agent.final_answer",
    session_id: "S1",
    content: "北京今天晴，25°C。",
    metadata: {
      ...run,
      terminal: true,
      finish_reason: "stop",
      stream_id: "st_1",
      duration_ms: 9,
      model: "m",
    },
  },
  {
    event: "agent.llm_message",
    session_id: "S1",
    content: { messages: [{ role: "user", content: "hi" }], total_messages: 1 },
    metadata: { agent_name: "a", agent_state: "RUNNING" },
  },
  {
    event: "agent.error",
    session_id: "S1",
    content: "Execution error: model unreachable",
    error: "Execution error: model unreachable",
    metadata: { ...run, terminal: true, error_code: "ERR_EXECUTION_601", recovery_action: "retry" },
  },
  {
    event: "agent.timeout",
    session_id: "S1",
    content: "Step budget used up",
    metadata: { reason: "max_steps", max_steps: 5 },
  },
  {
    event: "agent.interrupted",
    session_id: "S1",
    content: "已停止执行",
    metadata: { reason: "user_request", terminal: true, open_steps: ["step_4_search"] },
  },
  {
    event: "agent.session_end",
    session_id: "S1",
    content: "会话已结束",
    metadata: { reason: "expired", duration_seconds: 840 },
  },
  {
    event: "agent.user_confirm",
    session_id: "S1",
    step_id: "confirm_9f8e7d6c_delete_file",
    content: "Allow delete_file?",
    metadata: {
      requires_confirmation: true,
      scope: "tool",
      tool_name: "delete_file",
      tool_description: "Delete a file",
      tool_args: { path: "notes.txt" },
      tool_step_id: "step_4_delete_file",
      timeout_seconds: 300,
      expires_at: "2025-01-02T03:09:05.678Z",
    },
  },
  { event: "plan.start", session_id: "S1", content: { question: "Weekly report" } },
  {
    event: "plan.completed",
    session_id: "S1",
    content: { tasks: [task], plan_summary: "One section" },
    metadata: { task_count: 1, statistics: [{ id: 1, call_type: "ask_tool", total_tokens: 120 }] },
  },
  { event: "plan.cancelled", session_id: "S1", content: { reason: "cancelled" } },
  {
    event: "plan.step_completed",
    session_id: "S1",
    content: "Sources read",
    metadata: { step_name: "read", step_index: 1 },
  },
  {
    event: "plan.validation_error",
    session_id: "S1",
    content: { message: "Plan has no tasks", error: "empty list" },
  },
  {
    event: "plan.coercion_error",
    session_id: "S1",
    content: { message: "Edited tasks could not be used", error: "id missing" },
  },
  { event: "solver.start", session_id: "S1", content: { task }, metadata: { task_id: 1, attempt: 1 } },
  {
    event: "solver.completed",
    session_id: "S1",
    content: { task, result: { output: { id: 1 }, summary: "done", status: "success" } },
    metadata: { task_id: 1 },
  },
  {
    event: "solver.cancelled",
    session_id: "S1",
    content: { task },
    metadata: { task_id: 1, reason: "user_request" },
  },
  { event: "solver.restarted", session_id: "S1", content: { task }, metadata: { task_id: 1, attempt: 2 } },
  { event: "solver.progress", session_id: "S1", metadata: { task_id: 1, progress_percent: 40 } },
  {
    event: "solver.step_failed",
    session_id: "S1",
    content: { error_message: "timeout", step_name: "query" },
    metadata: { task_id: 1, recovery_possible: true },
  },
  {
    event: "solver.retry",
    session_id: "S1",
    metadata: { task_id: 1, attempt: 2, max_attempts: 3, backoff_ms: 2000 },
  },
  {
    event: "aggregate.start",
    session_id: "S1",
    content: { context: { question: "Weekly report" }, solver_results: [] },
  },
  {
    event: "aggregate.completed",
    session_id: "S1",
    content: { context: {}, solver_results: [], output: { report: { content: "# …" } } },
  },
  {
    event: "pipeline.completed",
    session_id: "S1",
    content: { context: {}, solver_results: [], aggregate_output: {} },
    metadata: { status: "success" },
  },
  {
    event: "error.execution",
    session_id: "S1",
    content: "Query failed",
    metadata: { error_code: "ERR_EXECUTION_602" },
  },
  {
    event: "error.validation",
    session_id: "S1",
    content: "id missing",
    metadata: { error_code: "ERR_VALIDATION_401", field: "id" },
  },
  {
    event: "error.timeout",
    session_id: "S1",
    content: "Query took too long",
    metadata: { error_code: "ERR_TIMEOUT_500", timeout_seconds: 30 },
  },
  { event: "error.recovery_started", session_id: "S1", content: "Trying again", metadata: { attempt: 1 } },
  { event: "error.recovery_success", session_id: "S1", content: "Recovered", metadata: { attempts: 2 } },
  {
    event: "error.recovery_failed",
    session_id: "S1",
    content: "Gave up",
    metadata: { error_code: "ERR_EXECUTION_600", attempts: 3 },
  },
  {
    event: "agent.state_exported",
    session_id: "S1",
    content: "会话状态已保存",
    metadata: {
      signed_state: { state: { session_id: "S1", current_step: 2 }, version: "1.0" },
      state_size: 812,
      message_count: 1,
      current_step: 2,
      expires_at: "2025-01-09T03:00:00.000Z",
    },
  },
  {
    event: "agent.state_restored",
    session_id: "S2",
    content: "会话状态已恢复",
    metadata: {
      original_session_id: "S1",
      restored_step: 2,
      message_count: 1,
      agent_name: "a",
      warnings: [],
    },
    seq: 1,
    event_id: "S2~p0q1~1",
  },
  { event_type: "connection_established", data: { status: "connected", session_id: "session_ab12cd" } },
  {
    event_type: "trace_started",
    data: {
      trace_id: "0f3a9c1e",
      trace_name: "sql_execution",
      request: "List ten users",
      agent_name: "sql",
      max_steps: 10,
      metadata: { run_id: "run_7c" },
    },
  },
  { event_type: "think_completed", data: { ...toolRun, name: "think_step_1", run_type: "think" } },
  { event_type: "tool_completed", data: toolRun },
  {
    event_type: "run_error",
    data: { ...toolRun, status: "error", error: "access denied", error_type: "ToolError" },
  },
  {
    event_type: "status_update",
    data: {
      current_step: 2,
      max_steps: 10,
      agent_state: "FINISHED",
      message: "Run finished",
      progress_percentage: 100,
    },
  },
  {
    event_type: "trace_completed",
    data: {
      trace_id: "0f3a9c1e",
      duration_ms: 5021.7,
      total_runs: 5,
      status: "success",
      total_cost: null,
      total_tokens: 930,
      final_response: "Here are ten users.",
    },
  },
  { event: "user.create_session", content: { dataset_id: 42, preferences: { language: "en" } } },
  {
    event: "user.message",
    session_id: "S1",
    message_id: "m-1",
    content: { question: "Weekly report", template_name: "weekly" },
  },
  {
    event: "user.solve_tasks",
    session_id: "S1",
    content: { tasks: [{ id: 1, title: "Sales", objective: "Show Q3" }], question: "Q3 review" },
  },
  {
    event: "user.response",
    session_id: "S1",
    step_id: "confirm_9f8e7d6c_delete_file",
    content: { confirmed: true, args: { path: "notes.txt" } },
  },
  { event: "user.cancel", session_id: "S1" },
  { event: "user.ack", content: { last_event_id: "S1~k3f9~17" } },
  { event: "user.reconnect", session_id: "S1", content: { last_event_id: "S1~k3f9~17" } },
  { event: "user.request_state", session_id: "S1" },
  {
    event: "user.reconnect_with_state",
    signed_state: { state: {}, version: "1.0" },
    content: { last_seq: 31 },
  },
  { event: "user.cancel_task", session_id: "S1", content: { task_id: 2 } },
  { event: "user.restart_task", session_id: "S1", content: { task_id: 2 } },
  { event: "user.retry_task", session_id: "S1", content: { task_id: 2 } },
  { event: "user.cancel_plan", session_id: "S1" },
  { event: "user.replan", session_id: "S1", content: { question: "Weekly data instead" } },
  { action: "start_agent", question: "List ten users" },
  { action: "cancel_agent" },
];

/** The name that tells a frame, an action or a command apart. */
export const nameOf = (frame: Record<string, unknown>): string =>
  String(frame.event ?? frame.event_type ?? frame.action);

/** An example with the members that every frame of its kind has. */
export function complete(frame: Record<string, unknown>): Record<string, unknown> {
  const timestamp = "2025-01-02T03:04:05.678Z";
  if (frame.event_type) return { timestamp, message_id: "m", session_id: "session_ab12cd", ...frame };
  if (frame.action || nameOf(frame).startsWith("user.")) return frame;
  return { timestamp, show_content: "x", metadata: {}, ...frame };
}

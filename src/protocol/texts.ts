/** Fixed texts: refusals (English on the wire for ever, Chinese in show_content) and the server's own status lines. */
import { AppError, type ErrorCode } from "../errors.ts";
import type { Language } from "../config.ts";

type Refusal = readonly [code: ErrorCode, english: string, chinese: string];

const refusals = {
  invalidJson: ["ERR_VALIDATION_400", "Invalid JSON: {}", "不是有效的 JSON"],
  notAnObject: ["ERR_VALIDATION_400", "Message must be a JSON object", "消息必须是 JSON 对象"],
  unknownEvent: [
    "ERR_VALIDATION_400",
    "Unknown event type or missing session_id: {}",
    "事件类型未知或缺少 session_id",
  ],
  badEnvelope: ["ERR_VALIDATION_403", "Invalid message: {}", "消息格式不正确"],
  messageIdTooLong: [
    "ERR_VALIDATION_402",
    "message_id must be at most 128 characters",
    "message_id 最多 128 个字符",
  ],
  badSessionContent: [
    "ERR_VALIDATION_403",
    "Content of user.create_session must be a string or an object",
    "create_session 的 content 必须是字符串或对象",
  ],
  createFailed: ["ERR_EXECUTION_604", "Failed to create session: {}", "会话创建失败"],
  unknownAgent: ["ERR_VALIDATION_402", "Failed to create session: {}", "会话创建失败"],
  emptyMessage: ["ERR_VALIDATION_402", "Message content cannot be empty", "消息内容不能为空"],
  badMessageType: [
    "ERR_VALIDATION_403",
    "Message content must be a string or an object",
    "消息内容必须是字符串或对象",
  ],
  badMessageId: ["ERR_VALIDATION_403", "message_id must be a string", "message_id 必须是字符串"],
  busy: [
    "ERR_RATELIMIT_702",
    "Agent is currently running, please try again later",
    "助手正在处理上一条消息，请稍候",
  ],
  sessionNotFound: ["ERR_CONNECTION_902", "Session not found", "会话不存在"],
  sessionClosed: ["ERR_CONNECTION_903", "Session is closed", "会话已关闭"],
  notYourSession: [
    "ERR_CONNECTION_901",
    "Session does not belong to this connection",
    "会话正由另一个连接使用",
  ],
  tooManySessions: ["ERR_RATELIMIT_703", "Too many sessions: {}", "会话数已达上限"],
  tooManyAttachments: [
    "ERR_RATELIMIT_703",
    "Too many connections are attached to this session",
    "连接到该会话的数量已达上限",
  ],
  tooManyValues: [
    "ERR_EXECUTION_603",
    "The session's values are full: start a new session",
    "会话的数据已满，请新建会话",
  ],
  rateLimited: ["ERR_RATELIMIT_700", "Too many messages, please slow down", "消息过于频繁，请放慢速度"],
  missingStepId: ["ERR_VALIDATION_401", "Missing step_id in user response", "缺少 step_id"],
  noDecision: [
    "ERR_VALIDATION_403",
    "Response needs confirmed: true or false",
    "需要 confirmed：true 或 false",
  ],
  badArguments: ["ERR_VALIDATION_402", "Edited arguments are not valid: {}", "修改后的参数不合要求"],
  missingTasks: ["ERR_VALIDATION_401", "Missing tasks in user.solve_tasks content", "缺少 tasks"],
  missingTaskToCancel: ["ERR_VALIDATION_401", "Missing task_id for cancel_task", "缺少 task_id"],
  missingTaskToRestart: ["ERR_VALIDATION_401", "Missing task_id for restart_task", "缺少 task_id"],
  unsupported: ["ERR_VALIDATION_405", "Agent does not support {}", "助手不支持该操作"],
  missingState: [
    "ERR_VALIDATION_401",
    "Missing signed_state in reconnect request",
    "缺少 signed_state",
  ],
  invalidState: ["ERR_VALIDATION_406", "Invalid state: {}", "会话状态无效"],
  restoreFailed: ["ERR_EXECUTION_604", "Failed to restore session state", "会话状态恢复失败"],
  activeElsewhere: [
    "ERR_CONNECTION_904",
    "Session already active on another connection",
    "会话正由另一个连接使用",
  ],
  closing: ["ERR_CONNECTION_900", "Server is closing this connection: {}", "服务器正在关闭此连接"],
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof refusals;

const chineseByEnglish = new Map<string, string>(
  Object.values(refusals).map(([, english, chinese]) => [english.replace(/\s*:?\s*\{\}$/, ""), chinese]),
);

/** The refusal of one command; `value` fills the gap in its text. */
export function refuse(name: RefusalName, value = "", details: Record<string, unknown> = {}): AppError {
  const [code, english] = refusals[name];
  return new AppError(code, english.replace("{}", () => value), { details });
}

/** Whether a failure is this refusal. */
export function isRefusal(failure: AppError, name: RefusalName): boolean {
  const [code, english] = refusals[name];
  return failure.code === code && failure.message.startsWith(english.split("{}")[0]);
}

/** The reason as people read it: fixed texts are translated, anything else is shown as it is. */
export function localizedReason(text: string, language: Language): string {
  if (language === "en") return text;
  const exact = chineseByEnglish.get(text);
  if (exact) return exact;
  for (const [english, chinese] of chineseByEnglish) {
    if (text.startsWith(`${english}:`) || text.startsWith(`${english} `)) return chinese;
  }
  return text.replace(/^Execution error: /, "");
}

const status = {
  connected: ["连接成功", "Connected"],
  created: ["会话创建成功", "Session created"],
  stateExported: ["会话状态已保存", "Session saved"],
  stateRestored: ["会话状态已恢复", "Session restored"],
  resumed: ["会话已恢复连接", "Session resumed"],
  ready: ["助手已就绪", "Assistant ready"],
  thinking: ["收到，开始处理…", "Got it, working on it…"],
  summary: ["步骤已用完，正在总结…", "Out of steps, summing up…"],
  concluding: ["正在整理答案…", "Putting the answer together…"],
  toolCall: ["调用工具: {}", "Tool call: {}"],
  interrupted: ["已停止执行", "Stopped"],
  nothingRunning: ["当前没有正在执行的任务", "Nothing is running"],
  sessionEnd: ["会话已结束", "Session ended"],
  maxSteps: ["步骤数已用完", "Step budget used up"],
  deadline: ["已到时限，停止执行", "Time limit reached"],
  retry: ["第 {} 次尝试失败，正在重试", "Attempt {} failed, trying again"],
  resumedRun: ["服务器重启后继续执行（第 {} 步）", "Going on after a restart of the server (step {})"],
  replayed: ["已补发 {} 条事件", "{} missed events were sent"],
  duplicate: ["这条消息已经收到", "This message was already received"],
  shutdown: ["服务器即将关闭", "The server is shutting down"],
  confirm: ["是否允许执行「{}」？", "Allow {}?"],
  confirmed: ["已确认", "Confirmed"],
  declined: ["已拒绝", "Declined"],
  confirmTimeout: ["等待确认超时，视为拒绝", "Nobody answered in time: taken as a refusal"],
  noSuchStep: ["没有等待回答的确认", "No question with this step_id is open"],
  conversation: ["对话记录", "Conversation log"],
} as const satisfies Record<string, readonly [chinese: string, english: string]>;

/** A status line of the server in the session's language; `value` fills its gap. */
export function statusText(name: keyof typeof status, language: Language, value: unknown = ""): string {
  return status[name][language === "zh" ? 0 : 1].replace("{}", () => String(value));
}

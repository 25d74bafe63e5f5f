/** show_content: one ready-made sentence for people beside every event (protocol.md §15). */
import type { Language } from "../config.ts";
import { localizedReason } from "./texts.ts";

/** What a sentence may be made of. */
export interface Shown {
  readonly event: string;
  readonly content?: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const longest = { question: 120, value: 160 };

/** Cuts at a code point, so that no half of an emoji is left. */
export function clip(value: unknown, max: number): string {
  // Objects have no short form that people could read: nothing is better than raw JSON.
  const isText = ["string", "boolean", "bigint"].includes(typeof value) || Number.isFinite(value);
  const text = isText ? String(value) : "";
  if (text.length <= max) return text;
  const points = Array.from(text.slice(0, max * 2));
  return points.length <= max && text.length <= max * 2 ? text : points.slice(0, max - 1).join("") + "…";
}

/** The beginning of a text, never ending in half a character. */
export function head(text: string, maxUnits: number): string {
  return text.length <= maxUnits ? text : text.slice(0, maxUnits).replace(/[\uD800-\uDBFF]$/, "");
}

type Members = Record<string, unknown>;
type Sentence = (event: Shown, language: Language) => readonly [chinese: string, english: string];

const members = (value: unknown): Members =>
  typeof value === "object" && value !== null ? value as Members : {};
const text = (value: unknown, max: number = longest.value) => clip(value, max);
const same = (line: string) => [line, line] as const;
const fixed = (chinese: string, english: string): Sentence => () => [chinese, english];

function reason(event: Shown, language: Language): string {
  const { error, message } = members(event.content);
  const found = [event.content, error, message, event.metadata.error].find((value) =>
    typeof value === "string" && value
  );
  return text(localizedReason(String(found ?? ""), language));
}

const failed = (chinese: string, english: string): Sentence => (event, language) => {
  const why = reason(event, language);
  return why ? [`${chinese}：${why}`, `${english}: ${why}`] : [chinese, english];
};

function title(event: Shown): string {
  const task = members(members(event.content).task);
  return text(task.title ?? task.name ?? task.id ?? event.metadata.task_id);
}

const aboutTask = (chinese: string, english: string): Sentence => (event) => [
  `${chinese}：${title(event)}`,
  `${english}: ${title(event)}`,
];

function plan(event: Shown): { count: unknown; summary: string } {
  const source = { ...event.metadata, ...members(event.content) };
  const tasks = source.tasks;
  return {
    count: Array.isArray(tasks) ? tasks.length : event.metadata.task_count ?? 0,
    summary: text(source.plan_summary, longest.question),
  };
}

function toolResult(event: Shown): readonly [string, string] {
  const tool = text(event.metadata.tool);
  if (event.metadata.status === "success") return [`「${tool}」已返回`, `“${tool}” returned`];
  if (event.metadata.status === "unknown") return [`「${tool}」结果未知`, `Outcome of “${tool}” unknown`];
  const why = text(event.metadata.error ?? event.content);
  return [`「${tool}」失败：${why}`, `“${tool}” failed: ${why}`];
}

function question(event: Shown): readonly [string, string] {
  if (event.metadata.scope === "plan") {
    const { count, summary } = plan(event);
    return [`请审核计划，共 ${count} 项：${summary}`, `Review the plan, ${count} tasks: ${summary}`];
  }
  const tool = text(event.metadata.tool_name ?? event.content);
  return [`是否允许执行「${tool}」？`, `Allow “${tool}”?`];
}

const sentences: Record<string, Sentence> = {
  "system.connected": fixed("连接成功", "Connected"),
  "system.heartbeat": fixed("连接正常", "Connection alive"),
  "system.notice": (event) => same(text(event.content)),
  "system.error": failed("系统出错", "System error"),
  "auth.error": fixed("身份验证未通过", "Authentication failed"),
  "agent.session_created": ({ metadata }) =>
    metadata.reconnected ? ["会话已恢复连接", "Session resumed"] : ["会话已建立", "Session ready"],
  "agent.ready": fixed("助手已就绪", "Assistant ready"),
  "agent.session_end": fixed("会话已结束", "Session ended"),
  "agent.thinking": fixed("思考中…", "Thinking…"),
  "agent.tool_call": ({ metadata }) => {
    const tool = text(metadata.tool);
    return [`正在使用工具「${tool}」`, `Using tool “${tool}”`];
  },
  "agent.tool_result": toolResult,
  "agent.final_answer": (event) => same(String(event.content ?? "")),
  "agent.user_confirm": question,
  "agent.error": failed("助手出错", "Assistant error"),
  "agent.timeout": fixed("已到时限，停止执行", "Time limit reached"),
  "agent.interrupted": fixed("已停止执行", "Stopped"),
  "agent.llm_message": (event) => {
    const total = members(event.content).total_messages ?? 0;
    return [`对话记录（${total} 条）`, `Conversation log (${total})`];
  },
  "agent.state_exported": fixed("会话状态已保存", "Session saved"),
  "agent.state_restored": fixed("会话状态已恢复", "Session restored"),
  "plan.start": (event) => {
    const asked = text(members(event.content).question, longest.question);
    return [`正在规划：${asked}`, `Planning: ${asked}`];
  },
  "plan.completed": (event) => {
    const { count, summary } = plan(event);
    return [`计划就绪，共 ${count} 项：${summary}`, `Plan ready, ${count} tasks: ${summary}`];
  },
  "plan.step_completed": ({ metadata }) => {
    const step = text(metadata.step_name);
    return [`规划步骤「${step}」完成`, `Planning step “${step}” done`];
  },
  "plan.cancelled": fixed("计划已取消", "Plan cancelled"),
  "plan.validation_error": failed("计划不符合要求", "Plan rejected"),
  "plan.coercion_error": failed("任务内容无法识别", "Tasks not understood"),
  "solver.start": aboutTask("开始任务", "Task started"),
  "solver.completed": (event, language) =>
    members(members(event.content).result).status === "failed"
      ? aboutTask("任务失败", "Task failed")(event, language)
      : aboutTask("任务完成", "Task done")(event, language),
  "solver.progress": ({ metadata }) => {
    const percent = text(metadata.progress_percent);
    return [`任务进度 ${percent}%`, `Task at ${percent}%`];
  },
  "solver.step_failed": (event) => {
    const step = text(members(event.content).step_name);
    return [`任务步骤出错：${step}`, `Task step failed: ${step}`];
  },
  "solver.retry": ({ metadata }) => [
    `第 ${text(metadata.attempt)}/${text(metadata.max_attempts)} 次尝试`,
    `Attempt ${text(metadata.attempt)} of ${text(metadata.max_attempts)}`,
  ],
  "solver.cancelled": aboutTask("任务已取消", "Task cancelled"),
  "solver.restarted": aboutTask("任务重新开始", "Task restarted"),
  "aggregate.start": fixed("正在汇总", "Combining results"),
  "aggregate.completed": fixed("汇总完成", "Results combined"),
  "pipeline.completed": (event) => {
    const results = members(event.content).solver_results;
    const all = Array.isArray(results) ? results.map(members) : [];
    const lost = all.filter((item) => item.status === "failed").length;
    return [
      `流程结束，成功 ${all.length - lost} 项，失败 ${lost} 项`,
      `Finished: ${all.length - lost} done, ${lost} failed`,
    ];
  },
  "error.execution": failed("执行失败", "Failed"),
  "error.validation": failed("输入有误", "Invalid input"),
  "error.timeout": ({ metadata }) => {
    const seconds = text(metadata.timeout_seconds);
    return [`超过 ${seconds} 秒未完成`, `Not done after ${seconds} s`];
  },
  "error.recovery_started": fixed("正在恢复", "Recovering"),
  "error.recovery_success": fixed("已恢复", "Recovered"),
  "error.recovery_failed": failed("未能恢复", "Not recovered"),
};

/** The sentence for one event; undefined for `agent.partial_answer`, which people see as it is. */
export function showContent(event: Shown, language: Language): string | undefined {
  if (event.event === "agent.partial_answer") return undefined;
  const sentence = sentences[event.event];
  // An agent's own event: its text if it has one, else its name; never raw JSON.
  if (!sentence) return typeof event.content === "string" ? text(event.content) : event.event;
  const [chinese, english] = sentence(event, language);
  return language === "zh" ? chinese : english;
}

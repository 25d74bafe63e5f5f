import assert from "node:assert/strict";
import { clip, showContent } from "../../src/protocol/show_content.ts";
import { events } from "../../src/protocol/schema.ts";

type Given = [event: string, content: unknown, metadata: Record<string, unknown>, zh: string, en: string];

/** Every row of protocol.md §15. */
const rows: Given[] = [
  ["system.connected", "x", {}, "连接成功", "Connected"],
  ["system.heartbeat", undefined, {}, "连接正常", "Connection alive"],
  ["system.notice", "已确认", { action: "x" }, "已确认", "已确认"],
  ["system.error", "disk full", {}, "系统出错：disk full", "System error: disk full"],
  ["auth.error", "Invalid token", {}, "身份验证未通过", "Authentication failed"],
  ["agent.session_created", "x", {}, "会话已建立", "Session ready"],
  ["agent.session_created", "x", { reconnected: true }, "会话已恢复连接", "Session resumed"],
  ["agent.ready", "x", {}, "助手已就绪", "Assistant ready"],
  ["agent.session_end", "x", {}, "会话已结束", "Session ended"],
  ["agent.thinking", "I look.", {}, "思考中…", "Thinking…"],
  ["agent.tool_call", "x", { tool: "t" }, "正在使用工具「t」", "Using tool “t”"],
  ["agent.tool_result", "ok", { tool: "t", status: "success" }, "「t」已返回", "“t” returned"],
  [
    "agent.tool_result",
    "no",
    { tool: "t", status: "failed", error: "no" },
    "「t」失败：no",
    "“t” failed: no",
  ],
  ["agent.tool_result", "?", { tool: "t", status: "unknown" }, "「t」结果未知", "Outcome of “t” unknown"],
  ["agent.final_answer", "Sunny.", {}, "Sunny.", "Sunny."],
  [
    "agent.user_confirm",
    "x",
    { scope: "plan", tasks: [1, 2], plan_summary: "s" },
    "请审核计划，共 2 项：s",
    "Review the plan, 2 tasks: s",
  ],
  ["agent.user_confirm", "x", { scope: "tool", tool_name: "t" }, "是否允许执行「t」？", "Allow “t”?"],
  [
    "agent.error",
    "model unreachable",
    {},
    "助手出错：model unreachable",
    "Assistant error: model unreachable",
  ],
  ["agent.timeout", "x", {}, "已到时限，停止执行", "Time limit reached"],
  ["agent.interrupted", "x", {}, "已停止执行", "Stopped"],
  ["agent.llm_message", { messages: [], total_messages: 7 }, {}, "对话记录（7 条）", "Conversation log (7)"],
  ["agent.state_exported", "x", {}, "会话状态已保存", "Session saved"],
  ["agent.state_restored", "x", {}, "会话状态已恢复", "Session restored"],
  ["plan.start", { question: "Report" }, {}, "正在规划：Report", "Planning: Report"],
  [
    "plan.completed",
    { tasks: [{ id: 1 }], plan_summary: "One" },
    {},
    "计划就绪，共 1 项：One",
    "Plan ready, 1 tasks: One",
  ],
  [
    "plan.completed",
    { plan_summary: "One" },
    { task_count: 3 },
    "计划就绪，共 3 项：One",
    "Plan ready, 3 tasks: One",
  ],
  ["plan.step_completed", "x", { step_name: "read" }, "规划步骤「read」完成", "Planning step “read” done"],
  ["plan.cancelled", { reason: "cancelled" }, {}, "计划已取消", "Plan cancelled"],
  [
    "plan.validation_error",
    { message: "m", error: "empty list" },
    {},
    "计划不符合要求：empty list",
    "Plan rejected: empty list",
  ],
  [
    "plan.coercion_error",
    { message: "m", error: "id missing" },
    {},
    "任务内容无法识别：id missing",
    "Tasks not understood: id missing",
  ],
  ["solver.start", { task: { id: 1, title: "Sales" } }, {}, "开始任务：Sales", "Task started: Sales"],
  ["solver.start", { task: { id: 1, name: "Named" } }, {}, "开始任务：Named", "Task started: Named"],
  [
    "solver.completed",
    { task: { id: 1, title: "Sales" }, result: { status: "success" } },
    {},
    "任务完成：Sales",
    "Task done: Sales",
  ],
  [
    "solver.completed",
    { task: { id: 1, title: "Sales" }, result: { status: "failed" } },
    {},
    "任务失败：Sales",
    "Task failed: Sales",
  ],
  ["solver.progress", undefined, { progress_percent: 40 }, "任务进度 40%", "Task at 40%"],
  ["solver.step_failed", { step_name: "query" }, {}, "任务步骤出错：query", "Task step failed: query"],
  ["solver.retry", undefined, { attempt: 2, max_attempts: 3 }, "第 2/3 次尝试", "Attempt 2 of 3"],
  ["solver.cancelled", { task: { id: 1, title: "Sales" } }, {}, "任务已取消：Sales", "Task cancelled: Sales"],
  [
    "solver.restarted",
    { task: { id: 1, title: "Sales" } },
    {},
    "任务重新开始：Sales",
    "Task restarted: Sales",
  ],
  ["aggregate.start", {}, {}, "正在汇总", "Combining results"],
  ["aggregate.completed", {}, {}, "汇总完成", "Results combined"],
  [
    "pipeline.completed",
    { solver_results: [{ status: "success" }, { status: "failed" }, { status: "success" }] },
    {},
    "流程结束，成功 2 项，失败 1 项",
    "Finished: 2 done, 1 failed",
  ],
  ["error.execution", "Query failed", {}, "执行失败：Query failed", "Failed: Query failed"],
  ["error.validation", "id missing", {}, "输入有误：id missing", "Invalid input: id missing"],
  ["error.timeout", "x", { timeout_seconds: 30 }, "超过 30 秒未完成", "Not done after 30 s"],
  ["error.recovery_started", "x", {}, "正在恢复", "Recovering"],
  ["error.recovery_success", "x", {}, "已恢复", "Recovered"],
  ["error.recovery_failed", "Gave up", {}, "未能恢复：Gave up", "Not recovered: Gave up"],
];

Deno.test("Every event has the sentence of the protocol in both languages", () => {
  for (const [event, content, metadata, chinese, english] of rows) {
    assert.equal(showContent({ event, content, metadata }, "zh"), chinese, event);
    assert.equal(showContent({ event, content, metadata }, "en"), english, event);
  }
});

Deno.test("No server event is without a row but agent.partial_answer, which has no sentence", () => {
  const told = new Set(rows.map(([event]) => event));
  const native = [...events.keys()].filter((name) => name.includes(".") && !name.startsWith("user."));
  assert.deepEqual(native.filter((name) => !told.has(name)), ["agent.partial_answer"]);
  assert.equal(showContent({ event: "agent.partial_answer", content: "x", metadata: {} }, "zh"), undefined);
});

Deno.test("Refusals are read in Chinese where the session speaks it", () => {
  const sentence = (event: string, content: string) => showContent({ event, content, metadata: {} }, "zh");
  assert.equal(sentence("agent.error", "Session not found"), "助手出错：会话不存在");
  assert.equal(sentence("system.error", "Invalid JSON: the message is empty"), "系统出错：不是有效的 JSON");
  assert.equal(sentence("agent.error", "Agent does not support replan"), "助手出错：助手不支持该操作");
  assert.equal(sentence("agent.error", "Execution error: model unreachable"), "助手出错：model unreachable");
  assert.equal(
    showContent({ event: "agent.error", content: "Session not found", metadata: {} }, "en"),
    "Assistant error: Session not found",
  );
});

Deno.test("A session that could not be made does not read as a missing agent", () => {
  const content = 'Failed to create session: agent "a" could not be made';
  const sentence = showContent({ event: "system.error", content, metadata: {} }, "zh")!;
  assert.equal(sentence.includes("没有这个助手"), false, sentence);
});

const points = (text: string) => Array.from(text).length;

Deno.test("Questions and summaries are cut at 120 code points, other values at 160, the answer never", () => {
  for (const letter of ["a", "字", "😀"]) {
    const long = letter.repeat(500);
    const plan = showContent({ event: "plan.start", content: { question: long }, metadata: {} }, "zh")!;
    assert.equal(plan, `正在规划：${letter.repeat(119)}…`);
    const ready = { event: "plan.completed", content: { plan_summary: long, tasks: [] }, metadata: {} };
    assert.equal(showContent(ready, "en"), `Plan ready, 0 tasks: ${letter.repeat(119)}…`);
    const tool = showContent({ event: "agent.tool_call", metadata: { tool: long } }, "en")!;
    assert.equal(tool, `Using tool “${letter.repeat(159)}…”`);
    const error = showContent({ event: "agent.error", content: long, metadata: {} }, "zh")!;
    assert.equal(points(error), points("助手出错：") + 160);
    assert.equal(showContent({ event: "agent.final_answer", content: long, metadata: {} }, "zh"), long);
  }
});

Deno.test("Texts of exactly the limit stay whole, and cuts never leave half a character", () => {
  assert.equal(clip("a".repeat(120), 120), "a".repeat(120));
  assert.equal(clip("😀".repeat(120), 120), "😀".repeat(120));
  assert.equal(clip("a".repeat(121), 120), `${"a".repeat(119)}…`);
  assert.equal(clip(`a${"😀".repeat(120)}`, 120), `a${"😀".repeat(118)}…`);
  for (let before = 0; before < 4; before++) {
    const cut = clip("x".repeat(before) + "😀".repeat(300), 120);
    assert.ok(cut.isWellFormed() && points(cut) === 120, cut);
  }
});

/** Values an agent or a planner may put where a text is expected. */
const oddities: unknown[] = [undefined, null, {}, { a: { b: 1 } }, [1, [2]], 5, true, "", NaN];

Deno.test("No sentence holds undefined, null, NaN, raw JSON or [object Object], whatever an event is made of", () => {
  const names = [...events.keys()].filter((name) => name.includes(".") && !name.startsWith("user."));
  const members = [
    "tool",
    "error",
    "step_name",
    "progress_percent",
    "attempt",
    "timeout_seconds",
    "tool_name",
  ];
  const problems = new Set<string>();
  for (const event of [...names, "shop.cart_changed"]) {
    for (const odd of oddities) {
      const metadata = Object.fromEntries(members.map((member) => [member, odd]));
      const inner = { task: { title: odd }, question: odd, error: odd, step_name: odd, plan_summary: odd };
      for (const content of [odd, inner]) {
        if (event === "agent.final_answer" && typeof content !== "string") continue;
        const sentence = showContent({ event, content, metadata }, "en");
        if (/undefined|null|NaN|\[object|[{}]/.test(sentence ?? "")) problems.add(`${event}: ${sentence}`);
      }
    }
  }
  assert.deepEqual([...problems], []);
});

Deno.test("An agent's own event shows its text, or its name when it has none", () => {
  const event = "shop.cart_changed";
  assert.equal(showContent({ event, content: "Two items", metadata: {} }, "zh"), "Two items");
  assert.equal(showContent({ event, content: { items: 2 }, metadata: {} }, "zh"), event);
  assert.equal(showContent({ event, metadata: {} }, "zh"), event);
});

Deno.test("A failure told in an object shows its message when it names no reason", () => {
  const content = { message: "Plan has no tasks" };
  const event = "plan.validation_error";
  assert.equal(showContent({ event, content, metadata: {} }, "en"), "Plan rejected: Plan has no tasks");
});

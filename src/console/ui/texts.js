/** What the page says, in Chinese and English. */
// @ts-check

/** @typedef {"zh" | "en"} Language */
/** @typedef {Record<string, string | number>} Values */

/** @type {Record<string, readonly [chinese: string, english: string]>} */
const table = {
  greeting: ["你好，我是 {name}", "Hi, I am {name}"],
  invitation: [
    "直接提问，我会一边思考、一边用工具找到答案。",
    "Ask me something: I think, use my tools and answer.",
  ],
  placeholder: ["输入消息…", "Write a message…"],
  hint: ["Enter 发送 · Shift+Enter 换行 · Esc 停止", "Enter sends · Shift+Enter new line · Esc stops"],
  conversation: ["对话", "Conversation"],
  tools: ["页面操作", "Page controls"],
  newChat: ["新对话", "New conversation"],
  switchLanguage: ["Switch to English", "切换到中文"],
  switchTheme: ["切换深色或浅色", "Switch between dark and light"],
  send: ["发送", "Send"],
  stop: ["停止", "Stop"],
  stopHint: ["停止（Esc）", "Stop (Esc)"],
  jump: ["回到最新", "Jump to the newest"],
  demo: ["演示模型", "Demo model"],
  demoHint: [
    "没有配置 API 密钥，由离线演示模型回答。设置 OPENAI_API_KEY 可使用真实模型。",
    "No API key is set, so the offline demo model answers. Set OPENAI_API_KEY to use a real model.",
  ],
  you: ["你", "You"],
  copy: ["复制", "Copy"],
  copied: ["已复制", "Copied"],
  retry: ["重试", "Try again"],

  connecting: ["正在连接…", "Connecting…"],
  resuming: ["正在恢复会话…", "Resuming…"],
  ready: ["已连接", "Connected"],
  waiting: ["连接已断开", "Connection lost"],
  stopped: ["未连接", "Not connected"],
  reconnectIn: ["连接已断开，{seconds} 秒后重连", "Connection lost, trying again in {seconds} s"],
  reconnecting: ["连接已断开，正在重连…", "Connection lost, reconnecting…"],
  restarting: ["服务器正在重启，{seconds} 秒后重连", "The server is restarting, trying again in {seconds} s"],
  crowded: ["服务器繁忙，{seconds} 秒后重连", "The server is full, trying again in {seconds} s"],
  tooFast: [
    "消息过于频繁，{seconds} 秒后重连",
    "Too many messages at once, trying again in {seconds} s",
  ],
  reconnectNow: ["立即重连", "Reconnect now"],
  connect: ["重新连接", "Connect"],
  resumed: ["连接已恢复", "Connection restored"],
  resumedMissed: ["连接已恢复，补上了 {count} 条", "Connection restored, {count} missed events caught up"],
  shutdown: ["服务器即将关闭", "The server is about to stop"],
  closedNormally: ["连接已正常关闭", "The connection was closed normally"],
  closedUnauthorized: [
    "身份验证未通过：请用带有效 token 的链接打开此页面",
    "Not authenticated: open this page with a valid token",
  ],
  closedForbidden: ["没有权限访问此服务", "You are not allowed to use this service"],
  closedLimit: [
    "会话或连接数已达上限，请关闭其他页面后再试",
    "Session or connection limit reached: close other pages, then try again",
  ],
  closedRefused: ["服务器拒绝了此连接（{code}）", "The server refused this connection ({code})"],
  authRequired: ["此服务需要 token：请用带 token 的链接打开", "A token is needed: open this page with one"],
  unreachable: ["无法建立会话", "Cannot start a session"],
  sessionLost: [
    "上面的会话已结束，助手不再记得这些内容",
    "The session above has ended; the assistant no longer remembers it",
  ],
  sessionEnded: ["会话已结束，下一条消息会开始新的会话", "Session ended; your next message starts a new one"],
  historyPartial: ["较早的细节已不再保留", "Earlier details are no longer kept"],

  sending: ["正在发送…", "Sending…"],
  queued: ["等待连接后发送…", "Will be sent once connected…"],
  thinking: ["思考中…", "Thinking…"],
  usingTool: ["正在使用「{tool}」…", "Using “{tool}”…"],
  awaiting: ["等待你的确认", "Waiting for your decision"],
  stopping: ["正在停止…", "Stopping…"],
  thought: ["思考", "Thought"],
  arguments: ["参数", "Arguments"],
  changedArguments: ["参数（你已修改）", "Arguments (changed by you)"],
  noArguments: ["无参数", "No arguments"],
  result: ["结果", "Result"],
  failure: ["错误", "Error"],
  data: ["数据", "Data"],
  moreRows: ["另有 {count} 行", "{count} more rows"],
  pending: ["待确认", "waiting"],
  running: ["运行中", "running"],
  success: ["完成", "done"],
  failed: ["失败", "failed"],
  unknown: ["结果未知", "outcome unknown"],
  cancelled: ["已停止", "stopped"],
  shortened: ["内容过长，已截短", "Too long, shortened"],
  second: ["第 {attempt} 次尝试", "attempt {attempt}"],
  interrupted: ["已停止", "Stopped"],
  outOfSteps: ["步骤数已用完，正在总结", "Out of steps, summing up"],
  outOfTime: ["已到时限", "Time limit reached"],
  ranOut: ["步骤数已用完", "Step budget used up"],
  retrying: ["出了点问题，正在重试：{error}", "Something failed, trying again: {error}"],
  continued: ["服务重启后继续执行", "Continued after a restart"],
  tokens: ["{count} tokens", "{count} tokens"],
  answered: ["回答完毕", "Answer complete"],

  allowTool: ["允许执行「{tool}」吗？", "Allow “{tool}”?"],
  allowPlan: ["按这个计划执行吗？", "Go ahead with this plan?"],
  allow: ["允许", "Allow"],
  refuse: ["拒绝", "Refuse"],
  editArguments: ["可以修改后再允许", "You may change these before allowing"],
  tasks: ["任务", "Tasks"],
  invalidObject: ["需要一个 JSON 对象", "This must be a JSON object"],
  invalidList: ["需要一个 JSON 数组", "This must be a JSON list"],
  answerSent: ["已提交", "Sent"],
  answerLost: ["未能提交，请重试", "Not sent, please try again"],
  tooLate: ["这个问题已不再等待回答", "This question is no longer open"],
  expiresIn: ["剩余 {time}", "{time} left"],
  allowed: ["已允许", "Allowed"],
  allowedChanged: ["已修改参数并允许", "Allowed with changed arguments"],
  refused: ["已拒绝", "Refused"],
  expired: ["超时未回答，视为拒绝", "No answer in time: taken as a refusal"],
  closedQuestion: ["已关闭", "Closed"],
};

/** The texts in the chosen language, and the elements that show them: switching the language rewrites those. */
export class Texts {
  /** @type {Language} */
  language;
  /** @type {WeakMap<Element, Values>} */
  #values = new WeakMap();

  /** @param {Language} language */
  constructor(language) {
    this.language = language;
  }

  /**
   * @param {string} key
   * @param {Values} [values] - fill the gaps of the text
   * @returns {string}
   */
  get(key, values = {}) {
    const row = table[key];
    if (!row) return key;
    const text = row[this.language === "zh" ? 0 : 1];
    return text.replace(/\{(\w+)\}/g, (_gap, name) => String(values[name] ?? ""));
  }

  /**
   * Makes an element show a text, now and after the language was switched.
   *
   * @template {HTMLElement} E
   * @param {E} element
   * @param {string} key
   * @param {Values} [values]
   * @returns {E}
   */
  put(element, key, values = {}) {
    element.dataset.text = key;
    this.#values.set(element, values);
    element.textContent = this.get(key, values);
    return element;
  }

  /**
   * Writes every text under `root` in the current language.
   *
   * @param {ParentNode} root
   */
  refresh(root) {
    for (
      const element of root.querySelectorAll("[data-text], [data-label], [data-title], [data-placeholder]")
    ) {
      const { text, label, title, placeholder } = /** @type {HTMLElement} */ (element).dataset;
      if (text) element.textContent = this.get(text, this.#values.get(element));
      if (label) element.setAttribute("aria-label", this.get(label));
      if (title) element.setAttribute("title", this.get(title));
      if (placeholder) element.setAttribute("placeholder", this.get(placeholder));
    }
  }
}

/** The questions of the empty page. */
export const examples = [
  "北京今天天气怎么样？",
  "告诉我上海的基本信息",
  "What is the weather in Berlin?",
];

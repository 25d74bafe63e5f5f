/** Help in Chinese and English: commands, arguments and headings; settings bring their English with them. */
import type { Language, SettingName, SettingRow } from "../config.ts";

const texts = {
  program: [
    "把一个 Agent 文件变成实时的 WebSocket 服务",
    "Turns one agent file into a live WebSocket service",
  ],
  server: [
    "启动 WebSocket 服务器（server 这个词可以省略）",
    "Serves agents over WebSocket (the word server may be left out)",
  ],
  serverPaths: [
    "Agent 文件，可以有多个，或一个文件夹；不写则用 agents 文件夹",
    "agent files, or a folder of them; without one the folder agents",
  ],
  run: ["在终端里运行一次 Agent", "Runs an agent once in the terminal"],
  file: ["Agent 文件", "agent file"],
  question: ["要问的话", "what to ask"],
  sessions: [
    "查看数据文件夹中的会话（服务器未运行时）",
    "Look at the sessions of a data folder (while no server runs on it)",
  ],
  sessions_list: ["列出会话", "List the sessions: id, last activity, state, agent, events, bytes"],
  sessions_show: ["显示一个会话的对话", "Show the conversation of a session"],
  sessions_export: ["以 JSON 导出一个会话", "Print a session with all its events as JSON"],
  sessions_delete: ["删除一个会话", "Delete a session for good"],
  sessionId: ["会话 ID", "Id of the session"],
  check: [
    "检查 Agent 文件，显示名称、工具和权限",
    "Loads an agent file and shows its name, tools and permissions",
  ],
  init: ["创建一个入门 Agent 文件", "Writes a starter agent file"],
  initFile: ["新文件的名字（默认 my_agent.ts）", "name of the new file (default my_agent.ts)"],
  schema: ["打印通信协议的 JSON Schema", "Prints the wire protocol as JSON Schema"],
  schemaMarkdown: ["打印成 Markdown 表格", "print it as Markdown tables"],
  completions: ["打印命令行补全脚本", "Prints a completion script for a shell"],
  shell: ["bash、zsh 或 fish", "bash, zsh or fish"],
  health: ["检查服务器是否正常，正常时退出码为 0", "Asks a server whether it is well; exits 0 if so"],
  healthUrl: ["服务器网址（默认按 --port 在本机查）", "URL of the server (default: this machine, by --port)"],
  help: ["显示帮助", "show help"],
  helpCommand: ["显示某个命令的帮助", "show help for a command"],
  version: ["显示版本号", "show the version"],
  default: ["默认 {}", "default {}"],
  secrets: ["只能用环境变量设置:", "Set by variable only:"],
  precedence: [
    "优先级: 命令行选项 > 环境变量 > 当前目录的 .env > 默认值",
    "Precedence: flags, then the environment, then .env in the working directory, then defaults",
  ],
  examples: ["示例:", "Examples:"],
} as const satisfies Record<string, readonly [chinese: string, english: string]>;

export function helpText(name: keyof typeof texts, language: Language, value = ""): string {
  return texts[name][language === "zh" ? 0 : 1].replace("{}", () => value);
}

/** Headings that the help printer writes itself. */
const headings: Readonly<Record<string, string>> = {
  "Usage:": "用法:",
  "Arguments:": "参数:",
  "Options:": "选项:",
  "Commands:": "命令:",
};

export function heading(title: string, language: Language): string {
  return language === "zh" ? headings[title] ?? title : title;
}

const groups: Readonly<Record<string, readonly [chinese: string, english: string]>> = {
  listen: ["监听:", "Listening:"],
  model: ["模型:", "Model:"],
  counts: ["数量限制:", "Limits:"],
  log: ["存储与事件日志:", "Store and event log:"],
  sending: ["发送与心跳:", "Sending and heartbeat:"],
  sessions: ["会话:", "Sessions:"],
  runs: ["运行:", "Runs:"],
  state: ["状态导出:", "State export:"],
  switches: ["开关:", "Switches:"],
};

export function groupTitle(group: string, language: Language): string {
  const titles = groups[group];
  return titles ? titles[language === "zh" ? 0 : 1] : `${group}:`;
}

/** The settings' help in Chinese; a test sees to it that none is missing. */
const settings: Partial<Record<SettingName, string>> = {
  host: "监听的主机名或地址",
  port: "监听端口；0 表示任选一个空闲端口",
  tracePort: "提供相同路由的第二个端口（习惯用 8000）",
  dataDir: "保存会话的文件夹，重启后会话仍在",
  durability: "事件何时算已保存：写入磁盘（sync）、写入文件（batch）、立即（memory）",
  resume: "服务器重启后是否继续未完成的任务",
  stateSecretKey: "为导出的会话状态签名的密钥，用逗号分隔；第一个签名，全部可验证",
  stateAudience: "导出的会话状态为谁签名",
  transport: "native：Deno 自带的 WebSocket；ws：限制消息大小，适合公网；auto：按主机选择",
  healthPort: "只提供 /health 和 /metrics 的端口（习惯用 8081）",
  allowedOrigins: "允许连接的网页来源，用逗号分隔；不设则允许同主机、本机和本地文件",
  language: "文字语言: zh 或 en",
  watch: "Agent 文件改动后为新会话重新加载",
  debug: "记录每个连接、会话和运行",
  model: "模型名称",
  apiKey: "API 密钥；不设则由离线演示模型回答",
  baseUrl: "兼容 OpenAI 的 API 地址",
  temperature: "采样温度",
  maxTokens: "一次模型调用的最长回答（token）",
  maxConnections: "同时打开的连接数",
  maxSessions: "同时保留的会话数",
  maxSessionsPerConnection: "一个连接可加入的会话数",
  maxAttachmentsPerSession: "一个会话可连接的客户端数",
  rateLimit: "一个连接每秒可发的消息数；0 表示不限",
  rateBurst: "一个连接可一次发出的消息数",
  store: "会话存放的位置",
  coalesceMs: "回答片段等待合并的最长时间（毫秒）",
  coalesceBytes: "达到多少字节的回答立即发送",
  logMaxEvents: "每个会话保留的事件数",
  logMaxBytes: "每个会话保留的事件字节数",
  sendBudgetBytes: "一个连接短时间内可积压的字节数",
  sendBudgetGraceSeconds: "允许超过该积压量的秒数",
  sendHardBytes: "积压到多少字节立即断开",
  heartbeatSeconds: "system.heartbeat 的间隔秒数；0 表示关闭",
  idleTimeoutSeconds: "多少秒不回应 ping 就断开",
  graceSeconds: "没有连接的会话保留多少秒",
  sessionTtlHours: "会话无活动时的最长寿命（小时）",
  drainSeconds: "停止时等待任务结束的秒数",
  busy: "运行中又来消息时怎么办",
  runTimeoutSeconds: "一次运行的最长秒数；等待确认时不计时",
  cancelWaitSeconds: "取消后等待运行停下的秒数",
  confirmTimeoutSeconds: "等待用户确认的秒数",
  maxRetryAttempts: "失败后再试的次数",
  retryDelaySeconds: "再试之前等待的秒数",
  answerStream: "eager: 文字立即发出；safe: 只发确定是回答的文字",
  agentReady: "在 agent.session_created 之后发送 agent.ready",
  sendLlmMessage: "每次模型调用后发送 agent.llm_message",
};

/** What a setting does; English where a translation is missing. */
export function settingHelp(row: SettingRow, language: Language): string {
  return (language === "zh" ? settings[row.name] : undefined) ?? row.help;
}

/** What the command line says, in Chinese and English. */
import type { Language } from "../config.ts";

const texts = {
  loading: ["🔍 正在加载 Agent 文件: {}", "🔍 Loading agent file: {}"],
  loaded: ["✅ Agent 加载成功: {}", "✅ Agent loaded: {}"],
  skipped: ["💤 已跳过 {}: 没有导出 agent", "💤 Skipped {}: it exports no agent"],
  listening: ["🚀 MyAgent WebSocket 服务启动在 {}", "🚀 MyAgent WebSocket server listening on {}"],
  console: ["🌐 控制台: {}", "🌐 Console: {}"],
  model: ["🧠 模型: {}", "🧠 Model: {}"],
  store: ["💾 存储: {}", "💾 Store: {}"],
  storeMemory: ["内存（重启后会话不保留）", "memory (sessions end with the process)"],
  watching: ["👀 正在监视文件变化，保存后自动重新加载", "👀 Watching: a saved agent file is reloaded"],
  stopHint: ["按 Ctrl-C 停止", "Press Ctrl-C to stop"],
  demoModel: [
    "⚠️  演示模型: 未设置 OPENAI_API_KEY，回答由离线程序拼成，不是真正的 AI",
    "⚠️  DEMO MODEL: OPENAI_API_KEY is not set, so answers are made up offline, not by a real AI",
  ],
  randomStateKey: [
    "⚠️  未设置 MYAGENT_STATE_SECRET_KEY: 导出的会话状态在重启后无法恢复",
    "⚠️  MYAGENT_STATE_SECRET_KEY is not set: exported sessions cannot be restored after a restart",
  ],
  noAuthentication: [
    "⚠️  没有身份验证: 监听 {}，任何连得上这台机器的人都能使用",
    "⚠️  No authentication: it listens on {}, and everyone who reaches this machine may use it",
  ],
  stopping: [
    "🛑 正在停止: 等待进行中的任务结束（再按一次 Ctrl-C 立即退出）",
    "🛑 Stopping: waiting for runs to finish (press Ctrl-C again to exit at once)",
  ],
  stopped: ["👋 服务器已停止", "👋 Server stopped"],
  reloaded: ["🔁 已重新加载 {}: {}（对新会话生效）", "🔁 Reloaded {}: {} (for new sessions)"],
  keptLast: [
    "❗ {} 有错误，新会话继续使用上一个可用版本: {}",
    "❗ {} is broken, new sessions keep the last good version: {}",
  ],
  restartNeeded: [
    "❗ {} 已修改：它由 Agent 文件导入，需要重启服务器才能生效",
    "❗ {} has changed: an agent file imports it, so restart the server to use it",
  ],

  serverError: ["服务器错误: {}", "Server error: {}"],
  portTaken: [
    "端口 {} 已被占用 (Address already in use)，请停止占用它的程序，或用 --port {} 换一个端口",
    "Port {} is taken (Address already in use); stop the program that uses it, or choose another with --port {}",
  ],
  portDenied: [
    "没有权限监听端口 {}，请用 --port 换一个 1024 以上的端口",
    "Not allowed to listen on port {}; choose one above 1024 with --port",
  ],
  hostUnusable: [
    '无法监听主机 "{}"，请用 --host 指定本机的名称或地址，例如 localhost 或 0.0.0.0',
    'Cannot listen on host "{}"; name one of this machine with --host, e.g. localhost or 0.0.0.0',
  ],
  unexpected: ["意外错误: {}", "Unexpected error: {}"],
  runFailed: ["运行失败: {}", "Run failed: {}"],
  runCancelled: ["已取消", "Cancelled"],
  noAgentFile: [
    "请指定 Agent 文件或文件夹，例如 myagent-ws server my_agent.ts；还没有的话先运行 myagent-ws init",
    "Name an agent file or a folder, e.g. myagent-ws server my_agent.ts; to make one run myagent-ws init",
  ],
  noAgentFound: [
    "{} 里没有导出 agent 的文件，请写成 export const agent = createReactAgent({ … })",
    "No file in {} exports an agent; write export const agent = createReactAgent({ … })",
  ],
  sameName: [
    '两个文件的 Agent 同名 "{}": {} 和 {}，请给其中一个换个名字',
    'Two files hold an agent called "{}": {} and {}; give one of them another name',
  ],
  envFile: [
    "无法读取 {}: 第 {} 行不是 NAME=value 的形式",
    "Cannot read {}: line {} is not of the form NAME=value",
  ],
  envQuote: ["无法读取 {}: 第 {} 行的引号没有结束", "Cannot read {}: the quote in line {} is not closed"],
  envEncoding: [
    "无法读取 {}: 它不是 UTF-8 编码，请另存为 UTF-8",
    "Cannot read {}: it is not UTF-8 text; save it as UTF-8",
  ],
  envUnreadable: [
    "无法读取 {}: {}",
    "Cannot read {}: {}",
  ],

  unknownOption: ["未知选项 {}，{}", "Unknown option {}; {}"],
  unknownCommand: [
    "{} 既不是命令，也不是已有的文件，{}",
    "{} is neither a command nor a file that exists; {}",
  ],
  didYouMean: ["是不是想用 {}？", "did you mean {}?"],
  seeHelp: ["运行 {} --help 查看用法", "run {} --help to see what there is"],
  missingArgument: ["缺少参数 <{}>，{}", "Missing argument <{}>; {}"],
  missingValue: ["选项 {} 缺少值，{}", "Option {} needs a value; {}"],
  excessArguments: ["参数太多: {}，{}", "Too many arguments: {}; {}"],

  confirmTool: ["是否允许执行「{}」？", "Allow the tool {} to run?"],
  confirmAsk: ["   确认请输入 y，其他为拒绝 [y/N] ", "   y to allow, anything else refuses [y/N] "],
  confirmRefused: [
    "   当前不是终端，无法询问，已拒绝",
    "   Not at a terminal, so nobody can be asked: refused",
  ],
  tool: ["🔧 {} {}", "🔧 {} {}"],
  toolDone: ["   ✔ {} ({} ms)", "   ✔ {} ({} ms)"],
  toolFailed: ["   ✘ {} ({} ms)", "   ✘ {} ({} ms)"],
  thinking: ["💭 {}", "💭 {}"],
  summing: ["步骤已用完，正在总结…", "Out of steps, summing up…"],
  outOfSteps: ["步骤数已用完（{} 步）", "Step budget used up ({} steps)"],

  noDataDir: ["请用 --data-dir 指定数据文件夹", "Name the data folder with --data-dir"],
  noSuchSession: ["没有会话 {}", "There is no session {}"],
  sessionDeleted: ["🗑️  已删除会话 {}", "🗑️  Session {} is deleted"],
  sessionCount: ["共 {} 个会话", "{} sessions"],
  checkGood: ["✅ {} 可以使用", "✅ {} is ready to use"],
  labelName: ["名称", "Name"],
  labelDescription: ["描述", "Description"],
  labelType: ["类型", "Type"],
  labelSessions: ["会话", "Sessions"],
  labelTools: ["工具", "Tools"],
  labelPermissions: ["权限", "Permissions"],
  labelHooks: ["钩子", "Hooks"],
  none: ["无", "none"],
  shared: ["共用一个 Agent 定义", "share one agent definition"],
  perSession: ["每个会话各建一个 Agent", "each gets an agent of its own"],
  notEnforced: ["（此版本不强制执行）", "(not enforced by this version)"],

  created: ["✅ 已创建 {}，接下来可以:", "✅ Created {}. Now you can:"],
  nextRun: ["在终端里问一句", "ask it in the terminal"],
  nextServe: ["启动服务，然后打开 http://localhost:8080/", "serve it, then open http://localhost:8080/"],
  fileExists: [
    "{} 已存在，不会覆盖；请换一个文件名，例如 myagent-ws init {}",
    "{} exists and is not overwritten; choose another name, e.g. myagent-ws init {}",
  ],
  cannotWrite: ["无法写入 {}: {}", "Cannot write {}: {}"],
  unknownShell: [
    "没有 {} 的补全脚本，可选 bash、zsh、fish",
    "There are no completions for {}; choose bash, zsh or fish",
  ],
  healthy: ["✅ {} 正常", "✅ {} is healthy"],
  unhealthy: ["{} 不正常: 状态码 {}", "{} is not healthy: status {}"],
  unreachable: ["无法访问 {}: {}", "Cannot reach {}: {}"],
  badUrl: ['"{}" 不是网址，应类似 http://localhost:8080', '"{}" is not a URL like http://localhost:8080'],
} as const satisfies Record<string, readonly [chinese: string, english: string]>;

export type TextName = keyof typeof texts;

/** A text in the given language; the values fill its gaps in order. */
export function text(name: TextName, language: Language, ...values: unknown[]): string {
  const rest = [...values];
  return texts[name][language === "zh" ? 0 : 1].replace(/\{\}/g, () => String(rest.shift() ?? ""));
}

/** The language in which to speak: the flag, else the variable, else the locale; Chinese if nothing says English. */
export function chooseLanguage(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const index = argv.findLastIndex((argument) => argument === "--lang" || argument.startsWith("--lang="));
  const flag = index < 0 ? undefined : argv[index].split("=")[1] ?? argv[index + 1];
  for (const wish of [flag, env.MYAGENT_LANGUAGE]) if (wish === "zh" || wish === "en") return wish;
  const locale = ["LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"].map((name) => env[name])
    .find((value) => value && !/^(C|POSIX)(\.|$)/.test(value));
  return locale?.toLowerCase().startsWith("en") ? "en" : "zh";
}

/** The one table of settings: type, default, variable, flag, help. --help, README and validation come from it. */
import { z } from "zod";
import { AppError } from "./errors.ts";

interface About {
  /** One sentence for --help and the README. */
  readonly help: string;
  /** Variables besides MYAGENT_<NAME>, in order of precedence. */
  readonly env?: readonly string[];
  /** Secrets have no flag: a command line is visible to every user of the machine. */
  readonly secret?: true;
  /** The flag's name where it is not the setting's own. */
  readonly alias?: string;
  readonly group: string;
}

const about = z.registry<About>();

function setting<T extends z.ZodType>(group: string, type: T, help: string, more: Partial<About> = {}): T {
  about.add(type, { group, help, ...more });
  return type;
}

/** A number, or its text; a blank is neither: it would switch limits off as 0. */
const number = (range: z.ZodType<number, unknown>) =>
  z.custom((value) => typeof value === "number" || (typeof value === "string" && value.trim() !== ""), {
    error: "expected a number",
  }).pipe(range);
const port = () => number(z.coerce.number().int().min(0).max(65535));
const count = (fallback: number, min = 0) => number(z.coerce.number().int().min(min)).default(fallback);
const seconds = (fallback: number) => number(z.coerce.number().min(0).max(2_000_000)).default(fallback);
const flag = (fallback: boolean) =>
  z.union([z.boolean(), z.stringbool()], { error: "expected true or false" }).default(fallback);
const list = () =>
  z.union([z.array(z.string()), z.string().transform((text) => text.split(",").map((item) => item.trim()))]);

/** Every setting of the server. Unknown keys are refused; the result is frozen. Units stand in the names. */
export const Config = z.strictObject({
  host: setting("listen", z.string().min(1).default("localhost"), "Host name or address to listen on"),
  port: setting("listen", port().default(8080), "Port to listen on; 0 takes a free one"),
  tracePort: setting("listen", port().optional(), "A second port with the same routes (customary 8000)"),
  healthPort: setting("listen", port().optional(), "A port with /health and /metrics only (customary 8081)"),
  transport: setting(
    "listen",
    z.enum(["auto", "native", "ws"]).default("auto"),
    "native: Deno's own WebSockets; ws: capped messages, for public hosts; auto: by host",
  ),
  allowedOrigins: setting(
    "listen",
    list().optional(),
    "Web origins that may connect, separated by commas; unset: same host, loopback and files",
  ),
  language: setting("listen", z.enum(["zh", "en"]).default("zh"), "Language of texts made by the server", {
    alias: "lang",
  }),
  watch: setting("listen", flag(false), "Reload a changed agent file for new sessions"),
  debug: setting("listen", flag(false), "Log every connection, session and run"),

  model: setting("model", z.string().default("gpt-4o-mini"), "Model name", { env: ["LLM_MODEL"] }),
  apiKey: setting(
    "model",
    z.string().min(1).optional(),
    "API key; without one the offline demo model answers",
    {
      env: ["OPENAI_API_KEY"],
      secret: true,
    },
  ),
  baseUrl: setting("model", z.url().optional(), "Base URL of an OpenAI-compatible API", {
    env: ["OPENAI_BASE_URL", "OPENAI_API_BASE"],
  }),
  temperature: setting("model", number(z.coerce.number().min(0).max(2)).optional(), "Sampling temperature"),
  maxTokens: setting(
    "model",
    number(z.coerce.number().int().min(1)).optional(),
    "Longest answer of one model call, in tokens",
  ),

  maxConnections: setting("counts", count(10_000, 1), "Open sockets at once"),
  maxSessions: setting("counts", count(20_000, 1), "Sessions held at once"),
  maxSessionsPerConnection: setting("counts", count(64, 1), "Sessions one socket may be attached to"),
  maxAttachmentsPerSession: setting("counts", count(16, 1), "Sockets that may be attached to one session"),
  rateLimit: setting(
    "counts",
    count(10),
    "Messages per second one socket may send; 0 switches the limit off",
  ),
  rateBurst: setting("counts", count(30, 1), "Messages one socket may send at once"),

  dataDir: setting("log", z.string().min(1).optional(), "Folder for sessions that survive a restart"),
  store: setting(
    "log",
    z.string().regex(/^(memory:|sqlite:.+)$/, { error: "expected memory: or sqlite:<path>" }).optional(),
    "memory: or sqlite:<path>; default: sqlite in the data folder, or memory without one",
  ),
  durability: setting(
    "log",
    z.enum(["sync", "batch", "memory"]).default("batch"),
    "When an event counts as stored: on the disk, in the file, or at once",
  ),
  coalesceMs: setting("log", count(50, 1), "Longest wait of an answer delta for its frame"),
  coalesceBytes: setting("log", count(1024, 1), "Answer bytes that are sent without waiting"),
  logMaxEvents: setting("log", count(10_000, 16), "Events kept per session"),
  logMaxBytes: setting("log", count(8 << 20, 1 << 16), "Bytes of events kept per session"),

  sendBudgetBytes: setting(
    "sending",
    count(1 << 20, 1 << 10),
    "Unsent bytes a socket may have for a short time",
  ),
  sendBudgetGraceSeconds: setting("sending", seconds(5), "How long it may be over that budget"),
  sendHardBytes: setting("sending", count(4 << 20, 1 << 10), "Unsent bytes that close a socket at once"),
  heartbeatSeconds: setting("sending", seconds(30), "Interval of system.heartbeat; 0 switches it off"),
  idleTimeoutSeconds: setting("sending", count(40), "A peer that answers no ping for this long is dropped"),

  graceSeconds: setting("sessions", seconds(300), "How long a session without a socket is kept"),
  sessionTtlHours: setting(
    "sessions",
    number(z.coerce.number().min(0)).default(24),
    "Longest life without activity",
  ),
  drainSeconds: setting("sessions", seconds(10), "Time for runs to finish at shutdown"),

  busy: setting("runs", z.enum(["reject"]).default("reject"), "What a message meets while a run is going on"),
  runTimeoutSeconds: setting("runs", seconds(3600), "Longest run; the clock stops while a question is open"),
  cancelWaitSeconds: setting("runs", seconds(5), "How long a cancelled run may take to stop"),
  confirmTimeoutSeconds: setting("runs", seconds(300), "How long a question waits for its answer"),
  resume: setting(
    "runs",
    z.enum(["auto", "off"]).default("auto"),
    "Whether a run goes on after a restart of the server",
  ),
  maxRetryAttempts: setting("runs", count(0), "Further attempts after a failed one"),
  retryDelaySeconds: setting("runs", seconds(0), "Pause before a further attempt"),
  answerStream: setting(
    "runs",
    z.enum(["eager", "safe"]).default("eager"),
    "eager: stream text at once; safe: only text that is surely the answer",
  ),

  stateSecretKey: setting(
    "state",
    list().optional(),
    "Secrets that sign exported states; the first signs, all verify",
    {
      secret: true,
    },
  ),
  stateAudience: setting(
    "state",
    z.string().min(1).default("myagent-ws"),
    "For whom exported states are signed",
  ),

  agentReady: setting("switches", flag(true), "Send agent.ready after agent.session_created"),
  sendLlmMessage: setting("switches", flag(false), "Send agent.llm_message after every model turn", {
    env: ["SEND_LLM_MESSAGE"],
  }),
}).readonly();

export type Config = z.infer<typeof Config>;
export type SettingName = keyof Config;
export type Language = Config["language"];

/** The settings that one agent may set for itself, by the same names. */
export type RunSettings = Pick<
  Config,
  | "busy"
  | "runTimeoutSeconds"
  | "confirmTimeoutSeconds"
  | "maxRetryAttempts"
  | "retryDelaySeconds"
  | "answerStream"
  | "resume"
>;

export interface SettingRow extends About {
  readonly name: SettingName;
  /** The variable, e.g. MYAGENT_PORT. */
  readonly variables: readonly string[];
  /** The flag, e.g. --port; none for secrets. */
  readonly flag?: string;
  readonly takesValue: boolean;
  /** The default as text; empty when unset. */
  readonly fallback: string;
}

const snake = (name: string, joint: string) =>
  name.replace(/[A-Z]/g, (letter) => joint + letter.toLowerCase());

/** The table as rows, in order of declaration. */
export function settingRows(): SettingRow[] {
  const defaults = Config.parse({});
  return Object.entries(Config.def.innerType.shape).map(([key, type]) => {
    const name = key as SettingName;
    const row = about.get(type) as About;
    const fallback = defaults[name];
    return {
      ...row,
      name,
      variables: [...row.env ?? [], `MYAGENT_${snake(name, "_").toUpperCase()}`],
      ...(row.secret ? {} : { flag: `--${row.alias ?? snake(name, "-")}` }),
      takesValue: typeof fallback !== "boolean",
      fallback: fallback === undefined ? "" : String(fallback),
    };
  });
}

/**
 * Reads the configuration once: flags win over the environment, the environment wins over defaults.
 *
 * @throws AppError naming the flag or variable, the value and what was expected.
 */
export function loadConfig(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const unknown = Object.keys(flags).find((name) => !(name in Config.def.innerType.shape));
  if (unknown) throw new AppError("ERR_VALIDATION_402", `Unknown setting "${unknown}"`);
  const origin = new Map<string, string>();
  const values: Record<string, unknown> = {};
  for (const row of settingRows()) {
    // An empty variable means "not set": compose files pass OPENAI_API_KEY= through when it is missing.
    const variable = row.variables.find((name) => env[name] !== undefined && env[name] !== "");
    if (variable) [values[row.name]] = [env[variable], origin.set(row.name, variable)];
    if (flags[row.name] !== undefined) {
      [values[row.name]] = [flags[row.name], origin.set(row.name, row.flag ?? row.name)];
    }
  }
  const parsed = Config.safeParse(values);
  if (parsed.success) return Object.freeze(parsed.data);
  const issue = parsed.error.issues[0];
  const name = String(issue.path[0] ?? "");
  throw new AppError(
    "ERR_VALIDATION_402",
    `Invalid value ${JSON.stringify(values[name])} for ${origin.get(name) ?? name}: ${expectation(issue)}`,
  );
}

/** What would have been right, in words. */
function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_big") return `expected at most ${issue.maximum}`;
  if (issue.code === "too_small") return `expected at least ${issue.minimum}`;
  if (issue.code === "invalid_value") return `expected ${issue.values.map(String).join(" or ")}`;
  if (issue.code === "invalid_type") {
    return `expected ${issue.expected === "int" ? "a whole number" : `a ${issue.expected}`}`;
  }
  if (issue.code === "invalid_format") return `expected a ${issue.format}`;
  return issue.message.replace(/^Invalid input: /, "");
}

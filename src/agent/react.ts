/** createReactAgent and createToolCallAgent: options in, an immutable agent out. */
import { z } from "zod";
import { AppError } from "../errors.ts";
import { Config } from "../config.ts";
import type { Model, ModelSettings } from "../model/model.ts";
import { type BaseTool, terminate, type Tool, toTool } from "../tool/tool.ts";
import type { Agent } from "./agent.ts";
import { type LoopOptions, runLoop } from "./loop.ts";
import { runStandalone, streamStandalone } from "./standalone.ts";

const runSettings = Config.def.innerType.shape;
const run = {
  busy: runSettings.busy.removeDefault().optional(),
  runTimeoutSeconds: runSettings.runTimeoutSeconds.removeDefault().optional(),
  confirmTimeoutSeconds: runSettings.confirmTimeoutSeconds.removeDefault().optional(),
  maxRetryAttempts: runSettings.maxRetryAttempts.removeDefault().optional(),
  retryDelaySeconds: runSettings.retryDelaySeconds.removeDefault().optional(),
  resume: runSettings.resume.removeDefault().optional(),
  answerStream: runSettings.answerStream.removeDefault().optional(),
};

const Options = z.strictObject({
  name: z.string().min(1).max(100).default("agent"),
  description: z.string().default(""),
  model: z.custom<Model | ModelSettings>((value) => typeof value === "object" && value !== null).optional(),
  tools: z.array(
    z.custom<Tool | BaseTool>((value) => typeof value === "object" && value !== null && "execute" in value),
  )
    .default([]),
  systemPrompt: z.string().optional(),
  nextStepPrompt: z.string().optional(),
  toolChoice: z.enum(["none", "auto", "required"]).default("auto"),
  maxSteps: z.int().min(1).default(10),
  maxObserve: z.int().min(1).optional(),
  enableTracing: z.boolean().default(true),
  parallelTools: z.boolean().default(false),
  memory: z.int().min(2).default(100),
  ...run,
});

/**
 * What an agent may be made of. Names in snake_case are accepted beside these. Times are in seconds; unset run
 * settings come from the server's configuration.
 */
export type AgentOptions = z.input<typeof Options>;

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function parseOptions(
  maker: string,
  given: AgentOptions | Record<string, unknown>,
): z.output<typeof Options> {
  const named = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => [camel(key), value]),
  );
  const parsed = Options.safeParse(named);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const what = issue.code === "unrecognized_keys"
    ? `unknown option "${issue.keys[0]}" (known: ${Object.keys(Options.shape).join(", ")})`
    : `${issue.path.join(".")}: ${issue.message.replace(/^Invalid input: /, "")}`;
  throw new AppError("ERR_EXECUTION_604", `Cannot make an agent with ${maker}: ${what}`);
}

function toolMap(tools: readonly (Tool | BaseTool)[]): Map<string, Tool> {
  const map = new Map<string, Tool>();
  for (const tool of [...tools.map(toTool), terminate]) {
    if (map.has(tool.name) && tool !== terminate) {
      throw new AppError("ERR_EXECUTION_604", `Cannot make an agent: two tools are called "${tool.name}"`);
    }
    if (!map.has(tool.name)) map.set(tool.name, tool);
  }
  return map;
}

function make(type: "react" | "toolcall", maker: string, given: AgentOptions, guidance: string): Agent {
  const options = parseOptions(maker, given);
  const tools = toolMap(options.tools);
  const loop: LoopOptions = {
    agentName: options.name,
    tools,
    systemPrompt: [options.systemPrompt, guidance].filter(Boolean).join("\n\n"),
    nextStepPrompt: options.nextStepPrompt,
    toolChoice: options.toolChoice,
    maxSteps: options.maxSteps,
    maxObserve: options.maxObserve,
    parallelTools: options.parallelTools,
    memory: options.memory,
    stage: type === "react" ? "reasoning" : "model",
  };
  const settings = Object.fromEntries(
    Object.keys(run).map((key) => [key, options[key as keyof typeof run]])
      .filter(([, value]) => value !== undefined),
  );
  const agent: Agent = {
    name: options.name,
    description: options.description,
    type,
    tools: [...tools.values()].map(({ name, description }) => ({ name, description })),
    maxSteps: options.maxSteps,
    enableTracing: options.enableTracing,
    memory: options.memory,
    model: options.model,
    settings: Object.freeze(settings),
    execute: (ctx) => runLoop(loop, ctx),
    run: (text, how) => runStandalone(agent, text, how),
    arun: (text, how) => runStandalone(agent, text, how),
    stream: (text, how) => streamStandalone(agent, text, how),
  };
  return Object.freeze(agent);
}

/**
 * Makes an agent that says what it is about to do, uses tools, looks at what they gave and goes on until it can
 * answer (the ReAct pattern: Yao et al., 2022, arXiv:2210.03629).
 *
 * @throws AppError naming the option that is unknown or wrong
 * @example
 * ```ts
 * import { createReactAgent } from "myagent";
 * export const agent = createReactAgent({ name: "greeter", systemPrompt: "You are friendly.", maxSteps: 5 });
 * ```
 */
export function createReactAgent(options: AgentOptions): Agent {
  const guidance =
    "Before you use a tool, say in one short sentence why. When you know enough, answer in plain text.";
  return make("react", "createReactAgent", options, guidance);
}

/** Makes an agent that uses tools without being asked to reason aloud. Options as for `createReactAgent`. */
export function createToolCallAgent(options: AgentOptions): Agent {
  return make("toolcall", "createToolCallAgent", options, "");
}

/**
 * The border between a session and the code of its agent. Everything that crosses it can be serialised: an agent's
 * description, the events it yields, the context it is given (its functions are calls to the other side). A session
 * sees this interface only, so where the agent runs is decided in one place.
 */
import type { RunSettings } from "../config.ts";
import { AppError } from "../errors.ts";
import type { Agent, AgentEvent, Conclusion, RunContext } from "../agent/agent.ts";
import type { Hooks } from "../agent/load.ts";
import type { Model, ModelSettings } from "../model/model.ts";

/** The agent of one session, wherever its code runs. */
export interface AgentHost {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly maxSteps: number;
  readonly memory: number;
  readonly settings: Partial<RunSettings>;
  readonly model?: Model | ModelSettings;
  execute(ctx: RunContext): AsyncGenerator<AgentEvent, Conclusion>;
}

/** An agent file's definition: how the agent of a session is made. */
export interface AgentDefinition {
  readonly name: string;
  /** Called once per session. */
  makeAgent(): Agent | Promise<Agent>;
  readonly hooks: Hooks;
}

/**
 * Runs the agent in this process: for development, `run` and tests. Values that cannot be serialised are refused
 * here as they would be at a process border, so that an agent that works here works isolated as well.
 *
 * @param values - the session's own values; the hook may change them, tools see them as `ctx.session`
 * @throws AppError when the hook or the factory fails
 */
export async function openInProcess(
  definition: AgentDefinition,
  content: unknown,
  values: Record<string, unknown>,
): Promise<AgentHost> {
  await initialize(definition.hooks, content, values);
  const agent = await definition.makeAgent();
  return {
    name: agent.name,
    description: agent.description,
    type: agent.type,
    maxSteps: agent.maxSteps,
    memory: agent.memory,
    settings: agent.settings,
    model: agent.model,
    execute: (ctx) => agent.execute(ctx),
  };
}

/** Stands in for the agent of a stored session that this server does not serve any more. */
export function missingAgent(name: string): AgentHost {
  return {
    name,
    description: "",
    type: "missing",
    maxSteps: 0,
    memory: 100,
    settings: { resume: "off" },
    // deno-lint-ignore require-yield -- it never comes to yield anything
    async *execute() {
      await Promise.resolve();
      throw new AppError(
        "ERR_EXECUTION_604",
        `Agent "${name}" is no longer served here: start a new session`,
      );
    },
  };
}

async function initialize(hooks: Hooks, content: unknown, values: Record<string, unknown>): Promise<void> {
  const given = await hooks.onSessionInit?.(content, values);
  if (typeof given === "object" && given !== null) Object.assign(values, given);
  try {
    structuredClone(values); // refuses functions and symbols, which JSON would drop without a word
    JSON.stringify(values);
  } catch (cause) {
    throw new AppError("ERR_EXECUTION_604", "onSessionInit left values that cannot be stored", { cause });
  }
}

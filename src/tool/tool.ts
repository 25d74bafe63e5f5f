/** Tools: a shape and a function. */
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Language } from "../config.ts";
import { ToolResult } from "./result.ts";

export type Args = Record<string, unknown>;

/** The user's answer to a question asked with `ctx.confirm`. */
export interface Answer {
  readonly confirmed: boolean;
  /** What the user wrote beside the decision. */
  readonly message?: string;
  /** The arguments as the user changed them. */
  readonly args?: Args;
}

/** What a tool is handed beside its arguments. */
export interface ToolContext {
  /** Aborted when the run is cancelled, times out, or the tool's own time is up. */
  readonly signal: AbortSignal;
  /** Values from `create_session` and from structured messages. */
  readonly session: Readonly<Record<string, unknown>>;
  readonly language: Language;
  readonly agentName: string;
  readonly runId: string;
  readonly stepId: string;
  /** The same for every attempt of this call: hand it to services that take one. */
  readonly idempotencyKey: string;
  /** Sends an event of the agent's own, e.g. `shop.cart_changed`. */
  emit(event: string, content?: unknown, metadata?: Record<string, unknown>): void;
  /** Asks the user and waits for the answer. */
  confirm(message: string, metadata?: Record<string, unknown>): Promise<Answer>;
  /** Tells how far the work is, 0 to 100. */
  progress(percent: number): void;
  log(message: string, details?: Record<string, unknown>): void;
}

type Awaitable<T> = T | Promise<T>;

/** Marks what `defineTool` made: an author's class may have a helper of any name. */
const made = Symbol("tool");

/** A tool as agents use it. */
export interface Tool {
  readonly [made]: true;
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly userConfirm?: boolean | ((args: Args) => boolean);
  readonly idempotent?: boolean;
  readonly timeoutSeconds?: number;
  /** Ends the run after its call, as the built-in `terminate` does. */
  readonly special?: boolean;
  /** Checks and completes arguments; throws AppError ERR_VALIDATION_402 naming what is wrong. */
  check(args: unknown): Args;
  execute(args: Args, ctx: ToolContext): Awaitable<unknown>;
}

interface Options {
  name: string;
  description: string;
  userConfirm?: boolean | ((args: Args) => boolean);
  /** True: after a crash the call may run again (under the same idempotencyKey). */
  idempotent?: boolean;
  /** Longest run in seconds; default: as long as the run may take. */
  timeoutSeconds?: number;
}

const anyArguments = { type: "object", properties: {}, additionalProperties: true };

/** What was wrong with arguments, member by member, on one line. */
function problems(error: z.ZodError): string {
  return error.issues.map((issue) => {
    const place = issue.path.length ? `${issue.path.join(".")}: ` : "";
    return place + issue.message.replace(/^Invalid input: /, "");
  }).join("; ");
}

function checker(tool: string, type: z.ZodType | undefined): (args: unknown) => Args {
  return (args) => {
    const given = args ?? {};
    if (typeof given !== "object" || Array.isArray(given)) {
      throw new AppError("ERR_VALIDATION_402", `Invalid arguments for ${tool}: expected an object`);
    }
    if (!type) return given as Args;
    const parsed = type.safeParse(given);
    if (parsed.success) return parsed.data as Args;
    throw new AppError("ERR_VALIDATION_402", `Invalid arguments for ${tool}: ${problems(parsed.error)}`);
  };
}

/** A zod type or a JSON schema → both; without one, anything goes. */
function shapeOf(name: string, parameters: unknown): { type?: z.ZodType; schema: Record<string, unknown> } {
  if (parameters === undefined || parameters === null) return { schema: anyArguments };
  if (parameters instanceof z.ZodType) {
    const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: "input", unrepresentable: "any" });
    return { type: parameters, schema };
  }
  try {
    const schema = parameters as Record<string, unknown>;
    return { type: z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]), schema };
  } catch (cause) {
    throw new AppError("ERR_EXECUTION_604", `Cannot use the parameters of tool "${name}" as a JSON schema`, {
      cause,
    });
  }
}

/**
 * Makes a tool from a zod type or a JSON schema and a function.
 *
 * @param options.execute - gets the checked arguments and the context; returns text, an object or a ToolResult
 * @throws AppError when name or parameters are unusable
 * @example
 * ```ts
 * import { defineTool } from "myagent";
 * import { z } from "zod";
 * const greet = defineTool({
 *   name: "greet",
 *   description: "Greets someone",
 *   parameters: z.object({ name: z.string() }),
 *   execute: ({ name }) => `Hello, ${name}!`,
 * });
 * ```
 */
export function defineTool<T extends z.ZodType>(
  options: Options & { parameters: T; execute(args: z.infer<T>, ctx: ToolContext): Awaitable<unknown> },
): Tool;
export function defineTool(
  options: Options & {
    parameters?: Record<string, unknown>;
    // deno-lint-ignore no-explicit-any -- arguments described by a JSON schema have no type of their own
    execute(args: any, ctx: ToolContext): Awaitable<unknown>;
  },
): Tool;
export function defineTool(
  options: Options & { parameters?: unknown; execute(args: never, ctx: ToolContext): Awaitable<unknown> },
): Tool {
  const { name, description = "" } = options;
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new AppError(
      "ERR_EXECUTION_604",
      `Invalid tool name ${JSON.stringify(name)}: use 1 to 64 letters, digits, "_" or "-"`,
    );
  }
  const { type, schema } = shapeOf(name, options.parameters);
  const { userConfirm, idempotent, timeoutSeconds } = options;
  return Object.freeze({
    [made]: true as const,
    name,
    description,
    parameters: schema,
    userConfirm,
    idempotent,
    timeoutSeconds,
    check: checker(name, type),
    execute: (args: Args, ctx: ToolContext) => options.execute(args as never, ctx),
  });
}

/** The class style: set `name`, `description`, `parameters` and write `execute`. */
export abstract class BaseTool {
  abstract name: string;
  description = "";
  /** A JSON schema or a zod type; without one, any arguments are taken. */
  parameters?: unknown;
  userConfirm?: boolean | ((args: Args) => boolean);
  idempotent?: boolean;
  timeoutSeconds?: number;
  // deno-lint-ignore no-explicit-any explicit-module-boundary-types -- subclasses name their own argument types
  abstract execute(args: any, ctx: ToolContext): Awaitable<unknown>;
}

/** Either style of tool as a Tool; snake_case members are accepted. */
export function toTool(value: Tool | BaseTool): Tool {
  if (made in value) return value;
  const loose = value as BaseTool & { user_confirm?: BaseTool["userConfirm"]; timeout_seconds?: number };
  return defineTool({
    name: value.name,
    description: value.description,
    parameters: value.parameters as Record<string, unknown>,
    userConfirm: value.userConfirm ?? loose.user_confirm,
    idempotent: value.idempotent,
    timeoutSeconds: value.timeoutSeconds ?? loose.timeout_seconds,
    execute: (args, ctx) => value.execute(args, ctx),
  });
}

/** The tool every agent has: the model calls it when the work is done. */
export const terminate: Tool = Object.freeze({
  ...defineTool({
    name: "terminate",
    description: "End the work when the request has been answered or cannot be answered.",
    parameters: z.object({ answer: z.string().optional().describe("The final answer, if not yet given") }),
    execute: () => new ToolResult({ output: "done" }),
  }),
  special: true,
});

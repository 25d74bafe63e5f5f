/** One tool call: announced, checked, asked for, executed, and answered, whatever happens. */
import { AppError, describeCause, type ErrorCode } from "../errors.ts";
import { checkCustomName } from "../protocol/custom_event.ts";
import type { Message, ToolRequest } from "../protocol/transcript.ts";
import { failureText } from "../tool/failure.ts";
import { ToolResult } from "../tool/result.ts";
import type { Args, Tool, ToolContext } from "../tool/tool.ts";
import type { AgentEvent, RunContext } from "./agent.ts";
import { EventQueue } from "./merge.ts";

export interface Act {
  readonly agentName: string;
  readonly tools: ReadonlyMap<string, Tool>;
  /** Longest output the model sees, in characters. */
  readonly maxObserve?: number;
}

interface Outcome {
  readonly result: ToolResult;
  readonly errorCode?: ErrorCode;
  readonly edited?: Args;
}

interface Call {
  readonly tool: Tool | undefined;
  readonly args: Args;
  /** Why the call cannot be carried out: goes back to the model. */
  readonly problem?: AppError;
}

function prepare(request: ToolRequest, tools: ReadonlyMap<string, Tool>): Call {
  const tool = tools.get(request.name);
  let args: Args = {};
  try {
    const given = JSON.parse(request.arguments || "{}");
    if (typeof given === "object" && given !== null && !Array.isArray(given)) args = given;
    if (!tool) {
      const known = [...tools.keys()].join(", ");
      throw new AppError("ERR_VALIDATION_402", `Unknown tool "${request.name}": use one of ${known}`);
    }
    return { tool, args: tool.check(given) };
  } catch (cause) {
    const problem = cause instanceof SyntaxError
      ? new AppError("ERR_VALIDATION_402", `Invalid arguments for ${request.name}: they are not JSON`)
      : AppError.from(cause);
    return { tool, args, problem };
  }
}

const failure = (error: string, errorCode: ErrorCode): Outcome => ({
  result: new ToolResult({ error }),
  errorCode,
});

/** Carries one call out and returns the message that answers it. Only cancellation of the run escapes. */
export async function* act(
  request: ToolRequest,
  place: { step: number; stepId: string },
  options: Act,
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Message> {
  const { tool, args, problem } = prepare(request, options.tools);
  const asks = !problem && wantsConfirmation(tool, args);
  const special = tool?.special;
  yield { type: "tool_call", ...place, callId: request.id, tool: request.name, args, asks, special };
  const started = Date.now();
  const outcome = problem
    ? failure(problem.message, problem.code)
    : yield* perform(tool!, args, asks, place.stepId, options, ctx);
  ctx.signal.throwIfAborted();
  const { result, errorCode, edited } = outcome;
  if (result.system) ctx.log(result.system, { tool: request.name });
  yield {
    type: "tool_result",
    stepId: place.stepId,
    tool: request.name,
    status: result.error === undefined ? "success" : "failed",
    text: result.text,
    errorCode: result.error === undefined ? undefined : errorCode ?? "ERR_EXECUTION_600",
    durationMs: Date.now() - started,
    data: result.data,
    edited,
    special,
  };
  return observation(request, result, options.maxObserve);
}

function observation(request: ToolRequest, result: ToolResult, maxObserve?: number): Message {
  const text = result.error === undefined ? result.text : `Error: ${result.error}`;
  const content = maxObserve && text.length > maxObserve ? `${text.slice(0, maxObserve)}…` : text;
  return {
    role: "tool",
    content,
    tool_call_id: request.id,
    name: request.name,
    ...(result.image ? { image: result.image } : {}),
  };
}

function wantsConfirmation(tool: Tool | undefined, args: Args): boolean {
  const rule = tool?.userConfirm;
  try {
    return typeof rule === "function" ? rule(args) : rule === true;
  } catch {
    return true; // a rule that fails must not let the call through unasked
  }
}

async function* perform(
  tool: Tool,
  args: Args,
  asks: boolean,
  stepId: string,
  options: Act,
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Outcome> {
  let edited: Args | undefined;
  if (asks) {
    const answer = await ctx.confirm({
      scope: "tool",
      message: tool.name,
      tool: tool.name,
      description: tool.description,
      args,
      schema: tool.parameters,
      toolStepId: stepId,
    }, tool.check);
    if (!answer.confirmed) {
      const why = answer.message ? `: ${answer.message}` : "";
      return failure(`Tool execution cancelled by user${why}`, "ERR_EXECUTION_600");
    }
    edited = answer.args;
  }
  try {
    return { result: yield* execute(tool, edited ?? args, stepId, options, ctx), edited };
  } catch (cause) {
    ctx.signal.throwIfAborted();
    ctx.log(`Tool ${tool.name} failed: ${describeCause(cause)}`, { tool: tool.name, stepId });
    const code = cause instanceof AppError ? cause.code : "ERR_EXECUTION_600";
    return { ...failure(failureText(tool.name, cause), code), edited };
  }
}

/** Runs the tool and passes on what it emits meanwhile. */
async function* execute(
  tool: Tool,
  args: Args,
  stepId: string,
  options: Act,
  ctx: RunContext,
): AsyncGenerator<AgentEvent, ToolResult> {
  const emitted = new EventQueue<AgentEvent>();
  const abort = new AbortController();
  const stop = () => abort.abort(ctx.signal.reason);
  ctx.signal.addEventListener("abort", stop, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = Promise.withResolvers<never>();
  if (tool.timeoutSeconds) {
    timer = setTimeout(() => {
      const error = new AppError(
        "ERR_TIMEOUT_500",
        `Tool "${tool.name}" took longer than ${tool.timeoutSeconds} s`,
      );
      abort.abort(error);
      late.reject(error);
    }, tool.timeoutSeconds * 1000);
  }
  const context = toolContext(tool, stepId, options, ctx, abort.signal, emitted);
  const work = Promise.race([Promise.resolve().then(() => tool.execute(args, context)), late.promise])
    .finally(() => emitted.close());
  work.catch(() => {}); // the failure is thrown below, after what the tool emitted
  try {
    yield* emitted;
    return ToolResult.from(await work);
  } finally {
    clearTimeout(timer);
    ctx.signal.removeEventListener("abort", stop);
  }
}

function toolContext(
  tool: Tool,
  stepId: string,
  options: Act,
  ctx: RunContext,
  signal: AbortSignal,
  emitted: EventQueue<AgentEvent>,
): ToolContext {
  return {
    signal,
    session: ctx.session,
    language: ctx.language,
    agentName: options.agentName,
    runId: ctx.runId,
    stepId,
    idempotencyKey: `${ctx.runId}:${stepId}`,
    emit: (event, content, metadata) => {
      checkCustomName(event);
      emitted.push({ type: "custom", event, content, metadata });
    },
    confirm: (message, metadata) =>
      ctx.confirm({ scope: "tool", message, tool: tool.name, toolStepId: stepId, metadata }),
    progress: (percent) =>
      emitted.push({
        type: "custom",
        event: "solver.progress",
        metadata: { task_id: stepId, progress_percent: Math.min(100, Math.max(0, percent)) },
      }),
    log: (message, details) => ctx.log(message, { tool: tool.name, ...details }),
  };
}

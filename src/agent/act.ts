/** One tool call: announced, checked, asked for, executed, and answered, whatever happens. */
import { AppError, describeCause, type ErrorCode } from "../errors.ts";
import { checkCustomEvent } from "../protocol/custom_event.ts";
import { head } from "../protocol/show_content.ts";
import type { Message, ToolRequest } from "../protocol/transcript.ts";
import { failureText } from "../tool/failure.ts";
import { ToolResult } from "../tool/result.ts";
import type { Args, Tool, ToolContext } from "../tool/tool.ts";
import type { AgentEvent, CutTurn, RunContext } from "./agent.ts";
import { EventQueue } from "./merge.ts";

/** Events of one tool that may wait for the log: a tool that emits without end fills no memory. */
const maxWaiting = 10_000;

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

/** Where a call stands in its run. */
export interface CallPlace {
  readonly step: number;
  readonly stepId: string;
  /** Set when the turn was cut off by a stop of the server and is being finished now. */
  readonly cut?: CutTurn;
}

/** Carries one call out and returns the message that answers it. Only cancellation of the run escapes. */
export async function* act(
  request: ToolRequest,
  { step, stepId, cut }: CallPlace,
  options: Act,
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Message> {
  const answered = cut?.results.find((message) => message.tool_call_id === request.id);
  if (answered) return answered;
  const { tool, args, problem } = prepare(request, options.tools);
  const begun = cut?.begun[stepId];
  const asks = !problem && !begun && wantsConfirmation(tool, args);
  const special = tool?.special;
  if (!cut?.announced.includes(stepId)) {
    yield { type: "tool_call", step, stepId, callId: request.id, tool: request.name, args, asks, special };
  }
  const started = Date.now();
  const outcome = problem
    ? failure(problem.message, problem.code)
    : begun && !tool!.idempotent
    ? outcomeUnknown
    : yield* perform(tool!, begun ?? args, asks, stepId, options, ctx);
  ctx.signal.throwIfAborted();
  const { result, errorCode, edited } = outcome;
  if (result.system) ctx.log(result.system, { tool: request.name });
  const message = observation(request, result, options.maxObserve);
  yield {
    type: "tool_result",
    stepId,
    tool: request.name,
    status: outcome === outcomeUnknown ? "unknown" : result.error === undefined ? "success" : "failed",
    text: result.text,
    error: result.error,
    errorCode: result.error === undefined ? undefined : errorCode ?? "ERR_EXECUTION_600",
    durationMs: Date.now() - started,
    data: result.data,
    edited,
    special,
    attempt: begun && outcome !== outcomeUnknown ? 2 : undefined,
    message,
  };
  return message;
}

/** A call that was begun before the server stopped: nobody knows what came of it, and it must not run twice. */
const outcomeUnknown = failure(
  "Outcome unknown: the server stopped while the tool ran",
  "ERR_EXECUTION_605",
);

function observation(request: ToolRequest, result: ToolResult, maxObserve?: number): Message {
  // The model sees both; the client's text is the output, and its error stands in the metadata.
  const text = result.error === undefined
    ? result.text
    : [result.output === undefined ? "" : result.text, `Error: ${result.error}`].filter(Boolean).join("\n");
  const content = maxObserve && text.length > maxObserve ? `${head(text, maxObserve)}…` : text;
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
  // The intent is recorded by now; a run that was stopped meanwhile must not act any more.
  ctx.signal.throwIfAborted();
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
    edited = answer.args && tool.check(answer.args);
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
  using limit = tool.timeoutSeconds ? new TimeLimit(tool.name, tool.timeoutSeconds, ctx.signal) : undefined;
  const context = toolContext(tool, stepId, options, ctx, limit?.signal ?? ctx.signal, emitted);
  const given = tool.execute(args, context);
  // A tool that answers at once needs no waiting for.
  if (!isThenable(given) && emitted.size === 0) return ToolResult.from(given);
  const done = Promise.resolve(given);
  const work = (limit ? Promise.race([done, limit.reached]) : done).finally(() => emitted.close());
  work.catch(() => {}); // the failure is thrown below, after what the tool emitted
  yield* emitted;
  return ToolResult.from(await work);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** The time of one tool call: its signal is aborted when it is up, or when the run is stopped. */
class TimeLimit implements Disposable {
  /** Rejects when the time is up. */
  readonly reached: Promise<never>;
  readonly #abort = new AbortController();
  readonly #runSignal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #stop = () => this.#abort.abort(this.#runSignal.reason);

  constructor(tool: string, seconds: number, runSignal: AbortSignal) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.reached = promise;
    this.#runSignal = runSignal;
    runSignal.addEventListener("abort", this.#stop, { once: true });
    this.#timer = setTimeout(() => {
      const error = new AppError("ERR_TIMEOUT_500", `Tool "${tool}" took longer than ${seconds} s`);
      this.#abort.abort(error);
      reject(error);
    }, seconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#runSignal.removeEventListener("abort", this.#stop);
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
      checkCustomEvent(event, content, metadata);
      if (emitted.size >= maxWaiting) {
        throw new AppError(
          "ERR_EXECUTION_603",
          `Cannot emit "${event}": ${maxWaiting} events are waiting already`,
        );
      }
      emitted.push({ type: "custom", event, content, metadata });
    },
    confirm: (message, metadata) =>
      ctx.confirm({ scope: "tool", message, tool: tool.name, toolStepId: stepId, metadata }),
    progress: (percent) => {
      if (!Number.isFinite(percent) || emitted.size >= maxWaiting) return;
      const progress_percent = Math.min(100, Math.max(0, percent));
      emitted.push({
        type: "custom",
        event: "solver.progress",
        metadata: { task_id: stepId, progress_percent },
      });
    },
    log: (message, details) => ctx.log(message, { tool: tool.name, ...details }),
  };
}

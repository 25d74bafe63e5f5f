/** The loop behind the react and tool-call agents: think, act, until there is an answer. */
import { AppError } from "../errors.ts";
import { type Message, newestMessages, type ToolRequest } from "../protocol/transcript.ts";
import type { ToolChoice, Usage } from "../model/model.ts";
import type { Tool } from "../tool/tool.ts";
import { act } from "./act.ts";
import type { AgentEvent, Conclusion, CutTurn, RunContext } from "./agent.ts";
import { merge } from "./merge.ts";

export interface LoopOptions {
  readonly agentName: string;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly systemPrompt?: string;
  readonly nextStepPrompt?: string;
  readonly toolChoice: ToolChoice;
  readonly maxSteps: number;
  readonly maxObserve?: number;
  readonly parallelTools: boolean;
  /** Messages of the transcript that go into one request. */
  readonly memory: number;
  /** What text beside tool calls is called on the wire. */
  readonly stage: "model" | "reasoning";
}

interface Turn {
  readonly text: string;
  readonly calls: readonly ToolRequest[];
  readonly message: Message;
}

const summaryPrompt =
  "You may not use any more tools. Sum up what was found and answer the user as well as you can.";

/** Runs steps until the model answers, terminates or has used up its steps. */
export async function* runLoop(
  options: LoopOptions,
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Conclusion> {
  const transcript = [...ctx.messages];
  let calls = ctx.calls;
  /** The last text there was, and that of the turn before. */
  let lastText = "";
  let previous = "";
  let { cut } = ctx;
  for (let step = ctx.step + 1; step <= options.maxSteps; step++) {
    const turn = cut ? turnOf(cut) : yield* think(options, transcript, { step, calls }, ctx);
    if (turn.calls.length === 0) return yield* answer(turn, lastText, step);
    if (turn.text !== "" && turn.text === previous) {
      // The model repeats itself: what is there is the answer, another round would cost and bring the same.
      yield { type: "step", step, messages: [{ role: "assistant", content: turn.text }] };
      return { text: turn.text, finishReason: "stop", streamed: false };
    }
    previous = turn.text;
    lastText = turn.text || lastText;
    // A turn that was cut off keeps its numbers; those after it are higher than any that was ever given.
    const before = cut?.calls ?? calls;
    const results = yield* carryOut(options, turn.calls, { step, calls: before, cut }, ctx);
    cut = undefined;
    calls = Math.max(calls, before + turn.calls.length);
    const messages = [turn.message, ...results];
    transcript.push(...messages);
    yield { type: "step", step, messages };
    const ending = turn.calls.find((call) => options.tools.get(call.name)?.special);
    if (ending) return yield* conclude(options, transcript, step, givenAnswer(ending) || lastText, ctx);
  }
  yield { type: "max_steps", maxSteps: options.maxSteps };
  return yield* summarize(options, transcript, options.maxSteps + 1, "max_steps", ctx);
}

/** A turn the model has already had. */
function turnOf({ message }: CutTurn): Turn {
  return { text: message.content, calls: message.tool_calls ?? [], message };
}

async function* answer(turn: Turn, lastText: string, step: number): AsyncGenerator<AgentEvent, Conclusion> {
  const text = turn.text || lastText;
  if (text === "") throw new AppError("ERR_EXECUTION_601", "The model gave an empty answer");
  await Promise.resolve();
  yield { type: "step", step, messages: [{ role: "assistant", content: text }] };
  return { text, finishReason: "stop", streamed: turn.text !== "" };
}

/** The text given with `terminate`, if any. */
function givenAnswer(call: ToolRequest): string {
  try {
    const { answer } = JSON.parse(call.arguments || "{}") as { answer?: unknown };
    return typeof answer === "string" ? answer.trim() : "";
  } catch {
    return "";
  }
}

async function* conclude(
  options: LoopOptions,
  transcript: Message[],
  step: number,
  text: string,
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Conclusion> {
  if (text === "") return yield* summarize(options, transcript, step + 1, "terminate", ctx);
  yield { type: "step", step: step + 1, messages: [{ role: "assistant", content: text }] };
  return { text, finishReason: "terminate", streamed: false };
}

/** One last turn without tools. */
async function* summarize(
  options: LoopOptions,
  transcript: Message[],
  step: number,
  finishReason: "terminate" | "max_steps",
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Conclusion> {
  yield { type: "thinking", text: "", step, stage: "summary", outOfSteps: finishReason === "max_steps" };
  const prompt = [options.systemPrompt, summaryPrompt].filter(Boolean).join("\n\n");
  const plain: LoopOptions = {
    ...options,
    systemPrompt: prompt,
    nextStepPrompt: undefined,
    toolChoice: "none",
  };
  const turn = yield* think(plain, transcript, { step, calls: ctx.calls }, ctx);
  if (turn.text === "") throw new AppError("ERR_EXECUTION_601", "The model gave no summary");
  yield { type: "step", step, messages: [{ role: "assistant", content: turn.text }] };
  return { text: turn.text, finishReason, streamed: true };
}

function requestMessages(options: LoopOptions, transcript: readonly Message[]): Message[] {
  // One system message at the start: many servers refuse a second one, or one further down.
  const system = [options.systemPrompt, options.nextStepPrompt].filter(Boolean).join("\n\n");
  return [
    ...(system ? [{ role: "system", content: system } as const] : []),
    ...newestMessages(transcript, options.memory),
  ];
}

/** One model turn; text is yielded as it comes. */
async function* think(
  options: LoopOptions,
  transcript: readonly Message[],
  { step, calls: before }: { step: number; calls: number },
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Turn> {
  const offered = options.toolChoice === "none" ? [] : [...options.tools.values()];
  const tools = offered.map(({ name, description, parameters }) => ({ name, description, parameters }));
  const messages = requestMessages(options, transcript);
  const calls: ToolRequest[] = [];
  let text = "";
  let usage: Usage | undefined;
  const parts = ctx.model({ messages, tools, toolChoice: options.toolChoice, signal: ctx.signal });
  for await (const part of parts) {
    // A model that does not watch its signal must not hold up a cancel until it has said everything.
    ctx.signal.throwIfAborted();
    if (part.type === "text" && part.text !== "") {
      text += part.text;
      yield { type: "text", text: part.text, tentative: tools.length > 0 };
    } else if (part.type === "call" && tools.length > 0) {
      calls.push({ id: part.id, name: part.name, arguments: part.arguments });
    } else if (part.type === "usage") usage = part.usage;
  }
  ctx.signal.throwIfAborted();
  if (text !== "") yield { type: "text_end", discarded: calls.length > 0 };
  if (text.trim() !== "" && calls.length > 0) {
    yield { type: "thinking", text, step, stage: options.stage, streamed: true };
  }
  const message: Message = {
    role: "assistant",
    content: text,
    ...(calls.length ? { tool_calls: calls } : {}),
  };
  yield { type: "turn", step, message, usage, calls: before };
  return { text: text.trim() === "" ? "" : text, calls, message };
}

/** All calls of a turn, in order or side by side; `terminate` always comes last. */
async function* carryOut(
  options: LoopOptions,
  requests: readonly ToolRequest[],
  { step, calls, cut }: { step: number; calls: number; cut: CutTurn | undefined },
  ctx: RunContext,
): AsyncGenerator<AgentEvent, Message[]> {
  const isSpecial = (request: ToolRequest) => options.tools.get(request.name)?.special === true;
  const ordered = [...requests.filter((request) => !isSpecial(request)), ...requests.filter(isSpecial)];
  const acts = ordered.map((request, index) => {
    const name = request.name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "tool";
    return act(request, { step, stepId: `step_${calls + index + 1}_${name}`, cut }, options, ctx);
  });
  if (options.parallelTools) return yield* merge(acts);
  const results: Message[] = [];
  for (const one of acts) results.push(yield* one);
  return results;
}

/** The model that answers when there is no key and no network: it reads the tools and the words of the question. */
import type { Message } from "../protocol/transcript.ts";
import type { Model, ModelPart, ModelRequest, ToolSpec, Usage } from "./model.ts";
import { admit, askFor, introduce, reportResults, type Result } from "./demo_answer.ts";
import { isGreetingOnly, isIntroductionAsked } from "./demo_intent.ts";
import { nearestTool } from "./demo_match.ts";
import { guessArguments, planCalls, type PlannedCall } from "./demo_plan.ts";
import { languageOf } from "./demo_words.ts";

export interface DemoOptions {
  /** Pause between two pieces of text, in milliseconds. Default 0: as fast as it is read. */
  delayMs?: number;
  /** The clock that 明天 and "tomorrow" refer to where a tool wants a date as YYYY-MM-DD. Default: the real one. */
  now?: () => Date;
}

/** The newest question and what has been done about it. */
interface Turn {
  readonly system: string;
  readonly question: string;
  /** Questions before it, newest first. */
  readonly previous: readonly string[];
  /** Calls before this request in the whole conversation: numbers the next one. */
  readonly earlierCalls: number;
  /** Names of the tools called since the question. */
  readonly called: readonly string[];
  readonly results: readonly Result[];
}

/** What the model does next: either calls or text. */
interface Reply {
  readonly text: string;
  readonly calls: readonly Pick<PlannedCall, "tool" | "args">[];
}

// The search for names and sums takes time with the square of the length: this much is read in milliseconds.
const maxQuestionCharacters = 2000;

/** How far back a follow-up may refer. */
const questionsBack = 5;

function beginning(text = ""): string {
  return text.slice(0, maxQuestionCharacters).replace(/[\uD800-\uDBFF]$/, "");
}

function readTurn(messages: readonly Message[]): Turn {
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const requests = messages.flatMap((message) => message.tool_calls ?? []);
  const since = messages.slice(asked + 1);
  const names = new Map(requests.map(({ id, name }) => [id, name]));
  return {
    system: messages.filter(({ role }) => role === "system").map(({ content }) => content).join("\n"),
    question: beginning(messages[asked]?.content),
    previous: messages.slice(0, Math.max(0, asked)).filter(({ role }) => role === "user").slice(
      -questionsBack,
    )
      .map(({ content }) => beginning(content)).reverse(),
    earlierCalls: requests.length,
    called: since.flatMap((message) => message.tool_calls ?? []).map(({ name }) => name),
    results: since.filter(({ role }) => role === "tool").map(({ content, name, tool_call_id }) => ({
      tool: name ?? names.get(tool_call_id ?? "") ?? "tool",
      text: content,
      failed: content.startsWith("Error:"),
    })),
  };
}

/** The planned calls that were not made yet; the plan of a question is the same in each step of its turn. */
function remaining(planned: readonly PlannedCall[], called: readonly string[]): PlannedCall[] {
  const made = [...called];
  return planned.filter(({ tool }) => {
    const at = made.indexOf(tool.name);
    if (at >= 0) made.splice(at, 1);
    return at < 0;
  });
}

const endTool = "terminate";

/**
 * A model without a network, for demonstrations and tests: it compares the words of the newest question (Chinese or
 * English) with names, descriptions and JSON schemas of the tools, fills their arguments from the question, and
 * phrases what they return. It reads the first 2,000 characters of a question. It knows nothing by itself and says so. The same request gets the same reply.
 */
export class DemoModel implements Model {
  readonly name = "demo";
  readonly demo = true;
  readonly #delayMs: number;
  readonly #now: () => Date;

  constructor({ delayMs = 0, now = () => new Date() }: DemoOptions = {}) {
    this.#delayMs = delayMs;
    this.#now = now;
  }

  async *stream(request: ModelRequest): AsyncGenerator<ModelPart> {
    const { signal } = request;
    signal.throwIfAborted();
    const turn = readTurn(request.messages);
    const { text, calls } = this.#reply(turn, request);
    for (const [index, piece] of piecesOf(text).entries()) {
      if (index > 0 && this.#delayMs > 0) await pause(this.#delayMs, signal);
      signal.throwIfAborted();
      yield { type: "text", text: piece };
    }
    let length = text.length;
    for (const [index, { tool, args }] of calls.entries()) {
      const call = {
        id: `call_demo_${turn.earlierCalls + index + 1}`,
        name: tool.name,
        arguments: JSON.stringify(args),
      };
      length += call.name.length + call.arguments.length;
      signal.throwIfAborted();
      yield { type: "call", ...call };
    }
    yield { type: "usage", usage: estimateUsage(request, length) };
  }

  #reply(turn: Turn, { tools: offered, toolChoice }: ModelRequest): Reply {
    const tools = offered.filter(({ name }) => name !== endTool);
    const planned = this.#plan(turn, tools);
    // After a failure nothing is tried again: the person decides what happens next.
    const open = turn.results.some(({ failed }) => failed) ? [] : remaining(planned, turn.called);
    const stage = Math.min(...open.map((call) => call.stage));
    const ready = open.filter((call) => call.stage === stage && call.missing.length === 0);
    if (ready.length > 0 && toolChoice !== "none") return { text: "", calls: ready };
    const text = compose(turn, tools, open, toolChoice !== "none");
    return toolChoice === "required" ? this.#forced(turn, offered, open, text) : { text, calls: [] };
  }

  #plan({ question, previous, results }: Turn, tools: readonly ToolSpec[]): PlannedCall[] {
    if (isIntroductionAsked(question)) return [];
    const found = results.length > 0 ? reportResults(results, languageOf(question)) : "";
    const planned = planCalls({ question, previous, tools, found, now: this.#now() });
    return isGreetingOnly(question) ? planned.map(welcome) : planned;
  }

  /** A call that must be made: of the tool that fits best, else of the tool that ends the run. */
  #forced(turn: Turn, offered: readonly ToolSpec[], open: readonly PlannedCall[], text: string): Reply {
    const tools = offered.filter(({ name }) => name !== endTool);
    const ending = offered.find(({ name }) => name === endTool);
    const nearest = open[0]?.tool ?? nearestTool(turn.question, tools) ?? (ending ? undefined : tools[0]);
    if (turn.called.length === 0 && nearest) {
      return {
        text: "",
        calls: [{ tool: nearest, args: guessArguments(nearest, turn.question, this.#now()) }],
      };
    }
    // Without a way to end, text is better than the same call for ever.
    return ending ? { text: "", calls: [{ tool: ending, args: { answer: text } }] } : { text, calls: [] };
  }
}

/** Somebody who only says hello has not told a name: a tool that greets is given a kind word for it. */
function welcome(call: PlannedCall): PlannedCall {
  const friend = /\p{Script=Han}/u.test(call.tool.description) ? "朋友" : "friend";
  const unnamed = call.missing.filter(({ kind }) => kind === "name" || kind === "recipient");
  const args = { ...call.args, ...Object.fromEntries(unnamed.map(({ name }) => [name, friend])) };
  return { ...call, args, missing: call.missing.filter((slot) => !unnamed.includes(slot)) };
}

function compose(
  turn: Turn,
  tools: readonly ToolSpec[],
  open: readonly PlannedCall[],
  mayCall: boolean,
): string {
  const language = languageOf(turn.question);
  const unclear = open.find(({ missing }) => missing.length > 0);
  const questions = mayCall && unclear ? [askFor(unclear, language)] : [];
  if (turn.results.length > 0) return [reportResults(turn.results, language), ...questions].join("\n\n");
  if (questions.length > 0) return questions[0];
  if (isIntroductionAsked(turn.question) || isGreetingOnly(turn.question)) {
    return introduce(turn.system, tools, language);
  }
  if (/^\s*(?:谢谢|多谢|感谢|thanks|thank you)/i.test(turn.question)) {
    return language === "zh" ? "不客气！" : "You are welcome!";
  }
  return admit(tools, mayCall, language);
}

/** Text in pieces of a few characters, cut between code points. */
function piecesOf(text: string): string[] {
  return text.match(/\s*(?:\p{Script=Han}{1,3}[，。！？：；、）]?|[^\s\p{Script=Han}]{1,12})|\s+/gu) ?? [];
}

/** Waits; an abort ends the wait at once with the signal's reason. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(signal.reason);
  const timer = setTimeout(resolve, delayMs);
  signal.addEventListener("abort", stop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}

/** An estimate from lengths: about 4 characters make a token. */
function estimateUsage({ messages, tools }: ModelRequest, outputCharacters: number): Usage {
  const read = JSON.stringify(messages.map(({ content, tool_calls }) => [content, tool_calls])).length +
    (tools.length > 0 ? JSON.stringify(tools).length : 0);
  const inputTokens = Math.ceil(read / 4);
  const outputTokens = Math.ceil(outputCharacters / 4);
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}

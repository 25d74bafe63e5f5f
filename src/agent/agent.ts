/** What an agent is: a definition, and a generator that yields what the client may see. */
import type { Language, RunSettings } from "../config.ts";
import type { Model, ModelPart, ModelRequest, ModelSettings, Usage } from "../model/model.ts";
import type { Message } from "../protocol/transcript.ts";
import type { Answer, Args } from "../tool/tool.ts";

/** What an agent yields. Serialisable: the same events cross a process border. */
export type AgentEvent =
  /** The next piece of text; `tentative` while the turn may still end in tool calls. */
  | { readonly type: "text"; readonly text: string; readonly tentative: boolean }
  /** The text of this turn is complete; `discarded` when it turned out not to be the answer. */
  | { readonly type: "text_end"; readonly discarded: boolean }
  /** A status, or what the model wrote beside its tool calls (`streamed`: under the stream that was discarded). */
  | {
    readonly type: "thinking";
    readonly text: string;
    readonly step: number;
    readonly stage: "model" | "reasoning" | "summary";
    readonly streamed?: boolean;
    /** Why a summary is made: the steps are used up. */
    readonly outOfSteps?: boolean;
  }
  /** A model turn is done. */
  | {
    readonly type: "turn";
    readonly step: number;
    readonly message: Message;
    readonly usage?: Usage;
    /** Number of the last tool call before this turn's. */
    readonly calls: number;
  }
  /** A tool is about to run: it starts after the event was recorded. `asks`: a confirmation comes first. */
  | {
    readonly type: "tool_call";
    readonly step: number;
    readonly stepId: string;
    readonly callId: string;
    readonly tool: string;
    readonly args: Args;
    readonly asks?: boolean;
    readonly special?: boolean;
  }
  | {
    readonly type: "tool_result";
    readonly stepId: string;
    readonly tool: string;
    /** "unknown": the server stopped while the tool ran, and it may not run twice. */
    readonly status: "success" | "failed" | "unknown";
    /** The output, or the error where there is none. */
    readonly text: string;
    readonly error?: string;
    readonly errorCode?: string;
    readonly durationMs: number;
    readonly data?: unknown;
    /** The final arguments, if the user changed them. */
    readonly edited?: Args;
    readonly special?: boolean;
    /** 2 when the call was executed again after a stop of the server. */
    readonly attempt?: number;
    /** What the model is told. */
    readonly message: Message;
  }
  /** A step is complete: these messages are remembered, and a retry starts after them. */
  | { readonly type: "step"; readonly step: number; readonly messages: readonly Message[] }
  | { readonly type: "max_steps"; readonly maxSteps: number }
  /** An event of the agent's own. */
  | {
    readonly type: "custom";
    readonly event: string;
    readonly content?: unknown;
    readonly metadata?: Record<string, unknown>;
  };

/** How a run ended well. */
export interface Conclusion {
  readonly text: string;
  readonly finishReason: "stop" | "terminate" | "max_steps";
  /** True when the text is that of the last stream, so that it need not be sent again. */
  readonly streamed: boolean;
}

/** A question to the user. */
export interface Question {
  readonly scope: "tool";
  readonly message: string;
  readonly tool: string;
  readonly description?: string;
  readonly args?: Args;
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly toolStepId?: string;
  readonly metadata?: Record<string, unknown>;
}

/** A model turn whose tool calls were cut off by a stop of the server. */
export interface CutTurn {
  readonly message: Message;
  /** Number of the last tool call before this turn's. */
  readonly calls: number;
  /** step_ids whose call the client has seen. */
  readonly announced: readonly string[];
  /** Calls that are answered. */
  readonly results: readonly Message[];
  /** step_id → final arguments of the calls that were begun and not answered: their outcome is unknown. */
  readonly begun: Readonly<Record<string, Args>>;
}

/** What a run is given. Everything but the functions and the signal can be serialised. */
export interface RunContext {
  readonly runId: string;
  readonly language: Language;
  /** The transcript: the question, and after a failed attempt the steps already completed, stand last. */
  readonly messages: readonly Message[];
  /** Completed steps of this run. */
  readonly step: number;
  /** Number of the last tool call of the session; the next one gets the number after it. */
  readonly calls: number;
  /** After a stop of the server: the turn to finish before the model is asked again. */
  readonly cut?: CutTurn;
  /** Values from `create_session` and from structured messages. */
  readonly session: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** Runs one model turn; the keys stay with the server. */
  model(request: ModelRequest): AsyncIterable<ModelPart>;
  /** Asks the user; `accepts` checks edited arguments and throws AppError when they are unusable. */
  confirm(question: Question, accepts?: (args: Args) => Args): Promise<Answer>;
  log(message: string, details?: Record<string, unknown>): void;
}

/** An agent. Immutable and shared: what one conversation remembers lives in its session. */
export interface Agent {
  readonly name: string;
  readonly description: string;
  /** "react", "toolcall" or "plan_solve". */
  readonly type: string;
  readonly tools: readonly { readonly name: string; readonly description: string }[];
  readonly maxSteps: number;
  readonly enableTracing: boolean;
  /** Messages a session keeps. */
  readonly memory: number;
  readonly model?: Model | ModelSettings;
  /** What this agent sets differently from the server. */
  readonly settings: Partial<RunSettings>;
  /** Runs once, from `ctx.messages` to a conclusion. */
  execute(ctx: RunContext): AsyncGenerator<AgentEvent, Conclusion>;
  /** Answers one question without any server. */
  run(text: string, options?: RunOptions): Promise<string>;
  /** The seeds' name for `run`. */
  arun(text: string, options?: RunOptions): Promise<string>;
  /** The events of one question without any server. */
  stream(text: string, options?: RunOptions): AsyncIterable<AgentEvent>;
}

export interface RunOptions {
  signal?: AbortSignal;
  /** Values for `ctx.session`. */
  session?: Record<string, unknown>;
  model?: Model;
  language?: Language;
  /** How to answer questions of tools; without it they are refused, because nobody is there to ask. */
  confirm?: RunContext["confirm"];
}

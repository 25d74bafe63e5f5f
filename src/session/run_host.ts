/** What a run needs of its session, and why it may be told to stop. */
import type { Language, RunSettings } from "../config.ts";
import type { Question } from "../agent/agent.ts";
import type { AgentHost } from "../isolation/host.ts";
import type { Model } from "../model/model.ts";
import type { FrameBody } from "../protocol/codec.ts";
import type { Message } from "../protocol/transcript.ts";
import type { Changes } from "../store/store.ts";
import type { Answer, Args } from "../tool/tool.ts";
import type { Logger } from "../trace/logger.ts";
import type { Metrics } from "../trace/metrics.ts";

/** Settings of one run: the agent's own, else the server's. */
export type EffectiveSettings = Required<RunSettings> & {
  /** Whether a run goes on after a restart of the server. */
  readonly resume: "auto" | "off";
  readonly cancelWaitSeconds: number;
  readonly coalesceMs: number;
  readonly coalesceBytes: number;
  readonly sendLlmMessage: boolean;
};

/** Thrown into a run by its abort signal. */
export class StopReason extends Error {
  readonly reason:
    | "user_request"
    | "superseded"
    | "server_shutdown"
    | "server_restart"
    | "deadline"
    | "suspend";

  constructor(reason: StopReason["reason"]) {
    super(`Run stopped: ${reason}`);
    this.reason = reason;
  }
}

export interface RunHost {
  readonly agent: AgentHost;
  readonly model: Model;
  readonly language: Language;
  readonly settings: EffectiveSettings;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** The transcript before this run. */
  readonly history: readonly Message[];
  /** Number of the last tool call of the session. */
  calls(): number;
  readonly values: Readonly<Record<string, unknown>>;
  /** Appends one event, after what is pending of the answer. */
  append(body: FrameBody, changes?: Changes): void;
  /** Appends one piece of the answer itself. */
  appendStreamed(body: FrameBody): void;
  /** Stores changes without an event. */
  note(changes: Changes): void;
  /** Number of the newest event of the session, stored or not. */
  appended(): number;
  /** Resolves when all that was appended is stored. */
  stored(): Promise<void> | undefined;
  ask(
    question: Question,
    how: { runId: string; signal: AbortSignal; accepts?: (args: Args) => Args },
  ): Promise<Answer>;
  /** step_ids of the questions still open. */
  openQuestions(): string[];
  /** The conversation as `agent.llm_message`. */
  conversation(messages: readonly Message[], runId: string): FrameBody;
  ended(run: { readonly messages: readonly Message[] }): void;
}

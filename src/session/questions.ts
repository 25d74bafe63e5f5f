/** Open questions to the user: asked, answered once, expired into a refusal (protocol.md §9.3). */
import { isDeepStrictEqual } from "node:util";
import { AppError } from "../errors.ts";
import type { Language } from "../config.ts";
import type { FrameBody } from "../protocol/codec.ts";
import { authorMetadata } from "../protocol/custom_event.ts";
import type { CustomDraft } from "../protocol/schema.ts";
import { refuse, statusText } from "../protocol/texts.ts";
import type { CallRecord, Changes, Entry, QuestionRecord } from "../store/store.ts";
import type { Question } from "../agent/agent.ts";
import type { Answer, Args } from "../tool/tool.ts";

/** What the user decided, read from `user.response`. */
export interface Decision {
  readonly confirmed: boolean;
  readonly args?: Args;
  readonly message?: string;
}

interface Open {
  readonly question: Question;
  /** True until the run, which goes on after a restart, has come to the question again. */
  readonly restored?: boolean;
  readonly runId: string;
  readonly entry: Entry;
  readonly promise: Promise<Answer>;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  readonly accepts?: (args: Args) => Args;
  /** Ends the timer and the watch for a stop of the run. */
  readonly forget: () => void;
}

export interface Asking {
  readonly runId: string;
  readonly language: Language;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly accepts?: (args: Args) => Args;
}

/** What the questions need of their session. */
export interface QuestionSink {
  append(body: FrameBody, changes?: (entry: Entry) => Changes): Entry;
  /** A question was opened or closed: the run's clock stops meanwhile. */
  changed(): void;
}

export class Questions {
  readonly #open = new Map<string, Open>();
  /** tool step_id → an answer that came before the run, which goes on after a restart, had asked again. */
  readonly #early = new Map<string, Promise<Answer>>();
  readonly #sink: QuestionSink;
  readonly #newId: () => string;

  /** @param newId - makes a random UUID */
  constructor(sink: QuestionSink, newId: () => string) {
    this.#sink = sink;
    this.#newId = newId;
  }

  get size(): number {
    return this.#open.size;
  }

  has(stepId: string): boolean {
    return this.#open.has(stepId);
  }

  /** The entries that asked, oldest first. */
  entries(): Entry[] {
    return [...this.#open.values()].map((open) => open.entry);
  }

  /** step_ids of the open questions. */
  stepIds(): string[] {
    return [...this.#open.keys()];
  }

  /** Opens again what was open before a restart, with its deadline. */
  restore(records: readonly QuestionRecord[], language: Language): void {
    for (const { stepId, runId, entry, expiresAt } of records) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      promise.catch(() => {}); // nobody waits yet
      const timer = setTimeout(() => this.#expire(stepId, language), Math.max(0, expiresAt - Date.now()));
      const forget = () => clearTimeout(timer);
      const question = questionOf(entry);
      this.#open.set(stepId, { question, restored: true, runId, entry, promise, resolve, reject, forget });
    }
  }

  /** Closes what a run that is over has left open. */
  clear(): void {
    for (const stepId of [...this.#open.keys()]) this.#close(stepId);
    this.#early.clear();
  }

  /** Asks and waits: resolves with the answer or, when time is up, with a refusal; rejects when the run is stopped. */
  ask(question: Question, how: Asking): Promise<Answer> {
    how.signal.throwIfAborted();
    const again = this.#adopt(question, how);
    if (again) return again;
    const name = question.tool.replace(/[^A-Za-z0-9_-]/g, "_");
    const stepId = `confirm_${this.#newId().replaceAll("-", "").slice(0, 8)}_${name}`;
    const expiresAt = Date.now() + how.timeoutSeconds * 1000;
    const entry = this.#sink.append(
      confirmDraft(question, stepId, expiresAt, how),
      (asked) => ({ question: { stepId, runId: how.runId, expiresAt, entry: asked } }),
    );
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => this.#expire(stepId, how.language), how.timeoutSeconds * 1000);
    const { runId } = how;
    const forget = () => clearTimeout(timer);
    this.#watch(stepId, { question, runId, entry, promise, resolve, reject, forget }, how);
    return promise;
  }

  /** The question of a run that goes on after a restart is the one that was open before. */
  #adopt(question: Question, how: Asking): Promise<Answer> | undefined {
    const { toolStepId } = question;
    if (toolStepId === undefined) return undefined;
    const early = this.#early.get(toolStepId);
    if (early) return early;
    const found = [...this.#open].find(([, open]) =>
      open.restored && open.question.toolStepId === toolStepId
    );
    if (!found) return undefined;
    const [stepId, open] = found;
    this.#watch(stepId, { ...open, question, restored: false }, how);
    return open.promise;
  }

  /** Keeps a question open until it is answered, expires, or its run is stopped. */
  #watch(stepId: string, open: Open, { signal, accepts }: Asking): void {
    const stop = () => this.#close(stepId)?.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    const forget = () => {
      open.forget();
      signal.removeEventListener("abort", stop);
    };
    this.#open.set(stepId, { ...open, accepts, forget });
    this.#sink.changed();
  }

  /**
   * Gives the first valid answer; false when no such question is open.
   *
   * @throws AppError when edited arguments do not fit: the question stays open
   */
  answer(stepId: string, decision: Decision, language: Language): boolean {
    const open = this.#open.get(stepId);
    if (!open) return false;
    const args = decision.confirmed && decision.args ? accepted(open, decision.args) : undefined;
    const edited = args !== undefined && !isDeepStrictEqual(args, open.question.args ?? {});
    // First the notice: if it cannot be stored, the question is still open.
    this.#sink.append({
      event: "system.notice",
      content: statusText(decision.confirmed ? "confirmed" : "declined", language),
      metadata: {
        action: "confirm_resolved",
        step_id: stepId,
        confirmed: decision.confirmed,
        edited,
        by: "user",
        run_id: open.runId,
      },
    }, () => ({ answered: stepId, call: decision.confirmed ? intentOf(open, args) : undefined }));
    this.#close(stepId);
    open.resolve({
      confirmed: decision.confirmed,
      ...(edited ? { args } : {}),
      ...(decision.message ? { message: decision.message } : {}),
    });
    this.#sink.changed();
    return true;
  }

  #expire(stepId: string, language: Language): void {
    const open = this.#open.get(stepId);
    if (!open) return;
    try {
      this.#sink.append({
        event: "system.notice",
        content: statusText("confirmTimeout", language),
        metadata: { action: "confirm_timeout", step_id: stepId, run_id: open.runId },
      }, () => ({ answered: stepId }));
      open.resolve({ confirmed: false });
    } catch (cause) {
      // A timer has nobody to throw to: the run that waits is told.
      open.reject(cause);
    }
    this.#close(stepId);
    this.#sink.changed();
  }

  #close(stepId: string): Open | undefined {
    const open = this.#open.get(stepId);
    if (!open) return undefined;
    open.forget();
    this.#open.delete(stepId);
    if (open.restored && open.question.toolStepId) this.#early.set(open.question.toolStepId, open.promise);
    return open;
  }
}

/** The question as its event asked it. */
function questionOf({ frame }: Entry): Question {
  const { content, metadata } = JSON.parse(frame) as { content: string; metadata: Record<string, unknown> };
  return {
    scope: "tool",
    message: content,
    tool: String(metadata.tool_name),
    args: metadata.tool_args as Args | undefined,
    toolStepId: metadata.tool_step_id as string | undefined,
  };
}

/** The call that a confirmed question allows, for the ledger: with its final arguments. */
function intentOf({ question, runId }: Open, args: Args | undefined): CallRecord | undefined {
  if (!question.toolStepId || !question.args) return undefined;
  return {
    stepId: question.toolStepId,
    runId,
    tool: question.tool,
    args: args ?? question.args,
    outcome: "started",
  };
}

function accepted(open: Open, args: Args): Args {
  try {
    return open.accepts ? open.accepts(args) : args;
  } catch (cause) {
    throw refuse("badArguments", AppError.from(cause).message);
  }
}

function confirmDraft(question: Question, stepId: string, expiresAt: number, how: Asking): CustomDraft {
  const isToolCall = question.args !== undefined;
  return {
    event: "agent.user_confirm",
    step_id: stepId,
    content: isToolCall ? statusText("confirm", how.language, question.tool) : question.message,
    metadata: {
      ...authorMetadata(question.metadata),
      requires_confirmation: true,
      scope: question.scope,
      tool_name: question.tool,
      tool_description: question.description,
      tool_args: question.args,
      args_schema: question.schema,
      tool_step_id: question.toolStepId,
      timeout_seconds: how.timeoutSeconds,
      expires_at: new Date(expiresAt).toISOString(),
      run_id: how.runId,
    },
  };
}

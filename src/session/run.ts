/** One answer in progress: drives the agent, records what it yields, and ends with exactly one terminal event. */
import { setImmediate } from "node:timers";
import type { AgentEvent, Conclusion, CutTurn, Question, RunContext } from "../agent/agent.ts";
import type { Message } from "../protocol/transcript.ts";
import { AppError, describeCause } from "../errors.ts";
import { head } from "../protocol/show_content.ts";
import { statusText } from "../protocol/texts.ts";
import type { CustomDraft } from "../protocol/schema.ts";
import type { Answer, Args } from "../tool/tool.ts";
import type { Changes, RunRecord } from "../store/store.ts";
import { AnswerStream } from "./answer_stream.ts";
import { RunClock } from "./clock.ts";
import { draftOf } from "./drafts.ts";
import { type RunHost, StopReason } from "./run_host.ts";

/** Events an agent may yield before other sessions get their turn. */
const eventsPerTurn = 32;

/** How a run may end. */
export type Outcome = "final_answer" | "error" | "interrupted";

export class Run {
  readonly id: string;
  /** Resolves when the run is over and its terminal event is in the log. */
  readonly finished: Promise<void>;
  /** The answer while it is written. */
  readonly stream: AnswerStream;
  /** The question and the completed steps of this run. */
  readonly messages: Message[] = [];
  readonly #host: RunHost;
  readonly #abort = new AbortController();
  readonly #clock: RunClock;
  readonly #openSteps = new Set<string>();
  readonly #done = Promise.withResolvers<void>();
  /** Resolves some time after a stop was asked for: what has not stopped by then is left behind. */
  readonly #stopped = Promise.withResolvers<StopReason>();
  /** How far it is: what a restart of the server goes on from. */
  #progress: RunRecord;
  /** Calls that were begun before a stop of the server. */
  #begun: CutTurn["begun"] = {};
  #over = false;

  constructor(host: RunHost, progress: RunRecord) {
    const { id } = progress;
    this.id = id;
    this.#host = host;
    this.#progress = progress;
    this.finished = this.#done.promise;
    this.stream = new AnswerStream(
      // By its place in the log: also after a restart no stream of the run has the name of another.
      () => `st_${id.slice(4)}_${host.appended() + 1}`,
      host.settings,
      (draft) => this.#over || host.appendStreamed({ ...draft, metadata: { ...draft.metadata, run_id: id } }),
    );
    this.#clock = new RunClock(
      host.settings.runTimeoutSeconds * 1000,
      () => this.#stop(new StopReason("deadline")),
    );
  }

  /** Completed steps. */
  get step(): number {
    return this.#progress.step;
  }

  /** Starts the work; the start event is in the log when this returns. */
  start(question: string, messageId: string | undefined): void {
    this.messages.push({ role: "user", content: question });
    const metadata = {
      step: 0,
      stage: "start",
      input: head(question, 2000),
      ...(messageId === undefined ? {} : { message_id: messageId }),
    };
    this.#begin({ event: "agent.thinking", content: statusText("thinking", this.#host.language), metadata }, {
      messages: [...this.messages],
      run: this.#progress,
      ...(messageId === undefined ? {} : { input: { messageId, runId: this.id } }),
    });
  }

  /** Goes on after a stop of the server. @param begun - step_id → arguments of calls whose outcome is unknown */
  resume(begun: CutTurn["begun"]): void {
    this.#begun = begun;
    const content = statusText("resumedRun", this.#host.language, this.#progress.step + 1);
    this.#begin({
      event: "system.notice",
      content,
      metadata: { action: "resumed", from_step: this.#progress.step },
    });
  }

  /** Ends at once: the server was told not to go on with runs after a restart. */
  giveUp(): void {
    this.#clock.stop();
    this.#finishStopped(new StopReason("server_restart"));
    this.#host.ended(this);
    this.#done.resolve();
  }

  #begin(body: CustomDraft, changes?: Changes): void {
    try {
      this.#host.append({ ...body, metadata: { ...body.metadata, run_id: this.id } }, changes);
    } catch (cause) {
      this.#clock.stop();
      throw cause;
    }
    void this.#drive();
  }

  /**
   * Stops the run; its `agent.interrupted` follows when agent, model and tools have stopped. A suspended run stops
   * without a word: it goes on after a restart.
   */
  cancel(reason: Exclude<StopReason["reason"], "deadline">): Promise<void> {
    this.#stop(new StopReason(reason));
    return this.finished;
  }

  /** The run's clock stands still while a question is open. */
  waitForUser(waiting: boolean): void {
    if (this.#over) return;
    if (waiting) this.#clock.pause();
    else this.#clock.resume();
  }

  #stop(reason: StopReason): void {
    if (this.#abort.signal.aborted || this.#over) return;
    for (const stepId of this.#host.openQuestions()) this.#openSteps.add(stepId);
    const timer = setTimeout(() => {
      this.#host.logger.warn("Agent did not stop in time after a cancel", { run: this.id });
      this.#stopped.resolve(this.#abort.signal.reason);
    }, this.#host.settings.cancelWaitSeconds * 1000);
    void this.finished.then(() => clearTimeout(timer));
    this.#abort.abort(reason);
  }

  async #drive(): Promise<void> {
    const stopped = this.#stopped.promise;
    try {
      const total = 1 + this.#host.settings.maxRetryAttempts;
      for (let attempt = 1;; attempt++) {
        const result = await Promise.race([this.#attempt(), stopped]);
        if (result instanceof StopReason) return this.#finishStopped(result);
        if (!(result instanceof AppError)) return this.#finishAnswered(result);
        if (attempt >= total) return this.#finishFailed(result);
        this.#announceRetry(attempt, total, result);
        const reason = await Promise.race([this.#pause(this.#host.settings.retryDelaySeconds), stopped]);
        if (reason) return this.#finishStopped(reason);
      }
    } catch (cause) {
      // Only the log itself can fail here: there is nowhere left to write to.
      this.#host.logger.error(`Run ended without its terminal event: ${describeCause(cause)}`, {
        run: this.id,
      });
    } finally {
      this.#over = true;
      this.#clock.stop();
      this.#host.ended(this);
      this.#done.resolve();
    }
  }

  #pause(seconds: number): Promise<StopReason | undefined> {
    const { promise, resolve } = Promise.withResolvers<StopReason | undefined>();
    const { signal } = this.#abort;
    const stop = () => {
      clearTimeout(timer);
      resolve(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve(undefined);
    }, seconds * 1000);
    signal.addEventListener("abort", stop, { once: true });
    return promise;
  }

  /** One attempt from the last completed step. Never throws: gives the conclusion, the failure or the stop. */
  async #attempt(): Promise<Conclusion | AppError | StopReason> {
    try {
      const agent = this.#host.agent.execute(this.#context());
      for (let count = 1;; count++) {
        // An agent that never waits for anything must not keep the event loop from everybody else.
        if (count % eventsPerTurn === 0) await new Promise<void>((resolve) => setImmediate(resolve));
        const step = await agent.next();
        if (this.#over) {
          void agent.return(undefined as never).catch(() => {});
          return this.#abort.signal.reason;
        }
        if (step.done) return this.#abort.signal.aborted ? this.#abort.signal.reason : step.value;
        this.#record(step.value);
        // What must be recorded before the agent goes on (I5) is stored when the next step is asked for.
        const storing = step.value.type === "text" ? undefined : this.#host.stored();
        if (storing) await storing;
      }
    } catch (cause) {
      if (this.#abort.signal.aborted) return this.#abort.signal.reason;
      this.#host.logger.warn(`Run attempt failed: ${describeCause(cause)}`, { run: this.id });
      return AppError.from(cause);
    }
  }

  #context(): RunContext {
    const host = this.#host;
    return {
      runId: this.id,
      language: host.language,
      messages: [...host.history, ...this.messages],
      step: this.#progress.step,
      calls: host.calls(),
      cut: this.#progress.turn && { ...this.#progress.turn, begun: this.#begun },
      session: host.values,
      signal: this.#abort.signal,
      model: (request) => host.model.stream(request),
      confirm: (question, accepts) => this.#ask(question, accepts),
      log: (message, details) => host.logger.debug(message, { run: this.id, ...details }),
    };
  }

  async #ask(question: Question, accepts?: (args: Args) => Args): Promise<Answer> {
    const answer = await this.#host.ask(question, { runId: this.id, signal: this.#abort.signal, accepts });
    // The answer allows the call: it starts only after that is stored (I5).
    await this.#host.stored();
    return answer;
  }

  #record(event: AgentEvent): void {
    if (event.type === "text") return this.stream.push(event.text, event.tentative);
    if (event.type === "text_end") return this.stream.end(event.discarded);
    if (event.type === "turn") return this.#recordTurn(event);
    if (event.type === "step") {
      this.messages.push(...event.messages);
      this.#progress = { ...this.#progress, step: event.step, turn: undefined };
      return this.#host.note({ messages: event.messages, run: this.#progress });
    }
    if (event.type === "tool_call") this.#openSteps.add(event.stepId);
    if (event.type === "tool_result") {
      this.#openSteps.delete(event.stepId);
      this.#host.metrics.toolCall(event.status);
    }
    this.#progress = progressAfter(event, this.#progress);
    const draft = draftOf(event, this.#host.language, this.stream.last?.id);
    const metadata = { ...draft.metadata, run_id: this.id };
    this.#host.append({ ...draft, metadata }, changesOf(event, this.#progress));
  }

  #recordTurn(event: AgentEvent & { type: "turn" }): void {
    const tokens = (this.#progress.tokens ?? 0) + (event.usage?.totalTokens ?? 0);
    this.#progress = { ...this.#progress, tokens };
    if (event.message.tool_calls?.length) {
      const turn = { message: event.message, calls: event.calls, announced: [], results: [] };
      this.#host.note({ run: this.#progress = { ...this.#progress, turn } });
    }
    if (!this.#host.settings.sendLlmMessage) return;
    const messages = [...this.#host.history, ...this.messages, event.message];
    this.stream.offer(() => this.#host.appendStreamed(this.#host.conversation(messages, this.id)));
  }

  #announceRetry(attempt: number, total: number, error: AppError): void {
    this.stream.end(true);
    this.#host.append({
      event: "system.notice",
      content: statusText("retry", this.#host.language, attempt),
      metadata: {
        action: "retry",
        attempt,
        total_attempts: total,
        next_attempt: attempt + 1,
        retry_delay_seconds: this.#host.settings.retryDelaySeconds,
        error_type: error.name,
        error: head(error.message, 500),
        run_id: this.id,
      },
    });
  }

  #finishAnswered(conclusion: Conclusion): void {
    this.stream.end(false);
    const { model } = this.#host;
    // In safe mode the text was not streamed, whatever the agent believes.
    const stream = this.stream.last?.text === conclusion.text ? this.stream.last.id : undefined;
    this.#finish("final_answer", {
      event: "agent.final_answer",
      content: conclusion.text,
      metadata: {
        finish_reason: conclusion.finishReason,
        model: model.name,
        total_tokens: this.#progress.tokens ?? 0,
        ...(conclusion.streamed && stream ? { stream_id: stream } : {}),
        ...(model.demo ? { demo: true } : {}),
      },
    });
  }

  #finishFailed(error: AppError): void {
    this.stream.end(false);
    this.#finish("error", {
      event: "agent.error",
      content: `Execution error: ${error.message}`,
      metadata: { ...error.details, error_code: error.code, recovery_action: error.recoveryAction },
    });
  }

  #finishStopped(stop: StopReason): void {
    if (stop.reason === "suspend") return this.stream.drop();
    this.stream.end(false);
    if (stop.reason === "deadline") {
      const { language, settings } = this.#host;
      this.#host.append({
        event: "agent.timeout",
        content: statusText("deadline", language),
        metadata: { reason: "deadline", run_id: this.id },
      });
      const message = `the run took longer than ${settings.runTimeoutSeconds} s`;
      return this.#finishFailed(new AppError("ERR_TIMEOUT_501", message));
    }
    this.#finish("interrupted", {
      event: "agent.interrupted",
      content: statusText("interrupted", this.#host.language),
      metadata: { reason: stop.reason, open_steps: [...this.#openSteps] },
    });
  }

  #finish(
    outcome: Outcome,
    draft: { event: string; content: string; metadata: Record<string, unknown> },
  ): void {
    const metadata = {
      ...draft.metadata,
      duration_ms: Date.now() - this.#progress.startedAt,
      run_id: this.id,
      terminal: true,
    };
    this.#host.append({ ...draft, metadata }, { run: null });
    this.#over = true;
    this.#host.metrics.run(outcome);
  }
}

/** How far the run is after a tool call or its result. */
function progressAfter(event: AgentEvent, progress: RunRecord): RunRecord {
  const { turn } = progress;
  if (!turn) return progress;
  if (event.type === "tool_call") {
    return { ...progress, turn: { ...turn, announced: [...turn.announced, event.stepId] } };
  }
  return event.type === "tool_result"
    ? { ...progress, turn: { ...turn, results: [...turn.results, event.message] } }
    : progress;
}

/** Intent before, outcome after (protocol.md §8.6); a call that needs an answer is recorded with that answer. */
function changesOf(event: AgentEvent, run: RunRecord): Changes | undefined {
  const { id: runId } = run;
  if (event.type === "tool_call") {
    const { stepId, tool, args } = event;
    return { run, ...(event.asks ? {} : { call: { stepId, runId, tool, args, outcome: "started" } }) };
  }
  if (event.type === "tool_result") {
    const { stepId, tool, status } = event;
    return { run, call: { stepId, runId, tool, args: event.edited ?? {}, outcome: status } };
  }
  return undefined;
}

/** One conversation: its log, its memory, at most one run, and the connections that watch. It outlives sockets. */
import type { Language } from "../config.ts";
import type { AgentHost } from "../isolation/host.ts";
import type { Model } from "../model/model.ts";
import type { FrameBody } from "../protocol/codec.ts";
import type { Message } from "../protocol/transcript.ts";
import { refuse, statusText } from "../protocol/texts.ts";
import type { Changes, Entry, SessionRecord, Store, StoredSession } from "../store/store.ts";
import type { Logger } from "../trace/logger.ts";
import type { Metrics } from "../trace/metrics.ts";
import { Attachment, type Sink } from "./attachment.ts";
import { openStream } from "./broken_stream.ts";
import { conversationBody, snapshotBody } from "./conversation.ts";
import { type LogLimits, SessionLog } from "./log.ts";
import { SessionMemory } from "./memory.ts";
import { type Decision, Questions } from "./questions.ts";
import { Run } from "./run.ts";
import type { EffectiveSettings, RunHost } from "./run_host.ts";
import type { StateSource } from "./state_export.ts";
import type { RestoredState } from "./state_restore.ts";

export type SessionState = "IDLE" | "RUNNING" | "CLOSED";
export type EndReason = "expired" | "restored" | "server_shutdown" | "operator";

/** What a session is made of. Time comes from the global clock, ids from `newId`: both can be replaced in tests. */
export interface SessionParts {
  readonly record: SessionRecord;
  readonly fence: number;
  readonly store: Store;
  readonly agent: AgentHost;
  readonly model: Model;
  readonly settings: EffectiveSettings;
  readonly limits: LogLimits & { readonly maxAttachmentsPerSession: number };
  readonly values: Record<string, unknown>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly newId: () => string;
  /** What is there already, for a session that is read back. */
  readonly stored?: StoredSession;
}

/** A message that wants to start a run. */
export interface Input {
  readonly text: string;
  /** Becomes part of the session's values for tools. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly messageId?: string;
}

/** What became of an input: a new run, or the run that the same message id has already started. */
export interface Started {
  readonly runId: string;
  readonly duplicate?: "running" | "finished";
}

export class Session {
  readonly record: SessionRecord;
  readonly agent: AgentHost;
  readonly settings: EffectiveSettings;
  readonly questions: Questions;
  readonly #parts: SessionParts;
  readonly #log: SessionLog;
  readonly #attachments = new Set<Attachment>();
  readonly #memory: SessionMemory;
  #run: Run | undefined;
  #calls = 0;
  #closed = false;
  /** Set while the session is being ended: nothing may start any more. */
  #ending: Promise<void> | undefined;
  /** Milliseconds since 1970. */
  #activeAt = Date.now();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.record = parts.record;
    this.agent = parts.agent;
    this.settings = parts.settings;
    this.#memory = new SessionMemory(parts.values, parts.stored);
    this.#log = new SessionLog(parts.record, parts.store, parts.fence, parts.limits, {
      onEntry: (entry) => this.#deliver(entry),
      onFailure: (reason) => this.#fail(reason),
    }, parts.stored);
    // A tool call takes a number of the log as well: no call of this session has a higher one.
    this.#calls = parts.stored?.latestSeq ?? 0;
    this.questions = new Questions({
      append: (body, changes) => this.#append(body, changes),
      changed: () => this.#run?.waitForUser(this.questions.size > 0),
    }, parts.newId);
  }

  get id(): string {
    return this.record.id;
  }

  /** The token its commits carry. */
  get fence(): number {
    return this.#parts.fence;
  }

  get language(): Language {
    return this.record.language;
  }

  get state(): SessionState {
    if (this.#closed) return "CLOSED";
    return this.#run ? "RUNNING" : "IDLE";
  }

  get runId(): string | undefined {
    return this.#run?.id;
  }

  get latestSeq(): number {
    return this.#log.latest;
  }

  get oldestSeq(): number {
    return this.#log.oldest;
  }

  get logBytes(): number {
    return this.#log.bytes;
  }

  /** Connections that receive its events. */
  get attached(): number {
    return this.#attachments.size;
  }

  /** When it was last used or left, in milliseconds since 1970; now, while somebody watches or a run goes on. */
  get activeAt(): number {
    return this.#run ? Date.now() : this.#activeAt;
  }

  /** Sends the first two events; called once, after its creator was attached. */
  open(connectionId: string | undefined, withReady: boolean): void {
    const { name, type } = this.agent;
    const { epoch, language } = this.record;
    this.#append({
      event: "agent.session_created",
      content: statusText("created", language),
      metadata: { agent_name: name, connection_id: connectionId, agent_type: type, epoch, language },
    }, () => ({ values: this.#memory.values }));
    if (withReady) this.#ready();
  }

  #ready(): void {
    const content = statusText("ready", this.language);
    this.#append({ event: "agent.ready", content, metadata: { state: "IDLE" } });
  }

  /** Sends the first events of a session that was made of an exported state. */
  openRestored({ state, messages, warnings }: RestoredState, connectionId: string, withReady: boolean): void {
    const { epoch, language } = this.record;
    this.#memory.addMessages(messages, this.agent.memory);
    this.#append({
      event: "agent.state_restored",
      content: statusText("stateRestored", language),
      metadata: {
        original_session_id: state.session_id,
        restored_step: state.current_step,
        message_count: messages.length,
        agent_name: this.agent.name,
        connection_id: connectionId,
        epoch,
        warnings,
      },
    }, () => ({ values: this.#memory.values, messages }));
    if (withReady) this.#ready();
  }

  /** The session after its last completed step, for an export. */
  stateSource(): StateSource {
    const { id, createdAt } = this.record;
    return {
      sessionId: id,
      step: this.#run?.step ?? 0,
      state: this.state,
      createdAt,
      activeAt: this.activeAt,
      agentName: this.agent.name,
      messages: [...this.#memory.messages, ...this.#run?.messages ?? []],
      values: this.#memory.values,
      pendingConfirmations: this.questions.stepIds(),
    };
  }

  /** Stored events after `after`; none when they were dropped. */
  async entriesAfter(after: number): Promise<readonly Entry[]> {
    return await this.#log.read(after, this.latestSeq - after) ?? [];
  }

  /**
   * Starts a run.
   *
   * @throws AppError when the session is closed or busy
   */
  start(input: Input): Started {
    if (this.#closed || this.#ending) throw refuse("sessionClosed");
    const known = this.#memory.runOf(input.messageId);
    if (known) return { runId: known, duplicate: known === this.#run?.id ? "running" : "finished" };
    if (this.#run) throw refuse("busy");
    this.#activeAt = Date.now();
    // 16 hex digits of a random UUID: unique for ever, and short in every frame.
    const runId = `run_${this.#parts.newId().replaceAll("-", "").slice(0, 16)}`;
    if (input.values) this.#addValues(input.values);
    const run = new Run(this.#hostOfRun(), { id: runId, step: 0, startedAt: Date.now() });
    this.#begin(run, () => run.start(input.text, input.messageId));
    if (input.messageId !== undefined) this.#memory.addInput(input.messageId, runId);
    this.#parts.logger.debug("Run started", { session: this.id, run: runId });
    return { runId };
  }

  /**
   * Goes on with the run that a stop of the server has cut off, or closes it as interrupted. Called once, after the
   * session was read back.
   */
  async recover(): Promise<void> {
    const { stored } = this.#parts;
    if (!stored?.run) return;
    const run = new Run(this.#hostOfRun(), stored.run);
    this.questions.restore(stored.questions, this.language);
    const broken = await openStream(this.#log, stored.run.id);
    if (broken) this.#log.append(broken);
    const begun = Object.fromEntries(
      stored.calls.filter(({ outcome }) => outcome === "started").map(({ stepId, args }) => [stepId, args]),
    );
    if (this.settings.resume === "auto") this.#begin(run, () => run.resume(begun));
    else this.#begin(run, () => run.giveUp());
  }

  #begin(run: Run, begin: () => void): void {
    this.#run = run;
    try {
      begin();
    } catch (cause) {
      this.#run = undefined;
      throw cause;
    }
  }

  /** Stops the run without a word and closes for this process; the store keeps everything for the next one. */
  async suspend(): Promise<void> {
    await this.#run?.cancel("suspend");
    this.#closed = true;
    this.questions.clear();
    await this.#log.stored();
  }

  /** Stops the run in progress; false when there is none. */
  cancel(reason: "user_request" | "superseded" | "server_shutdown"): Promise<void> | false {
    return this.#run ? this.#run.cancel(reason) : false;
  }

  /** Resolves when no run is in progress. */
  idle(): Promise<void> {
    return this.#run?.finished ?? Promise.resolve();
  }

  /** Answers an open question; false when there is none of that id. */
  answer(stepId: string, decision: Decision): boolean {
    this.#activeAt = Date.now();
    return this.questions.answer(stepId, decision, this.language);
  }

  /** Subscribes a connection to what comes after `after`. @throws AppError over the limit */
  attach(sink: Sink, after: number): Attachment {
    if (this.#attachments.size >= this.#parts.limits.maxAttachmentsPerSession) {
      throw refuse("tooManyAttachments");
    }
    const attachment = new Attachment(this.#log, sink, after, (stepId) => !this.questions.has(stepId));
    this.#attachments.add(attachment);
    this.#activeAt = Date.now();
    return attachment;
  }

  detach(attachment: Attachment): void {
    this.#attachments.delete(attachment);
    this.#activeAt = Date.now();
  }

  /** The conversation so far, for a client that cannot be given what it missed. */
  snapshot(): FrameBody {
    const messages = [...this.#memory.messages, ...this.#run?.messages ?? []];
    const conversation = { agentName: this.agent.name, state: this.state, messages };
    return snapshotBody(conversation, this.#run?.stream.open, this.settings.sendLlmMessage);
  }

  /** Ends the session for good; its last event is `agent.session_end`. */
  end(reason: EndReason): Promise<void> {
    return this.#ending ??= this.#end(reason);
  }

  async #end(reason: EndReason): Promise<void> {
    await this.cancel(reason === "restored" ? "superseded" : "server_shutdown");
    if (this.#closed) return;
    this.#append({
      event: "agent.session_end",
      content: statusText("sessionEnd", this.language),
      metadata: { reason, duration_seconds: Math.round((Date.now() - this.record.createdAt) / 1000) },
    });
    this.#closed = true;
    await this.#log.stored();
  }

  #hostOfRun(): RunHost {
    const { agent, model, settings, metrics, logger } = this.#parts;
    return {
      agent,
      model,
      settings,
      metrics,
      logger,
      language: this.language,
      history: this.#memory.messages,
      calls: () => this.#calls,
      values: this.#memory.values,
      append: (body, changes) => void this.#append(body, changes && (() => changes)),
      appendStreamed: (body) => this.#appendStreamed(body),
      note: (changes) => this.#log.note(changes),
      appended: () => this.#log.appended,
      stored: () => this.#log.stored(),
      ask: (question, how) => {
        const timeoutSeconds = settings.confirmTimeoutSeconds;
        return this.questions.ask(question, { ...how, timeoutSeconds, language: this.language });
      },
      openQuestions: () => this.questions.stepIds(),
      conversation: (messages, runId) => {
        const body = conversationBody({ agentName: agent.name, state: this.state, messages });
        return { ...body, metadata: { ...body.metadata, run_id: runId } };
      },
      ended: (run) => this.#endRun(run.messages),
    };
  }

  #endRun(messages: readonly Message[]): void {
    this.#memory.addMessages(messages, this.agent.memory);
    this.#run = undefined;
    this.questions.clear();
    this.#activeAt = Date.now();
  }

  #append(body: FrameBody, changes?: (entry: Entry) => Changes): Entry {
    this.#run?.stream.flush();
    if (body.event === "agent.tool_call") this.#calls++;
    return this.#log.appendWith(body, changes);
  }

  /** Called by timers: when the store has failed, the log has already said so to the session. */
  #appendStreamed(body: FrameBody): void {
    try {
      this.#log.append(body);
    } catch {
      return;
    }
  }

  #addValues(values: Readonly<Record<string, unknown>>): void {
    this.#memory.checkValues(values);
    this.#log.note({ values });
    this.#memory.addValues(values);
  }

  #deliver(entry: Entry): void {
    this.#parts.metrics.event(entry.event);
    for (const attachment of this.#attachments) this.#push(attachment, entry);
  }

  /** One watcher's fault is nobody else's: it is let go of, and the log has what it missed. */
  #push(attachment: Attachment, entry: Entry): void {
    try {
      attachment.push(entry);
    } catch {
      this.#parts.logger.warn("A connection could not take an event", { session: this.id });
      this.detach(attachment);
      attachment.close();
      attachment.fail("internal_error");
    }
  }

  #fail(reason: string): void {
    this.#parts.logger.error(`Session lost its store: ${reason}`, { session: this.id });
    this.#closed = true;
    for (const attachment of this.#attachments) attachment.fail("internal_error");
    void this.cancel("server_shutdown");
  }
}

/** One conversation, as its caller sees it. */
import { Answers, type Decision } from "./answers.ts";
import { Channel } from "./channel.ts";
import { interruption, MyAgentError } from "./errors.ts";
import type { EventOf, Frame, SessionEvent, SnapshotEvent } from "./events.ts";
import { Link, type LinkHost } from "./link.ts";
import type { SessionPosition } from "./position.ts";
import { type ClientRun, Run } from "./run.ts";

export interface SendOptions {
  /** Default: a new UUID. The same id again never starts a second run. At most 128 characters. */
  readonly messageId?: string;
  /** Stops the run. */
  readonly signal?: AbortSignal;
}

/** A conversation. It outlives connections: what is done while there is none is done after the next resume. */
export interface ClientSession {
  readonly id: string;
  /**
   * Where this client stands. To resume later, in another page or process, keep the place of the last event that was
   * dealt with, `{ seq: event.seq, eventId: event.event_id }`; this one may be ahead of a loop that waits.
   */
  readonly position: SessionPosition;
  /** True when commands reach the server at once. */
  readonly isAttached: boolean;
  /** Resolves when the session is attached for the first time; rejects when it cannot be. */
  readonly ready: Promise<void>;
  /**
   * Everything that happens, each event once and in order. The first loop also gets what came before it (the newest
   * 1,000 events), every further one begins now. Ends after `agent.session_end` and `close`; throws a `MyAgentError`
   * when the session or the way to it is lost for good, and `overflow` in a loop that lags 10,000 events behind.
   */
  readonly events: AsyncIterable<SessionEvent>;
  /**
   * Sends a message, which starts a run.
   *
   * @param content - text, or an object with `question` and values for tools
   */
  send(content: string | Readonly<Record<string, unknown>>, options?: SendOptions): ClientRun;
  /**
   * Answers a question (`agent.user_confirm`).
   *
   * @returns the decision that counts: another connection may have been first, or the time was up, which is a refusal
   * @throws MyAgentError when the answer is refused, in which case the question stays open, or the question is closed
   */
  respond(stepId: string, decision: Decision): Promise<boolean>;
  /** Stops the run in progress, whoever has started it, and what this client has sent and not seen started. */
  cancel(): void;
  /** Leaves the session: it goes on without this client. */
  close(): void;
}

export class Session implements ClientSession {
  readonly id: string;
  readonly ready: Promise<void>;
  /** Its side of the wire, for the client. */
  readonly link: Link;
  readonly #events = new Channel<SessionEvent>();
  readonly #newId: () => string;
  readonly #answers: Answers;
  /** Runs of this client that are not over, by message id. */
  readonly #runs = new Map<string, Run>();
  /** Messages that wait at the server, by id. */
  readonly #queued = new Set<string>();
  #isReady!: () => void;
  #isLost!: (cause: unknown) => void;
  /** To be stopped as soon as there is a way to say so. */
  #cancelWanted = false;
  /** Why it is over. */
  #cause: MyAgentError | undefined;

  constructor(id: string, position: SessionPosition, host: LinkHost) {
    this.id = id;
    this.#newId = host.platform.newId;
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isLost = reject;
    });
    this.ready.catch(() => {});
    this.link = new Link(id, position, host, {
      onEvent: (event) => this.#receive(event),
      onAttached: () => this.#attached(),
      onEnd: (cause, isExpected) => this.#end(cause, isExpected),
    });
    this.#answers = new Answers(this.link.outbox, id, this.#newId);
  }

  get position(): SessionPosition {
    return this.link.position;
  }

  get isAttached(): boolean {
    return this.link.isAttached;
  }

  get events(): AsyncIterable<SessionEvent> {
    return this.#events;
  }

  send(content: string | Readonly<Record<string, unknown>>, options: SendOptions = {}): ClientRun {
    const { messageId = this.#newId(), signal } = options;
    const known = this.#runs.get(messageId);
    if (known) return known;
    const run = new Run(messageId, signal, (cancelled) => this.#cancel(cancelled));
    if (this.#cause) run.fail(this.#cause);
    else if (run.isCancelled) run.fail(interruption("user_request"));
    else {
      this.#runs.set(messageId, run);
      const command = { event: "user.message", session_id: this.id, content };
      this.link.outbox.add(messageId, command, (cause) => this.#fail(run, cause as MyAgentError));
    }
    return run;
  }

  respond(stepId: string, decision: Decision): Promise<boolean> {
    if (!this.#cause) return this.#answers.give(stepId, decision);
    const given = Promise.reject(this.#cause);
    given.catch(() => {});
    return given;
  }

  cancel(): void {
    if (this.#cause) return;
    this.#cancelWanted = true;
    for (const run of this.#runs.values()) if (run.runId === undefined) run.cancel();
    if (this.isAttached) this.link.send("user.cancel");
  }

  close(): void {
    this.link.end(new MyAgentError("closed", "The session was closed"), true);
  }

  #receive(event: SessionEvent): void {
    this.#events.push(event);
    if (event.event === "snapshot") return this.#rebuild(event);
    this.#answers.receive(event);
    const metadata: Frame["metadata"] = event.metadata;
    if (metadata.terminal || event.event === "agent.interrupted") this.#cancelWanted = false;
    if (event.event === "agent.interrupted") this.#drop(event);
    if (metadata.action === "queued") this.#queued.add(String(metadata.reply_to));
    if (metadata.action === "duplicate") return this.#repeated(metadata);
    const run = this.#runOf(metadata);
    run?.receive(event);
    if (run?.isOver) this.#forget(run);
  }

  #forget({ messageId }: Run): void {
    this.#runs.delete(messageId);
    this.#queued.delete(messageId);
  }

  /** The run an event belongs to; its first event names the message. */
  #runOf({ message_id: messageId, run_id: runId }: Frame["metadata"]): Run | undefined {
    if (typeof runId !== "string") return undefined;
    const asked = this.#runs.get(messageId as string);
    if (asked && asked.runId === undefined) this.#started(asked, runId);
    for (const run of this.#runs.values()) if (run.runId === runId) return run;
  }

  #started(run: Run, runId: string): void {
    run.started(runId);
    // A cancel of the session that is on its way stops this run too, and must not hit the next one.
    if (run.isCancelled && this.isAttached && !this.#cancelWanted) this.link.send("user.cancel");
  }

  /** The message was here before: its run goes on, or is over. */
  #repeated({ message_id: messageId, run_id: runId, state }: Frame["metadata"]): void {
    const run = this.#runs.get(messageId as string);
    if (!run || run.runId !== undefined || typeof runId !== "string") return;
    if (state === "running") this.#started(run, runId);
    else if (state === "finished") {
      this.#fail(run, new MyAgentError("already_answered", `Message "${messageId}" was answered before`));
    }
  }

  /** Messages that waited for the run are stopped with it. */
  #drop({ metadata }: EventOf<"agent.interrupted">): void {
    const dropped = metadata.dropped_message_ids;
    if (!Array.isArray(dropped)) return;
    for (const id of dropped) {
      const run = this.#runs.get(id);
      if (run) this.#fail(run, interruption(metadata.reason));
    }
  }

  /** Events are lost: with them the ends of runs that are not in progress any more. */
  #rebuild({ metadata }: SnapshotEvent): void {
    for (const run of this.#runs.values()) {
      if (run.runId === undefined || run.runId === metadata.run_id) continue;
      this.#fail(run, new MyAgentError("gap", "The run ended among events that cannot be given any more"));
    }
  }

  #cancel(run: Run): void {
    if (run.runId !== undefined) {
      if (this.isAttached) this.link.send("user.cancel");
    } else if (!this.isAttached && !this.link.outbox.wasSent(run.messageId)) {
      this.#fail(run, interruption("user_request"));
    }
  }

  #attached(): void {
    this.#isReady();
    const runs = [...this.#runs.values()].filter((run) => run.isCancelled);
    for (const run of runs) {
      // What neither waits nor has started in all that time has not arrived.
      const isLost = run.runId === undefined && !this.#queued.has(run.messageId);
      if (isLost) this.#fail(run, interruption("user_request"));
    }
    if (this.#cancelWanted || runs.some((run) => run.runId !== undefined)) this.link.send("user.cancel");
  }

  #fail(run: Run, cause: MyAgentError): void {
    this.#forget(run);
    this.link.outbox.remove(run.messageId);
    run.fail(cause);
  }

  #end(cause: MyAgentError, isExpected: boolean): void {
    this.#cause = cause;
    this.#isLost(cause);
    for (const run of this.#runs.values()) this.#fail(run, cause);
    this.#answers.close(cause);
    this.#events.end(isExpected ? undefined : cause);
  }
}

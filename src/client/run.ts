/** One answer in progress, as its caller sees it. */
import { Channel } from "./channel.ts";
import { errorOf, interruption, type MyAgentError } from "./errors.ts";
import type { EventOf, SessionEvent } from "./events.ts";

type TerminalError = EventOf<"agent.error">;

/** A message that was sent, and the run it starts. Iterating gives the events of the run, the last one included. */
export interface ClientRun extends AsyncIterable<SessionEvent> {
  /** Makes the message unique: sent twice, it still starts one run. */
  readonly messageId: string;
  /** Undefined until the run has started. */
  readonly runId: string | undefined;
  /**
   * The final answer. Rejects with a `MyAgentError`: with the server's code when the message was refused or the run
   * failed, with `interrupted` when it was stopped; with the signal's reason when its signal was aborted.
   */
  readonly answer: Promise<string>;
  /** Stops the run; if it has not started yet, as soon as it does. Its `answer` rejects when it has stopped. */
  cancel(): void;
}

export class Run implements ClientRun {
  readonly messageId: string;
  readonly answer: Promise<string>;
  readonly #events = new Channel<SessionEvent>();
  readonly #cancel: (run: Run) => void;
  #runId: string | undefined;
  #resolve!: (text: string) => void;
  #reject!: (cause: unknown) => void;
  #unlisten = () => {};
  #isOver = false;
  isCancelled = false;

  /** @param cancel - called the first time it is to be stopped */
  constructor(messageId: string, signal: AbortSignal | undefined, cancel: (run: Run) => void) {
    this.messageId = messageId;
    this.#cancel = cancel;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who only reads the events need not look after the answer.
    this.answer.catch(() => {});
    if (signal) this.#listen(signal);
  }

  get runId(): string | undefined {
    return this.#runId;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  [Symbol.asyncIterator](): AsyncIterator<SessionEvent> {
    return this.#events[Symbol.asyncIterator]();
  }

  cancel(): void {
    if (this.#isOver || this.isCancelled) return;
    this.isCancelled = true;
    this.#cancel(this);
  }

  started(runId: string): void {
    this.#runId = runId;
  }

  /** An event of this run. */
  receive(event: SessionEvent): void {
    this.#events.push(event);
    if (event.event !== "snapshot" && event.metadata.terminal) this.#finish(event);
  }

  /** It ends without an event that says so. */
  fail(cause: MyAgentError): void {
    if (this.#isOver) return;
    this.#reject(cause);
    this.#end(cause);
  }

  #finish(event: Exclude<SessionEvent, { event: "snapshot" }>): void {
    if (event.event === "agent.error") this.#reject(errorOf(event as TerminalError));
    else if (event.event === "agent.interrupted") this.#reject(interruption(event.metadata.reason));
    else this.#resolve(typeof event.content === "string" ? event.content : "");
    this.#end();
  }

  #end(cause?: MyAgentError): void {
    this.#isOver = true;
    this.#unlisten();
    this.#events.end(cause);
  }

  #listen(signal: AbortSignal): void {
    const abort = () => {
      this.#reject(signal.reason);
      this.cancel();
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    this.#unlisten = () => signal.removeEventListener("abort", abort);
  }
}

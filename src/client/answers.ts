/** Answers to the server's questions: each on its way until the question is settled. */
import { MyAgentError } from "./errors.ts";
import type { SessionEvent } from "./events.ts";
import type { Outbox } from "./outbox.ts";

/** A decision about an open question. */
export interface Decision {
  readonly confirmed: boolean;
  /** Arguments of the tool, as the user changed them. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** What the user has to say beside it. */
  readonly message?: string;
}

interface Answer {
  readonly stepId: string;
  resolve(confirmed: boolean): void;
  reject(cause: unknown): void;
}

const closed = (stepId: string) =>
  new MyAgentError("question_closed", `The question "${stepId}" is not open any more`);

export class Answers {
  readonly #outbox: Outbox;
  readonly #sessionId: string;
  readonly #newId: () => string;
  /** By message id. */
  readonly #open = new Map<string, Answer>();

  constructor(outbox: Outbox, sessionId: string, newId: () => string) {
    this.#outbox = outbox;
    this.#sessionId = sessionId;
    this.#newId = newId;
  }

  give(stepId: string, content: Decision): Promise<boolean> {
    const id = this.#newId();
    const given = new Promise<boolean>((resolve, reject) => this.#open.set(id, { stepId, resolve, reject }));
    // The events tell it too: not everybody waits for this.
    given.catch(() => {});
    const command = { event: "user.response", session_id: this.#sessionId, step_id: stepId, content };
    this.#outbox.add(id, command, (cause) => this.#take(id)?.reject(cause));
    return given;
  }

  /** Looks whether an event settles a question. */
  receive({ event, metadata }: Exclude<SessionEvent, { event: "snapshot" }>): void {
    if (metadata.terminal) return this.#settle(undefined, (answer) => answer.reject(closed(answer.stepId)));
    if (event !== "system.notice") return;
    const { action, step_id: stepId, confirmed, reply_to: id } = metadata;
    if (action === "confirm_resolved") this.#settle(stepId, ({ resolve }) => resolve(confirmed === true));
    else if (action === "confirm_timeout") this.#settle(stepId, ({ resolve }) => resolve(false));
    else if (action === "response") this.#take(id)?.reject(closed(String(stepId)));
  }

  /** The session is over. */
  close(cause: MyAgentError): void {
    this.#settle(undefined, ({ reject }) => reject(cause));
  }

  #settle(stepId: unknown, how: (answer: Answer) => void): void {
    for (const [id, answer] of this.#open) {
      if (stepId === undefined || answer.stepId === stepId) how(this.#take(id)!);
    }
  }

  #take(id: unknown): Answer | undefined {
    const answer = this.#open.get(id as string);
    this.#open.delete(id as string);
    this.#outbox.remove(id);
    return answer;
  }
}

/** Sessions that are to be made: one after the other, because the first event of a session does not name its command. */
import type { MyAgentError } from "./errors.ts";
import { isTooBig, tooBig } from "./outbox.ts";
import type { Outgoing } from "./sender.ts";
import type { ClientSession } from "./session.ts";

interface Creation extends Outgoing {
  resolve(session: ClientSession): void;
  reject(cause: unknown): void;
  isAborted: boolean;
  settled(): void;
}

export class Creations {
  readonly #send: (command: Outgoing) => void;
  #waiting: Creation[] = [];
  #isOpen = false;

  constructor(send: (command: Outgoing) => void) {
    this.#send = send;
  }

  add(id: string, content: unknown, signal: AbortSignal | undefined): Promise<ClientSession> {
    return new Promise((resolve, reject) => {
      const text = JSON.stringify({ event: "user.create_session", message_id: id, content });
      if (signal?.aborted) return reject(signal.reason);
      if (isTooBig(text)) return reject(tooBig());
      const creation: Creation = { id, text, resolve, reject, isAborted: false, settled() {} };
      const abort = () => {
        creation.isAborted = true;
        reject(signal!.reason);
        // One that was sent keeps its place: its session is still going to be announced.
        if (creation !== this.#waiting[0] || !this.#isOpen) this.#remove(creation);
      };
      signal?.addEventListener("abort", abort);
      creation.settled = () => signal?.removeEventListener("abort", abort);
      this.#waiting.push(creation);
      if (this.#isOpen && this.#waiting.length === 1) this.#next();
    });
  }

  /** There is a connection. One that was sent over the last one is sent again: nobody is attached to its session. */
  open(): void {
    this.#isOpen = true;
    this.#next();
  }

  shut(): void {
    this.#isOpen = false;
    for (const creation of this.#waiting) if (creation.isAborted) this.#remove(creation);
  }

  /** The command in progress; undefined when none is. */
  get current(): Outgoing | undefined {
    return this.#isOpen ? this.#waiting[0] : undefined;
  }

  /** The session of the command in progress exists; nothing is made when nobody waits for it any more. */
  done(make: () => ClientSession): void {
    const [creation] = this.#waiting;
    if (!creation.isAborted) creation.resolve(make());
    this.#remove(creation);
    this.#next();
  }

  refuse(id: unknown, cause: MyAgentError): void {
    const creation = this.#waiting.find((waiting) => waiting.id === id);
    if (!creation) return;
    creation.reject(cause);
    this.#remove(creation);
    if (this.#isOpen) this.#next();
  }

  refuseAll(cause: MyAgentError): void {
    for (const creation of [...this.#waiting]) {
      creation.reject(cause);
      this.#remove(creation);
    }
  }

  #remove(creation: Creation): void {
    creation.settled();
    this.#waiting = this.#waiting.filter((waiting) => waiting !== creation);
  }

  #next(): void {
    if (this.#waiting.length) this.#send(this.#waiting[0]);
  }
}

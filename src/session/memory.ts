/** What a session remembers for its runs: the transcript, values for tools, and the message ids it has seen. */
import { toJson } from "../protocol/plain.ts";
import { type Message, newestMessages } from "../protocol/transcript.ts";
import { refuse } from "../protocol/texts.ts";
import { rememberedInputs, type StoredSession } from "../store/store.ts";

type Values = Readonly<Record<string, unknown>>;

/** Characters of a transcript that one session remembers. */
const maxTranscriptChars = 4 << 20;
/** Values for tools that one session may collect, as JSON: as much as one message may bring. */
const maxValuesChars = 1 << 20;

export class SessionMemory {
  #messages: Message[] = [];
  #values: Values;
  /** message id → the run it started, oldest first. */
  readonly #inputs: Map<string, string>;

  /** @param stored - what is there already, for a session that is read back */
  constructor(values: Values, stored?: Pick<StoredSession, "messages" | "inputs">) {
    this.#values = values;
    this.#messages = [...stored?.messages ?? []];
    this.#inputs = new Map(stored?.inputs);
  }

  /** The transcript of the runs that are over. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  get values(): Values {
    return this.#values;
  }

  /** Adds what a run has said; the oldest is forgotten over the budget of `messages`. */
  addMessages(added: readonly Message[], budget: number): void {
    this.#messages = newestMessages([...this.#messages, ...added], budget, maxTranscriptChars);
  }

  /** @throws AppError when the session would hold too much */
  checkValues(added: Values): void {
    if (toJson({ ...this.#values, ...added }).length > maxValuesChars) throw refuse("tooManyValues");
  }

  addValues(added: Values): void {
    this.#values = { ...this.#values, ...added };
  }

  /** The run a message id has started; undefined for a new one. */
  runOf(messageId: string | undefined): string | undefined {
    return messageId === undefined ? undefined : this.#inputs.get(messageId);
  }

  addInput(messageId: string, runId: string): void {
    this.#inputs.set(messageId, runId);
    if (this.#inputs.size > rememberedInputs) this.#inputs.delete(this.#inputs.keys().next().value!);
  }
}

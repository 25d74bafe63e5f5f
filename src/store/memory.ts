/** Sessions in the memory of this process: nothing survives it. */
import { AppError } from "../errors.ts";
import type { Message } from "../protocol/transcript.ts";
import {
  type CallRecord,
  type Changes,
  type Entry,
  keptMessages,
  type QuestionRecord,
  rememberedInputs,
  type RunRecord,
  type SessionRecord,
  type Store,
  type StoredSession,
} from "./store.ts";

interface Held {
  readonly record: SessionRecord;
  fence: number;
  /** Retained entries; `entries[0].seq` is the oldest. */
  entries: Entry[];
  latestSeq: number;
  readonly messages: Message[];
  values: Record<string, unknown>;
  readonly calls: Map<string, CallRecord>;
  readonly questions: Map<string, QuestionRecord>;
  readonly inputs: Map<string, string>;
  run: RunRecord | null;
}

export class MemoryStore implements Store {
  readonly name = "memory";
  readonly durable = false;
  readonly #sessions = new Map<string, Held>();

  create(record: SessionRecord): number {
    if (this.#sessions.has(record.id)) {
      throw new AppError("ERR_EXECUTION_602", `Cannot create session "${record.id}": it exists`);
    }
    this.#sessions.set(record.id, {
      record,
      fence: 1,
      entries: [],
      latestSeq: 0,
      messages: [],
      values: {},
      calls: new Map(),
      questions: new Map(),
      inputs: new Map(),
      run: null,
    });
    return 1;
  }

  claim(id: string): number | null {
    const held = this.#sessions.get(id);
    return held ? ++held.fence : null;
  }

  commit(id: string, fence: number, entries: readonly Entry[], changes?: Changes): void {
    const held = this.#sessions.get(id);
    if (!held) throw new AppError("ERR_EXECUTION_602", "Cannot write to a session that does not exist");
    if (held.fence !== fence) {
      throw new AppError("ERR_EXECUTION_602", "Cannot write to a session that another owner has taken over");
    }
    if (entries.some((entry, index) => entry.seq !== held.latestSeq + 1 + index)) {
      throw new AppError("ERR_EXECUTION_602", `Cannot append: the next number is ${held.latestSeq + 1}`);
    }
    held.entries.push(...entries);
    held.latestSeq += entries.length;
    if (changes) apply(held, changes);
  }

  read(id: string, after: number, limit: number): readonly Entry[] | null {
    const held = this.#sessions.get(id);
    if (!held) return null;
    const oldest = oldestSeq(held);
    if (after + 1 < oldest) return null;
    return held.entries.slice(after + 1 - oldest, after + 1 - oldest + limit);
  }

  trim(id: string, through: number): void {
    const held = this.#sessions.get(id);
    if (held) held.entries = held.entries.filter((entry) => entry.seq > through);
  }

  load(id: string): StoredSession | null {
    const held = this.#sessions.get(id);
    return held
      ? {
        record: held.record,
        latestSeq: held.latestSeq,
        oldestSeq: oldestSeq(held),
        messages: [...held.messages],
        values: { ...held.values },
        calls: [...held.calls.values()],
        questions: [...held.questions.values()],
        inputs: new Map(held.inputs),
        run: held.run,
      }
      : null;
  }

  remove(id: string): void {
    this.#sessions.delete(id);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#sessions.clear();
    return Promise.resolve();
  }
}

function oldestSeq(held: Held): number {
  return held.entries[0]?.seq ?? held.latestSeq + 1;
}

function apply(held: Held, changes: Changes): void {
  if (changes.messages) {
    held.messages.push(...changes.messages);
    if (held.messages.length > keptMessages * 1.1) {
      held.messages.splice(0, held.messages.length - keptMessages);
    }
  }
  if (changes.values) held.values = { ...held.values, ...changes.values };
  if (changes.call) held.calls.set(changes.call.stepId, changes.call);
  if (changes.question) held.questions.set(changes.question.stepId, changes.question);
  if (changes.answered) held.questions.delete(changes.answered);
  if (changes.run === null) [held.calls, held.questions].forEach((part) => part.clear());
  if (changes.run !== undefined) held.run = changes.run;
  if (!changes.input) return;
  held.inputs.set(changes.input.messageId, changes.input.runId);
  if (held.inputs.size > rememberedInputs) held.inputs.delete(held.inputs.keys().next().value!);
}

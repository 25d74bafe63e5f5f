/** Sessions in the memory of this process: nothing survives it. */
import { AppError } from "../errors.ts";
import type { Message } from "../protocol/transcript.ts";
import { nothingRemembered, remember, type Remembered } from "./remembered.ts";
import {
  type Changes,
  type EndedSession,
  type Entry,
  keptMessageChars,
  keptMessages,
  type ListOptions,
  rememberedInputs,
  type SessionRecord,
  type SessionSummary,
  type Store,
  type StoredSession,
} from "./store.ts";

interface Held {
  readonly record: SessionRecord;
  fence: number;
  activeAt: number;
  /** Retained entries; `entries[0].seq` is the oldest. */
  entries: Entry[];
  latestSeq: number;
  readonly messages: Message[];
  messageChars: number;
  readonly inputs: Map<string, string>;
  readonly remembered: Remembered;
}

/** Ended sessions that are remembered at most: some 3 MB. */
const maxEnded = 20_000;

export class MemoryStore implements Store {
  readonly name = "memory";
  readonly durable: boolean = false;
  readonly #sessions = new Map<string, Held>();
  readonly #ended = new Map<string, EndedSession>();

  create(record: SessionRecord): number {
    if (this.#sessions.has(record.id)) {
      throw new AppError("ERR_EXECUTION_602", `Cannot create session "${record.id}": it exists`);
    }
    this.#sessions.set(record.id, {
      record,
      fence: 1,
      activeAt: record.createdAt,
      entries: [],
      latestSeq: 0,
      messages: [],
      messageChars: 0,
      inputs: new Map(),
      remembered: nothingRemembered(),
    });
    return 1;
  }

  claim(id: string): number | null {
    const held = this.#sessions.get(id);
    return held ? ++held.fence : null;
  }

  commit(id: string, fence: number, entries: readonly Entry[], changes?: Changes): void {
    const held = this.#owned(id, fence);
    if (!held) throw new AppError("ERR_EXECUTION_602", "Cannot write to a session that does not exist");
    if (entries.some((entry, index) => entry.seq !== held.latestSeq + 1 + index)) {
      throw new AppError("ERR_EXECUTION_602", `Cannot append: the next number is ${held.latestSeq + 1}`);
    }
    held.entries.push(...entries);
    held.latestSeq += entries.length;
    held.activeAt = Date.now();
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
    if (!held) return null;
    const { values, calls, questions, queue } = held.remembered;
    return {
      ...summary(held),
      sizes: held.entries.map((entry) => entry.bytes),
      messages: [...held.messages],
      values,
      calls: [...calls.values()],
      questions: [...questions.values()],
      inputs: new Map(held.inputs),
      queue,
    };
  }

  list({ after = "", limit, running }: ListOptions): SessionSummary[] {
    return [...this.#sessions.values()]
      .filter((held) => held.record.id > after && (!running || held.remembered.run))
      .sort((a, b) => a.record.id < b.record.id ? -1 : 1)
      .slice(0, limit)
      .map(summary);
  }

  touch(id: string, at: number): void {
    const held = this.#sessions.get(id);
    if (held) held.activeAt = Math.max(held.activeAt, at);
  }

  expired(before: number, limit: number): string[] {
    return [...this.#sessions.values()]
      .filter((held) => held.activeAt < before)
      .slice(0, limit)
      .map((held) => held.record.id);
  }

  end(id: string, fence: number, at: number): void {
    const held = this.#owned(id, fence);
    if (!held) return;
    this.#sessions.delete(id);
    this.#ended.set(id, { owner: held.record.owner, at });
    if (this.#ended.size > maxEnded) this.#ended.delete(this.#ended.keys().next().value!);
  }

  ended(id: string): EndedSession | null {
    return this.#ended.get(id) ?? null;
  }

  forget(before: number, limit: number): number {
    const old = [...this.#ended].filter(([, ended]) => ended.at < before).slice(0, limit);
    for (const [id] of old) this.#ended.delete(id);
    return old.length;
  }

  remove(id: string): void {
    this.#sessions.delete(id);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#sessions.clear();
    this.#ended.clear();
    return Promise.resolve();
  }

  /** The session, if it exists. @throws AppError when another owner has taken it over */
  #owned(id: string, fence: number): Held | undefined {
    const held = this.#sessions.get(id);
    if (!held || held.fence === fence) return held;
    throw new AppError("ERR_EXECUTION_602", "Cannot write to a session that another owner has taken over");
  }
}

function oldestSeq(held: Held): number {
  return held.entries[0]?.seq ?? held.latestSeq + 1;
}

function summary(held: Held): SessionSummary {
  return {
    record: held.record,
    activeAt: held.activeAt,
    latestSeq: held.latestSeq,
    oldestSeq: oldestSeq(held),
    bytes: held.entries.reduce((sum, entry) => sum + entry.bytes, 0),
    run: held.remembered.run,
  };
}

function apply(held: Held, changes: Changes): void {
  remember(held.remembered, changes);
  if (changes.messages) {
    held.messages.push(...changes.messages);
    held.messageChars += changes.messages.reduce((sum, { content }) => sum + content.length, 0);
    if (held.messages.length > keptMessages * 1.1) {
      for (const { content } of held.messages.splice(0, held.messages.length - keptMessages)) {
        held.messageChars -= content.length;
      }
    }
    while (held.messageChars > keptMessageChars && held.messages.length > 1) {
      held.messageChars -= held.messages.shift()!.content.length;
    }
  }
  if (!changes.input) return;
  held.inputs.set(changes.input.messageId, changes.input.runId);
  if (held.inputs.size > rememberedInputs) held.inputs.delete(held.inputs.keys().next().value!);
}

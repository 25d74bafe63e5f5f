/** What a session remembers beside its log and transcript, and how a commit changes it: the same in every backend. */
import type { CallRecord, Changes, QuestionRecord, QueuedInput, RunRecord } from "./store.ts";

export interface Remembered {
  values: Readonly<Record<string, unknown>>;
  readonly calls: Map<string, CallRecord>;
  readonly questions: Map<string, QuestionRecord>;
  run: RunRecord | null;
  queue: readonly QueuedInput[];
}

export function nothingRemembered(): Remembered {
  return { values: {}, calls: new Map(), questions: new Map(), run: null, queue: [] };
}

/** Applies the changes of one commit. */
export function remember(held: Remembered, changes: Changes): void {
  if (changes.values) held.values = { ...held.values, ...changes.values };
  if (changes.call) held.calls.set(changes.call.stepId, changes.call);
  if (changes.question) held.questions.set(changes.question.stepId, changes.question);
  if (changes.answered) held.questions.delete(changes.answered);
  if (changes.run === null) [held.calls, held.questions].forEach((part) => part.clear());
  if (changes.run !== undefined) held.run = changes.run;
  if (changes.queue) held.queue = changes.queue;
}

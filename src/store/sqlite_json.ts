/** What a session remembers, as the texts in its row. */
import type { Value } from "./sqlite_database.ts";
import type { Remembered } from "./remembered.ts";
import type { RunRecord } from "./store.ts";

interface Texts {
  readonly run: string | null;
  readonly remembered: string;
}

export function textOf({ values, calls, questions, queue, run }: Remembered): Texts {
  return {
    run: run && JSON.stringify(run),
    remembered: JSON.stringify({
      values,
      calls: [...calls.values()],
      questions: [...questions.values()],
      queue,
    }),
  };
}

export function runOf(text: Value): RunRecord | null {
  return text === null ? null : JSON.parse(text as string);
}

export function rememberedOf(run: Value, text: Value): Remembered {
  const { values, calls, questions, queue } = JSON.parse(text as string);
  const byStep = <T extends { stepId: string }>(list: readonly T[]) =>
    new Map(list.map((one): [string, T] => [one.stepId, one]));
  return { values, calls: byStep(calls), questions: byStep(questions), run: runOf(run), queue };
}

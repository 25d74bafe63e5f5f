/** Values that no sane client sends. */
import type { Random } from "./random.ts";

const pieces = [
  "北京今天天气怎么样？",
  "what is the weather",
  "\u0000\u0001\u001f\u007f",
  "\ud83d\ude00",
  "\ud800",
  "\udfff\ud800",
  "\u202e\u200b\ufeff",
  "\r\n\t",
  '"}]{"',
  "\\u0000 \\",
  "<script>alert(1)</script>",
  "__proto__",
  "${x}{}%s",
  "'; drop table sessions; --",
] as const;

const names = [
  "event",
  "question",
  "tasks",
  "task_id",
  "args",
  "__proto__",
  "constructor",
  "toString",
  "",
  "x",
];

/** Text of up to `most` pieces; one in fifty is long. */
export function anyText(random: Random, most = 4): string {
  if (random.chance(0.02)) return random.pick(pieces).repeat(1 + random.int(2000));
  return Array.from({ length: random.int(most + 1) }, () => random.pick(pieces)).join(" ");
}

/** Any JSON value; objects may hold names that mean something elsewhere. */
export function anyValue(random: Random, depth = 3): unknown {
  const simple = [
    () => null,
    () => random.chance(0.5),
    () => random.pick([0, -0, 1, -1, 1.5, 1e308, -1e-308, 2 ** 53, 9_007_199_254_740_993]),
    () => anyText(random),
  ];
  if (depth === 0) return random.pick(simple)();
  return random.pick([
    ...simple,
    () => Array.from({ length: random.int(4) }, () => anyValue(random, depth - 1)),
    () =>
      Object.fromEntries(
        Array.from({ length: random.int(4) }, () => [random.pick(names), anyValue(random, depth - 1)]),
      ),
  ])();
}

/** JSON text of arrays or objects within each other; thousands of levels are still far below the size limit. */
export function deepJson(random: Random): string {
  const levels = 1 + random.int(random.chance(0.1) ? 100_000 : 300);
  return random.chance(0.5)
    ? "[".repeat(levels) + "]".repeat(levels)
    : '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
}

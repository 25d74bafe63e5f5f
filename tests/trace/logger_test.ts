import assert from "node:assert/strict";
import process from "node:process";
import { openLogger, silentLogger } from "../../src/trace/logger.ts";

/** What a logger writes to stderr while the test does something. */
function written(debug: boolean, act: (logger: ReturnType<typeof openLogger>) => void): string {
  const { write } = process.stderr;
  const lines: string[] = [];
  process.stderr.write = ((text: string) => (lines.push(String(text)), true)) as typeof write;
  try {
    act(openLogger(debug));
  } finally {
    process.stderr.write = write;
  }
  return lines.join("");
}

Deno.test("Warnings and errors are always written, the rest only in debug", () => {
  const all = (logger: ReturnType<typeof openLogger>) => {
    logger.debug("one");
    logger.info("two");
    logger.warn("three");
    logger.error("four");
  };
  const quiet = written(false, all);
  assert.deepEqual(["one", "two", "three", "four"].map((word) => quiet.includes(word)), [
    false,
    false,
    true,
    true,
  ]);
  const loud = written(true, all);
  assert.ok(["one", "two", "three", "four"].every((word) => loud.includes(word)));
});

Deno.test("Details stand behind the message as name=value", () => {
  const text = written(false, (logger) => logger.warn("Session lost", { session: "S1", count: 3 }));
  assert.match(text, /Session lost.*session=S1.*count=3/);
});

Deno.test("Braces in a message are text, not places for details", () => {
  const text = written(
    false,
    (logger) => logger.warn('Cannot read {"a": {session}} {{x}}', { session: "S1" }),
  );
  assert.match(text, /Cannot read \{"a": \{session\}\} \{\{x\}\}/);
});

Deno.test("One record is one line, whatever stands in message and details", () => {
  const text = written(false, (logger) => {
    logger.warn("first\nERR forged", { tool: "a\r\nERR also forged", other: "b\u2028c" });
  });
  assert.equal(text.trimEnd().split(/\r?\n/).length, 1, JSON.stringify(text));
});

Deno.test("Details that cannot be printed do not fail whoever logs them", () => {
  const hostile = {
    toString() {
      throw new Error("no");
    },
  };
  const text = written(
    false,
    (logger) => logger.warn("odd", { a: Object.create(null), b: hostile, c: Symbol("s") }),
  );
  assert.match(text, /odd/);
});

Deno.test("The silent logger says nothing", () => {
  const text = written(true, () => {
    for (const level of ["debug", "info", "warn", "error"] as const) silentLogger[level]("x");
  });
  assert.equal(text, "");
});

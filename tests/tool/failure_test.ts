import assert from "node:assert/strict";
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import { failureText } from "../../src/tool/failure.ts";

const general = 'Tool "t" failed';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (cause) {
    return cause;
  }
  assert.fail("it did not throw");
}

Deno.test("The author's words pass, on one line and not without end", () => {
  assert.equal(failureText("t", new Error("The city is not known")), "The city is not known");
  assert.equal(failureText("t", "plain text"), "plain text");
  assert.equal(failureText("t", new AppError("ERR_EXECUTION_600", "Out of tickets")), "Out of tickets");
  assert.equal(failureText("t", new Error("first\n    at secret (/a/b.ts:1:2)")), "first");
  assert.equal(failureText("t", new Error("x".repeat(5000))).length, 500);
  class OutOfStock extends Error {}
  assert.equal(failureText("t", new OutOfStock("No more umbrellas")), "No more umbrellas");
  assert.equal(
    failureText("t", new Error("Prices are in EUR/USD and and/or")),
    "Prices are in EUR/USD and and/or",
  );
  assert.equal(failureText("t", new Error("See https://help.example/a/b")), "See https://help.example/a/b");
});

Deno.test("Faults of code and system are told in general", async () => {
  const faults = [
    thrownBy(() => (undefined as unknown as { secret: string }).secret),
    thrownBy(() => JSON.parse("{secret")),
    thrownBy(() => new Array(-1)),
    thrownBy(() => Deno.readTextFileSync("/nowhere/secret/file")),
    thrownBy(() => new URL("nowhere")),
    thrownBy(() => structuredClone(() => 1)),
    await fetch("http://127.0.0.1:1/secret").catch((cause) => cause),
    Object.assign(new Error("connect ECONNREFUSED 10.0.0.5:3306"), { code: "ECONNREFUSED" }),
    Object.assign(new Error("spawn"), { errno: -2, syscall: "spawn" }),
  ];
  for (const fault of faults) assert.equal(failureText("t", fault), general, String(fault));
});

Deno.test("What is no error at all is told in general", () => {
  for (const cause of [undefined, null, 5, {}, "", "  ", new Error(""), Symbol("s"), Object.create(null)]) {
    assert.equal(failureText("t", cause), general);
  }
});

Deno.test("Paths of the server and credentials are cut out", () => {
  const text = (message: string) => failureText("t", new Error(message));
  assert.equal(text("Cannot open /home/alice/app/data.db"), "Cannot open …");
  assert.equal(text('Cannot open "/srv/x/y.txt" now'), 'Cannot open "…" now');
  assert.equal(text("Cannot reach mysql://root:hunter2@db.example/x").includes("hunter2"), false);
  assert.equal(text("Cannot load file:///home/alice/app/secret.ts").includes("alice"), false);
});

Deno.test("Permission faults of the runtime are told in general", () => {
  const cause = new Deno.errors.NotCapable(
    'Requires read access to "x", run again with the --allow-read flag',
  );
  assert.equal(failureText("t", cause), general);
});

Deno.test("A failed check inside the tool says what was wrong, not raw JSON", () => {
  const cause = thrownBy(() => z.object({ city: z.string() }).parse({ city: 5 }));
  const text = failureText("t", cause);
  assert.doesNotMatch(text, /^[[{]/);
});

import assert from "node:assert/strict";
import { Coalescer } from "../../src/session/coalescer.ts";
import { fakeTime } from "../helpers/fake_time.ts";

const limits = { coalesceMs: 50, coalesceBytes: 20 };

Deno.test("The first piece goes out at once, what follows within the window is joined", async () => {
  using time = fakeTime();
  const out: string[] = [];
  const coalescer = new Coalescer(limits, (text) => out.push(text));
  coalescer.push("a");
  assert.deepEqual(out, ["a"]);
  coalescer.push("b");
  await time.pass(30);
  coalescer.push("c");
  await time.pass(19);
  assert.deepEqual(out, ["a"]);
  await time.pass(1);
  assert.deepEqual(out, ["a", "bc"]);
  await time.pass(50);
  coalescer.push("d");
  assert.deepEqual(out, ["a", "bc", "d"]);
});

Deno.test("Bytes in UTF-8 end a window early, and nothing is dropped", () => {
  using _time = fakeTime();
  const out: string[] = [];
  const coalescer = new Coalescer(limits, (text) => out.push(text));
  const given = "字".repeat(30);
  for (const piece of given) coalescer.push(piece);
  coalescer.flush();
  assert.equal(out.join(""), given);
  assert.ok(out.slice(1).every((text) => text.length <= 7), out.join("|"));
});

Deno.test("A flush sends what is pending, and an empty one sends nothing", () => {
  using _time = fakeTime();
  const out: string[] = [];
  const coalescer = new Coalescer(limits, (text) => out.push(text));
  coalescer.flush();
  coalescer.push("a");
  coalescer.push("b");
  coalescer.flush();
  coalescer.flush();
  assert.deepEqual(out, ["a", "b"]);
});

Deno.test("Only the newest snapshot of a window is sent, and text does not overtake it", async () => {
  using time = fakeTime();
  const out: string[] = [];
  const coalescer = new Coalescer(limits, (text) => out.push(text));
  for (const n of [1, 2, 3]) coalescer.offer(() => out.push(`snapshot ${n}`));
  await time.pass(49);
  assert.equal(out.length, 0);
  await time.pass(1);
  assert.equal(out.join(), "snapshot 3");
  coalescer.offer(() => void out.push("snapshot 4"));
  coalescer.push("text");
  assert.equal(out.join(), "snapshot 3,snapshot 4,text");
});

Deno.test("A snapshot comes after the text that was there before it", () => {
  using _time = fakeTime();
  const out: string[] = [];
  const coalescer = new Coalescer(limits, (text) => out.push(text));
  coalescer.push("a");
  coalescer.push("b");
  coalescer.offer(() => out.push("snapshot"));
  coalescer.flush();
  assert.deepEqual(out, ["a", "b", "snapshot"]);
});

Deno.test("A code point is never split, however long its second half takes and whatever the size", async () => {
  using time = fakeTime();
  const out: string[] = [];
  const coalescer = new Coalescer(limits, (text) => out.push(text));
  for (const piece of ["a\ud83d", "\ude00b", "\ud83d"]) coalescer.push(piece);
  await time.pass(200);
  coalescer.push("\ude00");
  await time.pass(200);
  assert.equal(out.join(""), "a😀b😀");
  assert.ok(out.every((text) => text.isWellFormed()), JSON.stringify(out));
});

Deno.test("A half that stays alone is still sent at the end", () => {
  using _time = fakeTime();
  const out: string[] = [];
  const coalescer = new Coalescer(limits, (text) => out.push(text));
  coalescer.push("a\ud83d");
  coalescer.flush();
  assert.equal(out.join(""), "a\ud83d");
});

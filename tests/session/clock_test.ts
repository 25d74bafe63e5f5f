import assert from "node:assert/strict";
import { RunClock } from "../../src/session/clock.ts";
import { fakeTime } from "../helpers/fake_time.ts";

Deno.test("The clock ends after its limit", async () => {
  using time = fakeTime();
  let ends = 0;
  const clock = new RunClock(100, () => ends++);
  await time.pass(99);
  assert.equal(ends, 0);
  await time.pass(1);
  assert.equal(ends, 1);
  await time.pass(500);
  assert.equal(ends, 1);
  clock.stop();
});

Deno.test("The clock stands still while it is paused, however often", async () => {
  using time = fakeTime();
  let ends = 0;
  const clock = new RunClock(100, () => ends++);
  for (let round = 0; round < 3; round++) {
    await time.pass(30);
    clock.pause();
    clock.pause();
    await time.pass(1000);
    clock.resume();
    clock.resume();
  }
  await time.pass(9);
  assert.equal(ends, 0);
  await time.pass(1);
  assert.equal(ends, 1);
});

Deno.test("A clock that was used up while it was paused ends when it goes on", async () => {
  using time = fakeTime();
  let ends = 0;
  const clock = new RunClock(0, () => ends++);
  clock.pause();
  await time.pass(10);
  assert.equal(ends, 0);
  clock.resume();
  await time.pass(1);
  assert.equal(ends, 1);
});

Deno.test("A stopped clock never ends, also when it is told to go on", async () => {
  using time = fakeTime();
  let ends = 0;
  const clock = new RunClock(10, () => ends++);
  clock.stop();
  clock.resume();
  await time.pass(100);
  assert.equal(ends, 0);
});

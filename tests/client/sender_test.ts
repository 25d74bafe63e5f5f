import assert from "node:assert/strict";
import { platformOf } from "../../src/client/platform.ts";
import { CommandSender } from "../../src/client/sender.ts";
import { fakeTime } from "../helpers/fake_time.ts";
import { Scene } from "./fake_server.ts";

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${index}`, text: `${index}` }));

Deno.test("Twenty commands go at once, the others one every 100 ms", async () => {
  using time = fakeTime();
  const written: string[] = [];
  const sender = new CommandSender(platformOf({}).clock, 10, (text) => written.push(text));
  for (const command of numbered(25)) sender.send(command);
  assert.equal(written.length, 20);
  await time.pass(100);
  assert.equal(written.length, 21);
  await time.pass(400);
  assert.deepEqual(written, numbered(25).map(({ text }) => text));
  await time.pass(1000);
  for (const command of numbered(25)) sender.send(command);
  assert.equal(written.length, 35);
});

Deno.test("Without a limit everything goes at once", () => {
  const written: string[] = [];
  const sender = new CommandSender(platformOf({}).clock, 0, (text) => written.push(text));
  for (const command of numbered(500)) sender.send(command);
  assert.equal(written.length, 500);
});

Deno.test("What the server dropped is sent again after the wait it names, in its order and before the rest", async () => {
  using time = fakeTime();
  const written: string[] = [];
  const sender = new CommandSender(platformOf({}).clock, 10, (text) => written.push(text));
  for (const command of numbered(3)) sender.send(command);
  sender.retry("1", 700);
  sender.retry("2", 800);
  sender.retry("unknown", 9000);
  sender.send({ id: "3", text: "3" });
  await time.pass(799);
  assert.equal(written.length, 3);
  await time.pass(1000);
  assert.deepEqual(written, ["0", "1", "2", "1", "2", "3"]);
});

Deno.test("A lost connection takes what waits with it", async () => {
  using time = fakeTime();
  const written: string[] = [];
  const sender = new CommandSender(platformOf({}).clock, 10, (text) => written.push(text));
  for (const command of numbered(25)) sender.send(command);
  sender.reset();
  await time.pass(3000);
  assert.equal(written.length, 20);
  sender.retry("1", 10);
  await time.pass(3000);
  assert.equal(written.length, 20);
});

Deno.test("A message that the rate limit dropped is sent again; nobody is told", async () => {
  using scene = new Scene();
  const session = await scene.session();
  const run = session.send("hello", { messageId: "m-1" });
  const metadata = { error_code: "ERR_RATELIMIT_700", retry_after_ms: 300, reply_to: "m-1" };
  scene.peer.give({ event: "system.error", content: "Too many messages", metadata });
  await scene.time.pass(299);
  assert.equal(scene.peer.commands("user.message").length, 1);
  await scene.time.pass(100);
  assert.equal(scene.peer.commands("user.message").length, 2);
  session.cancel();
  assert.equal(run.runId, undefined);
});

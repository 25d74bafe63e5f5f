import assert from "node:assert/strict";
import { event, Scene } from "./fake_server.ts";

const acks = (scene: Scene) => scene.peer.commands("user.ack").map(({ content }) => content.last_event_id);

/** Events from one number to another. */
const some = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index, "shop.sold"));

Deno.test("What was received is acknowledged 200 ms after the first event, once for all", async () => {
  using scene = new Scene();
  await scene.session();
  await scene.time.pass(100);
  scene.peer.give(event(3, "shop.sold"));
  await scene.time.pass(99);
  assert.deepEqual(acks(scene), []);
  await scene.time.pass(1);
  assert.deepEqual(acks(scene), ["S1~e1~3"]);
  assert.equal(scene.peer.command("user.ack").session_id, "S1");
  await scene.time.pass(5000);
  assert.equal(acks(scene).length, 1);
});

Deno.test("Twenty events are acknowledged without waiting", async () => {
  using scene = new Scene();
  await scene.session();
  scene.peer.give(...some(3, 45));
  assert.deepEqual(acks(scene), ["S1~e1~20", "S1~e1~40"]);
  await scene.time.pass(200);
  assert.deepEqual(acks(scene), ["S1~e1~20", "S1~e1~40", "S1~e1~45"]);
});

Deno.test("An acknowledgement that is due when the connection is lost is not sent on the next one", async () => {
  using scene = new Scene();
  await scene.session();
  (await scene.lose()).open().resume([], 2);
  await scene.time.pass(1000);
  assert.deepEqual(acks(scene), []);
});

Deno.test("Repeated events and frames without a number are not counted", async () => {
  using scene = new Scene();
  await scene.session();
  await scene.time.pass(200);
  scene.peer.give(event(2, "agent.ready"), { event: "system.notice", session_id: "S1" });
  await scene.time.pass(1000);
  assert.deepEqual(acks(scene), ["S1~e1~2"]);
});

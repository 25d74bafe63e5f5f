import assert from "node:assert/strict";
import { call, defineTool, say } from "../../src/mod.ts";
import { FakeServer } from "./fake_peer.ts";

Deno.test("A session made for a connection that went away meanwhile is watched by nobody", async () => {
  const making = Promise.withResolvers<void>();
  const server = new FakeServer({ hooks: { onSessionInit: () => making.promise } });
  const peer = server.connect();
  const creating = peer.say({ event: "user.create_session" });
  peer.conversation.close();
  making.resolve();
  await creating;
  assert.deepEqual(
    [...server.sessions.all()].map(({ attached }) => attached).filter((count) => count > 0),
    [],
  );
});

Deno.test("Commands inside a message: the outer session is the default, also when the inner one is null", async () => {
  const server = new FakeServer({ turns: [say("x"), say("y"), say("z")] });
  const peer = server.connect();
  const session_id = await peer.create();
  for (const inner of [{}, { session_id: null }, { session_id }]) {
    const content = { event: "user.cancel", ...inner };
    const frames = await peer.say({ event: "user.message", session_id, content, message_id: "m" });
    assert.deepEqual(frames.map(({ event, metadata }) => [event, metadata.idle, metadata.reply_to]), [
      ["agent.interrupted", true, "m"],
    ], JSON.stringify(inner));
  }
  const deep = { event: "user.message", content: { event: "user.message", content: "too deep" } };
  const [frame] = await peer.say({ event: "user.message", session_id, content: deep });
  assert.equal(frame.event, "agent.error");
  const [unknown] = await peer.say({ event: "user.message", session_id, content: { event: "user.dance" } });
  assert.match(unknown.content, /^Unknown event type or missing session_id: user\.dance/);
});

Deno.test("Content of the wrong type is refused; null is the same as absent", async () => {
  const server = new FakeServer({ turns: [say("x")] });
  const peer = server.connect();
  for (const content of [5, true, [1], []]) {
    const [frame] = await peer.say({ event: "user.create_session", content });
    assert.deepEqual([frame.event, frame.metadata.error_code], ["system.error", "ERR_VALIDATION_403"]);
  }
  const session_id = await peer.create(null);
  for (const content of [5, true, ["x"], { question: 5 }]) {
    const [frame] = await peer.say({ event: "user.message", session_id, content });
    assert.equal(frame.metadata.error_code, "ERR_VALIDATION_403", JSON.stringify(content));
  }
  for (const content of [undefined, null, "", " \n", {}, { question: " " }, { tasks: [1] }]) {
    const [frame] = await peer.say({ event: "user.message", session_id, content });
    assert.equal(frame.content, "Message content cannot be empty", JSON.stringify(content));
  }
  const [start] = await peer.say({
    event: "user.message",
    session_id,
    content: { question: null, city: "Oslo" },
  });
  assert.equal(start.metadata.input, '{"city":"Oslo"}');
  await server.find(session_id).idle();
});

Deno.test("An empty message id is no id", async () => {
  const server = new FakeServer({ turns: [say("x"), say("y")] });
  const peer = server.connect();
  const session_id = await peer.create();
  for (const answer of ["x", "y"]) {
    await peer.say({ event: "user.message", session_id, content: "go", message_id: "" });
    await server.find(session_id).idle();
    assert.equal(peer.frames.at(-1)!.content, answer);
  }
});

Deno.test("Answers to questions: the first name present decides, and no decision leaves the question open", async () => {
  const got: unknown[] = [];
  const tool = defineTool({
    name: "act",
    description: "",
    parameters: { type: "object", properties: { n: { type: "number" } } },
    userConfirm: true,
    execute: (args) => (got.push(args), "x"),
  });
  const forms: Record<string, unknown>[] = [
    { confirmed: true, args: { n: 1 } },
    { approved: true, modified_args: { n: 1 } },
    { confirmed: null, approved: true, data: { args: { n: 1 } } },
    { confirmed: true, approved: false, args: { n: 1 }, modified_args: { n: 2 } },
  ];
  for (const form of forms) {
    const server = new FakeServer({ tools: [tool], turns: [call("act", { n: 0 }), say("done")] });
    const peer = server.connect();
    const session_id = await peer.create();
    await peer.say({ event: "user.message", session_id, content: "go" });
    const { step_id } = peer.frames.at(-1)!;
    const response = (content: unknown) => peer.say({ event: "user.response", session_id, step_id, content });
    for (const content of [undefined, "yes", {}, { confirmed: "yes", approved: true }, { confirmed: 1 }]) {
      assert.equal((await response(content))[0].metadata.error_code, "ERR_VALIDATION_403");
    }
    for (const args of [{ n: "x" }, [1], "x"]) {
      assert.equal((await response({ confirmed: true, args }))[0].metadata.error_code, "ERR_VALIDATION_402");
    }
    await response(form);
    await server.find(session_id).idle();
    const [again] = await response({ confirmed: true });
    assert.deepEqual([again.metadata.action, again.metadata.ok], ["response", false]);
  }
  assert.deepEqual(got, forms.map(() => ({ n: 1 })));
});

Deno.test("Frames speak the session's language, those without a session the server's", async () => {
  const server = new FakeServer();
  const peer = server.connect();
  const spoken = async (content: unknown) => (await peer.say({ event: "user.create_session", content }))[0];
  assert.equal((await spoken({ language: "en-US" })).content, "Session created");
  assert.equal((await spoken({ preferences: { language: "EN" } })).content, "Session created");
  assert.equal((await spoken({ language: "fr" })).content, "会话创建成功");
  assert.equal((await spoken({ language: 5, preferences: "x" })).content, "会话创建成功");
  const { session_id } = await spoken({ language: "en" });
  const [idle] = await peer.say({ event: "user.cancel", session_id });
  assert.deepEqual([idle.content, idle.show_content], ["Nothing is running", "Stopped"]);
  const [refused] = await peer.say({ event: "user.message", session_id, content: "" });
  assert.equal(refused.show_content, "Assistant error: Message content cannot be empty");
});

Deno.test("Deeply nested content is refused or carried out, and never harms the server", async () => {
  const server = new FakeServer({ turns: [say("x")] });
  const peer = server.connect();
  const session_id = await peer.create();
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  for (
    const text of [
      `{"event":"user.create_session","content":{"deep":${deep}}}`,
      `{"event":"user.message","session_id":"${session_id}","content":{"deep":${deep}}}`,
      `{"event":"user.response","session_id":"${session_id}","step_id":"s","content":{"confirmed":true,"args":{"a":${deep}}}}`,
    ]
  ) {
    const frames = await peer.say(text);
    assert.ok(frames.length >= 1, text.slice(0, 40));
    assert.equal(JSON.stringify(frames).includes("call stack"), false);
  }
  assert.deepEqual(peer.closes, []);
});

/** A restart with a durable store: C2, C19, C22, C25 and C26 of protocol.md, and §8.7. */
import assert from "node:assert/strict";
import { call, calling, defineTool, hang, type Model, say, ScriptedModel } from "../../src/mod.ts";
import type { AnyFrame, TestClient } from "../helpers/client.ts";
import { eventually } from "../helpers/eventually.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../helpers/server.ts";

/** A data folder, and the server on it that can be stopped and started again. */
async function withFolder(
  check: (start: (options: TestServerOptions) => Promise<TestServer>) => Promise<void>,
) {
  const dataDir = await Deno.makeTempDir();
  try {
    await check((options) => startTestServer({ ...options, config: { ...options.config, dataDir } }));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

function bare(frame: AnyFrame): AnyFrame {
  const { replayed: _, reoffered: __, resolved: ___, ...metadata } = frame.metadata;
  return { ...frame, metadata };
}

async function resume(client: TestClient, session_id: string, position: Record<string, unknown> = {}) {
  const from = client.frames.length;
  client.send({ event: "user.reconnect", session_id, ...position });
  await client.find(({ metadata }) => metadata.action === "replay", from);
  return client.frames.slice(from);
}

Deno.test("C2 C22 Events keep their numbers and ids over a restart, and a message id still starts one run", async () => {
  await withFolder(async (start) => {
    const first = await start({ model: [say("one")] });
    const client = await first.connect();
    const id = await client.createSession();
    const message = { event: "user.message", session_id: id, content: "go", message_id: "m-1" };
    client.send(message);
    const end = await client.terminal();
    await first[Symbol.asyncDispose]();
    assert.deepEqual(await client.closed, { code: 1012, reason: "restart" });
    await using second = await start({ model: new ScriptedModel(say("two")) });
    const other = await second.connect();
    const replayed = (await resume(other, id)).filter(({ metadata }) => metadata.replayed === true);
    assert.deepEqual(replayed.map(bare), client.sessionEvents(id));
    other.send(message);
    const duplicate = await other.find(({ metadata }) => metadata.action === "duplicate");
    assert.equal(duplicate.metadata.run_id, end.metadata.run_id);
    const next = await other.ask(id, "again");
    assert.equal(next.content, "two");
    assert.equal(next.seq, end.seq + other.sessionEvents(id).length - replayed.length);
  });
});

Deno.test("C26 A run that a restart cuts off goes on from its last completed step, without asking or acting again", async () => {
  await withFolder(async (start) => {
    let ran = 0;
    const tools = [defineTool({ name: "count", description: "Counts", execute: () => `ran ${++ran}` })];
    const first = await start({ agent: { tools }, model: [call("count"), hang()] });
    const client = await first.connect();
    const id = await client.createSession();
    client.send({ event: "user.message", session_id: id, content: "go" });
    const last = await client.event("agent.tool_result");
    await first[Symbol.asyncDispose]();
    assert.equal(client.frames.some(({ metadata }) => metadata.terminal), false);
    const model = new ScriptedModel(say("it ran once"));
    await using second = await start({ agent: { tools }, model });
    const other = await second.connect();
    other.send({ event: "user.reconnect", session_id: id, last_seq: last.seq });
    const end = await other.terminal();
    assert.deepEqual([end.content, ran], ["it ran once", 1]);
    const notice = other.frames.find(({ metadata }) => metadata.action === "resumed")!;
    assert.deepEqual([notice.metadata.run_id, notice.metadata.from_step, notice.seq], [
      end.metadata.run_id,
      1,
      last.seq + 1,
    ]);
    const asked = model.requests[0].messages.filter(({ role }) => role !== "system");
    assert.deepEqual(asked.map(({ role }) => role), ["user", "assistant", "tool"]);
    const seqs = other.sessionEvents(id).map(({ seq }) => seq);
    assert.deepEqual(seqs, seqs.map((_, index) => last.seq + 1 + index));
  });
});

Deno.test("C26 A broken answer stream is closed as discarded before the run goes on", async () => {
  await withFolder(async (start) => {
    const half: Model = {
      name: "half",
      async *stream(request) {
        yield { type: "text", text: "half an ans" };
        yield* hang()(request);
      },
    };
    const first = await start({ model: half });
    const client = await first.connect();
    const id = await client.createSession();
    client.send({ event: "user.message", session_id: id, content: "go" });
    const piece = await client.event("agent.partial_answer");
    await first[Symbol.asyncDispose]();
    await using second = await start({ model: [say("whole")] });
    const other = await second.connect();
    other.send({ event: "user.reconnect", session_id: id, last_seq: piece.seq });
    const end = await other.terminal();
    const [broken] = other.sessionEvents(id);
    assert.deepEqual(
      [
        broken.metadata.stream_id,
        broken.metadata.discarded,
        broken.metadata.is_final,
        broken.metadata.chunk_index,
      ],
      [piece.metadata.stream_id, true, true, 1],
    );
    assert.equal(end.content, "whole");
    assert.notEqual(end.metadata.stream_id, piece.metadata.stream_id);
  });
});

Deno.test('C26 With resume "off" the run ends as interrupted by the restart', async () => {
  await withFolder(async (start) => {
    const first = await start({ model: [hang()] });
    const client = await first.connect();
    const id = await client.createSession();
    client.send({ event: "user.message", session_id: id, content: "go" });
    await client.find(({ metadata }) => metadata.stage === "start");
    await first[Symbol.asyncDispose]();
    await using second = await start({ model: [say("next")], config: { resume: "off" } });
    const other = await second.connect();
    await resume(other, id);
    const end = await other.terminal();
    assert.deepEqual([end.event, end.metadata.reason], ["agent.interrupted", "server_restart"]);
    assert.equal((await other.ask(id, "go on")).content, "next");
  });
});

Deno.test("C25 A tool call that was begun is reported as unknown and not run again; an idempotent one runs again", async () => {
  await withFolder(async (start) => {
    const ran: string[] = [];
    const tool = (name: string, idempotent: boolean) =>
      defineTool({
        name,
        description: name,
        idempotent,
        execute: (_args, { idempotencyKey }) => (ran.push(`${name} ${idempotencyKey}`), begun(name)),
      });
    let begun: (name: string) => unknown = () => new Promise(() => {});
    const agent = { tools: [tool("risky", false), tool("safe", true)], parallelTools: true };
    const first = await start({
      agent,
      model: [calling([["risky", { a: 1 }], ["safe", {}]])],
      config: { cancelWaitSeconds: 0 },
    });
    const client = await first.connect();
    const id = await client.createSession();
    client.send({ event: "user.message", session_id: id, content: "go" });
    await client.find(({ event, metadata }) => event === "agent.tool_call" && metadata.tool === "safe");
    await client.settle();
    await first[Symbol.asyncDispose]();
    assert.equal(ran.length, 2);
    begun = () => "done";
    await using second = await start({ agent, model: [say("ok")] });
    const other = await second.connect();
    other.send({ event: "user.reconnect", session_id: id });
    await other.terminal();
    const results = other.frames.filter(({ event }) => event === "agent.tool_result");
    assert.deepEqual(
      results.map((
        { step_id, metadata },
      ) => [step_id, metadata.status, metadata.error_code, metadata.attempt]).sort(),
      [["step_1_risky", "unknown", "ERR_EXECUTION_605", undefined], ["step_2_safe", "success", undefined, 2]],
    );
    assert.equal(ran.filter((entry) => entry.startsWith("risky")).length, 1);
    const [once, again] = ran.filter((entry) => entry.startsWith("safe"));
    assert.equal(once, again);
    assert.equal(other.frames.filter(({ event }) => event === "agent.tool_call").length, 2);
  });
});

Deno.test("C19 An open question survives a restart with its id and deadline, and its answer continues the run", async () => {
  await withFolder(async (start) => {
    let ran = 0;
    const tools = [
      defineTool({ name: "ask", description: "Asks", userConfirm: true, execute: () => `ran ${++ran}` }),
    ];
    const first = await start({ agent: { tools }, model: [call("ask")] });
    const client = await first.connect();
    const id = await client.createSession();
    client.send({ event: "user.message", session_id: id, content: "go" });
    const question = await client.event("agent.user_confirm");
    await first[Symbol.asyncDispose]();
    await using second = await start({ agent: { tools }, model: [say("ok")] });
    const other = await second.connect();
    const frames = await resume(other, id, { last_event_id: question.event_id });
    const offered = frames.find(({ event }) => event === "agent.user_confirm")!;
    assert.deepEqual([bare(offered), offered.metadata.reoffered], [question, true]);
    other.send({
      event: "user.response",
      session_id: id,
      step_id: question.step_id,
      content: { confirmed: true },
    });
    const end = await other.terminal();
    assert.deepEqual([end.content, ran], ["ok", 1]);
    const again = other.frames.filter(({ event }) => event === "agent.tool_call");
    assert.equal(again.length, 0);
  });
});

Deno.test("A session that nobody watches is put away and read back by the next command that names it", async () => {
  await withFolder(async (start) => {
    await using server = await start({ model: [say("one"), say("two")], config: { graceSeconds: 0 } });
    const client = await server.connect();
    const id = await client.createSession();
    await client.ask(id, "a");
    await client.close();
    await eventually(() => [...server.running.sessions.all()].every(({ attached }) => attached === 0));
    await server.running.sessions.sweep();
    assert.equal(server.running.sessions.size, 0);
    const other = await server.connect();
    assert.equal((await other.ask(id, "b")).content, "two");
    const stranger = await server.connect();
    stranger.send({ event: "user.cancel", session_id: "nobody" });
    assert.equal((await stranger.event("agent.error")).content, "Session not found");
  });
});

Deno.test("C25 Calls keep their numbers over two restarts, so that none is asked for or carried out twice", async () => {
  await withFolder(async (start) => {
    const ran: string[] = [];
    const tools = [defineTool({
      name: "ask",
      description: "Asks",
      userConfirm: true,
      execute: (_args, { stepId }) => `ran ${ran.push(stepId)}`,
    })];
    let client!: TestClient;
    let id = "";
    let last = 0;
    for (const model of [[call("ask")], [call("ask")], [say("done")]]) {
      await using server = await start({ agent: { tools }, model });
      client = await server.connect();
      if (id === "") {
        id = await client.createSession();
        client.send({ event: "user.message", session_id: id, content: "go" });
      } else {
        client.send({ event: "user.reconnect", session_id: id, last_seq: last });
        const again = await client.event("agent.user_confirm");
        client.send({
          event: "user.response",
          session_id: id,
          step_id: again.step_id,
          content: { confirmed: true },
        });
      }
      const next = await client.find(({ event, seq, metadata }) =>
        seq > last && (metadata.terminal || event === "agent.user_confirm")
      );
      last = next.seq;
    }
    assert.equal(client.frames.find(({ metadata }) => metadata.terminal)!.content, "done");
    assert.equal(ran.length, 2);
    assert.equal(new Set(ran).size, 2);
  });
});

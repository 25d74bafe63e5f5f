import assert from "node:assert/strict";
import {
  type Agent,
  call,
  createReactAgent,
  defineTool,
  hang,
  type Model,
  say,
  type Turn,
} from "../../src/mod.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Entry } from "../../src/store/store.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { fakeTime } from "../helpers/fake_time.ts";
import { openSession } from "../helpers/session.ts";

/** A store whose commits fail once the test says so: at once, or later. */
class FailingStore extends MemoryStore {
  mode: "fine" | "throws" | "rejects" = "fine";

  // deno-lint-ignore no-explicit-any -- the memory store answers at once, this one may do so later
  override commit(...args: Parameters<MemoryStore["commit"]>): any {
    if (this.mode === "throws") throw new Error("disk full");
    if (this.mode === "rejects") return Promise.reject(new Error("disk full"));
    return super.commit(...args);
  }
}

/** A store that takes a turn of the event loop for everything it stores. */
class LaterStore extends MemoryStore {
  // deno-lint-ignore no-explicit-any -- the memory store answers at once, this one later
  override commit(...args: Parameters<MemoryStore["commit"]>): any {
    super.commit(...args);
    return new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Notes what nobody caught, and keeps the test alive meanwhile. */
function watchUncaught() {
  const caught: unknown[] = [];
  const note = (event: Event) => {
    event.preventDefault();
    caught.push((event as ErrorEvent).error ?? (event as PromiseRejectionEvent).reason);
  };
  addEventListener("error", note);
  addEventListener("unhandledrejection", note);
  return {
    caught,
    [Symbol.dispose]() {
      removeEventListener("error", note);
      removeEventListener("unhandledrejection", note);
    },
  };
}

const terminals = (events: readonly AnyFrame[]) => events.filter(({ metadata }) => metadata.terminal);

Deno.test("A store that is slow changes nothing about a run", async () => {
  using time = fakeTime();
  const tool = defineTool({ name: "echo", description: "", execute: () => "x" });
  const script = () => [call("echo", {}, "I look."), say("one ", "two ", "three")];
  const quick = await openSession({ agent: { tools: [tool] }, model: script() });
  const slow = await openSession({ agent: { tools: [tool] }, model: script(), store: new LaterStore() });
  for (const { session } of [quick, slow]) session.start({ text: "go" });
  await time.pass(100);
  assert.deepEqual(slow.names(), quick.names());
  assert.deepEqual(slow.events.map(({ seq }) => seq), slow.events.map((_, index) => index + 1));
  assert.equal(slow.events.at(-1)!.content, "one two three");
});

Deno.test("A tool starts only after its call is stored", async () => {
  using time = fakeTime();
  const stored: string[] = [];
  class Watching extends LaterStore {
    // deno-lint-ignore no-explicit-any -- see above
    override commit(...args: Parameters<MemoryStore["commit"]>): any {
      return super.commit(...args).then(() => stored.push(...args[2].map(({ event }) => event)));
    }
  }
  let seen: string[] = [];
  const tool = defineTool({ name: "act", description: "", execute: () => (seen = [...stored], "x") });
  const { session } = await openSession({
    agent: { tools: [tool] },
    model: [call("act"), say("done")],
    store: new Watching(),
  });
  session.start({ text: "go" });
  await time.pass(60);
  assert.ok(seen.includes("agent.tool_call"), String(seen));
});

for (const mode of ["throws", "rejects"] as const) {
  Deno.test(`A store that ${mode} while an answer is pending closes the session, and nothing is left uncaught`, async () => {
    using time = fakeTime();
    using uncaught = watchUncaught();
    const store = new FailingStore();
    const more = Promise.withResolvers<void>();
    const turn: Turn = async function* () {
      yield { type: "text", text: "one " };
      yield { type: "text", text: "two " };
      await more.promise; // does not listen to the signal: the run lives on for a while
      yield { type: "text", text: "three" };
    };
    const { session, events } = await openSession({ model: [turn], store });
    const failures: string[] = [];
    session.attach({ deliver() {}, ready: () => undefined, fail: (reason) => void failures.push(reason) }, 0);
    session.start({ text: "go" });
    await time.settle();
    store.mode = mode;
    const before = events.length;
    await time.pass(200);
    assert.deepEqual([session.state, failures, events.length], ["CLOSED", ["internal_error"], before]);
    more.resolve();
    await time.pass(6000);
    assert.deepEqual(uncaught.caught, []);
    assert.throws(() => session.start({ text: "again" }), { code: "ERR_CONNECTION_903" });
    await session.idle();
  });

  Deno.test(`A tool whose call cannot be stored because the store ${mode} does not run`, async () => {
    using time = fakeTime();
    using uncaught = watchUncaught();
    const store = new FailingStore();
    let ran = false;
    const tool = defineTool({ name: "act", description: "", execute: () => (ran = true, "x") });
    const turn: Turn = () => {
      store.mode = mode;
      return [{ type: "call", id: "c", name: "act", arguments: "{}" }];
    };
    const { session } = await openSession({ agent: { tools: [tool] }, model: [turn], store });
    session.start({ text: "go" });
    await time.pass(100);
    assert.deepEqual([ran, session.state, uncaught.caught], [false, "CLOSED", []]);
    await session.idle();
  });

  Deno.test(`A question that expires while the store ${mode} ends its run`, async () => {
    using time = fakeTime();
    using uncaught = watchUncaught();
    const store = new FailingStore();
    const tool = defineTool({ name: "act", description: "", userConfirm: true, execute: () => "x" });
    const { session, events } = await openSession({
      agent: { tools: [tool] },
      model: [call("act"), say("x")],
      store,
      config: { confirmTimeoutSeconds: 1 },
    });
    session.start({ text: "go" });
    await time.settle();
    assert.equal(events.at(-1)!.event, "agent.user_confirm");
    store.mode = mode;
    await time.pass(1100);
    assert.deepEqual(uncaught.caught, []);
    await session.idle();
    assert.equal(session.questions.size, 0);
  });
}

Deno.test("A start that cannot be stored is refused, and its message id is not used up", async () => {
  using time = fakeTime();
  const store = new FailingStore();
  const { session, registry } = await openSession({ model: [say("x")], store });
  store.mode = "throws";
  assert.throws(() => session.start({ text: "go", messageId: "m" }), { code: "ERR_EXECUTION_602" });
  await session.idle();
  assert.notEqual(session.state, "RUNNING");
  await registry.end(session, "operator");
  await time.settle();
});

Deno.test("An agent that throws what cannot be printed still ends its run with one terminal event", async () => {
  using time = fakeTime();
  const circular = new Error("first");
  circular.cause = circular;
  for (const cause of [Object.create(null), circular, undefined, Symbol("s")]) {
    const turn: Turn = () => {
      throw cause;
    };
    const { session, events } = await openSession({ model: [turn] });
    session.start({ text: "go" });
    await time.pass(60);
    assert.deepEqual(terminals(events).map(({ event }) => event), ["agent.error"]);
    assert.equal(session.state, "IDLE");
  }
});

/** An agent somebody wrote by hand. */
function handmade(execute: Agent["execute"]): Agent {
  return { ...createReactAgent({ name: "handmade" }), execute };
}

Deno.test("An agent that fails before its first event still ends its run with one terminal event", async () => {
  using time = fakeTime();
  const agent = handmade(() => {
    throw new Error("secret");
  });
  const { session, events } = await openSession({ agent });
  session.start({ text: "go" });
  await time.pass(60);
  assert.deepEqual(terminals(events).map(({ content }) => content), [
    "Execution error: Unexpected fault in agent or server code",
  ]);
});

Deno.test("The clock stands still for a question that is asked at once", async () => {
  using time = fakeTime();
  const agent = handmade((ctx) => {
    const answer = ctx.confirm({ scope: "tool", message: "Sure?", tool: "t" });
    return (async function* () {
      yield { type: "text", text: (await answer).confirmed ? "yes" : "no", tentative: false };
      return { text: "no", finishReason: "stop", streamed: false };
    })();
  });
  const { session, events } = await openSession({
    agent,
    config: { runTimeoutSeconds: 1, confirmTimeoutSeconds: 3 },
  });
  session.start({ text: "go" });
  await time.pass(2500);
  assert.equal(events.at(-1)!.event, "agent.user_confirm");
  await time.pass(1000);
  assert.equal(terminals(events)[0].event, "agent.final_answer");
});

Deno.test("A watcher that throws hurts neither the run nor the other watchers", async () => {
  using time = fakeTime();
  using uncaught = watchUncaught();
  const { session, events } = await openSession({ model: [say("fine")] });
  const reasons: string[] = [];
  session.attach({
    deliver() {
      throw new Error("broken socket");
    },
    ready: () => undefined,
    fail: (reason) => void reasons.push(reason),
  }, session.latestSeq).startLive();
  const later: Entry[] = [];
  session.attach(
    { deliver: (entry) => void later.push(entry), ready: () => undefined, fail() {} },
    session.latestSeq,
  )
    .startLive();
  session.start({ text: "go" });
  await time.pass(100);
  assert.deepEqual(uncaught.caught, []);
  assert.equal(terminals(events)[0]?.content, "fine");
  assert.equal(later.at(-1)?.event, "agent.final_answer");
});

Deno.test("Nothing of a run follows the end of its session, and nothing new starts while it ends", async () => {
  using time = fakeTime();
  const { session, events } = await openSession({ model: [hang(), say("late")] });
  session.start({ text: "a" });
  await time.settle();
  let refused: unknown;
  void session.idle().then(() => {
    try {
      session.start({ text: "b" });
    } catch (cause) {
      refused = cause;
    }
  });
  await session.end("operator");
  await time.pass(100);
  assert.deepEqual([events.at(-1)!.event, (refused as { code: string }).code], [
    "agent.session_end",
    "ERR_CONNECTION_903",
  ]);
  assert.equal(session.state, "CLOSED");
  await session.end("operator");
  assert.equal(events.filter(({ event }) => event === "agent.session_end").length, 1);
});

Deno.test("No more connections than maxAttachmentsPerSession; a place left is free again", async () => {
  const { session } = await openSession({ config: { maxAttachmentsPerSession: 2 } });
  const sink = { deliver() {}, ready: () => undefined, fail() {} };
  const attachment = session.attach(sink, 0);
  assert.throws(() => session.attach(sink, 0), { code: "ERR_RATELIMIT_703" });
  session.detach(attachment);
  session.attach(sink, 0);
  assert.equal(session.attached, 2);
});

Deno.test("Values of messages are kept for later runs, newer ones win, and their size has an end", async () => {
  using time = fakeTime();
  const seen: unknown[] = [];
  const tool = defineTool({
    name: "look",
    description: "",
    execute: (_, ctx) => (seen.push({ ...ctx.session }), "x"),
  });
  const { session } = await openSession({
    agent: { tools: [tool] },
    model: [call("look"), say("a"), call("look"), say("b")],
    content: { dataset: 1 },
  });
  session.start({ text: "a", values: { city: "Oslo", dataset: 2 } });
  await time.pass(60);
  session.start({ text: "b", values: { unit: "C" } });
  await time.pass(60);
  assert.deepEqual(seen, [{ city: "Oslo", dataset: 2 }, { city: "Oslo", dataset: 2, unit: "C" }]);
  assert.throws(() => session.start({ text: "c", values: { big: "x".repeat(2 << 20) } }), {
    name: "AppError",
  });
  assert.equal(session.state, "IDLE");
});

Deno.test("Values a hook left do not stand in the way of structured messages", async () => {
  using time = fakeTime();
  const circular: Record<string, unknown> = { big: 5n };
  circular.self = circular;
  for (const odd of [5n, circular, new Map([[1, 2]]), new Date(0)]) {
    let opened;
    try {
      opened = await openSession({ model: [say("x")], content: { odd } });
    } catch (cause) {
      // Refusing them when the session is made is as good.
      assert.equal((cause as { code: string }).code, "ERR_EXECUTION_604");
      continue;
    }
    opened.session.start({ text: "q", values: { a: 1 } });
    await time.pass(60);
    assert.equal(terminals(opened.events)[0].event, "agent.final_answer");
  }
});

Deno.test("A conversation of huge messages does not grow without end", async () => {
  using time = fakeTime();
  const store = new MemoryStore();
  const turns = Array.from({ length: 60 }, () => say("ok"));
  const { session } = await openSession({ model: turns, store });
  for (let n = 0; n < 60; n++) {
    session.start({ text: `${n} ${"x".repeat(1 << 20)}` });
    await time.pass(2);
    await session.idle();
  }
  const chars = JSON.stringify(store.load(session.id)!.messages).length;
  assert.ok(chars < 30 << 20, `${chars} characters are kept`);
});

Deno.test("A model that never yields anything to the loop does not keep others from their turn", async () => {
  const model: Model = {
    name: "busy",
    async *stream({ signal }) {
      while (!signal.aborted) yield await Promise.resolve({ type: "text", text: "x" } as const);
    },
  };
  const { session } = await openSession({ model });
  session.start({ text: "go" });
  // A real timer gets its turn only when the run lets go of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 1));
  await session.cancel("user_request");
  assert.equal(session.state, "IDLE");
});

Deno.test("Texts that are cut for the wire are never cut inside a character", async () => {
  using time = fakeTime();
  const { session, events } = await openSession({ model: [say("x")] });
  session.start({ text: `a${"😀".repeat(2000)}` });
  await time.pass(60);
  const start = events.find(({ metadata }) => metadata.stage === "start")!;
  assert.ok(start.metadata.input.length <= 2000 && start.metadata.input.isWellFormed());
});

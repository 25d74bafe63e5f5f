import assert from "node:assert/strict";
import { mock } from "node:test";
import { DemoModel } from "../../src/model/demo.ts";
import type { Message } from "../../src/protocol/transcript.ts";
import { converse, request, shown, terminate, text, tool, turn } from "../helpers/demo_request.ts";

const tide = tool("get_tide", "查询港口的潮汐。Tides at a port.", { port: text("港口城市 (port city)") });
const ships = tool("list_ships", "查询港口停泊的船只。Ships lying at a port.", {
  port: text("港口城市 (port city)"),
});
const letter = tool("write_letter", "写信 Writes a letter", {
  to: text("收件人 (recipient)"),
  body: text("正文 (text)"),
});
const harbour = [tide, ships, letter, terminate];
const echo = (name: string, args: Record<string, unknown>) => `${name}: ${Object.values(args)[0]}`;
const user = (content: string): Message => ({ role: "user", content });

Deno.test("A Chinese question calls the tool whose words it shares and is answered with its result", async () => {
  const { answer, steps } = await converse([], "青岛的潮汐怎么样？", harbour, () => "满潮在 6 点");
  assert.deepEqual(steps, [['get_tide {"port":"青岛"}']]);
  assert.equal(answer, "满潮在 6 点");
});

Deno.test("An English question calls the tool whose words it shares and is answered with its result", async () => {
  const { answer, steps } = await converse([], "Which ships are in Hamburg?", harbour, () => "Cap San Diego");
  assert.deepEqual(steps, [['list_ships {"port":"Hamburg"}']]);
  assert.equal(answer, "Cap San Diego");
});

Deno.test("Two places make two calls of one tool in one turn", async () => {
  const { answer, steps } = await converse([], "青岛和大连的潮汐", harbour, (_, { port }) => `${port}：满潮`);
  assert.deepEqual(steps, [['get_tide {"port":"青岛"}', 'get_tide {"port":"大连"}']]);
  assert.equal(answer, "- 青岛：满潮\n- 大连：满潮");
});

Deno.test("A question about two things calls two tools in one turn", async () => {
  const { steps } = await converse([], "Tide in Hamburg and ships in Bremen", harbour, echo);
  assert.deepEqual(steps, [['get_tide {"port":"Hamburg"}', 'list_ships {"port":"Bremen"}']]);
});

Deno.test("What follows on a result waits for it and can pass it on", async () => {
  const { steps } = await converse([], "查询青岛的潮汐，然后给 Bob 写信", harbour, () => "满潮在 6 点");
  assert.deepEqual(steps, [['get_tide {"port":"青岛"}'], ['write_letter {"to":"Bob","body":"满潮在 6 点"}']]);
});

Deno.test("After a failed result it says what failed and tries nothing else", async () => {
  const { answer, steps } = await converse(
    [],
    "查询青岛的潮汐，然后给 Bob 写信",
    harbour,
    () => "Error: 潮位站无应答",
  );
  assert.equal(steps.length, 1);
  assert.match(answer, /get_tide 没有成功：潮位站无应答/);
});

Deno.test("One failed result of two is told beside the good one", async () => {
  const half = (_: string, { port }: Record<string, unknown>) =>
    port === "Hamburg" ? "high" : "Error: no such port";
  const { answer } = await converse([], "Tide in Hamburg and Bremen", harbour, half);
  assert.equal(answer, "- high\n- get_tide failed: no such port");
});

Deno.test("A call the user refused is reported as cancelled", async () => {
  const refused = () => "Error: Tool execution cancelled by user";
  assert.equal(
    (await converse([], "给 Bob 写信：你好", harbour, refused)).answer,
    "已取消：write_letter 没有执行。",
  );
  const english = await converse([], "Write a letter to Bob: hi", harbour, refused);
  assert.equal(english.answer, "Cancelled: write_letter was not carried out.");
});

Deno.test("A call that has its result is not made again while others are open", async () => {
  const asked = [
    user("青岛和大连的潮汐"),
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "a", name: "get_tide", arguments: '{"port":"青岛"}' }],
    },
    { role: "tool", content: "满潮", tool_call_id: "a" },
  ] satisfies Message[];
  assert.deepEqual(shown((await turn(request(asked, harbour))).calls), ['get_tide {"port":"大连"}']);
});

Deno.test("A missing argument is asked for, and the reply completes the call", async () => {
  const transcript: Message[] = [];
  const first = await converse(transcript, "查一下潮汐", harbour, echo);
  assert.deepEqual(first.steps, []);
  assert.match(first.answer, /get_tide.*港口城市/);
  assert.deepEqual((await converse(transcript, "青岛", harbour, echo)).steps, [['get_tide {"port":"青岛"}']]);
});

Deno.test("A short follow-up asks the same again about something else", async () => {
  const transcript: Message[] = [];
  await converse(transcript, "青岛的潮汐怎么样？", harbour, echo);
  assert.deepEqual((await converse(transcript, "大连呢？", harbour, echo)).steps, [[
    'get_tide {"port":"大连"}',
  ]]);
  assert.deepEqual((await converse(transcript, "What about Hamburg?", harbour, echo)).steps, [[
    'get_tide {"port":"Hamburg"}',
  ]]);
  assert.equal((await converse(transcript, "谢谢", harbour, echo)).answer, "不客气！");
});

Deno.test("A greeting is answered with who the agent is and what its tools can do", async () => {
  const system: Message = {
    role: "system",
    content: "你是港口助手，可以查潮汐。\nYou are a harbour assistant. Be brief.",
  };
  const chinese = await turn(request([system, user("你好，请介绍一下自己")], harbour));
  assert.match(chinese.text, /^你好！我是港口助手，可以查潮汐。/);
  assert.match(chinese.text, /- get_tide：查询港口的潮汐。/);
  assert.doesNotMatch(chinese.text, /terminate/);
  const english = await turn(request([system, user("Hello")], harbour));
  assert.match(english.text, /^Hello! I am a harbour assistant\.\n/);
  assert.match(english.text, /- list_ships: /);
});

Deno.test("A bare greeting calls a tool that greets, a greeting before a question does not", async () => {
  const greeter = tool("say_hi", "Greets somebody", { name: text("Name of the person") });
  const calls = async (question: string) =>
    shown((await turn(request([user(question)], [greeter, ...harbour]))).calls);
  assert.deepEqual(await calls("Hello!"), ['say_hi {"name":"friend"}']);
  assert.deepEqual(await calls("Hi, my name is Tom"), ['say_hi {"name":"Tom"}']);
  assert.deepEqual(await calls("Hello, what is the tide in Hamburg?"), ['get_tide {"port":"Hamburg"}']);
});

Deno.test("When nothing fits it says that it is a demo model, what it can do and how to get a real one", async () => {
  const chinese = await turn(request([user("给我讲个笑话")], harbour));
  assert.match(chinese.text, /离线演示模型/);
  assert.match(chinese.text, /get_tide/);
  assert.match(chinese.text, /OPENAI_API_KEY/);
  const english = await turn(request([user("Tell me a joke")], []));
  assert.match(english.text, /offline demo model.*no tools/s);
  assert.match(english.text, /OPENAI_API_KEY/);
});

Deno.test("With tool choice none there is only text", async () => {
  const reply = await turn(request([user("青岛的潮汐")], harbour, { toolChoice: "none" }));
  assert.deepEqual(reply.calls, []);
  assert.match(reply.text, /不允许使用工具/);
});

Deno.test("With tool choice required there is always a call, and terminate carries the answer", async () => {
  const required = { toolChoice: "required" } as const;
  const first = await turn(request([user("青岛的潮汐")], harbour, required));
  assert.deepEqual(shown(first.calls), ['get_tide {"port":"青岛"}']);
  const done = await turn(request(
    [
      user("青岛的潮汐"),
      { role: "assistant", content: "", tool_calls: [...first.calls] },
      { role: "tool", content: "满潮", tool_call_id: first.calls[0].id, name: "get_tide" },
    ],
    harbour,
    required,
  ));
  assert.deepEqual(shown(done.calls), ['terminate {"answer":"满潮"}']);
  const unrelated = await turn(request([user("给我讲个笑话")], harbour, required));
  assert.deepEqual(unrelated.calls.map(({ name }) => name), ["terminate"]);
  const alone = await turn(request([user("给我讲个笑话")], [tide], required));
  assert.deepEqual(alone.calls.map(({ name }) => name), ["get_tide"]);
});

Deno.test("Terminate is never called by itself", async () => {
  const reply = await turn(request([user("End the work, the request has been answered")], harbour));
  assert.deepEqual(reply.calls, []);
});

Deno.test("Text comes in small pieces that never split a character", async () => {
  const result = "满潮 🌊🌊🌊 um 06:00 Uhr, 𠮷野家\n  end";
  const asked: Message[] = [
    user("青岛的潮汐"),
    { role: "assistant", content: "", tool_calls: [{ id: "a", name: "get_tide", arguments: "{}" }] },
    { role: "tool", content: result, tool_call_id: "a" },
  ];
  const { text: whole, parts } = await turn(request(asked, harbour));
  const pieces = parts.filter((part) => part.type === "text").map((part) => part.text);
  assert.equal(whole, result);
  assert.ok(pieces.length >= 5);
  for (const piece of pieces) {
    assert.ok([...piece].length <= 16);
    assert.ok(piece.isWellFormed());
  }
});

Deno.test("Usage is estimated at four characters a token and comes last", async () => {
  const asked = request([user("青岛的潮汐")], [tide]);
  const { parts } = await turn(asked);
  const last = parts.at(-1);
  assert.equal(last?.type, "usage");
  const { inputTokens, outputTokens, totalTokens } = last.usage;
  const written = "get_tide".length + '{"port":"青岛"}'.length;
  assert.equal(outputTokens, Math.ceil(written / 4));
  assert.ok(inputTokens >= JSON.stringify([tide]).length / 4);
  assert.equal(totalTokens, inputTokens + outputTokens);
});

Deno.test("The same request gets the same parts, and calls of one conversation differ in their ids", async () => {
  const asked = request([user("青岛和大连的潮汐")], harbour);
  assert.deepEqual((await turn(asked)).parts, (await turn(asked, new DemoModel())).parts);
  const transcript: Message[] = [];
  await converse(transcript, "青岛和大连的潮汐", harbour, echo);
  await converse(transcript, "青岛的船只", harbour, echo);
  const ids = transcript.flatMap(({ tool_calls }) => tool_calls ?? []).map(({ id }) => id);
  assert.equal(new Set(ids).size, 3);
});

Deno.test("Pieces are paced when a delay is set, and an abort ends the pause with its reason", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const abort = new AbortController();
    const model = new DemoModel({ delayMs: 20 });
    const stream = model.stream(request([user("你好")], [], { signal: abort.signal }));
    assert.equal((await stream.next()).value?.type, "text");
    let arrived = false;
    const second = stream.next().then((step) => (arrived = true, step));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(arrived, false);
    mock.timers.tick(20);
    assert.equal((await second).value?.type, "text");
    const third = stream.next();
    abort.abort(new Error("enough"));
    await assert.rejects(third, /enough/);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("A request that was aborted before it began throws the signal's reason", async () => {
  const signal = AbortSignal.abort(new Error("too late"));
  await assert.rejects(turn(request([user("你好")], harbour, { signal })), /too late/);
});

Deno.test("Odd schemas and odd questions are survived", async () => {
  const odd = tool("odd", "send search add 计算 翻译 email", {
    a: true,
    b: { $ref: "#/nowhere" },
    c: { type: ["string", "null"], description: 5 },
    d: { anyOf: [] },
    e: { enum: [] },
    f: { type: "object", properties: { text: text() } },
  });
  const bare = { name: "x", description: "", parameters: {} };
  for (
    const question of [
      "",
      " ",
      "\ud800",
      "：",
      "“”",
      "和和和的的",
      "send email 给",
      "$& {} [1,2",
      "北京".repeat(40_000),
    ]
  ) {
    for (const toolChoice of ["auto", "required"] as const) {
      const reply = await turn(request([user(question)], [odd, bare], { toolChoice }));
      assert.ok(reply.text !== "" || reply.calls.length > 0, JSON.stringify(question.slice(0, 20)));
      for (const call of reply.calls) JSON.parse(call.arguments);
    }
  }
});

Deno.test("A conversation without any question is answered with an introduction or an honest word", async () => {
  assert.match((await turn(request([], harbour))).text, /demo model/);
});

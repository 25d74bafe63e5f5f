/** The JavaScript clients of the seeds, as they are written there. */
import assert from "node:assert/strict";
import { TestClient } from "../../helpers/client.ts";
import { checkExpectedOutput, cutBlock, type Seed } from "./documents.ts";
import { logged, nodeMissing, startNodeClient } from "./node_client.ts";
import { seedTest, serveAgent } from "./seed_server.ts";

const url = "ws://localhost:8080";

/** The events a client logged so far, in their order. */
const eventsOf = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line)[1]?.event).filter((name) => name !== undefined);

/** Clients that log every frame and say hello as soon as they have a session. */
const greeters: readonly { seed: Seed; word: string }[] = [
  { seed: "001", word: "Received:" },
  { seed: "004", word: "收到消息:" },
];

for (const { seed, word } of greeters) {
  seedTest(`Seed ${seed}'s JavaScript client gets a session and an answer`, [nodeMissing], async () => {
    await using _server = await serveAgent("hello");
    await using client = await startNodeClient(cutBlock(seed, "javascript", "new WebSocket("), "browser");
    const [, answer] = await logged(client, ([, frame]) => frame?.event === "agent.final_answer");
    assert.equal(typeof answer.content, "string");
    assert.notEqual(answer.content, "");
    const events = eventsOf(client.lines);
    assert.deepEqual(events.slice(0, 2), ["system.connected", "agent.session_created"]);
    assert.ok(events.includes("agent.thinking"));
    assert.deepEqual(events.filter((name) => name.endsWith("error")), []);
    assert.ok(client.lines.every((line) => eventsOf([line]).length === 0 || JSON.parse(line)[0] === word));
  });
}

seedTest("Seed 002's JavaScript client sees thinking, the tool and the weather", [nodeMissing], async () => {
  await using _server = await serveAgent("weather");
  const code = cutBlock("002", "javascript", "new WebSocket(");
  await using client = await startNodeClient(code, "browser");
  const [, answer] = await logged(client, ([word]) => word === "Final answer:");
  assert.match(answer, /北京/);
  const [, thought] = await logged(client, ([word]) => word === "Agent thinking:");
  assert.equal(typeof thought, "string");
  const [, tool] = await logged(client, ([word]) => word === "Tool call:");
  const [, call] = await logged(client, ([, frame]) => frame?.event === "agent.tool_call");
  assert.equal(tool, call.metadata.tool);
  const [, result] = await logged(client, ([, frame]) => frame?.event === "agent.tool_result");
  assert.equal(result.metadata.status, "success");
  assert.equal(result.step_id, call.step_id);
});

seedTest("Seed 003's Node client prints what its document says it prints", [nodeMissing], async () => {
  await using _server = await serveAgent("hello");
  const code = cutBlock("003", "javascript", "class MyAgentClient");
  await using client = await startNodeClient(code, "node");
  await client.line((line) => line.startsWith("🎯 Agent回答: "));
  checkExpectedOutput(client.lines);
});

/** What stands around the snippets of seed 003: a socket with a session, and a log of what goes up and down. */
const around = (body: string) => `
const ws = new WebSocket("${url}");
let sessionId = null;
const send = ws.send.bind(ws);
ws.send = (text) => { console.log("sent", JSON.parse(text)); send(text); };
ws.on("open", () => ws.send(JSON.stringify({ event: "user.create_session" })));
${body}`;

seedTest(
  "Seed 003's acknowledgements name what was seen, and are never answered",
  [nodeMissing],
  async () => {
    await using _server = await serveAgent("hello");
    const harness = around(`
function handleMessage(message) {
  console.log("received", message);
  if (message.event === "agent.session_created") {
    const { session_id } = message;
    ws.send(JSON.stringify({ event: "user.message", session_id, content: "你好" }));
  }
}`);
    const snippet = cutBlock("003", "javascript", "setInterval(");
    await using client = await startNodeClient(harness + snippet, "browser");
    const [, answer] = await logged(client, ([, frame]) => frame?.event === "agent.final_answer");
    const last = answer.event_id;
    // The second one comes 200 ms later: time in which an answer to the first would have arrived.
    let acks = 0;
    await logged(
      client,
      ([word, frame]) => word === "sent" && frame.content?.last_event_id === last && ++acks === 2,
    );
    const received = client.lines.map((line) => JSON.parse(line)).filter(([word]) => word === "received");
    assert.equal(received.at(-1)[1].event_id, last);
    assert.ok(!received.some(([, frame]) => frame.event.endsWith("error")));

    // The acknowledged position is one that a reconnect can start from.
    using other = await TestClient.connect(url);
    const { session_id } = answer;
    other.send({ event: "user.reconnect", session_id, content: { last_event_id: last } });
    const { metadata } = await other.event("system.notice");
    assert.deepEqual([metadata.recovered, metadata.replayed], [true, 0]);
    await other.close();
  },
);

seedTest(
  "Seed 003's direct tasks are refused by an agent that cannot solve them",
  [nodeMissing],
  async () => {
    await using _server = await serveAgent("hello");
    const snippet = cutBlock("003", "javascript", "user.solve_tasks");
    const harness = around(`ws.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  console.log("received", message);
  if (message.event !== "agent.session_created") return;
  sessionId = message.session_id;
${snippet}
};`);
    await using client = await startNodeClient(harness, "browser");
    const [, refusal] = await logged(
      client,
      ([word, frame]) => word === "received" && frame.event === "agent.error",
    );
    assert.equal(refusal.content, "Agent does not support direct task solving");
    const [, created] = await logged(client, ([, frame]) => frame?.event === "agent.session_created");
    assert.equal(refusal.session_id, created.session_id);
  },
);

const notServed = "the trace dialect is not served yet";

seedTest("Seed 000's trace client sees the run, the thinking and the tool", [notServed], async () => {
  await using _server = await serveAgent("weather", { tracePort: 8000 });
  const code = cutBlock("000", "javascript", "function startAgent(");
  const start = `\nws.onopen = () => startAgent("北京今天天气怎么样？");\n`;
  await using client = await startNodeClient(code + start, "browser");
  await logged(client, ([word]) => word === "Agent started:");
  await logged(client, ([word]) => word === "Thinking completed in:");
  await logged(client, ([word]) => word === "Tool executed:");
});

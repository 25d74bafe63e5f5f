/** The three messages that seed 004 sends to the weather assistant. */
import assert from "node:assert/strict";
import { TestClient } from "../../helpers/client.ts";
import { cutBlock } from "./documents.ts";
import { seedTest, serveAgent } from "./seed_server.ts";

/** The messages as they stand in the document: one JSON object under each numbered comment. */
function cutMessages(): Record<string, unknown>[] {
  const block = cutBlock("004", "bash", "your-session-id");
  return [...block.matchAll(/^# \d\. [^\n]*\n(\{.*?^\})$/gms)].map(([, json]) => JSON.parse(json));
}

seedTest("Seed 004's messages make a session and bring the weather and the facts of a city", [], async () => {
  await using _server = await serveAgent("weather");
  const [create, weather, facts] = cutMessages();
  using client = await TestClient.connect("ws://localhost:8080");
  client.send(create);
  const { session_id, metadata } = await client.event("agent.session_created");
  assert.equal(metadata.agent_name, "weather-assistant");

  const ask = async (message: Record<string, unknown>) => {
    const from = client.frames.length;
    assert.equal(message.session_id, "your-session-id");
    client.send({ ...message, session_id });
    const answer = await client.terminal(from);
    assert.equal(answer.event, "agent.final_answer");
    const names = client.frames.slice(from).map(({ event }) => event);
    for (const name of ["agent.thinking", "agent.tool_call", "agent.tool_result"]) {
      assert.ok(names.includes(name), `${name} is missing: ${names.join(", ")}`);
    }
    return answer.content;
  };
  assert.match(await ask(weather), /北京/);
  assert.match(await ask(facts), /上海/);
  await client.close();
});

import assert from "node:assert/strict";
import type { ModelRequest } from "../../src/model/model.ts";
import { toWireMessages, toWireRequest } from "../../src/model/openai_wire.ts";

const noQuirks = { noStreamOptions: false, maxCompletionTokens: false };
const tool = { name: "now", description: "The time", parameters: {} };

function request(change: Partial<ModelRequest> = {}): ModelRequest {
  const { signal } = new AbortController();
  return { messages: [{ role: "user", content: "hi" }], tools: [], toolChoice: "auto", signal, ...change };
}

Deno.test("Wire request without tools names neither tools nor a tool choice", () => {
  assert.deepEqual(toWireRequest(request({ toolChoice: "required" }), { model: "m" }, noQuirks), {
    model: "m",
    messages: [{ role: "user", content: "hi" }],
    stream: true,
    stream_options: { include_usage: true },
  });
});

Deno.test("Wire request carries the tool choice beside tools", () => {
  for (const toolChoice of ["none", "auto", "required"] as const) {
    const wire = toWireRequest(request({ tools: [tool], toolChoice }), { model: "m" }, noQuirks);
    assert.equal(wire.tool_choice, toolChoice);
    assert.equal(wire.tools?.length, 1);
  }
});

Deno.test("Wire request gives every tool an object type and no $schema", () => {
  const parameters = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { a: {} },
  };
  const wire = toWireRequest(
    request({ tools: [tool, { ...tool, name: "b", parameters }] }),
    { model: "m" },
    noQuirks,
  );
  assert.deepEqual(wire.tools, [
    {
      type: "function",
      function: { name: "now", description: "The time", parameters: { type: "object", properties: {} } },
    },
    {
      type: "function",
      function: {
        name: "b",
        description: "The time",
        parameters: { type: "object", properties: { a: {} } },
      },
    },
  ]);
});

Deno.test("Wire request carries temperature and token limit, 0 included", () => {
  const settings = { model: "m", temperature: 0, maxTokens: 7 };
  const wire = toWireRequest(request(), settings, noQuirks);
  assert.equal(wire.temperature, 0);
  assert.equal(wire.max_tokens, 7);
  assert.equal("max_completion_tokens" in wire, false);
});

Deno.test("Wire request follows the quirks of a server", () => {
  const quirks = { noStreamOptions: true, maxCompletionTokens: true };
  const wire = toWireRequest(request(), { model: "m", maxTokens: 7 }, quirks);
  assert.equal("stream_options" in wire, false);
  assert.equal("max_tokens" in wire, false);
  assert.equal(wire.max_completion_tokens, 7);
});

Deno.test("Wire messages carry calls and the results that answer them", () => {
  const wire = toWireMessages([
    { role: "system", content: "Be brief" },
    { role: "user", content: "Weather?" },
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "c1", name: "weather", arguments: '{"city":"Oslo"}' }],
    },
    { role: "tool", content: "Sunny", tool_call_id: "c1", name: "weather" },
    { role: "assistant", content: "Sunny" },
  ]);
  assert.deepEqual(wire, [
    { role: "system", content: "Be brief" },
    { role: "user", content: "Weather?" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{
        id: "c1",
        type: "function",
        function: { name: "weather", arguments: '{"city":"Oslo"}' },
      }],
    },
    { role: "tool", tool_call_id: "c1", content: "Sunny" },
    { role: "assistant", content: "Sunny" },
  ]);
});

Deno.test("Wire messages show pictures after all results of their turn", () => {
  const result = (id: string, image?: string) => ({
    role: "tool" as const,
    content: id,
    tool_call_id: id,
    name: "chart",
    ...(image ? { image } : {}),
  });
  const picture = (url: string) => [
    { type: "text", text: "Picture from the tool chart:" },
    { type: "image_url", image_url: { url } },
  ];
  const wire = toWireMessages([
    result("c1", "data:image/png;base64,AA=="),
    result("c2"),
    result("c3", "https://x.test/3.png"),
    { role: "assistant", content: "Nice" },
    result("c4", "https://x.test/4.png"),
  ]);
  assert.deepEqual(wire.map(({ role }) => role), [
    "tool",
    "tool",
    "tool",
    "user",
    "assistant",
    "tool",
    "user",
  ]);
  assert.deepEqual(wire[3].content, [
    ...picture("data:image/png;base64,AA=="),
    ...picture("https://x.test/3.png"),
  ]);
  assert.deepEqual(wire[6].content, picture("https://x.test/4.png"));
});

Deno.test("Wire messages quote arguments that are no JSON object", () => {
  const sent = (text: string) => {
    const calls = [{ id: "c1", name: "a", arguments: text }];
    const [message] = toWireMessages([{ role: "assistant", content: "x", tool_calls: calls }]);
    assert.ok(message.role === "assistant" && message.tool_calls?.[0].type === "function");
    return message.tool_calls[0].function.arguments;
  };
  assert.equal(sent('{ "a": 1 }'), '{ "a": 1 }');
  assert.equal(sent('{"a": 1'), '{"invalid_arguments":"{\\"a\\": 1"}');
  assert.equal(sent("[1]"), '{"invalid_arguments":"[1]"}');
  assert.equal(sent(""), "{}");
  assert.equal(sent("null"), "{}");
});

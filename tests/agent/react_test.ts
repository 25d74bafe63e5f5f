import assert from "node:assert/strict";
import {
  BaseTool,
  createReactAgent,
  createToolCallAgent,
  createToolcallAgent,
  defineTool,
} from "../../src/mod.ts";

Deno.test("Defaults are those of the agent API", () => {
  const agent = createReactAgent({});
  assert.deepEqual(
    [agent.name, agent.type, agent.maxSteps, agent.memory, agent.enableTracing, agent.settings],
    ["agent", "react", 10, 100, true, {}],
  );
  assert.deepEqual(agent.tools.map(({ name }) => name), ["terminate"]);
  assert.equal(createToolCallAgent({}).type, "toolcall");
  assert.equal(createToolcallAgent, createToolCallAgent);
});

Deno.test("Options in snake_case are the same options", () => {
  const agent = createReactAgent(
    {
      name: "greeter",
      system_prompt: "Hi",
      next_step_prompt: "Next",
      max_steps: 3,
      max_observe: 100,
      enable_tracing: false,
      parallel_tools: true,
      tool_choice: "auto",
      run_timeout_seconds: 5,
      max_retry_attempts: 2,
      answer_stream: "safe",
    } as Parameters<typeof createReactAgent>[0],
  );
  assert.deepEqual([agent.maxSteps, agent.enableTracing], [3, false]);
  assert.deepEqual(agent.settings, { runTimeoutSeconds: 5, maxRetryAttempts: 2, answerStream: "safe" });
});

Deno.test("Only what an agent sets is its own; the rest comes from the server", () => {
  assert.deepEqual(createReactAgent({ confirmTimeoutSeconds: 7 }).settings, { confirmTimeoutSeconds: 7 });
});

Deno.test("Members that are null or undefined are not set", () => {
  const given = { name: "a", systemPrompt: undefined, next_step_prompt: null };
  assert.equal(createReactAgent(given as { name: string }).name, "a");
});

Deno.test("An unknown option is refused with its name and the known ones", () => {
  assert.throws(() => createReactAgent({ maxStep: 3 } as Record<string, unknown>), {
    name: "AppError",
    message:
      /^Cannot make an agent with createReactAgent: unknown option "maxStep" \(known: name, .*maxSteps/,
  });
  assert.throws(() => createToolCallAgent({ nope: 1 } as Record<string, unknown>), /createToolCallAgent/);
});

Deno.test("A bad value is refused with the option's name", () => {
  const cases: Record<string, unknown>[] = [
    { name: "" },
    { name: 5 },
    { maxSteps: 0 },
    { maxSteps: 1.5 },
    { memory: 1 },
    { toolChoice: "maybe" },
    { model: "gpt" },
    { tools: {} },
    { tools: ["weather"] },
    { tools: [{ name: "x" }] },
    { answerStream: "slow" },
  ];
  for (const given of cases) {
    assert.throws(
      () => createReactAgent(given),
      {
        name: "AppError",
        message: new RegExp(`^Cannot make an agent with createReactAgent: ${Object.keys(given)[0]}`),
      },
      JSON.stringify(given),
    );
  }
});

class Greet extends BaseTool {
  name = "greet";
  execute(): string {
    return "hi";
  }
}

Deno.test("Tools of both styles stand side by side; two of one name are refused", () => {
  const look = defineTool({ name: "look", description: "Looks", execute: () => "" });
  const agent = createReactAgent({ tools: [look, new Greet()] });
  assert.deepEqual(agent.tools.map(({ name }) => name), ["look", "greet", "terminate"]);
  assert.throws(() => createReactAgent({ tools: [look, look] }), { message: /two tools are called "look"/ });
  assert.throws(() => createReactAgent({ tools: [new Greet(), new Greet()] }), { message: /"greet"/ });
});

Deno.test("An agent cannot be changed", () => {
  const agent = createReactAgent({ maxSteps: 3 });
  assert.throws(() => Object.assign(agent, { maxSteps: 5 }), TypeError);
  assert.throws(() => Object.assign(agent.settings, { busy: "reject" }), TypeError);
});

import assert from "node:assert/strict";
import type { Agent } from "../../src/mod.ts";
import { createReactAgent } from "../../src/mod.ts";
import { type AgentDefinition, openInProcess } from "../../src/isolation/host.ts";

const agent = createReactAgent({ name: "tester", description: "Tests", maxSteps: 3, runTimeoutSeconds: 5 });

function definition(more: Partial<AgentDefinition> = {}): AgentDefinition {
  return { name: "tester", makeAgent: () => agent, hooks: {}, ...more };
}

Deno.test("A host is the agent's description and its one function", async () => {
  const host = await openInProcess(definition(), undefined, {});
  const { execute, ...description } = host;
  assert.deepEqual(description, {
    name: "tester",
    description: "Tests",
    type: "react",
    maxSteps: 3,
    memory: 100,
    settings: { runTimeoutSeconds: 5 },
    model: undefined,
  });
  assert.equal(typeof execute, "function");
});

Deno.test("The agent is made once per session, also by a factory that takes its time", async () => {
  let made = 0;
  const slow = definition({
    makeAgent: async (): Promise<Agent> => {
      await Promise.resolve();
      return createReactAgent({ name: `made-${++made}` });
    },
  });
  const hosts = [await openInProcess(slow, undefined, {}), await openInProcess(slow, undefined, {})];
  assert.deepEqual(hosts.map(({ name }) => name), ["made-1", "made-2"]);
});

Deno.test("The hook comes before the agent is made, sees the content, and may change the values", async () => {
  const order: string[] = [];
  const values: Record<string, unknown> = { dataset: 1 };
  await openInProcess(
    definition({
      makeAgent: () => (order.push("agent"), agent),
      hooks: {
        onSessionInit: (content, session) => {
          order.push("hook");
          session.seen = content;
          return { more: 2 };
        },
      },
    }),
    { dataset: 1 },
    values,
  );
  assert.deepEqual(order, ["hook", "agent"]);
  assert.deepEqual(values, { dataset: 1, seen: { dataset: 1 }, more: 2 });
});

Deno.test("What a hook returns is taken only when it is an object", async () => {
  for (const given of [undefined, null, "text", 5]) {
    const values = {};
    await openInProcess(definition({ hooks: { onSessionInit: () => given as undefined } }), "x", values);
    assert.deepEqual(values, {});
  }
});

Deno.test("Values that cannot be stored are refused when the session is made", async () => {
  for (const odd of [() => 1, Symbol("s"), new WeakMap()]) {
    const hooks = { onSessionInit: () => ({ odd }) as unknown as Record<string, unknown> };
    await assert.rejects(openInProcess(definition({ hooks }), undefined, {}), {
      name: "AppError",
      code: "ERR_EXECUTION_604",
    });
  }
});

Deno.test("A hook or factory that fails is thrown as it is, for the caller to word", async () => {
  const broken = () => {
    throw new TypeError("secret");
  };
  await assert.rejects(openInProcess(definition({ makeAgent: broken }), undefined, {}), TypeError);
  await assert.rejects(
    openInProcess(definition({ hooks: { onSessionInit: broken } }), undefined, {}),
    TypeError,
  );
});

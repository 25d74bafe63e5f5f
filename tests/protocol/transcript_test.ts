import assert from "node:assert/strict";
import { type Message, newestMessages } from "../../src/protocol/transcript.ts";

/** Numbers between 0 and 1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A transcript as runs leave it: questions, turns with calls and their results, answers; some runs were cut off. */
function transcript(random: () => number): Message[] {
  const messages: Message[] = [];
  let calls = 0;
  const runs = 1 + Math.floor(random() * 6);
  for (let run = 0; run < runs; run++) {
    messages.push({ role: "user", content: `question ${run}` });
    const steps = Math.floor(random() * 8);
    for (let step = 0; step < steps; step++) {
      const ids = Array.from({ length: 1 + Math.floor(random() * 4) }, () => `call_${++calls}`);
      messages.push({
        role: "assistant",
        content: "",
        tool_calls: ids.map((id) => ({ id, name: "t", arguments: "{}" })),
      });
      messages.push(
        ...ids.map((id): Message => ({ role: "tool", content: "r", tool_call_id: id, name: "t" })),
      );
    }
    if (random() < 0.8) messages.push({ role: "assistant", content: `answer ${run}` });
  }
  return messages;
}

Deno.test("A cut transcript never holds a result without its call and never more than the budget and the question", () => {
  const random = seeded(7);
  for (let round = 0; round < 3000; round++) {
    const messages = transcript(random);
    const budget = 2 + Math.floor(random() * 20);
    const kept = newestMessages(messages, budget);
    const what = `round ${round}, budget ${budget}`;
    assert.ok(kept.length <= budget + 1, what);
    assert.ok(kept.length > 0, what);
    const known = new Set<string>();
    for (const message of kept) {
      for (const { id } of message.tool_calls ?? []) known.add(id);
      if (message.role === "tool") assert.ok(known.has(message.tool_call_id!), what);
    }
    assert.equal(kept[0].role, "user", what);
    // In order, and the newest message is among them unless it belongs to a turn that is longer than the budget.
    const places = kept.map((message) => messages.indexOf(message));
    assert.deepEqual(places, [...places].sort((a, b) => a - b), what);
    if (messages.length <= budget) assert.deepEqual(kept, messages, what);
  }
});

Deno.test("A transcript that fits is given whole, as a copy", () => {
  const messages: Message[] = [{ role: "user", content: "a" }, { role: "assistant", content: "b" }];
  const kept = newestMessages(messages, 2);
  assert.deepEqual(kept, messages);
  assert.notEqual(kept, messages);
});

Deno.test("One turn longer than the budget keeps its question", () => {
  const ids = ["1", "2", "3", "4"];
  const messages: Message[] = [
    { role: "user", content: "q" },
    { role: "assistant", content: "", tool_calls: ids.map((id) => ({ id, name: "t", arguments: "{}" })) },
    ...ids.map((id): Message => ({ role: "tool", content: id, tool_call_id: id })),
  ];
  assert.deepEqual(newestMessages(messages, 3), [messages[0]]);
});

Deno.test("A budget of characters is kept the same way: no result without its call, the question leads", () => {
  const random = seeded(11);
  for (let round = 0; round < 2000; round++) {
    const messages = transcript(random).map((message) => ({
      ...message,
      content: message.content.padEnd(Math.floor(random() * 400), "x"),
    }));
    const chars = 200 + Math.floor(random() * 3000);
    const kept = newestMessages(messages, 1000, chars);
    const known = new Set<string>();
    for (const message of kept) {
      for (const { id } of message.tool_calls ?? []) known.add(id);
      if (message.role === "tool") assert.ok(known.has(message.tool_call_id!), `round ${round}`);
    }
    assert.equal(kept[0]?.role ?? "user", "user", `round ${round}`);
    const places = kept.map((message) => messages.indexOf(message));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    // The leading question and a newest message that is too long by itself may exceed the budget, nothing else.
    const size = kept.slice(1).reduce((sum, { content }) => sum + content.length, 0);
    assert.ok(size <= Math.max(chars, kept.at(-1)!.content.length), `round ${round}: ${size} of ${chars}`);
  }
});

Deno.test("Arguments of calls and pictures count as characters too", () => {
  const big = "x".repeat(1000);
  const messages: Message[] = Array.from({ length: 20 }, (_, index): Message[] => [
    { role: "user", content: `q${index}` },
    { role: "assistant", content: "", tool_calls: [{ id: `${index}`, name: "t", arguments: big }] },
    { role: "tool", content: "r", tool_call_id: `${index}`, image: `data:image/png;base64,${big}` },
  ]).flat();
  const kept = newestMessages(messages, 1000, 5000);
  assert.ok(JSON.stringify(kept).length < 8000, `${JSON.stringify(kept).length} characters`);
});

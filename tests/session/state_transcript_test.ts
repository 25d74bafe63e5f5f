import assert from "node:assert/strict";
import type { Message } from "../../src/protocol/transcript.ts";
import { pairCalls } from "../../src/session/state_transcript.ts";
import { conversation } from "../helpers/signed_state.ts";

const user = (content: string): Message => ({ role: "user", content });
const said = (content: string): Message => ({ role: "assistant", content });
const asks = (...ids: string[]): Message => ({
  role: "assistant",
  content: "",
  tool_calls: ids.map((id) => ({ id, name: "t", arguments: "{}" })),
});
const result = (id: string, content = "r"): Message => ({ role: "tool", content, tool_call_id: id });

Deno.test("A whole transcript stays as it is", () => {
  assert.deepEqual(pairCalls(conversation), { messages: conversation, dropped: 0 });
  const again = [user("a"), asks("1"), result("1"), said("b"), user("c"), asks("1"), result("1"), said("")];
  assert.deepEqual(pairCalls(again), { messages: again, dropped: 0 });
  const twins = [user("a"), asks("1", "1"), result("1", "x"), result("1", "y")];
  assert.deepEqual(pairCalls(twins), { messages: twins, dropped: 0 });
  assert.deepEqual(pairCalls([]), { messages: [], dropped: 0 });
});

Deno.test("Results without a call are left out, wherever they stand", () => {
  const given = [
    result("0"),
    user("a"),
    result("1"),
    asks("1"),
    result("1"),
    result("1"),
    result("2"),
    said("b"),
  ];
  assert.deepEqual(pairCalls(given), {
    messages: [user("a"), asks("1"), result("1"), said("b")],
    dropped: 4,
  });
  // A call does not reach over another message.
  assert.deepEqual(pairCalls([asks("1"), user("a"), result("1")]), { messages: [user("a")], dropped: 2 });
  assert.deepEqual(pairCalls([{ role: "tool", content: "x" }]), { messages: [], dropped: 1 });
});

Deno.test("Calls without a result are left out; what was said beside them stays", () => {
  assert.deepEqual(pairCalls([user("a"), asks("1", "2"), result("2")]), {
    messages: [user("a"), asks("2"), result("2")],
    dropped: 1,
  });
  assert.deepEqual(pairCalls([user("a"), { ...asks("1"), content: "hm" }]), {
    messages: [user("a"), said("hm")],
    dropped: 1,
  });
});

Deno.test("System prompts and unknown members stay behind", () => {
  const odd: Message = {
    role: "user",
    content: "a",
    extra: 1,
    tool_calls: [{ id: "1", name: "t", arguments: "{}" }],
  };
  const given: Message[] = [{ role: "system", content: "s" }, odd];
  assert.deepEqual(pairCalls(given), { messages: [user("a")], dropped: 0 });
});

import assert from "node:assert/strict";
import { answerText, type SessionEvent } from "../../src/client/client.ts";
import { answer, begin, event, piece } from "./fake_server.ts";

/** The texts that are shown one after the other. */
async function shown(...frames: Record<string, unknown>[]): Promise<string[]> {
  async function* events(): AsyncGenerator<SessionEvent> {
    await Promise.resolve();
    yield* frames as unknown as SessionEvent[];
  }
  const texts: string[] = [];
  for await (const text of answerText(events())) texts.push(text);
  return texts;
}

const end = { is_final: true };

Deno.test("The text grows with its stream, and the final answer changes nothing", async () => {
  const texts = await shown(
    begin(3, "m-1"),
    piece(4, "It "),
    piece(5, "rains"),
    piece(6, "", end),
    { ...answer(7, "It rains"), metadata: { stream_id: "st_1", terminal: true } },
  );
  assert.deepEqual(texts, ["It ", "It rains"]);
});

Deno.test("A discarded stream goes away, and the next one begins empty", async () => {
  const texts = await shown(
    piece(4, "Let me look"),
    piece(5, "", { ...end, discarded: true }),
    event(6, "agent.thinking", "Let me look", { stream_id: "st_1" }),
    piece(7, "Sunny", { stream_id: "st_2" }),
  );
  assert.deepEqual(texts, ["Let me look", "", "Sunny"]);
});

Deno.test("An answer that was not streamed is shown when it is there", async () => {
  assert.deepEqual(await shown(answer(7, "All at once")), ["All at once"]);
});

Deno.test("After a snapshot an answer in progress goes on where it stands", async () => {
  const snapshot = (metadata: Record<string, unknown>) => ({
    event: "snapshot",
    content: { messages: [{ role: "user", content: "?" }, { role: "assistant", content: "It ra" }] },
    metadata,
  });
  const texts = await shown(piece(4, "It "), snapshot({ open_stream_id: "st_1" }), piece(41, "ins"));
  assert.deepEqual(texts, ["It ", "It ra", "It rains"]);
  assert.deepEqual(await shown(piece(4, "It "), snapshot({})), ["It ", ""]);
});

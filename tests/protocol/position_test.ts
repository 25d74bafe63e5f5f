import assert from "node:assert/strict";
import { eventId, parseEventId, readAck, readPosition } from "../../src/protocol/position.ts";

Deno.test("An event id is read back to what it was made of", () => {
  const id = eventId("s.A_1-x", "k3f9", 42);
  assert.deepEqual(parseEventId(id), { sessionId: "s.A_1-x", epoch: "k3f9", seq: 42 });
});

Deno.test("Whatever is no event id is a position nobody can read", () => {
  const hostile = [
    undefined,
    null,
    5,
    {},
    [],
    "",
    "S1",
    "S1~e",
    "S1~e~",
    "S1~e~-1",
    "S1~e~1.5",
    "S1~e~1e3",
    "S1~e~1~2",
    "~e~1",
    "S1~~1",
    `S1~e~${"9".repeat(16)}`,
    `${"S".repeat(300)}~e~1`,
    "S1~e~١",
    "S1~e~1\n",
  ];
  for (const id of hostile) assert.ok(Number.isNaN(parseEventId(id).seq), JSON.stringify(id));
});

Deno.test("Hostile ids are read in no time", () => {
  const started = performance.now();
  for (const id of ["~".repeat(300), "a~".repeat(150), "a".repeat(1_000_000), `a~b~${"1".repeat(290)}x`]) {
    for (let round = 0; round < 1000; round++) parseEventId(id);
  }
  assert.ok(performance.now() - started < 2000);
});

Deno.test("A reconnect names its position in the content or beside it; the event id wins", () => {
  const cases: [Record<string, unknown>, unknown][] = [
    [{}, undefined],
    [{ content: {} }, undefined],
    [{ content: "S1~e~5" }, undefined],
    [{ last_seq: 5 }, { seq: 5 }],
    [{ content: { last_seq: 5 } }, { seq: 5 }],
    [{ content: { last_seq: 5, epoch: "e" } }, { seq: 5, epoch: "e" }],
    [{ content: { epoch: "e" }, last_seq: 5 }, { seq: 5, epoch: "e" }],
    [{ content: { last_seq: 5 }, last_seq: 6 }, { seq: 5 }],
    [{ content: { last_seq: 5 }, last_event_id: "S1~e~7" }, { sessionId: "S1", epoch: "e", seq: 7 }],
    [{ content: { last_event_id: "S1~e~6" }, last_event_id: "S1~e~7" }, {
      sessionId: "S1",
      epoch: "e",
      seq: 6,
    }],
    [{ content: { last_event_id: null, last_seq: 0 } }, { seq: 0 }],
    [{ last_seq: 0 }, { seq: 0 }],
  ];
  for (const [command, expected] of cases) {
    assert.deepEqual(readPosition(command), expected, JSON.stringify(command));
  }
  for (const seq of [-1, 1.5, "5", true, {}, 2 ** 53]) {
    assert.ok(Number.isNaN(readPosition({ last_seq: seq })!.seq), String(seq));
  }
  assert.ok(Number.isNaN(readPosition({ last_event_id: "nonsense", last_seq: 5 })!.seq));
});

Deno.test("Every form of an acknowledgement is read", () => {
  const id = { sessionId: "S1", epoch: "e", seq: 7 };
  const cases: [Record<string, unknown>, unknown][] = [
    [{ content: { last_event_id: "S1~e~7" } }, id],
    [{ content: { last_seq: 7 } }, { seq: 7 }],
    [{ content: 7 }, { seq: 7 }],
    [{ content: "S1~e~7" }, id],
    [{ metadata: { last_event_id: "S1~e~7" } }, id],
    [{ metadata: { last_seq: 7 } }, { seq: 7 }],
    [{ last_event_id: "S1~e~7" }, id],
    [{ last_seq: 7 }, { seq: 7 }],
    [{ seq: 7 }, { seq: 7 }],
    [{ session_id: "S2", seq: 7 }, { sessionId: "S2", seq: 7 }],
    [{ session_id: "S2", content: "S1~e~7" }, id],
    [{ session_id: "S2", content: { last_seq: 0 } }, { sessionId: "S2", seq: 0 }],
  ];
  for (const [command, expected] of cases) {
    assert.deepEqual(readAck(command), expected, JSON.stringify(command));
  }
});

Deno.test("A malformed acknowledgement is nothing", () => {
  const cases: Record<string, unknown>[] = [
    {},
    { content: null },
    { content: [] },
    { content: -1 },
    { content: 1.5 },
    { content: "7" },
    { content: { last_seq: "7" } },
    { content: { last_event_id: 7 } },
    { metadata: "x", seq: null },
    { seq: "7" },
    { content: true },
  ];
  for (const command of cases) assert.equal(readAck(command), undefined, JSON.stringify(command));
});

import assert from "node:assert/strict";
import { encodeFrame, withMark } from "../../src/protocol/codec.ts";
import { maxFrameBytes } from "../../src/protocol/event.ts";
import { events } from "../../src/protocol/schema.ts";
import { byteLength, shrink } from "../../src/protocol/shrink.ts";

type Frame = Record<string, unknown> & { metadata: Record<string, unknown> };

const frame = (parts: Record<string, unknown>) =>
  JSON.stringify({ event: "agent.thinking", session_id: "S1", ...parts, metadata: parts.metadata ?? {} });

/** Shortens, and checks what holds for every result. */
function shrunk(text: string): Frame {
  const short = shrink(text);
  assert.ok(byteLength(short) <= maxFrameBytes, `${byteLength(short)} bytes`);
  assert.ok(short.isWellFormed());
  return JSON.parse(short);
}

const kib = (count: number, piece = "a") => piece.repeat(count * 1024 / piece.length);

Deno.test("The longest string pays first, the others stay whole", () => {
  const text = frame({ content: kib(1200), metadata: { input: kib(20, "b"), tool: "t" } });
  const { content, metadata } = shrunk(text);
  assert.equal(metadata.input, kib(20, "b"));
  assert.match(content as string, /^a+…$/);
  assert.deepEqual([metadata.truncated, metadata.original_bytes, metadata.tool], [
    true,
    byteLength(text),
    "t",
  ]);
});

Deno.test("Strings of the same length pay alike", () => {
  const { content, error } = shrunk(frame({ content: kib(900), error: kib(900) }));
  assert.equal(content, error);
  assert.ok((content as string).length > 400_000);
});

Deno.test("A frame loses little more than it must", () => {
  for (
    const [piece, size] of [["a", 1100], ["字", 500], ["😀", 1200], ["\n", 900], ["\u0000", 300]] as const
  ) {
    const short = shrink(frame({ content: kib(size, piece) }));
    assert.ok(byteLength(short) <= maxFrameBytes && byteLength(short) > maxFrameBytes - 1024, piece);
  }
});

Deno.test("Cuts lie between code points, whatever the text is made of", () => {
  for (const text of ["😀".repeat(400_000), `a${"😀".repeat(400_000)}`, '字😀\u0001"\\'.repeat(150_000)]) {
    const content = shrunk(frame({ content: text })).content as string;
    assert.ok(content.endsWith("…") && content.isWellFormed());
    assert.ok(text.startsWith(content.slice(0, -1)));
  }
});

Deno.test("Escapes count as what they take on the wire, dense at the start or at the end", () => {
  const dense = "\u0000".repeat(150_000);
  const thin = "a".repeat(600_000);
  shrunk(frame({ content: dense + thin }));
  shrunk(frame({ content: thin + dense }));
  shrunk(frame({ content: "\ud800".repeat(300_000) }));
});

Deno.test("Strings deep inside content and metadata are found", () => {
  const messages = Array.from({ length: 5 }, (_, index) => ({ role: "user", content: kib(300, `${index}`) }));
  const { content } = shrunk(frame({ content: { messages, total_messages: 5 } })) as unknown as {
    content: { messages: { role: string; content: string }[]; total_messages: number };
  };
  assert.equal(content.total_messages, 5);
  assert.deepEqual(content.messages.map(({ role }) => role), Array(5).fill("user"));
  assert.ok(content.messages.every((message) => message.content.endsWith("…")));
});

Deno.test("Members keep their order and metadata stays last, so that marks can still be added", () => {
  const text = encodeFrame(
    {
      event: "agent.tool_result",
      session_id: "S1",
      step_id: "s",
      content: kib(1200),
      metadata: { tool: "t" },
    },
    "zh",
    { seq: 1, event_id: "S1~e~1" },
  );
  const names = Object.keys(JSON.parse(text));
  assert.equal(names.at(-1), "metadata");
  assert.deepEqual(names, [
    "event",
    "session_id",
    "step_id",
    "content",
    "show_content",
    "timestamp",
    "seq",
    "event_id",
    "metadata",
  ]);
  const marked = withMark(withMark(text, "replayed"), "resolved");
  const { metadata } = JSON.parse(marked);
  assert.deepEqual([metadata.replayed, metadata.resolved, metadata.truncated], [true, true, true]);
  assert.ok(byteLength(marked) < 1 << 20);
});

Deno.test("What a client needs to go on is never dropped", () => {
  const metadata = {
    rows: Array.from({ length: 300_000 }, (_, index) => index),
    run_id: "run_1",
    terminal: true,
    tool: "t",
    status: "success",
    call_id: "call_1",
  };
  const short = shrunk(frame({ content: "ok", metadata }));
  const { rows: _, ...rest } = short.metadata;
  assert.deepEqual(rest, {
    run_id: "run_1",
    terminal: true,
    tool: "t",
    status: "success",
    call_id: "call_1",
    truncated: true,
    original_bytes: byteLength(frame({ content: "ok", metadata })),
  });
  assert.equal(short.content, "ok");
});

Deno.test("A frame with huge members that are no strings still has the shape of its event", () => {
  const numbers = Array.from({ length: 300_000 }, (_, index) => index);
  const body = (event: string, more: Record<string, unknown>, metadata: Record<string, unknown>) => ({
    event,
    session_id: "S1",
    timestamp: "2025-01-02T03:04:05.678Z",
    ...more,
    metadata,
  });
  const frames = [
    body("agent.tool_call", { step_id: "s", content: "x" }, {
      tool: "t",
      args: { numbers },
      status: "running",
      call_id: "c",
    }),
    body("agent.llm_message", {
      content: {
        messages: Array.from({ length: 30_000 }, () => ({ role: "user", content: "short" })),
        total_messages: 30_000,
      },
    }, { agent_name: "a", agent_state: "IDLE" }),
  ];
  for (const given of frames) {
    const parsed = events.get(given.event)!.safeParse(shrunk(JSON.stringify(given)));
    assert.equal(parsed.success, true, `${given.event}: ${parsed.error?.message}`);
  }
});

/** Runs the shortening in a process of its own, because nothing can interrupt it here. */
async function shortensInTime(expression: string): Promise<string> {
  const code = `
    import { shrink, byteLength } from ${JSON.stringify(import.meta.resolve("../../src/protocol/shrink.ts"))};
    const content = ${expression};
    const text = shrink(JSON.stringify({ event: "shop.rows", session_id: "S1", content, metadata: {} }));
    console.log(byteLength(text));`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  // Hundreds of times what it takes; a second is far too long for a server that serves others meanwhile.
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  const { stdout, success } = await child.output();
  clearTimeout(timer);
  return success ? new TextDecoder().decode(stdout).trim() : "it took more than ten seconds";
}

Deno.test("Content of very many small members is shortened in no time, and fits", async () => {
  for (
    const expression of [
      "Array.from({ length: 150000 }, (_, i) => 100000000 + i)",
      "Array.from({ length: 300000 }, (_, i) => 1000 + i % 9000)",
      "Object.fromEntries(Array.from({ length: 150000 }, (_, i) => ['k' + i, i]))",
    ]
  ) {
    const bytes = await shortensInTime(expression);
    assert.ok(Number(bytes) <= maxFrameBytes, `${expression}: ${bytes}`);
  }
});

Deno.test("A final answer gives up its sentence first, and is not called truncated when that is enough", () => {
  const answer = kib(600);
  const text = encodeFrame(
    { event: "agent.final_answer", session_id: "S1", content: answer, metadata: { terminal: true } },
    "en",
    { seq: 1, event_id: "S1~e~1" },
  );
  const parsed = JSON.parse(text);
  assert.equal(parsed.content, answer);
  assert.equal("show_content" in parsed, false);
  assert.deepEqual(parsed.metadata, { terminal: true });
});

Deno.test("A final answer too long for a frame is cut without its sentence", () => {
  const text = encodeFrame(
    { event: "agent.final_answer", session_id: "S1", content: kib(1200), metadata: { terminal: true } },
    "en",
    { seq: 1, event_id: "S1~e~1" },
  );
  const parsed = JSON.parse(text);
  assert.deepEqual([parsed.metadata.truncated, "show_content" in parsed], [true, false]);
  assert.ok(parsed.content.endsWith("…") && byteLength(text) <= maxFrameBytes);
});

Deno.test("A frame of exactly the limit is left as it is, one byte more is shortened", () => {
  const empty = byteLength(encodeFrame({ event: "agent.partial_answer", content: "" }, "en"));
  const exact = encodeFrame(
    { event: "agent.partial_answer", content: "a".repeat(maxFrameBytes - empty) },
    "en",
  );
  assert.equal(byteLength(exact), maxFrameBytes);
  assert.equal(JSON.parse(exact).metadata.truncated, undefined);
  const over = encodeFrame(
    { event: "agent.partial_answer", content: "a".repeat(maxFrameBytes - empty + 1) },
    "en",
  );
  assert.ok(byteLength(over) <= maxFrameBytes);
  assert.equal(JSON.parse(over).metadata.original_bytes, maxFrameBytes + 1);
});

Deno.test("Metadata of very many members, and names that are huge themselves, are cut as well", () => {
  const many = Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`key${index}`, index]));
  const huge = { ["k".repeat(2 << 20)]: 1 };
  for (const big of [many, huge]) {
    for (const place of [{ metadata: { ...big, run_id: "run_1", terminal: true } }, { content: big }]) {
      const { metadata } = shrunk(frame({ metadata: { run_id: "run_1", terminal: true }, ...place }));
      assert.deepEqual([metadata.run_id, metadata.terminal, metadata.truncated], ["run_1", true, true]);
    }
  }
});

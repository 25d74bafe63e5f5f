/** The agent that the server under test runs: it plays the script of a question and writes what it does to a file. */
import { setTimeout as delay } from "node:timers/promises";
import { createReactAgent, defineTool, type Model } from "../../src/mod.ts";
import { choicesOf, type LedgerLine, scriptOf, toolKinds, type ToolName } from "./script.ts";

const ledger = Deno.env.get("CHAOS_LEDGER")!;

/** One call of the operating system: a kill leaves the whole line or nothing of it. */
function write(line: LedgerLine): void {
  Deno.writeTextFileSync(ledger, `${JSON.stringify(line)}\n`, { append: true });
}

/** What it says depends on the transcript only: a server that was started again goes on with the same script. */
const model: Model = {
  name: "chaos",
  async *stream({ messages, signal }) {
    const asked = messages.findLastIndex(({ role }) => role === "user");
    const question = messages[asked].content;
    const done = messages.slice(asked).filter(({ role }) => role === "assistant").length;
    const { turns, answer, pauseMs } = scriptOf(question);
    const random = choicesOf(`pauses ${question} ${done}`);
    const turn = turns[done];
    for (const text of turn?.pieces ?? answer) {
      await delay(random.int(pauseMs), undefined, { signal });
      yield { type: "text", text };
    }
    for (const { tool, note } of turn?.calls ?? []) {
      yield { type: "call", id: `call ${note}`, name: tool, arguments: JSON.stringify({ note }) };
    }
  },
};

const tools = Object.entries(toolKinds).map(([name, kind]) =>
  defineTool({
    name,
    description: `Tool ${name}`,
    parameters: {
      type: "object",
      properties: { note: { type: "string" }, extra: { type: "string" } },
      required: ["note"],
    },
    ...kind,
    async execute(args, ctx) {
      const { note, extra } = args as { note: string; extra?: string };
      const random = choicesOf(`pauses ${note}`);
      write({ note, key: ctx.idempotencyKey, tool: name as ToolName, ...(extra ? { extra } : {}) });
      ctx.emit("chaos.working", note);
      await delay(random.int(random.pick([20, 300])), undefined, { signal: ctx.signal });
      ctx.emit("chaos.worked", note);
      if (name === "failing") throw new Error(`No luck with ${note}`);
      if (name !== "asking") return `Done ${note}`;
      const { confirmed } = await ctx.confirm(`May ${note} end?`, { note });
      return `${confirmed ? "Confirmed" : "Declined"} ${note}`;
    },
  })
);

const make = (name: string, parallelTools: boolean) =>
  createReactAgent({ name, tools, model, parallelTools });

export const agent = Deno.env.get("CHAOS_PARALLEL") === "true" ? make("chaos", true) : make("chaos", false);

/** The real server for the fuzz: a model that always has an answer, tools of every kind, and a look at its memory. */
import { installGuards } from "../../src/cli/guards.ts";
import { startServer } from "../../src/cli/serve.ts";
import { loadConfig } from "../../src/config.ts";
import { AppError, createReactAgent, defineTool, type Model, type ModelPart } from "../../src/mod.ts";
import { z } from "zod";
import { serveLines } from "../bench/child.ts";
import { define } from "../helpers/server.ts";

const { config } = JSON.parse(Deno.args[0]) as { config: Record<string, unknown> };

/** What the fuzz asks for, and is told. */
export interface ServerState {
  readonly sessions: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  if (signal.aborted) reject(signal.reason);
  return promise;
}

const toolCall = (name: string, args: string): ModelPart => ({
  type: "call",
  id: "call_1",
  name,
  arguments: args,
});

/** What the first word of the question asks for. */
async function* answerTo(question: string, isFirst: boolean, signal: AbortSignal): AsyncGenerator<ModelPart> {
  const [mood] = question.split(" ", 1);
  if (mood === "loop") return yield toolCall("echo", "{}");
  if (isFirst && mood === "tool") return yield toolCall("echo", JSON.stringify({ text: question }));
  if (isFirst && mood === "confirm") return yield toolCall("guarded", JSON.stringify({ path: "notes.txt" }));
  if (isFirst && mood === "emit") return yield toolCall("emit", "{}");
  if (isFirst && mood === "bad") {
    yield { type: "text", text: "I try something" };
    return yield toolCall(
      question.length % 2 ? "guarded" : "missing",
      question.length % 3 ? "{" : '{"path":1}',
    );
  }
  if (mood === "fail") throw new AppError("ERR_EXECUTION_601", "model unreachable");
  if (mood === "throw") throw new TypeError("a fault in the model's code");
  // deno-lint-ignore no-throw-literal -- agents may throw anything, also what cannot be turned into text
  if (mood === "odd") throw Object.create(null);
  if (mood === "hang") await untilAborted(signal);
  if (mood === "long") {
    for (let index = 0; index < 20; index++) {
      await turn();
      signal.throwIfAborted();
      yield { type: "text", text: `piece ${index} ` };
    }
  }
  yield { type: "text", text: question || "nothing" };
}

const model: Model = {
  name: "fuzz",
  stream: ({ messages, signal, tools }) => {
    const asked = messages.findLast(({ role }) => role === "user")!;
    const mood = tools.length === 0 ? `say ${asked.content}` : asked.content;
    return answerTo(mood, messages.at(-1)!.role === "user", signal);
  },
};

const tools = [
  defineTool({ name: "echo", description: "Says it again", execute: (args) => JSON.stringify(args) }),
  defineTool({
    name: "guarded",
    description: "Asks first",
    parameters: z.object({ path: z.string() }),
    userConfirm: true,
    execute: ({ path }) => path,
  }),
  defineTool({
    name: "emit",
    description: "Sends events of its own",
    execute: (_args, ctx) => {
      ctx.emit("fuzz.custom", { a: [1, null, "x"] }, { note: "hello", terminal: true });
      ctx.progress(50);
      return { rows: [1, 2, 3] };
    },
  }),
];

function failOnWish(content: unknown): void {
  if ((content as { explode?: boolean } | undefined)?.explode) throw new Error("hook failed on purpose");
}

/** The most thorough collection: it also gives back the pages that the heap keeps in reserve. */
function collect(): void {
  const { gc } = globalThis as unknown as { gc(how: Record<string, string>): void };
  gc({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** Resident memory without the pages of files, which the kernel drops and reads again as it likes. */
function anonymousBytes(): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1024;
}

async function state(): Promise<ServerState> {
  // The engine keeps the text of the last match, which may be a message of a megabyte.
  /x/.exec("x");
  // Several rounds: what a finaliser lets go of is free only in the next one.
  for (let round = 0; round < 4; round++) {
    collect();
    await turn();
  }
  const { heapUsed } = Deno.memoryUsage();
  return { sessions: running.sessions.size, heapBytes: heapUsed, residentBytes: anonymousBytes() };
}

installGuards({ err: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)) });
const running = await startServer({
  agents: [define(createReactAgent({ name: "fuzz", tools, maxSteps: 4 }), { onSessionInit: failOnWish })],
  config: loadConfig({ host: "127.0.0.1", port: 0, store: "memory:", drainSeconds: 0, ...config }, {}),
  model,
});
await serveLines({ port: running.port }, state);
await running.drain();
Deno.exit(0);

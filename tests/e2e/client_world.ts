/** What the client's end-to-end tests talk to: a real server behind a proxy that cuts, and a ledger of what it did. */
import { createReactAgent, defineTool, type Model, type ModelPart, type ModelRequest } from "myagent";
import { z } from "zod";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { type CutOptions, CuttingProxy } from "./client_proxy.ts";

export interface World extends AsyncDisposable {
  readonly server: TestServer;
  readonly proxy: CuttingProxy;
  /** Questions in the order in which runs asked the model about them. */
  readonly asked: string[];
  /** Files in the order in which the tool deleted them. */
  readonly deleted: string[];
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What the model answers to "stream n". */
export const story = (count: number): string => Array.from({ length: count }, (_, n) => `word${n} `).join("");

/** The model answers by the words of the question: stream, delete, unplug, hang. */
class WordModel implements Model {
  readonly name = "words";
  readonly #asked: string[];

  constructor(asked: string[]) {
    this.#asked = asked;
  }

  async *stream({ messages, signal }: ModelRequest): AsyncGenerator<ModelPart> {
    const last = messages.at(-1)!;
    if (last.role === "tool") return yield { type: "text", text: `The tool said: ${last.content}` };
    this.#asked.push(last.content);
    const [verb, ...values] = last.content.split(" ");
    if (verb === "stream") {
      for (let word = 0; word < Number(values[0]); word++) {
        yield { type: "text", text: `word${word} ` };
        await nextTurn();
      }
    } else if (verb === "hang") {
      yield { type: "text", text: "Wait" };
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    } else {
      yield { type: "text", text: "Let me see. " };
      const call = {
        id: `call_${this.#asked.length}`,
        name: verb,
        arguments: `{"path":"${values[0] ?? ""}"}`,
      };
      yield { type: "call", ...call };
    }
  }
}

export async function openWorld(cuts?: CutOptions): Promise<World> {
  const [asked, deleted]: string[][] = [[], []];
  const parameters = z.object({ path: z.string() });
  const unplug = defineTool({
    name: "unplug",
    description: "Cuts all connections",
    parameters,
    execute: () => {
      proxy.cut();
      return "unplugged";
    },
  });
  const remove = defineTool({
    name: "delete",
    description: "Deletes a file",
    parameters,
    userConfirm: true,
    execute: ({ path }) => {
      deleted.push(path);
      return `${path} is gone`;
    },
  });
  const server = await startTestServer({
    agents: [createReactAgent({ name: "words", tools: [unplug, remove] })],
    model: new WordModel(asked),
    // Many small frames, so that there are many places to cut.
    config: { coalesceMs: 1, coalesceBytes: 32 },
  });
  const proxy = new CuttingProxy(server.running.port, cuts);
  return {
    server,
    proxy,
    asked,
    deleted,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The real server with one agent whose two-step answer comes from a script. Stops when its stdin is closed. */
import { startServer } from "../../src/cli/serve.ts";
import { loadConfig } from "../../src/config.ts";
import { createReactAgent, defineTool, type Model } from "../../src/mod.ts";
import { define } from "../helpers/server.ts";
import { serveLines } from "./child.ts";

interface Options {
  /** Wait between the pieces of an answer, as a real model does; false: as fast as the server takes them. */
  readonly paced: boolean;
  readonly heartbeatSeconds?: number;
}

const { paced, heartbeatSeconds } = JSON.parse(Deno.args[0]) as Options;

/** Twelve pieces of about six words. */
const pieces = Array.from({ length: 12 }, (_, index) => `Piece ${index + 1} of the answer is here. `);

/** Waits 40 to 80 ms: about as long as a large model takes for a few words, never the same for two sessions. */
const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 40 + Math.random() * 40));

/** First a tool call, then an answer in pieces: what it says depends on the transcript only. */
const model: Model = {
  name: "scripted",
  async *stream({ messages }) {
    if (paced) await wait();
    if (messages.at(-1)!.role === "user") {
      yield { type: "call", id: "call_1", name: "lookup", arguments: '{"city":"Oslo"}' };
      return;
    }
    for (const text of pieces) {
      if (paced) await wait();
      yield { type: "text", text };
    }
  },
};

const lookup = defineTool({
  name: "lookup",
  description: "Looks a city up",
  execute: ({ city }) => `${city}: sunny, 21 degrees, wind from the south-west`,
});

const running = await startServer({
  agents: [define(createReactAgent({ name: "bench", tools: [lookup] }))],
  config: loadConfig({
    host: "127.0.0.1",
    port: 0,
    store: "memory:",
    rateLimit: 0,
    drainSeconds: 0,
    heartbeatSeconds,
  }, {}),
  model,
});
await serveLines({ port: running.port }, () => null);
await running.drain();
Deno.exit(0);

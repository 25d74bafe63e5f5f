/** A session without any socket: everything it appends is kept, everything around it can be replaced. */
import { type Config, loadConfig } from "../../src/config.ts";
import type { Agent, AgentOptions, Model, Turn } from "../../src/mod.ts";
import { createReactAgent, ScriptedModel } from "../../src/mod.ts";
import { SessionRegistry } from "../../src/session/registry.ts";
import type { Session } from "../../src/session/session.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { silentLogger } from "../../src/trace/logger.ts";
import { Metrics } from "../../src/trace/metrics.ts";
import type { AnyFrame } from "./client.ts";
import { define } from "./server.ts";

export interface OpenedSession {
  readonly session: Session;
  readonly registry: SessionRegistry;
  readonly model: Model;
  /** Every event of the session so far, parsed. */
  readonly events: AnyFrame[];
  /** Short forms for comparing: the event's name after the dot. */
  names(): string[];
}

export interface OpenSessionOptions {
  agent?: Agent | AgentOptions;
  model?: Model | Turn[];
  config?: Partial<Record<keyof Config, unknown>>;
  store?: Store;
  /** Content of `user.create_session`. */
  content?: unknown;
  language?: "zh" | "en";
}

/** Opens a session and watches it from its first event on. */
export async function openSession(options: OpenSessionOptions = {}): Promise<OpenedSession> {
  const given = options.agent ?? {};
  const agent = "execute" in given ? given : createReactAgent({ name: "tester", ...given });
  const model = Array.isArray(options.model) || options.model === undefined
    ? new ScriptedModel(...options.model ?? [])
    : options.model;
  const config = loadConfig(options.config ?? {}, {});
  let made = 0;
  const registry = new SessionRegistry({
    config,
    store: options.store ?? new MemoryStore(),
    agents: [define(agent)],
    modelFor: () => model,
    metrics: new Metrics(),
    logger: silentLogger,
    newId: () => `${(++made).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
  });
  const session = await registry.create({
    owner: "anonymous",
    language: options.language ?? "zh",
    content: options.content,
  });
  const events: AnyFrame[] = [];
  const sink = {
    deliver: (entry: { frame: string }) => void events.push(JSON.parse(entry.frame)),
    ready: () => undefined,
    fail: () => {},
  };
  session.attach(sink, 0).startLive();
  session.open(undefined, true);
  return {
    session,
    registry,
    model,
    events,
    names: () => events.map(({ event }) => event.replace(/^agent\./, "")),
  };
}

/** The native dialect without sockets: a server made of its sessions only, and connections that keep what they get. */
import type { CloseReason } from "../../src/errors.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { openNative } from "../../src/dialect/native.ts";
import type { Conversation, Peer } from "../../src/dialect/dialect.ts";
import type { AgentDefinition } from "../../src/isolation/host.ts";
import { createReactAgent, ScriptedModel, type Turn } from "../../src/mod.ts";
import type { Session } from "../../src/session/session.ts";
import { SessionRegistry } from "../../src/session/registry.ts";
import { randomKey } from "../../src/session/state_keys.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { silentLogger } from "../../src/trace/logger.ts";
import { Metrics } from "../../src/trace/metrics.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { define } from "../helpers/server.ts";

/** A connection without a socket: what the dialect sends is kept, what it is told is handled one after the other. */
export class FakePeer implements Peer {
  readonly connectionId = crypto.randomUUID();
  readonly principal: string;
  readonly frames: AnyFrame[] = [];
  readonly closes: CloseReason[] = [];
  readonly conversation: Conversation;
  /** Set: the peer takes nothing until it is resolved. */
  blocked: Promise<void> | undefined;

  constructor(server: FakeServer, principal = "anonymous") {
    this.principal = principal;
    this.conversation = openNative(this, server.services);
  }

  send(frame: string): void {
    this.frames.push(JSON.parse(frame));
  }

  ready(): Promise<void> | undefined {
    return this.blocked;
  }

  close(reason: CloseReason): void {
    this.closes.push(reason);
    this.conversation.close();
  }

  /** Sends a command and waits until it is carried out; gives the frames that came meanwhile. */
  async say(message: unknown): Promise<AnyFrame[]> {
    const from = this.frames.length;
    await this.conversation.read(typeof message === "string" ? message : JSON.stringify(message)).handle();
    await settle();
    return this.frames.slice(from);
  }

  async create(content?: unknown): Promise<string> {
    const frames = await this.say({ event: "user.create_session", content });
    return frames.find(({ event }) => event === "agent.session_created")!.session_id;
  }
}

interface Given {
  config?: Partial<Record<keyof Config, unknown>>;
  turns?: Turn[];
  tools?: Parameters<typeof createReactAgent>[0]["tools"];
  hooks?: AgentDefinition["hooks"];
  store?: MemoryStore;
}

export class FakeServer {
  readonly sessions: SessionRegistry;
  readonly services: Parameters<typeof openNative>[1];

  constructor({ config = {}, turns = [], tools = [], hooks, store = new MemoryStore() }: Given = {}) {
    const model = new ScriptedModel(...turns);
    const metrics = new Metrics();
    const settings = loadConfig(config, {});
    this.sessions = new SessionRegistry({
      config: settings,
      store,
      agents: [define(createReactAgent({ name: "tester", tools }), hooks)],
      modelFor: () => model,
      metrics,
      logger: silentLogger,
    });
    this.services = {
      config: settings,
      sessions: this.sessions,
      metrics,
      logger: silentLogger,
      state: { keys: [randomKey()], audience: "test" },
      startedAt: Date.now(),
    };
  }

  connect(principal?: string): FakePeer {
    return new FakePeer(this, principal);
  }

  find(id: string): Session {
    const session = this.sessions.peek(id, "anonymous");
    if (!session) throw new Error(`There is no session ${id}`);
    return session;
  }
}

/** Real turns of the event loop: everything gets on that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** One run to its end; gives the frames until its start. */
export async function ask(server: FakeServer, peer: FakePeer, session_id: string): Promise<AnyFrame[]> {
  const frames = await peer.say({ event: "user.message", session_id, content: "go" });
  await server.find(session_id).idle();
  await settle();
  return frames;
}

/** What the frames say they are. */
export const names = (frames: readonly AnyFrame[]): string[] =>
  frames.map(({ event, metadata }) => metadata.action ?? event);
/** Their numbers, where they have one. */
export const numbers = (frames: readonly AnyFrame[]): number[] => frames.flatMap(({ seq }) => seq ?? []);

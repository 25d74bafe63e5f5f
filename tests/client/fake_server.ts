/** The other end of a client's sockets, played by a test: nothing happens on it by itself. */
import type { ClientSession, ConnectOptions, MyAgentClient, SessionEvent } from "../../src/client/client.ts";
import { connect } from "../../src/client/client.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { type FakeTime, fakeTime } from "../helpers/fake_time.ts";

/** One socket, from the server's side. */
export class Peer {
  readyState = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  readonly url: string;
  /** Everything the client has sent. */
  readonly received: AnyFrame[] = [];
  /** Goodbyes of the client. */
  readonly goodbyes: { code?: number; reason?: string }[] = [];

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    if (this.readyState !== 1) throw new Error("The socket is not open");
    this.received.push(JSON.parse(text));
  }

  close(code?: number, reason?: string): void {
    this.goodbyes.push({ code, reason });
    this.readyState = 2;
  }

  /** Accepts the connection and greets. */
  open(heartbeatSeconds = 30): this {
    this.readyState = 1;
    return this.give({
      event: "system.connected",
      metadata: { heartbeat_interval_seconds: heartbeatSeconds, auth_required: false },
    });
  }

  /** Sends frames; all in one turn, as some sockets hand them out. */
  give(...frames: AnyFrame[]): this {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify({ metadata: {}, ...frame }) });
    return this;
  }

  /** Closes the socket from this side; without a code as a broken network does. */
  end(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** What the client has sent of one kind. */
  commands(event: string): AnyFrame[] {
    return this.received.filter((frame) => frame.event === event);
  }

  /** The newest command of one kind. */
  command(event: string): AnyFrame {
    const found = this.commands(event).at(-1);
    if (!found) throw new Error(`The client has sent no ${event}: ${JSON.stringify(this.received)}`);
    return found;
  }

  /** Answers the newest `user.reconnect`: the position is good, these events were missed. */
  resume(events: AnyFrame[] = [], to = events.at(-1)?.seq ?? 0): this {
    const { session_id, message_id } = this.command("user.reconnect");
    const reply_to = message_id;
    return this.give(
      confirmation(session_id, { recovered: true, latest_seq: to, reply_to }),
      ...events.map((event) => ({ ...event, metadata: { ...event.metadata, replayed: true } })),
      {
        ...direct("system.notice", "", { action: "replay", replayed: events.length, to_seq: to, reply_to }),
        session_id,
      },
    );
  }

  /** Answers the newest `user.reconnect`: the position is lost, this is what there is. */
  resumeLost(
    latest: number,
    messages: unknown[],
    more: { standing?: AnyFrame; snapshot?: AnyFrame; offers?: AnyFrame[] } = {},
  ): this {
    const { session_id, message_id } = this.command("user.reconnect");
    const standing = { recovered: false, reason: "position_too_old", latest_seq: latest, ...more.standing };
    const content = { messages, total_messages: messages.length };
    return this.give(
      confirmation(session_id, { ...standing, reply_to: message_id }),
      direct("agent.llm_message", content, { snapshot: true, agent_name: "a", ...more.snapshot }),
      ...more.offers ?? [],
      direct("system.notice", "", { action: "replay", replayed: 0, to_seq: latest, reply_to: message_id }),
    );
  }
}

function confirmation(session_id: string, metadata: AnyFrame): AnyFrame {
  const standing = { reconnected: true, epoch: "e1", oldest_seq: 1, state: "IDLE", open_confirmations: 0 };
  return { event: "agent.session_created", session_id, content: "", metadata: { ...standing, ...metadata } };
}

/** An event of session S1. */
export function event(seq: number, name: string, content: unknown = "", metadata: AnyFrame = {}): AnyFrame {
  return { event: name, session_id: "S1", seq, event_id: `S1~e1~${seq}`, content, metadata };
}

/** A frame about session S1 that is in no log. */
export function direct(name: string, content: unknown = "", metadata: AnyFrame = {}): AnyFrame {
  return { event: name, session_id: "S1", content, metadata };
}

/** First event of a run. */
export function begin(seq: number, messageId: string, runId = "run_1"): AnyFrame {
  return event(seq, "agent.thinking", "", { step: 0, stage: "start", message_id: messageId, run_id: runId });
}

/** A piece of an answer. */
export function piece(seq: number, content: string, more: AnyFrame = {}): AnyFrame {
  const metadata = { is_final: false, stream_id: "st_1", run_id: "run_1", ...more };
  return event(seq, "agent.partial_answer", content, metadata);
}

/** Last event of a run. */
export function answer(seq: number, content: string, runId = "run_1"): AnyFrame {
  return event(seq, "agent.final_answer", content, { run_id: runId, terminal: true });
}

/** A question about a tool call. */
export function question(seq: number, stepId: string, metadata: AnyFrame = {}): AnyFrame {
  return { ...event(seq, "agent.user_confirm", "Allow?", { scope: "tool", ...metadata }), step_id: stepId };
}

/** A client, the sockets it has opened, and a time that stands still. */
export class Scene implements Disposable {
  readonly time: FakeTime = fakeTime();
  readonly peers: Peer[] = [];
  readonly client: MyAgentClient;
  /** What `random` gives. */
  chance = 0.5;
  /** What was read from sessions by `follow`. */
  readonly seen: SessionEvent[] = [];

  constructor(options: ConnectOptions & { url?: Parameters<typeof connect>[0] } = {}) {
    const peers = this.peers;
    class TestSocket extends Peer {
      constructor(url: string) {
        super(url);
        peers.push(this);
      }
    }
    const { url = "ws://test/", ...rest } = options;
    this.client = connect(url, { WebSocket: TestSocket, random: () => this.chance, ...rest });
  }

  /** The newest socket. */
  get peer(): Peer {
    return this.peers.at(-1)!;
  }

  /** Session S1, made over the first connection; its two first events are read. */
  async session(): Promise<ClientSession> {
    const creating = this.client.createSession();
    this.peer.open();
    this.peer.give(event(1, "agent.session_created", "", { agent_name: "a", epoch: "e1" }));
    this.peer.give(event(2, "agent.ready", "", { state: "IDLE" }));
    return await creating;
  }

  /** Reads everything a session gives. */
  follow(session: ClientSession): Promise<void> {
    return (async () => {
      for await (const event of session.events) this.seen.push(event);
    })();
  }

  /** Numbers of the log's events that were read. */
  get numbers(): (number | undefined)[] {
    return this.seen.map((event) => event.event === "snapshot" ? undefined : event.seq)
      .filter((seq) => seq !== undefined);
  }

  /** Loses the connection, and waits until the next one is tried. */
  async lose(code?: number, reason?: string): Promise<Peer> {
    this.peer.end(code, reason);
    const { state } = this.client;
    if (state.phase !== "reconnecting") throw new Error(`The client does not come back: ${state.phase}`);
    await this.time.pass(state.delayMs);
    return this.peer;
  }

  [Symbol.dispose](): void {
    void this.client.close();
    this.time[Symbol.dispose]();
  }
}

/** All sessions of this process: made, found by their owners, put away, and ended when nobody comes back. */
import { describeCause } from "../errors.ts";
import type { AgentDefinition } from "../isolation/host.ts";
import { refuse } from "../protocol/texts.ts";
import { type MakerParts, SessionMaker, type Wish } from "./maker.ts";
import type { EndReason, Session } from "./session.ts";

/** How long the id of an ended session answers "Session is closed". */
const tombstoneMs = 600_000;
/** Rows a sweep looks at in the store before other work gets its turn. */
const sweepRows = 100;

export class SessionRegistry {
  readonly #parts: MakerParts;
  readonly #maker: SessionMaker;
  readonly #sessions = new Map<string, Session>();
  /** Sessions that are being read back. */
  readonly #loading = new Map<string, Promise<Session | undefined>>();
  #creating = 0;
  #sweeping = false;
  /** True when this process lets go of its sessions: none is made or read back any more. */
  #closing = false;

  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.#maker = new SessionMaker(parts);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** True when sessions survive this process. */
  get durable(): boolean {
    return this.#parts.store.durable;
  }

  /** Agents of new sessions; those that exist keep theirs. */
  setAgents(agents: readonly AgentDefinition[]): void {
    this.#maker.setAgents(agents);
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  /**
   * Makes a session; its first events are sent by `session.open`.
   *
   * @throws AppError over the limit, for an unknown agent, or when hook or factory fail
   */
  async create(wish: Wish): Promise<Session> {
    this.#assertOpen();
    const { maxSessions } = this.#parts.config;
    if (this.#sessions.size + this.#creating >= maxSessions) {
      throw refuse("tooManySessions", `this server holds ${maxSessions}`);
    }
    this.#creating++;
    try {
      const session = await this.#maker.make(wish);
      this.#sessions.set(session.id, session);
      this.#parts.logger.debug("Session created", { session: session.id, agent: session.agent.name });
      return session;
    } finally {
      this.#creating--;
    }
  }

  /** Makes a session of an exported state; hooks do not run again. @throws AppError as `create` does */
  restore(wish: Wish): Promise<Session> {
    return this.create({ ...wish, restored: true });
  }

  /**
   * The session for its owner; one that was put away is read back.
   *
   * @throws AppError "Session not found", the same for an unknown id and for one of another principal, or
   *   "Session is closed"
   */
  async find(id: string, owner: string): Promise<Session> {
    this.#assertOpen();
    const session = this.#sessions.get(id) ?? await this.#load(id);
    if (session?.record.owner === owner) {
      if (session.state === "CLOSED") throw refuse("sessionClosed");
      return session;
    }
    const ended = await this.#parts.store.ended(id);
    if (ended?.owner === owner && Date.now() - ended.at < tombstoneMs) throw refuse("sessionClosed");
    throw refuse("sessionNotFound");
  }

  /** A session that is at hand, for its owner. */
  peek(id: string, owner: string): Session | undefined {
    const session = this.#sessions.get(id);
    return session?.record.owner === owner ? session : undefined;
  }

  /** Goes on with the runs that a stop of the server has cut off. Called once, before anybody can connect. */
  async recover(): Promise<void> {
    if (!this.durable) return;
    for (let after = "";;) {
      const found = await this.#parts.store.list({ after, limit: sweepRows, running: true });
      if (found.length === 0) return;
      for (const { record } of found) {
        after = record.id;
        await this.#load(record.id).catch((cause) =>
          this.#parts.logger.error(`Cannot go on with a run: ${describeCause(cause)}`, { session: record.id })
        );
      }
    }
  }

  /** Puts away or ends sessions that nobody came back to, and forgets old ids. Called about once a second. */
  async sweep(): Promise<void> {
    if (this.#sweeping || this.#closing) return;
    this.#sweeping = true;
    try {
      const now = Date.now();
      const { graceSeconds, sessionTtlHours } = this.#parts.config;
      const ttlMs = sessionTtlHours * 3_600_000;
      const idle = [...this.#sessions.values()].filter((session) =>
        session.state === "CLOSED" || now - session.activeAt >= ttlMs ||
        (session.attached === 0 && now - session.activeAt >= graceSeconds * 1000)
      );
      await Promise.all(idle.map((session) => this.#retire(session, now - session.activeAt >= ttlMs)));
      if (this.durable) await this.#expireStored(now - ttlMs, now);
      await this.#parts.store.forget(now - tombstoneMs, sweepRows);
    } catch (cause) {
      this.#parts.logger.warn(`Cannot sweep sessions: ${describeCause(cause)}`);
    } finally {
      this.#sweeping = false;
    }
  }

  /** Ends one session and drops what is held of it. */
  async end(session: Session, reason: EndReason): Promise<void> {
    try {
      await session.end(reason);
      if (!this.#sessions.delete(session.id)) return;
      await this.#parts.store.end(session.id, session.fence, Date.now());
    } catch (cause) {
      this.#sessions.delete(session.id);
      const { logger } = this.#parts;
      logger.warn(`Session ended without its last event: ${describeCause(cause)}`, { session: session.id });
    }
    this.#parts.logger.debug("Session ended", { session: session.id, reason });
  }

  /** From now on commands are told that the server is closing their connection. */
  close(): void {
    this.#closing = true;
  }

  /** Before a restart: every run stops without a word, everything is stored. */
  async suspend(): Promise<void> {
    this.close();
    await Promise.all([...this.#sessions.values()].map((session) => session.suspend().catch(() => {})));
  }

  #assertOpen(): void {
    if (this.#closing) throw refuse("closing", this.durable ? "restart" : "shutdown");
  }

  async #retire(session: Session, isExpired: boolean): Promise<void> {
    if (!this.durable || isExpired) return await this.end(session, "expired");
    // It stays attachable: the next command that names it waits until it is put away, and reads it back.
    const { id } = session;
    const away = session.suspend().finally(() => this.#loading.delete(id));
    this.#loading.set(id, away.then(() => this.#read(id)));
    this.#sessions.delete(id);
    await away;
    await this.#parts.store.touch(id, session.activeAt);
    this.#parts.logger.debug("Session put away", { session: session.id });
  }

  async #expireStored(before: number, now: number): Promise<void> {
    for (const id of await this.#parts.store.expired(before, sweepRows)) {
      if (this.#sessions.has(id) || this.#loading.has(id)) continue;
      const fence = await this.#parts.store.claim(id);
      if (fence !== null) await this.#parts.store.end(id, fence, now);
    }
  }

  #load(id: string): Promise<Session | undefined> {
    if (!this.durable) return Promise.resolve(undefined);
    const loading = this.#loading.get(id) ?? this.#read(id).finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
    return loading;
  }

  async #read(id: string): Promise<Session | undefined> {
    const stored = await this.#parts.store.load(id);
    const session = stored && await this.#maker.revive(stored);
    if (!session) return undefined;
    // Nobody would suspend what comes back while the process lets go of its sessions.
    this.#assertOpen();
    await session.recover();
    if (this.#closing) await session.suspend();
    this.#sessions.set(id, session);
    this.#parts.logger.debug("Session read back", { session: id });
    return session;
  }
}

/** All sessions of this process: made, found by their owners, and ended when nobody comes back. */
import { AppError, describeCause } from "../errors.ts";
import type { Config, Language } from "../config.ts";
import { type AgentDefinition, type AgentHost, openInProcess } from "../isolation/host.ts";
import type { Model, ModelSettings } from "../model/model.ts";
import { refuse } from "../protocol/texts.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../trace/logger.ts";
import type { Metrics } from "../trace/metrics.ts";
import type { EffectiveSettings } from "./run_host.ts";
import { type EndReason, Session } from "./session.ts";

export interface RegistryParts {
  readonly config: Config;
  readonly store: Store;
  /** The first is the default. */
  readonly agents: readonly AgentDefinition[];
  /** The model of an agent: its own settings over the server's. */
  modelFor(own: Model | ModelSettings | undefined): Model;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Makes a random UUID. Default: crypto.randomUUID */
  readonly newId?: () => string;
}

export interface Wish {
  readonly owner: string;
  /** Name of the agent; default: the first. */
  readonly agent?: string;
  readonly language: Language;
  /** The content of `user.create_session`, for the hook and the session's values. */
  readonly content?: unknown;
}

/** How long the id of an ended session answers "Session is closed". */
const tombstoneMs = 600_000;
const maxTombstones = 100_000;

export class SessionRegistry {
  readonly #parts: RegistryParts;
  readonly #newId: () => string;
  readonly #sessions = new Map<string, Session>();
  /** Ended sessions: id → owner and time, oldest first. */
  readonly #ended = new Map<string, { owner: string; at: number }>();
  #agents: readonly AgentDefinition[];
  #creating = 0;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#agents = parts.agents;
    this.#newId = parts.newId ?? (() => crypto.randomUUID());
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Agents of new sessions; those that exist keep theirs. */
  setAgents(agents: readonly AgentDefinition[]): void {
    this.#agents = agents;
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
    const { maxSessions } = this.#parts.config;
    if (this.#sessions.size + this.#creating >= maxSessions) {
      throw refuse("tooManySessions", `this server holds ${maxSessions}`);
    }
    this.#creating++;
    try {
      return await this.#make(wish);
    } finally {
      this.#creating--;
    }
  }

  /**
   * The session for its owner.
   *
   * @throws AppError "Session not found", the same for an unknown id and for one of another principal, or
   *   "Session is closed"
   */
  find(id: string, owner: string): Session {
    const session = this.#sessions.get(id);
    if (session?.record.owner === owner) {
      if (session.state === "CLOSED") throw refuse("sessionClosed");
      return session;
    }
    if (this.#ended.get(id)?.owner === owner) throw refuse("sessionClosed");
    throw refuse("sessionNotFound");
  }

  /** Ends sessions that nobody came back to, and forgets old ids. Called about once a second. */
  async sweep(): Promise<void> {
    const now = Date.now();
    const { graceSeconds, sessionTtlHours } = this.#parts.config;
    const expired = [...this.#sessions.values()].filter((session) => {
      const idleMs = now - session.activeAt;
      if (session.state === "CLOSED") return true;
      return idleMs >= sessionTtlHours * 3_600_000 ||
        (session.attached === 0 && idleMs >= graceSeconds * 1000);
    });
    await Promise.all(expired.map((session) => this.end(session, "expired")));
    for (const [id, { at }] of this.#ended) {
      if (now - at < tombstoneMs && this.#ended.size <= maxTombstones) break;
      this.#ended.delete(id);
    }
  }

  /** Ends one session and drops what is held of it. */
  async end(session: Session, reason: EndReason): Promise<void> {
    try {
      await session.end(reason);
    } catch (cause) {
      this.#parts.logger.warn(`Session ended without its last event: ${describeCause(cause)}`, {
        session: session.id,
      });
    }
    if (!this.#sessions.delete(session.id)) return;
    this.#ended.set(session.id, { owner: session.record.owner, at: Date.now() });
    this.#parts.logger.debug("Session ended", { session: session.id, reason });
    try {
      await this.#parts.store.remove(session.id);
    } catch (cause) {
      this.#parts.logger.warn(`Cannot remove a session: ${describeCause(cause)}`, { session: session.id });
    }
  }

  async #make(wish: Wish): Promise<Session> {
    const definition = this.#definition(wish.agent);
    const id = this.#newId();
    const { content, language } = wish;
    const values: Record<string, unknown> = typeof content === "object" && content !== null
      ? { ...content }
      : {};
    const { agent, model } = await this.#prepare(definition, content, values);
    const { config, store, metrics, logger } = this.#parts;
    const record = {
      id,
      epoch: this.#newId().slice(0, 8),
      owner: wish.owner,
      agent: agent.name,
      language,
      createdAt: Date.now(),
    };
    const fence = await store.create(record);
    const session = new Session({
      record,
      fence,
      store,
      agent,
      model,
      settings: { ...effective(config), ...agent.settings },
      limits: config,
      values,
      metrics,
      logger,
      newId: this.#newId,
    });
    this.#sessions.set(id, session);
    logger.debug("Session created", { session: id, agent: agent.name });
    return session;
  }

  /** Agent and model of a new session: all that may fail comes before anything is stored. */
  async #prepare(
    definition: AgentDefinition,
    content: unknown,
    values: Record<string, unknown>,
  ): Promise<{ agent: AgentHost; model: Model }> {
    try {
      const agent = await openInProcess(definition, content, values);
      return { agent, model: this.#parts.modelFor(agent.model) };
    } catch (cause) {
      this.#parts.logger.warn(`Cannot make an agent: ${describeCause(cause)}`, { agent: definition.name });
      const reason = cause instanceof AppError
        ? cause.message
        : `agent "${definition.name}" could not be made`;
      throw refuse("createFailed", reason);
    }
  }

  #definition(name: string | undefined): AgentDefinition {
    const found = name === undefined ? this.#agents[0] : this.#agents.find((agent) => agent.name === name);
    if (found) return found;
    const names = this.#agents.map((agent) => agent.name).join(", ");
    throw refuse("unknownAgent", `there is no agent "${name}" here (there are: ${names})`);
  }
}

function effective(config: Config): EffectiveSettings {
  const { busy, runTimeoutSeconds, confirmTimeoutSeconds, maxRetryAttempts, retryDelaySeconds } = config;
  const { answerStream, cancelWaitSeconds, coalesceMs, coalesceBytes, sendLlmMessage } = config;
  return {
    busy,
    runTimeoutSeconds,
    confirmTimeoutSeconds,
    maxRetryAttempts,
    retryDelaySeconds,
    answerStream,
    cancelWaitSeconds,
    coalesceMs,
    coalesceBytes,
    sendLlmMessage,
  };
}

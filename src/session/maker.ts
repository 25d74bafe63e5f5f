/** How a session comes to be: made anew for a wish, or read back from the store. */
import { AppError, describeCause } from "../errors.ts";
import type { Config, Language } from "../config.ts";
import { type AgentDefinition, type AgentHost, missingAgent, openInProcess } from "../isolation/host.ts";
import type { Model, ModelSettings } from "../model/model.ts";
import { refuse } from "../protocol/texts.ts";
import type { SessionRecord, Store, StoredSession } from "../store/store.ts";
import type { Logger } from "../trace/logger.ts";
import type { Metrics } from "../trace/metrics.ts";
import type { EffectiveSettings } from "./run_host.ts";
import { Session } from "./session.ts";

export interface MakerParts {
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
  /** True when `content` are values the hook has made already. */
  readonly restored?: boolean;
}

export class SessionMaker {
  readonly #parts: MakerParts;
  readonly #newId: () => string;
  #agents: readonly AgentDefinition[];

  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.#agents = parts.agents;
    this.#newId = parts.newId ?? (() => crypto.randomUUID());
  }

  /** Agents of new sessions; those that exist keep theirs. */
  setAgents(agents: readonly AgentDefinition[]): void {
    this.#agents = agents;
  }

  /** @throws AppError for an unknown agent, or when hook, factory or model fail: all before anything is stored */
  async make(wish: Wish): Promise<Session> {
    const definition = this.#definition(wish.agent);
    const { content, language, owner } = wish;
    const isObject = typeof content === "object" && content !== null;
    const values: Record<string, unknown> = isObject ? { ...content } : {};
    const used = wish.restored ? { ...definition, hooks: {} } : definition;
    const { agent, model } = await this.#prepare(used, content, values);
    const id = this.#newId();
    const epoch = this.#newId().slice(0, 8);
    const record = { id, epoch, owner, agent: agent.name, language, createdAt: Date.now() };
    const fence = await this.#parts.store.create(record);
    return this.#session(record, fence, { agent, model }, values);
  }

  /**
   * Makes a session of what was stored, and takes its log over.
   *
   * @throws AppError when its agent cannot be made any more; the stored session stays as it is
   */
  async revive(stored: StoredSession): Promise<Session | undefined> {
    const { record } = stored;
    const definition = this.#agents.find(({ name }) => name === record.agent);
    const values = { ...stored.values };
    // The hook has already done its work: what it left is in the stored values.
    const parts = definition
      ? await this.#prepare({ ...definition, hooks: {} }, undefined, values)
      : { agent: missingAgent(record.agent), model: this.#parts.modelFor(undefined) };
    const fence = await this.#parts.store.claim(record.id);
    return fence === null ? undefined : this.#session(record, fence, parts, values, stored);
  }

  #session(
    record: SessionRecord,
    fence: number,
    { agent, model }: { agent: AgentHost; model: Model },
    values: Record<string, unknown>,
    stored?: StoredSession,
  ): Session {
    const { config, store, metrics, logger } = this.#parts;
    return new Session({
      record,
      fence,
      store,
      agent,
      model,
      settings: { ...effective(config), ...agent.settings },
      limits: limitsOf(config, store),
      values,
      metrics,
      logger,
      newId: this.#newId,
      stored,
    });
  }

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

/** A durable log may be longer than one that lives in memory (protocol.md §14). */
function limitsOf(config: Config, { durable }: Store) {
  const { maxAttachmentsPerSession } = config;
  const factor = durable ? 10 : 1;
  return {
    maxAttachmentsPerSession,
    logMaxEvents: config.logMaxEvents * factor,
    logMaxBytes: config.logMaxBytes * (durable ? 8 : 1),
  };
}

function effective(config: Config): EffectiveSettings {
  const { busy, runTimeoutSeconds, confirmTimeoutSeconds, maxRetryAttempts, retryDelaySeconds, resume } =
    config;
  const { answerStream, cancelWaitSeconds, coalesceMs, coalesceBytes, sendLlmMessage } = config;
  return {
    busy,
    resume,
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

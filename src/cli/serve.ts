/** The composition root: the one file that puts a store, models, agents, sessions and the gateway together. */
import type { Config } from "../config.ts";
import { servePage } from "../console/page.ts";
import { openNative } from "../dialect/native.ts";
import { Gateway } from "../gateway/gateway.ts";
import { listenNative } from "../gateway/native_socket.ts";
import type { Door, Listener } from "../gateway/socket.ts";
import { listenWs } from "../gateway/ws_socket.ts";
import type { AgentDefinition } from "../isolation/host.ts";
import type { Model } from "../model/model.ts";
import { chooseModel, toModel } from "../model/open.ts";
import { SessionRegistry } from "../session/registry.ts";
import { randomKey, stateKeys } from "../session/state_keys.ts";
import { openStore } from "../store/open.ts";
import { openLogger } from "../trace/logger.ts";
import { Metrics } from "../trace/metrics.ts";

export interface ServeOptions {
  /** The first is the default agent. */
  readonly agents: readonly AgentDefinition[];
  readonly config: Config;
  /** Answers instead of the configured model: for tests. */
  readonly model?: Model;
}

/** A server that listens. */
export interface RunningServer {
  readonly hostname: string;
  readonly port: number;
  readonly modelName: string;
  /** True when the offline demo model answers. */
  readonly demo: boolean;
  readonly storeName: string;
  /** True when exported states cannot be restored after a restart. */
  readonly hasRandomStateKey: boolean;
  readonly sessions: SessionRegistry;
  readonly metrics: Metrics;
  /** Agents of new sessions from now on. */
  setAgents(agents: readonly AgentDefinition[]): void;
  /** Says goodbye to all and stops; resolves when everything is closed. */
  drain(): Promise<void>;
  /** Resolves when the server has stopped, for whatever reason. */
  readonly finished: Promise<void>;
}

/** Sessions that nobody came back to are looked for this often. */
const sweepMs = 1000;

/**
 * Starts a server.
 *
 * @throws an operating system error when it cannot listen; AppError when the model cannot be used
 */
export async function startServer({ agents, config, model }: ServeOptions): Promise<RunningServer> {
  const logger = openLogger(config.debug);
  const chosen = model ?? chooseModel(config);
  const store = await openStore(config);
  const metrics = new Metrics();
  const sessions = new SessionRegistry({
    config,
    store,
    agents,
    modelFor: (own) => model ?? toModel(own, chosen, config),
    metrics,
    logger,
  });
  const configured = stateKeys(config.stateSecretKey ?? []);
  const state = { keys: configured.length ? configured : [randomKey()], audience: config.stateAudience };
  const services = { config, sessions, metrics, logger, state, startedAt: Date.now() };
  const gateway = new Gateway({ ...services, openNative, page: servePage });
  await sessions.recover();
  const listeners = await listen(gateway, config).catch(async (cause) => {
    await store[Symbol.asyncDispose]();
    throw cause;
  });
  const sweeper = setInterval(() => void sessions.sweep(), sweepMs);
  const finished = Promise.all(listeners.map((listener) => listener.finished)).then(() => {});
  const drain = once(async () => {
    await gateway.drain();
    clearInterval(sweeper);
    await Promise.all(listeners.map((listener) => listener.shutdown()));
    await store[Symbol.asyncDispose]();
  });
  const { hostname, port } = listeners[0];
  return {
    hostname,
    port,
    modelName: chosen.name,
    demo: chosen.demo ?? false,
    storeName: store.name,
    hasRandomStateKey: configured.length === 0,
    sessions,
    metrics,
    setAgents: (list) => sessions.setAgents(list),
    drain,
    finished,
  };
}

function once<T>(action: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => result ??= action();
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** Opens the main listener and the optional ones; when one fails, those already open are closed again. */
async function listen(gateway: Gateway, config: Config): Promise<Listener[]> {
  const { host, port, tracePort, healthPort, idleTimeoutSeconds } = config;
  // Natively one huge fragmented message ends the process: strangers get the transport that caps messages.
  const isNative = config.transport === "native" || (config.transport === "auto" && loopback.test(host));
  const open: Listener[] = [];
  const serve = async (port: number, door: Door = gateway, hostname = host) => {
    const options = { hostname, port, idleTimeoutSeconds };
    open.push(isNative ? listenNative(door, options) : await listenWs(door, options));
  };
  try {
    await serve(port);
    // Clients may take "localhost" for ::1 first; where there is no such address, the first listener is enough.
    if (host === "localhost") await serve(open[0].port, gateway, "::1").catch(() => {});
    if (tracePort !== undefined) await serve(tracePort);
    if (healthPort !== undefined) await serve(healthPort, gateway.healthDoor);
    return open;
  } catch (cause) {
    await Promise.all(open.map((listener) => listener.shutdown()));
    throw cause;
  }
}

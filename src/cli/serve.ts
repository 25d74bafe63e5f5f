/** The composition root: the one file that puts a store, models, agents, sessions and the gateway together. */
import type { Config } from "../config.ts";
import { servePage } from "../console/page.ts";
import { openNative } from "../dialect/native.ts";
import { Gateway } from "../gateway/gateway.ts";
import type { AgentDefinition } from "../isolation/host.ts";
import type { Model } from "../model/model.ts";
import { chooseModel, toModel } from "../model/open.ts";
import { SessionRegistry } from "../session/registry.ts";
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
 * @throws Deno.errors.AddrInUse and the like when it cannot listen; AppError when the model cannot be used
 */
export async function startServer({ agents, config, model }: ServeOptions): Promise<RunningServer> {
  const logger = openLogger(config.debug);
  const chosen = model ?? chooseModel(config);
  const store = openStore(config.store);
  const metrics = new Metrics();
  const sessions = new SessionRegistry({
    config,
    store,
    agents,
    modelFor: (own) => model ?? toModel(own, chosen, config),
    metrics,
    logger,
  });
  const services = { config, sessions, metrics, logger, startedAt: Date.now() };
  const gateway = new Gateway({ ...services, openNative, page: servePage });
  const listeners = await listen(gateway, config);
  const sweeper = setInterval(() => void sessions.sweep(), sweepMs);
  const finished = Promise.all(listeners.map((listener) => listener.finished)).then(() => {});
  const drain = once(async () => {
    await gateway.drain();
    clearInterval(sweeper);
    await Promise.all(listeners.map((listener) => listener.shutdown()));
    await store[Symbol.asyncDispose]();
  });
  const { hostname, port } = listeners[0].addr as Deno.NetAddr;
  return {
    hostname,
    port,
    modelName: chosen.name,
    demo: chosen.demo ?? false,
    storeName: store.name,
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

type Handler = (request: Request) => Response | Promise<Response>;

/** Opens the main listener and the optional ones; when one fails, those already open are closed again. */
async function listen(gateway: Gateway, config: Config): Promise<Deno.HttpServer[]> {
  const { host: hostname, port, tracePort, healthPort } = config;
  const open: Deno.HttpServer[] = [];
  const serve = (where: { hostname: string; port: number }, handler: Handler) => {
    const server = Deno.serve({ ...where, onListen: () => {}, onError: () => serverError() }, handler);
    open.push(server);
    return server;
  };
  try {
    const main = serve({ hostname, port }, gateway.fetch);
    // Clients may take "localhost" for ::1 first; where there is no such address, the first listener is enough.
    if (hostname === "localhost") listenOnIpv6((main.addr as Deno.NetAddr).port, serve, gateway.fetch);
    if (tracePort !== undefined) serve({ hostname, port: tracePort }, gateway.fetch);
    if (healthPort !== undefined) serve({ hostname, port: healthPort }, gateway.fetchHealth);
    return open;
  } catch (cause) {
    await Promise.all(open.map((server) => server.shutdown()));
    throw cause;
  }
}

function listenOnIpv6(
  port: number,
  serve: (where: { hostname: string; port: number }, handler: Handler) => void,
  handler: Handler,
): void {
  try {
    serve({ hostname: "::1", port }, handler);
  } catch {
    return;
  }
}

function serverError(): Response {
  return new Response("Internal error", { status: 500 });
}

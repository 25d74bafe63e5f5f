/** The door: HTTP routes, WebSocket upgrades, and the farewell at shutdown. */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { Conversation, DialectServices, Peer } from "../dialect/dialect.ts";
import { eventSchema, protocolSchema } from "../protocol/schema.ts";
import { version } from "../version.ts";
import { Connection } from "./connection.ts";
import { OriginRule } from "./origin.ts";
import type { Door, SocketEvents } from "./socket.ts";

export interface GatewayParts extends DialectServices {
  /** The native dialect. */
  openNative(peer: Peer, services: DialectServices): Conversation;
  /** The page and its assets; undefined: no such file. */
  page(path: string, headers: Headers): Response | undefined | Promise<Response | undefined>;
}

/** Paths that are never a native connection. */
const reserved = /^\/(ui|api|agui|v1)(\/|$)|^\/(health|metrics|schema)$/;
/** How long a goodbye may take to arrive before the listener is closed. */
const farewellMs = 2000;

export class Gateway implements Door {
  readonly #parts: GatewayParts;
  readonly #origins: OriginRule;
  readonly #connections = new Set<Connection>();
  readonly #app: Hono;
  #draining = false;
  #emptied: (() => void) | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#origins = new OriginRule(parts.config.allowedOrigins);
    this.#app = this.#routes();
  }

  /** Answers one plain HTTP request. Never throws. */
  readonly fetch = (request: Request): Response | Promise<Response> => this.#app.fetch(request);

  /** Decides over an upgrade: what to do with the socket, or why not. */
  readonly admit = (request: Request): SocketEvents | Response => {
    const url = new URL(request.url);
    if (this.#draining) return new Response("The server is shutting down", { status: 503 });
    if (!this.#origins.allows(request.headers.get("origin"), url.host)) {
      return new Response("This origin may not connect: add it to the setting allowedOrigins", {
        status: 403,
      });
    }
    if (reserved.test(url.pathname)) return notFound();
    if (/^\/ws\/./.test(url.pathname)) {
      return new Response("Traces are not served yet: connect to / for the native protocol", { status: 404 });
    }
    const { maxConnections } = this.#parts.config;
    const excess = this.#connections.size - maxConnections;
    if (excess >= Math.max(1, maxConnections * 0.1)) {
      return new Response("The server is full", { status: 503 });
    }
    return this.#connect(url.searchParams.get("agent") ?? undefined, excess >= 0);
  };

  /** What the health listener serves: /health and /metrics only. */
  readonly healthDoor: Door = {
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      return pathname === "/health" || pathname === "/metrics" ? this.fetch(request) : notFound();
    },
    admit: notFound,
  };

  /**
   * Says goodbye: no new connections, a notice to all, time for runs to finish, then an end to sessions and sockets.
   */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const { config, sessions } = this.#parts;
    for (const connection of this.#connections) connection.announceShutdown(config.drainSeconds);
    await within(
      config.drainSeconds * 1000,
      Promise.all([...sessions.all()].map((session) => session.idle())),
    );
    sessions.close();
    if (sessions.durable) await sessions.suspend();
    else await Promise.all([...sessions.all()].map((session) => sessions.end(session, "server_shutdown")));
    const emptied = new Promise<void>((resolve) => this.#emptied = resolve);
    for (const connection of this.#connections) connection.close(sessions.durable ? "restart" : "shutdown");
    if (this.#connections.size) await within(farewellMs, emptied);
  }

  #connect(agent: string | undefined, isOver: boolean): SocketEvents {
    let connection: Connection | undefined;
    return {
      onOpen: (socket) => {
        connection = new Connection(socket, {
          ...this.#parts,
          principal: "anonymous",
          agent,
          converse: (peer) => this.#parts.openNative(peer, this.#parts),
        });
        this.#connections.add(connection);
        this.#parts.logger.debug("Connection opened", { connection: connection.id });
        if (this.#draining) return connection.close("shutdown");
        if (isOver) return connection.close("over_capacity");
        connection.open();
      },
      onMessage: (data) => connection?.receive(data),
      onClose: (code) => connection && this.#closed(connection, code),
    };
  }

  #closed(connection: Connection, code: number): void {
    connection.closed(code);
    this.#connections.delete(connection);
    this.#parts.logger.debug("Connection closed", { connection: connection.id, code });
    if (this.#connections.size === 0) this.#emptied?.();
  }

  #routes(): Hono {
    const app = new Hono();
    app.use(cors({
      origin: (origin, c) => this.#origins.allows(origin || null, c.req.header("host") ?? "") ? origin : null,
      allowMethods: ["GET", "POST"],
      credentials: true,
    }));
    app.get("/health", (c) => this.#health(c));
    app.get("/metrics", (c) => {
      const text = this.#parts.metrics.render(this.#levels());
      return c.text(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    });
    app.get("/schema", (c) => {
      const name = c.req.query("event");
      const schema = name === undefined ? protocolSchema() : eventSchema(name);
      return schema ? c.json(schema) : c.json({ error: `There is no event "${name?.slice(0, 100)}"` }, 404);
    });
    app.get("*", async (c) => await this.#parts.page(c.req.path, c.req.raw.headers) ?? notFound());
    app.notFound(() => notFound());
    app.onError(() => new Response("Internal error", { status: 500 }));
    return app;
  }

  #health(c: Context): Response {
    return c.json({
      status: this.#draining ? "draining" : "healthy",
      timestamp: new Date().toISOString(),
      active_connections: this.#connections.size,
      active_sessions: this.#parts.sessions.size,
      version,
    }, this.#draining ? 503 : 200);
  }

  #levels() {
    const sessions: Record<string, number> = { idle: 0, running: 0 };
    let confirmationsOpen = 0;
    let logBytes = 0;
    for (const session of this.#parts.sessions.all()) {
      sessions[session.state.toLowerCase()] = (sessions[session.state.toLowerCase()] ?? 0) + 1;
      confirmationsOpen += session.questions.size;
      logBytes += session.logBytes;
    }
    return { connections: this.#connections.size, sessions, confirmationsOpen, logBytes };
  }
}

function notFound(): Response {
  return new Response("Not found", { status: 404 });
}

/** Waits for `work`, but not longer than `limitMs`. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => timer = setTimeout(resolve, limitMs));
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

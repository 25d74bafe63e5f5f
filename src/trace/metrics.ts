/** Counters of the server and their Prometheus text (protocol.md §16). */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { events } from "../protocol/schema.ts";

/** What is read off the server when metrics are asked for. */
export interface Levels {
  readonly connections: number;
  readonly sessions: Readonly<Record<string, number>>;
  readonly confirmationsOpen: number;
  readonly logBytes: number;
}

/** Upper bounds in seconds: the target for p99 is 0.1, the usual value far below a millisecond. */
const routeBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/**
 * Counts in plain maps, because an event passes here thousands of times a second, and hands them to the library
 * only when somebody asks. No session id, user text or argument ever becomes a label.
 */
export class Metrics {
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #route = new Histogram({
    name: "myagent_route_seconds",
    help: "Command received until its first frame was handed to the socket",
    buckets: routeBuckets,
    registers: [],
  });

  #add(name: string, key: string): void {
    let counts = this.#counts.get(name);
    if (!counts) this.#counts.set(name, counts = new Map());
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  event(name: string): void {
    this.#add("myagent_events_total", events.has(name) ? name : "custom");
  }

  run(outcome: string): void {
    this.#add("myagent_runs_total", outcome);
  }

  toolCall(status: string): void {
    this.#add("myagent_tool_calls_total", status);
  }

  attach(recovered: boolean, reason = "none"): void {
    this.#add("myagent_attach_total", `${recovered}\n${reason}`);
  }

  close(code: number): void {
    this.#add("myagent_closes_total", String(code));
  }

  /** Command received → first frame handed to the socket. */
  route(seconds: number): void {
    this.#route.observe(seconds);
  }

  /** The counts so far of one metric, by label value: for tests and the console. */
  count(name: string, key: string): number {
    return this.#counts.get(name)?.get(key) ?? 0;
  }

  /** Prometheus text format. */
  async render(levels: Levels): Promise<string> {
    const registry = new Registry();
    const registers = [registry];
    registry.registerMetric(this.#route);
    for (const [name, help, labelNames] of counters) {
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers });
      for (const [key, value] of this.#counts.get(name) ?? []) {
        counter.inc(
          Object.fromEntries(key.split("\n").map((part, index) => [labelNames[index], part])),
          value,
        );
      }
    }
    const gauge = (name: string, help: string, labelNames: string[] = []) =>
      new Gauge({ name, help, labelNames, registers });
    gauge("myagent_connections", "Open WebSocket connections").set(levels.connections);
    const sessions = gauge("myagent_sessions", "Sessions held, by state", ["state"]);
    for (const [state, value] of Object.entries(levels.sessions)) sessions.set({ state }, value);
    gauge("myagent_confirmations_open", "Questions to users without an answer yet").set(
      levels.confirmationsOpen,
    );
    gauge("myagent_log_bytes", "Bytes of retained session events").set(levels.logBytes);
    return await registry.metrics();
  }
}

const counters = [
  ["myagent_events_total", "Session events appended, by event", ["event"]],
  ["myagent_runs_total", "Runs ended, by outcome", ["outcome"]],
  ["myagent_tool_calls_total", "Tool calls ended, by status", ["status"]],
  ["myagent_attach_total", "Attaches to an existing session", ["recovered", "reason"]],
  ["myagent_closes_total", "Connections closed, by code", ["code"]],
] as const;

/** Counters of the server and their Prometheus text (protocol.md §16). */
import { closeCodes } from "../errors.ts";
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

const knownCloses: ReadonlySet<number> = new Set([...Object.values(closeCodes), 1005, 1006]);

/** Counts in plain maps: an event passes here thousands of times a second. No user's text ever becomes a label. */
export class Metrics {
  readonly #counts = new Map<string, Map<string, number>>();
  /** How many observations fell into each bucket; the last one is for those above all bounds. */
  readonly #routeCounts = new Array<number>(routeBuckets.length + 1).fill(0);
  #routeSeconds = 0;

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
    // A peer may close with any of a thousand codes: they must not become a thousand series.
    this.#add("myagent_closes_total", knownCloses.has(code) ? String(code) : "other");
  }

  /** Command received → first frame handed to the socket. */
  route(seconds: number): void {
    const bucket = routeBuckets.findIndex((bound) => seconds <= bound);
    this.#routeCounts[bucket < 0 ? routeBuckets.length : bucket]++;
    this.#routeSeconds += seconds;
  }

  /** The counts so far of one metric, by label value: for tests and the console. */
  count(name: string, key: string): number {
    return this.#counts.get(name)?.get(key) ?? 0;
  }

  /** Prometheus text format, version 0.0.4. */
  render(levels: Levels): string {
    return [
      ...this.#routeLines(),
      ...counters.flatMap(([name, help, labels]) => [
        ...headLines(name, help, "counter"),
        ...[...this.#counts.get(name) ?? []].map(([key, value]) =>
          `${name}${labelText(labels, key.split("\n"))} ${value}`
        ),
      ]),
      ...gaugeLines("myagent_connections", "Open WebSocket connections", levels.connections),
      ...headLines("myagent_sessions", "Sessions held, by state", "gauge"),
      ...Object.entries(levels.sessions).map(([state, value]) =>
        `myagent_sessions${labelText(["state"], [state])} ${value}`
      ),
      ...gaugeLines(
        "myagent_confirmations_open",
        "Questions to users without an answer yet",
        levels.confirmationsOpen,
      ),
      ...gaugeLines("myagent_log_bytes", "Bytes of retained session events", levels.logBytes),
      "",
    ].join("\n");
  }

  #routeLines(): string[] {
    const name = "myagent_route_seconds";
    let total = 0;
    // Buckets are cumulative: each one counts everything up to its bound.
    const buckets = this.#routeCounts.map((count, index) =>
      `${name}_bucket${labelText(["le"], [String(routeBuckets[index] ?? "+Inf")])} ${total += count}`
    );
    return [
      ...headLines(name, "Command received until its first frame was handed to the socket", "histogram"),
      ...buckets,
      `${name}_sum ${this.#routeSeconds}`,
      `${name}_count ${total}`,
    ];
  }
}

const headLines = (
  name: string,
  help: string,
  type: string,
) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];

const gaugeLines = (name: string, help: string, value: number) => [
  ...headLines(name, help, "gauge"),
  `${name} ${value}`,
];

/** `{event="agent.thinking"}`; quotes, backslashes and line ends are escaped as the format wants it. */
function labelText(names: readonly string[], values: readonly string[]): string {
  const escaped = (value = "") =>
    value.replace(/[\\"\n]/g, (letter) => letter === "\n" ? "\\n" : `\\${letter}`);
  return `{${names.map((name, index) => `${name}="${escaped(values[index])}"`).join(",")}}`;
}

const counters = [
  ["myagent_events_total", "Session events appended, by event", ["event"]],
  ["myagent_runs_total", "Runs ended, by outcome", ["outcome"]],
  ["myagent_tool_calls_total", "Tool calls ended, by status", ["status"]],
  ["myagent_attach_total", "Attaches to an existing session", ["recovered", "reason"]],
  ["myagent_closes_total", "Connections closed, by code", ["code"]],
] as const;

/**
 * `deno task bench`: what an idle session holds, what a run costs, how near that is to a bare Deno.serve, and how
 * long a start takes. Prints one Markdown table. Options: --quick, --rounds n, --sessions n.
 */
import { parseArgs } from "node:util";
import { add, boundOf, type Histogram } from "./histogram.ts";
import { bareStartUp, type Cost, idle, record, saturate, startUp, wave } from "./scenarios.ts";
import { markdownTable, median, number, percent } from "./table.ts";

const { values: given } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    sessions: { type: "string" },
  },
});

const rounds = Number(given.rounds ?? (given.quick ? 1 : 3));
const idleSessions = Number(given.sessions ?? (given.quick ? 500 : 5000));
const runningSessions = Math.min(idleSessions, given.quick ? 200 : 1000);
const runsEach = given.quick ? 10 : 30;
const starts = given.quick ? 3 : 7;

/** Progress goes to stderr, so that stdout holds the table and nothing else. */
function tell(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Runs each measure in turn, several times: noise of the machine hits neighbours alike. A failure is told, not hidden. */
async function interleave<T>(
  what: string,
  times: number,
  ...measures: (() => Promise<T>)[]
): Promise<T[][]> {
  const results: T[][] = measures.map(() => []);
  for (let round = 1; round <= times; round++) {
    tell(`${what}: round ${round} of ${times}`);
    for (const [index, measure] of measures.entries()) {
      await measure().then((value) => results[index].push(value), (cause) => tell(`Not measured: ${cause}`));
    }
  }
  return results;
}

const mark = (isMet: boolean) => isMet ? "✓" : "✗";
const of = (costs: readonly Cost[], pick: (cost: Cost) => number) => median(costs.map(pick));

async function idleRows(): Promise<string[][]> {
  const recording = await record();
  const [ours, bare] = await interleave(
    "Idle sessions",
    rounds,
    () => idle(idleSessions),
    () => idle(idleSessions, recording),
  );
  const [kb, bareKb] = [median(ours) / 1000, median(bare) / 1000];
  const what = `${number(idleSessions)} idle attached sessions: memory (RSS) per session`;
  return [[what, `${number(kb)} KB`, `${number(bareKb)} KB`, number(kb / bareKb), "≤ 60 KB", mark(kb <= 60)]];
}

const ms = (value: number) => `${number(value)} ms`;

async function waveRows(): Promise<string[][]> {
  const [results] = await interleave("Runs at once", rounds, () => wave(runningSessions));
  const costs = results.map(({ cost }) => cost);
  const route: Histogram = results.length ? add(results.map((result) => result.route)) : [];
  const bound = (share: number) => route.length ? boundOf(route, share) * 1000 : NaN;
  const what = `${number(runningSessions)} runs at once, answers at 60 ms a piece`;
  return [
    [
      `${what}: received → first frame, p50 / p99 (server)`,
      `≤ ${ms(bound(0.5))} / ≤ ${ms(bound(0.99))}`,
      "",
      "",
      "p99 < 20 ms",
      mark(bound(0.99) < 20),
    ],
    [
      "… sent → first frame, p50 / p99 (client, all sent in one burst)",
      `${ms(of(costs, (cost) => cost.p50Ms))} / ${ms(of(costs, (cost) => cost.p99Ms))}`,
      "",
      "",
      "",
      "",
    ],
    ["… events per second", number(of(costs, rate)), "", "", "", ""],
    ["… server CPU per event", micros(of(costs, (cost) => cost.cpuMicros)), "", "", "", ""],
  ];
}

const rate = ({ events, seconds }: Cost) => events / seconds;
const micros = (value: number) => `${number(value)} µs`;

async function ceilingRows(): Promise<{ rows: string[][]; notes: string[] }> {
  const recording = await record();
  const [ours, bare] = await interleave(
    "Back to back",
    rounds,
    () => saturate(runningSessions, runsEach),
    () => saturate(runningSessions, runsEach, recording),
  );
  const ratio = (pick: (cost: Cost) => number) =>
    median(ours.map((cost, round) => pick(cost) / (bare[round] ? pick(bare[round]) : NaN)));
  const throughput = ratio(rate);
  const cpu = ratio((cost) => cost.cpuMicros);
  const what = `${number(runningSessions)} sessions, runs back to back`;
  const busy = (costs: readonly Cost[]) =>
    `server ${percent(of(costs, (cost) => cost.serverLoad))}, client ${
      percent(of(costs, (cost) => cost.clientLoad))
    }`;
  return {
    rows: [
      [
        `${what}: events per second`,
        number(of(ours, rate)),
        number(of(bare, rate)),
        percent(throughput),
        "≥ 40 %",
        mark(throughput >= 0.4),
      ],
      [
        "… server CPU per event",
        micros(of(ours, (cost) => cost.cpuMicros)),
        micros(of(bare, (cost) => cost.cpuMicros)),
        number(cpu),
        "",
        "",
      ],
      [
        "… sent → first frame, p50 / p99 (client)",
        `${ms(of(ours, (cost) => cost.p50Ms))} / ${ms(of(ours, (cost) => cost.p99Ms))}`,
        `${ms(of(bare, (cost) => cost.p50Ms))} / ${ms(of(bare, (cost) => cost.p99Ms))}`,
        "",
        "",
        "",
      ],
    ],
    notes: [
      `One run is ${recording.run.length} frames, ${
        number(JSON.stringify(recording.run).length)
      } characters; ` +
      `the bare server sends the same ones.`,
      `Shares of one core while runs went back to back: ours ${busy(ours)}; bare ${busy(bare)}.`,
    ],
  };
}

async function startRows(): Promise<string[][]> {
  const [ours, bare] = await interleave("Start", starts, startUp, bareStartUp);
  const [own, bareMs] = [median(ours), median(bare)];
  const what = "Start until it listens, warm cache";
  return [[what, ms(own), ms(bareMs), number(own / bareMs), "≤ 400 ms", mark(own <= 400)]];
}

const ceiling = await ceilingRows();
const waves = await waveRows();
const idles = await idleRows();
const startTimes = await startRows();

const header = ["What", "myagent-ws", "Bare Deno.serve", "Ratio", "Target", "Met"];
const notes = [
  `Medians of ${rounds} rounds (${starts} starts), ours and bare side by side; trust the ratios more than the numbers.`,
  ...given.quick ? ["The targets are meant for the full sizes; --quick measures less."] : [],
  ...ceiling.notes,
  "Load and server share the machine's cores " +
  `(${navigator.hardwareConcurrency} here): where the client's share is near 100 %, the client is the limit, the bare ` +
  "server could do more, and the ratio of CPU per event is the one to read.",
  "“Server” times are upper bounds of histogram buckets and begin when the message reaches our code; “client” times " +
  "hold everything, the wait behind all other messages of a burst included.",
];
const text = `${markdownTable([header, ...idles, ...waves, ...ceiling.rows, ...startTimes])}\n\n` +
  `${notes.map((note) => `- ${note}`).join("\n")}\n`;
Deno.stdout.writeSync(new TextEncoder().encode(text));

/** What is measured: each scenario starts its own server and its own load, and gives plain numbers. */
import { setTimeout as delay } from "node:timers/promises";
import { type AnyFrame, TestClient } from "../helpers/client.ts";
import { Child, denoCommand, linesOf } from "./child.ts";
import type { Recording } from "./echo_server.ts";
import type { LoadResult } from "./load_client.ts";
import { cpuSeconds, residentBytes } from "./proc.ts";
import { type Histogram, routeHistogram, subtract } from "./histogram.ts";

const here = (name: string) => new URL(name, import.meta.url);
/** Memory of a process moves for a moment after its last connection: collections are still to come. */
const settleMs = 2000;

type Server = Child<{ port: number }>;
type LoadClient = Child<{ sessions: number }>;

const startAgentServer = (paced: boolean): Promise<Server> =>
  Child.start(here("agent_server.ts"), { options: { paced } });

const startEchoServer = (recording: Recording): Promise<Server> =>
  Child.start(here("echo_server.ts"), { options: { recording } });

const startLoad = (port: number, sessions: number): Promise<LoadClient> =>
  Child.start(here("load_client.ts"), { options: { port, sessions } });

/** The frames of one connection, one session and one run, as the real server sends them. */
export async function record(): Promise<Recording> {
  await using server = await startAgentServer(false);
  const client = await TestClient.connect(`ws://127.0.0.1:${server.ready.port}/`);
  const session = await client.createSession();
  await client.event("agent.ready");
  const from = client.frames.length;
  await client.ask(session, "What is the weather like in Oslo today, and should I take an umbrella?");
  const named = (frame: AnyFrame) => frame.event === "system.connected";
  const recording = {
    connected: client.frames.filter(named),
    created: client.frames.slice(0, from).filter((frame) => !named(frame)),
    run: client.frames.slice(from),
  };
  await client.close();
  return recording;
}

/** Resident bytes per idle session, or per idle connection of a bare server. */
export async function idle(sessions: number, recording?: Recording): Promise<number> {
  await using server = await (recording ? startEchoServer(recording) : startAgentServer(false));
  await delay(settleMs);
  const before = residentBytes(server.pid);
  await using _load = await startLoad(server.ready.port, sessions);
  await delay(settleMs);
  return (residentBytes(server.pid) - before) / sessions;
}

/** What a load did, and what it cost the server. */
export interface Cost extends LoadResult {
  /** Processor time of the server per event, in microseconds. */
  readonly cpuMicros: number;
  /** Share of one core that the server and the client used. */
  readonly serverLoad: number;
  readonly clientLoad: number;
}

async function costOf(server: Server, load: LoadClient, command: string): Promise<Cost> {
  const before = [cpuSeconds(server.pid), cpuSeconds(load.pid)];
  const result = await load.ask<LoadResult>(command);
  const [ours, clients] = [server, load].map(({ pid }, index) => cpuSeconds(pid) - before[index]);
  return {
    ...result,
    cpuMicros: ours / result.events * 1e6,
    serverLoad: ours / result.seconds,
    clientLoad: clients / result.seconds,
  };
}

/** Every session starts a run at the same moment; the model answers at a model's pace. */
export async function wave(sessions: number): Promise<{ cost: Cost; route: Histogram }> {
  await using server = await startAgentServer(true);
  await using load = await startLoad(server.ready.port, sessions);
  await load.ask("wave"); // the first runs are compiled, not measured
  const before = await routeHistogram(server.ready.port);
  const cost = await costOf(server, load, "wave");
  return { cost, route: subtract(await routeHistogram(server.ready.port), before) };
}

/** Every session does runs back to back, as fast as the server answers. */
export async function saturate(sessions: number, runs: number, recording?: Recording): Promise<Cost> {
  await using server = await (recording ? startEchoServer(recording) : startAgentServer(false));
  await using load = await startLoad(server.ready.port, sessions);
  await load.ask("loop 3");
  return await costOf(server, load, `loop ${runs}`);
}

/** A start that takes longer has failed. */
const startLimitMs = 30_000;

/** Milliseconds from the start of a process until it prints a line that fits. */
async function timeToLine(args: readonly string[], fits: RegExp): Promise<number> {
  const startedAt = performance.now();
  const child = denoCommand(args, { stdout: "piped", stderr: "null", stdin: "null" }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), startLimitMs);
  let ms: number | undefined;
  for await (const line of linesOf(child.stdout)) {
    if (ms !== undefined || !fits.test(line)) continue;
    ms = performance.now() - startedAt;
    child.kill("SIGTERM");
  }
  const { code } = await child.status;
  clearTimeout(timer);
  if (ms === undefined) throw new Error(`"deno ${args.join(" ")}" ended with ${code} and did not listen`);
  return ms;
}

/** Milliseconds until the server listens with the smallest example agent. */
export function startUp(): Promise<number> {
  const [main, agent] = ["../../main.ts", "../../agents/hello.ts"].map((name) => here(name).pathname);
  return timeToLine(["run", "--frozen", "-A", main, "server", agent, "--port", "0"], /ws:\/\//);
}

/** Milliseconds until a bare Deno.serve listens. */
export function bareStartUp(): Promise<number> {
  const script =
    `Deno.serve({ port: 0, onListen: () => console.log("listening") }, () => new Response("ok"))`;
  return timeToLine(["run", "-A", `data:application/javascript,${encodeURIComponent(script)}`], /listening/);
}

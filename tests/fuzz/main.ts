/**
 * `deno task fuzz`: random and mutated frames against a real server. Options: --seed n, --frames n, --sockets n.
 * Exit code 1 when something was found.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";

const { values: given } = parseArgs({
  options: { seed: { type: "string" }, frames: { type: "string" }, sockets: { type: "string" } },
});

/** Memory reaches its working size no sooner, however short the run is. */
const leastWarmUp = 20_000;

const frames = Number(given.frames ?? 200_000);
const { findings, lines } = await fuzz({
  seed: Number(given.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]),
  frames,
  sockets: Number(given.sockets ?? 50),
  memory: { warmUpFrames: Math.max(leastWarmUp, Math.ceil(frames / 4)), share: 0.1 },
});
const verdict = findings.isEmpty ? ["✓ Nothing was found"] : findings.lines();
Deno.stdout.writeSync(new TextEncoder().encode(`${[...lines, ...verdict].join("\n")}\n`));
Deno.exit(findings.isEmpty ? 0 : 1);

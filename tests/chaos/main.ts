/**
 * `deno task chaos -- --seconds n --seed s`: clients behind a bad network, and a server that is killed at random.
 * A long run is cut into rounds, each with a seed and a data folder of its own. Exit code 1 when something was found.
 */
import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";

const { values: given } = parseArgs({
  args: Deno.args.filter((argument) => argument !== "--"),
  options: { seconds: { type: "string" }, seed: { type: "string" }, clients: { type: "string" } },
});

/** Longest round: what the clients have received is kept in memory until it was compared. */
const roundSeconds = 60;

const seconds = Number(given.seconds ?? 120);
const clients = Number(given.clients ?? 20);
const firstSeed = Number(given.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);

const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

const startedAt = Date.now();
const total = { cuts: 0, kills: 0, failed: 0 };
const rounds = Math.max(1, Math.ceil(seconds / roundSeconds));
for (let round = 0; round < rounds; round++) {
  const options = { seed: firstSeed + round, seconds: Math.ceil(seconds / rounds), clients };
  const { findings, lines, cuts, kills } = await chaos(options);
  total.cuts += cuts;
  total.kills += kills;
  for (const line of lines) say(line);
  if (findings.isEmpty) continue;
  total.failed++;
  for (const line of findings.lines()) say(line);
  say(`  Again: deno task chaos -- --seed ${options.seed} --seconds ${options.seconds} --clients ${clients}`);
}
const tookSeconds = Math.round((Date.now() - startedAt) / 1000);
say(`${total.cuts} cuts and ${total.kills} kill -9 in ${tookSeconds} s`);
say(
  total.failed
    ? `✗ ${total.failed} of ${rounds} rounds failed`
    : "✓ Nothing was lost, doubled or out of order",
);
Deno.exit(total.failed ? 1 : 0);

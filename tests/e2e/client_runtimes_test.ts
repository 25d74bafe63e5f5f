/** The same play in Deno, in Node with npm's ws, and in Chromium. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../fuzz/random.ts";
import { openBrowser, withoutChromium } from "../helpers/browser.ts";
import { runCommand } from "../helpers/command.ts";
import { playScenario, type Report } from "./client_scenario.ts";
import { openWorld, story, type World } from "./client_world.ts";

const scenario = fileURLToPath(new URL("./client_scenario.ts", import.meta.url));
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

interface Kit {
  readonly folder: string;
  /** Why the play cannot be bundled. */
  readonly noBundle?: string;
  /** Why it cannot be played in Node. */
  readonly noNode?: string;
}

/** 0 when a program ended well, undefined when there is none of that name. */
async function exitCode(program: string, args: string[], cwd: string): Promise<number | undefined> {
  try {
    return (await runCommand(program, args, { cwd })).code;
  } catch {
    return undefined;
  }
}

/** A folder with the bundled play, and npm's ws beside it. */
async function prepare(): Promise<Kit> {
  const folder = await Deno.makeTempDir();
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const output = ["--output", join(folder, "play.mjs")];
  const bundle = ["bundle", "--config", config, "--no-lock", "--platform", "browser", ...output, scenario];
  if (await exitCode(Deno.execPath(), bundle, folder) !== 0) {
    return { folder, noBundle: "deno bundle does not work here" };
  }
  // Without a package.json of its own, npm might find one in a folder above.
  await Deno.writeTextFile(join(folder, "package.json"), "{}");
  const quickly = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000"];
  const installed = await exitCode("npm", ["install", ...quickly, "ws@8.23.0"], folder);
  if (installed === undefined || await exitCode("node", ["--version"], folder) !== 0) {
    return { folder, noNode: "no Node" };
  }
  return { folder, ...(installed === 0 ? {} : { noNode: "npm cannot install ws" }) };
}

const { folder, noBundle, noNode } = await prepare();

function check(report: Report, world: World): void {
  const { numbers, resumed, phases, shown, ...rest } = report;
  assert.deepEqual(rest, {
    lastShown: story(300),
    streamed: story(300),
    unplugged: "The tool said: unplugged",
    offline: story(2),
    confirmed: true,
    deleted: "The tool said: other.txt is gone",
    aborted: "enough",
    endedBy: "agent.interrupted",
    refused: "ERR_VALIDATION_402",
    lost: "ERR_CONNECTION_902",
  });
  assert.ok(shown > 10, `the answer changed only ${shown} times`);
  const all = Array.from({ length: numbers.length }, (_, index) => index + 1);
  assert.deepEqual(numbers, all);
  assert.deepEqual(resumed, all.slice(Math.floor(all.length / 2)));
  assert.ok(phases.includes("reconnecting"));
  assert.equal(phases.at(-1), "closed");
  const asked = ["stream 300", "unplug", "stream 2", "delete notes.txt", "hang"];
  assert.deepEqual(world.asked.toSorted(), asked.toSorted());
  assert.deepEqual(world.deleted, ["other.txt"]);
}

/** The play, once over a line that is cut where the play wants it, and once also at random. */
function rule(runtime: string, missing: string, play: (url: string) => Promise<Report>): void {
  for (const cuts of [0, 12]) {
    const line = cuts ? "over a line that is cut at random" : "over a good line";
    Deno.test({
      name: `The client plays its part in ${runtime} ${line}${missing}`,
      ignore: missing !== "",
      async fn() {
        await using world = await openWorld({ random: new Random(7), cuts, maxBytes: 20_000 });
        check(await play(world.proxy.url), world);
      },
    });
  }
}

const because = (reason: string | undefined) => reason === undefined ? "" : ` (ignored: ${reason})`;

rule("Deno", "", (url) => playScenario(url));

rule("Node with npm's ws", because(noBundle ?? noNode), async (url) => {
  const script = `import WebSocket from "ws";
import { playScenario } from "./play.mjs";
console.log(JSON.stringify(await playScenario(${JSON.stringify(url)}, WebSocket)));
`;
  await Deno.writeTextFile(join(folder, "run.mjs"), script);
  // That it ends by itself shows that the client leaves no timer and no socket behind.
  const { code, stdout, stderr } = await runCommand("node", ["run.mjs"], { cwd: folder });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
});

rule("Chromium", withoutChromium || because(noBundle), async (url) => {
  await using browser = await openBrowser();
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  const content = await Deno.readTextFile(join(folder, "play.mjs"));
  await page.addScriptTag({ type: "module", content });
  await page.waitForFunction("globalThis.playScenario !== undefined");
  const report = await page.evaluate(`playScenario(${JSON.stringify(url)})`) as Report;
  assert.deepEqual(faults, [], "the client failed outside of any promise");
  return report;
});

Deno.test(`The bundled client needs nothing but the web platform${because(noBundle)}`, {
  ignore: noBundle !== undefined,
}, async () => {
  const code = await Deno.readTextFile(join(folder, "play.mjs"));
  assert.doesNotMatch(code, /\bimport\s*[("'{*]|\brequire\(|\bDeno\.|\bprocess\.|\bBuffer\b/);
});

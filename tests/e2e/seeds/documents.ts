/** The seed documents, which stand beside the repository, and the code cut out of them. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";

const folder = new URL("../../../../shared/seeds/", import.meta.url);

const files = {
  "000": "000_trace_deployment_guide.md",
  "001": "001_ws_server_readme.md",
  "002": "002_backend_deployment.md",
  "003": "003_quick_start_new.md",
  "004": "004_quick_start_first.md",
} as const;

export type Seed = keyof typeof files;

/** Why nothing can be cut out; undefined when everything is there. */
export const documentsMissing = Object.values(files).every((name) => existsSync(new URL(name, folder)))
  ? undefined
  : "no seed documents beside the repository";

/**
 * The one code block of a document that is in this language and holds this text, exactly as it stands there.
 *
 * @throws Error when there is none or more than one, for then the document has changed
 */
export function cutBlock(seed: Seed, language: string, holding: string): string {
  const text = Deno.readTextFileSync(new URL(files[seed], folder));
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, name, code]) => name === language && code.includes(holding)).map(([, , code]) => code);
  if (blocks.length === 1) return blocks[0];
  throw new Error(`Seed ${seed} has ${blocks.length} ${language} blocks that hold "${holding}"`);
}

/** A list without the repetitions of what stands right before. */
export function withoutRepeats(list: readonly string[]): string[] {
  return list.filter((item, index) => item !== list[index - 1]);
}

/** The signs at the beginning of lines: what both command-line clients of seed 003 tell apart. */
function signsOf(lines: readonly string[]): string[] {
  const signs = lines.flatMap((line) => /^(?:✅|❌|🚀|💭|🎯)/u.exec(line)?.[0] ?? []);
  return withoutRepeats(signs);
}

/** Throws unless a client of seed 003 printed what the document shows under 期望的输出, besides other messages. */
export function checkExpectedOutput(lines: readonly string[]): void {
  const expected = cutBlock("003", "", "sess_abc123").split("\n");
  assert.deepEqual(signsOf(lines), signsOf(expected), lines.join("\n"));
}

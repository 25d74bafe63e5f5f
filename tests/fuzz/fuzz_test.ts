import assert from "node:assert/strict";
import { fuzz } from "./fuzz.ts";

Deno.test("Five thousand random frames from fifty sockets find nothing", async () => {
  const { findings, lines } = await fuzz({ seed: 2, frames: 5000, sockets: 50 });
  assert.ok(findings.isEmpty, [...lines, ...findings.lines()].join("\n"));
});

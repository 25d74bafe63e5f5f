import assert from "node:assert/strict";
import { chaos } from "./chaos.ts";

Deno.test("Eight clients behind a bad network and kill -9 of the server: nothing is lost, doubled or out of order", async () => {
  const { findings, lines, cuts, kills } = await chaos({ seed: 3, seconds: 8, clients: 8 });
  assert.ok(findings.isEmpty, [...lines, ...findings.lines()].join("\n"));
  assert.ok(cuts > 0 && kills > 0, lines.join("\n"));
});

/** .env.example names variables that exist, with values that the server takes. */
import assert from "node:assert/strict";
import { loadConfig, settingRows } from "../src/config.ts";

const text = Deno.readTextFileSync(new URL("../.env.example", import.meta.url));
const examples = [...text.matchAll(/^# ?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => ({
  name,
  value,
}));

Deno.test("Every variable in .env.example is a setting, and its value is accepted", () => {
  const known = settingRows().flatMap(({ variables }) => variables);
  assert.ok(examples.length >= 10, `only ${examples.length} variables were found`);
  assert.deepEqual(examples.filter(({ name }) => !known.includes(name)), []);
  loadConfig({}, Object.fromEntries(examples.map(({ name, value }) => [name, value])));
});

Deno.test("A copy of .env.example changes nothing before it is edited", () => {
  const set = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.deepEqual(set, []);
});

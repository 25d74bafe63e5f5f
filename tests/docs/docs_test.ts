/** The documentation tells the truth: what is printed from the code is up to date, and links lead somewhere. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parts, pathOf, withPart } from "./generated.ts";

for (const part of parts) {
  Deno.test(`${part.file} is what \`deno task docs\` prints${part.marker ? ` for its ${part.marker}` : ""}`, async () => {
    assert.equal(Deno.readTextFileSync(pathOf(part)), await withPart(part));
  });
}

const root = new URL("../..", import.meta.url).pathname;

Deno.test("Relative links in the documentation lead to files that exist", () => {
  for (const file of ["README.md", "CONTRIBUTING.md", "src/README.md"]) {
    const text = Deno.readTextFileSync(join(root, file));
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, dirname(file), target)), `${file} links to ${target}`);
    }
  }
});

Deno.test("README names the two commands, and the Deno version everywhere is the same", () => {
  const readme = Deno.readTextFileSync(join(root, "README.md"));
  for (const command of ["npx -y deno@2.9.6 task start", "npx -y deno@2.9.6 task test"]) {
    assert.ok(readme.includes(command), command);
  }
  for (const file of ["README.md", "CONTRIBUTING.md", ".ci/run", "Dockerfile"]) {
    const versions = Deno.readTextFileSync(join(root, file)).matchAll(
      /deno(?:@|:|_version=|-v?)(\d+\.\d+\.\d+)/gi,
    );
    assert.deepEqual(
      [...versions].map(([, version]) => version).filter((version) => version !== "2.9.6"),
      [],
      file,
    );
  }
});

Deno.test("Every task of deno.json that README names exists", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(root, "deno.json")));
  const readme = Deno.readTextFileSync(join(root, "README.md"));
  for (const [, name] of readme.matchAll(/deno(?:@[\d.]+)? task (\w+)/g)) assert.ok(tasks[name], name);
});

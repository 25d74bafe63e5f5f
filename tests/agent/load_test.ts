import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { AppError } from "../../src/errors.ts";
import { findAgentFiles, loadAgentFile, type LoadOptions } from "../../src/agent/load.ts";
import { Folder, plainAgent } from "../fixtures/folder.ts";

const greeter = fileURLToPath(new URL("../fixtures/greeter.ts", import.meta.url));

/** The failure to load a file with this text; every one is one line and names the file as it was given. */
async function failureOf(
  text: string,
  more: Record<string, string> = {},
  name = "bad.ts",
  options?: LoadOptions,
): Promise<AppError> {
  using folder = new Folder({ [name]: text, ...more });
  try {
    await loadAgentFile(folder.file(name), options);
  } catch (failure) {
    assert(failure instanceof AppError, `not an AppError: ${failure}`);
    assert.equal(failure.code, "ERR_EXECUTION_604");
    assert.match(failure.message, new RegExp(`^Cannot load agent file "${folder.file(name)}": `));
    // deno-lint-ignore no-control-regex -- colour codes are what must not be there
    assert.doesNotMatch(failure.message, /[\n\u001b]|\bat (async )?file:|\^/);
    // The rest of the sentence, free of the folder's name.
    const message = failure.message.replaceAll(`${folder.path}/`, "").replace(/^.*?": /, "");
    return Object.assign(failure, { rest: message });
  }
  assert.fail("it loaded");
}

/** Reason and sentence behind the file's name. */
async function problemOf(...args: Parameters<typeof failureOf>): Promise<[reason: unknown, rest: string]> {
  const failure = await failureOf(...args) as AppError & { rest: string };
  return [failure.details.reason, failure.rest];
}

Deno.test("A file anywhere on disk may import myagent and zod by their bare names", async () => {
  using folder = new Folder({ "deep/my_agent.ts": await Deno.readTextFile(greeter) });
  const loaded = await loadAgentFile(folder.file("deep/my_agent.ts"));
  assert.equal(loaded.name, "greeter");
  assert.equal(loaded.file, folder.file("deep/my_agent.ts"));
  assert.deepEqual(loaded.agent.tools.map(({ name }) => name), ["greet", "terminate"]);
  assert.deepEqual(loaded.permissions, { net: ["example.com"] });
  assert.deepEqual(Object.keys(loaded.hooks), ["onSessionInit"]);
  const session = {};
  loaded.hooks.onSessionInit?.({ id: 1 }, session);
  assert.deepEqual(session, { brought: { id: 1 } });
});

Deno.test("An agent value is shared by all sessions, a function is called for each", async () => {
  using folder = new Folder({
    "value.ts": plainAgent("value"),
    "made.ts": `import { agent as inner } from "./value.ts"; let n = 0;
      export function agent() { return { ...inner, name: "made-" + ++n }; }`,
    "later.ts": `import { agent as inner } from "./value.ts";
      export const agent = async () => { await null; return { ...inner, name: "later" }; }`,
    "promised.ts":
      `import { agent as inner } from "./value.ts"; export const agent = Promise.resolve(inner);`,
  });
  const value = await loadAgentFile(folder.file("value.ts"));
  assert.equal(value.perSession, false);
  assert.equal(value.makeAgent(), value.makeAgent());
  const made = await loadAgentFile(folder.file("made.ts"));
  assert.equal(made.perSession, true);
  assert.equal(made.name, "made-1");
  assert.deepEqual([made.makeAgent(), made.makeAgent()].map((agent) => (agent as { name: string }).name), [
    "made-2",
    "made-3",
  ]);
  const later = await loadAgentFile(folder.file("later.ts"));
  assert.equal(later.name, "later");
  assert.equal((await later.makeAgent()).name, "later");
  assert.equal((await loadAgentFile(folder.file("promised.ts"))).name, "value");
});

Deno.test("A higher version loads the file anew, the same one does not", async () => {
  using folder = new Folder({ "a.ts": plainAgent("first") });
  assert.equal((await loadAgentFile(folder.file("a.ts"))).name, "first");
  folder.write("a.ts", plainAgent("second"));
  assert.equal((await loadAgentFile(folder.file("a.ts"))).name, "first");
  assert.equal((await loadAgentFile(folder.file("a.ts"), { version: 1 })).name, "second");
  folder.write("a.ts", "export const agent = {{");
  await assert.rejects(loadAgentFile(folder.file("a.ts"), { version: 2 }), /a\.ts:1:\d+: /);
  folder.write("a.ts", plainAgent("third"));
  assert.equal((await loadAgentFile(folder.file("a.ts"), { version: 3 })).name, "third");
});

Deno.test("A missing file, a folder and a file in another language are told apart", async () => {
  await assert.rejects(loadAgentFile("no/such.ts"), {
    message: 'Cannot load agent file "no/such.ts": there is no such file; check the path',
    details: { reason: "not_found", kind: "missing", file: "no/such.ts" },
  });
  using folder = new Folder();
  await assert.rejects(loadAgentFile(folder.path), /it is a folder; name a file in it$/);
  assert.deepEqual(await problemOf("print('hi')", {}, "my_agent.py"), [
    "not_an_agent",
    "agents are written in TypeScript or JavaScript, so its name must end in .ts, .js, .mts or .mjs",
  ]);
});

Deno.test("A syntax error is told with its place", async () => {
  assert.deepEqual(await problemOf("export const agent = {\n  name: \n};"), [
    "syntax",
    "syntax error at bad.ts:3:1: Expression expected",
  ]);
  assert.deepEqual(await problemOf("let a = 1;\nlet a = 2;"), [
    "syntax",
    "syntax error at bad.ts:2:5: Identifier 'a' has already been declared",
  ]);
  const [, imported] = await problemOf('import "./lib/dep.ts";', { "lib/dep.ts": "const = 1;" });
  assert.match(imported, /^syntax error at lib\/dep\.ts:1:7: /);
});

Deno.test("A missing export lists the ones that were found", async () => {
  assert.deepEqual(await problemOf("export const helper = 1; export default {};"), [
    "no_export",
    'it exports no "agent" (found: default, helper); write export const agent = createReactAgent({ … })',
  ]);
  assert.match((await problemOf("const agent = 1;"))[1], /\(found: no exports\)/);
});

Deno.test("An export that is not an agent is shown", async () => {
  const found = async (text: string) => (await problemOf(text))[1].replace(/, not an agent; .*$/, "");
  assert.equal(await found('export const agent = "hello"'), 'its export "agent" is "hello"');
  assert.equal(await found("export const agent = null"), 'its export "agent" is null');
  assert.equal(
    await found("export const agent = { name: 'x', tools: [] }"),
    'its export "agent" is { name, tools }',
  );
  assert.equal(await found("export const agent = () => 42"), 'its function "agent" gave 42');
  assert.equal(await found("export const agent = async () => ({})"), 'its function "agent" gave {}');
  assert.equal((await problemOf("export const agent = [1]"))[0], "not_an_agent");
});

Deno.test("A throw is told with its line, whatever was thrown and wherever", async () => {
  assert.deepEqual(await problemOf("\n\nthrow new Error('no key\\n  in sight');"), [
    "throws",
    "it throws while loading: no key in sight (bad.ts:3:7)",
  ]);
  assert.deepEqual(await problemOf('throw "text";'), ["throws", "it throws while loading: text"]);
  // A SyntaxError of the program's own is not one of its text.
  assert.equal((await problemOf('JSON.parse("{");'))[0], "throws");
  assert.deepEqual(await problemOf('export const agent = () => { throw new Error("no db"); };'), [
    "throws",
    'its function "agent" throws while loading: no db (bad.ts:1:36)',
  ]);
  assert.equal(
    (await problemOf('export const agent = () => Promise.reject(new Error("later"));'))[1],
    'its function "agent" throws while loading: later (bad.ts:1:43)',
  );
  // The frames of the framework help nobody: the place is in the agent file.
  assert.match(
    (await problemOf(
      'import { createReactAgent } from "myagent";\nexport const agent = createReactAgent({ toolz: [] });',
    ))[1],
    /^it throws while loading: Cannot make an agent with createReactAgent: unknown option "toolz" .*\(bad\.ts:2:22\)$/,
  );
});

Deno.test("A missing import is named, with what was probably meant", async () => {
  assert.deepEqual(await problemOf('import "./gone.ts";'), [
    "import_missing",
    'it imports "./gone.ts" (bad.ts:1:8), which does not exist',
  ]);
  assert.equal(
    (await problemOf('import "./dep";', { "dep.ts": "" }))[1],
    'it imports "./dep" (bad.ts:1:8), which does not exist; try "./dep.ts"',
  );
  assert.deepEqual(await problemOf('import x from "lodash"; x;'), [
    "import_missing",
    'it imports "lodash" (bad.ts:1:15); only "myagent", "zod", "node:…", "npm:…" and relative paths can be ' +
    'imported, so write "npm:lodash"',
  ]);
  assert.equal(
    (await problemOf('import { nope } from "zod"; nope;'))[1],
    'it imports nope from "zod" (bad.ts:1:10), which has no such export',
  );
  assert.equal(
    (await problemOf('import x from "node:nope"; x;'))[1],
    "one of its imports cannot be loaded: No such built-in module: node:nope (bad.ts:1:15)",
  );
});

Deno.test("A file that never finishes loading is given up", async () => {
  const gate = Promise.withResolvers<void>();
  const shared = globalThis as { loadTestGate?: Promise<void> };
  shared.loadTestGate = gate.promise;
  const problem = await problemOf("await globalThis.loadTestGate;", {}, "hang.ts", { timeoutMs: 1 });
  assert.deepEqual(problem, [
    "hangs",
    "it is still loading after 0.001 s; look for an await at top level that never ends",
  ]);
  gate.resolve();
  delete shared.loadTestGate;
});

Deno.test("A hook that would not be run is refused, because it may be all that guards an agent", async () => {
  const agent = plainAgent("x");
  for (const hook of ["authenticate", "onMessage", "onSesionInit"]) {
    assert.deepEqual(await problemOf(`${agent} export const hooks = { ${hook}() {} };`), [
      "hooks",
      `this version does not run the hook "${hook}"; remove it, only onSessionInit is run`,
    ]);
  }
  assert.equal((await problemOf(`${agent} export function authenticate() {}`))[0], "hooks");
  assert.match(
    (await problemOf(`${agent} export const hooks = { onSessionInit: 1 };`))[1],
    /is not a function$/,
  );
  assert.match((await problemOf(`${agent} export const permissions = "all";`))[1], /is not a plain object$/);
});

Deno.test("A folder stands for its agent files in order of their names", async () => {
  using folder = new Folder({
    "b.ts": "",
    "a.js": "",
    "c.mts": "",
    "d.mjs": "",
    "_shared.ts": "",
    ".hidden.ts": "",
    "types.d.ts": "",
    "notes.md": "",
    "deep/e.ts": "",
    "f.tsx": "",
  });
  const found = await findAgentFiles([folder.file("b.ts"), folder.path, "no/such.ts"]);
  assert.deepEqual(found, [
    { file: folder.file("b.ts"), inFolder: false },
    { file: folder.file("a.js"), inFolder: true },
    { file: folder.file("c.mts"), inFolder: true },
    { file: folder.file("d.mjs"), inFolder: true },
    { file: "no/such.ts", inFolder: false },
  ]);
});

Deno.test("A folder without any agent file is an error", async () => {
  using folder = new Folder({ "readme.md": "" });
  await assert.rejects(findAgentFiles([folder.path]), /the folder holds no \.ts, \.js, \.mts or \.mjs file$/);
});

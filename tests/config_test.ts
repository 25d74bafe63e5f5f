import assert from "node:assert/strict";
import { Config, loadConfig, settingRows } from "../src/config.ts";

Deno.test("Defaults are those of the protocol", () => {
  const config = loadConfig({}, {});
  const expected = {
    host: "localhost",
    port: 8080,
    language: "zh",
    maxConnections: 10_000,
    maxSessions: 20_000,
    maxSessionsPerConnection: 64,
    maxAttachmentsPerSession: 16,
    rateLimit: 10,
    rateBurst: 30,
    coalesceMs: 50,
    coalesceBytes: 1024,
    logMaxEvents: 10_000,
    logMaxBytes: 8 * 1024 * 1024,
    sendBudgetBytes: 1024 * 1024,
    sendBudgetGraceSeconds: 5,
    sendHardBytes: 4 * 1024 * 1024,
    heartbeatSeconds: 30,
    idleTimeoutSeconds: 40,
    graceSeconds: 300,
    sessionTtlHours: 24,
    drainSeconds: 10,
    busy: "reject",
    runTimeoutSeconds: 3600,
    cancelWaitSeconds: 5,
    confirmTimeoutSeconds: 300,
    maxRetryAttempts: 0,
    answerStream: "eager",
    agentReady: true,
    sendLlmMessage: false,
  };
  const own = Object.fromEntries(
    Object.keys(expected).map((name) => [name, config[name as keyof typeof config]]),
  );
  assert.deepEqual(own, expected);
  assert.deepEqual([config.tracePort, config.healthPort, config.apiKey, config.allowedOrigins], [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("Flags win over the environment, the environment over defaults", () => {
  assert.equal(loadConfig({}, { MYAGENT_PORT: "9000" }).port, 9000);
  assert.equal(loadConfig({ port: "9001" }, { MYAGENT_PORT: "9000" }).port, 9001);
  assert.equal(loadConfig({ port: undefined }, { MYAGENT_PORT: "9000" }).port, 9000);
});

Deno.test("A setting has its customary variables beside its own", () => {
  assert.equal(loadConfig({}, { OPENAI_API_KEY: "k" }).apiKey, "k");
  assert.equal(loadConfig({}, { MYAGENT_API_KEY: "own" }).apiKey, "own");
  assert.equal(loadConfig({}, { OPENAI_API_BASE: "http://b.example/v1" }).baseUrl, "http://b.example/v1");
  const both = { OPENAI_BASE_URL: "http://a.example/v1", OPENAI_API_BASE: "http://b.example/v1" };
  assert.equal(loadConfig({}, both).baseUrl, "http://a.example/v1");
  assert.equal(loadConfig({}, { LLM_MODEL: "m" }).model, "m");
  assert.equal(loadConfig({}, { SEND_LLM_MESSAGE: "true" }).sendLlmMessage, true);
});

Deno.test("An empty variable is the same as none", () => {
  const config = loadConfig({}, { OPENAI_API_KEY: "", MYAGENT_PORT: "", OPENAI_BASE_URL: "" });
  assert.deepEqual([config.apiKey, config.port, config.baseUrl], [undefined, 8080, undefined]);
  assert.equal(loadConfig({}, { OPENAI_API_KEY: "", MYAGENT_API_KEY: "second" }).apiKey, "second");
});

Deno.test("Switches take the usual words, lists are separated by commas", () => {
  for (const [text, value] of [["true", true], ["1", true], ["no", false], ["off", false]] as const) {
    assert.equal(loadConfig({}, { MYAGENT_AGENT_READY: text }).agentReady, value, text);
  }
  assert.equal(loadConfig({ debug: true }, {}).debug, true);
  assert.deepEqual(
    loadConfig({ allowedOrigins: "https://a.example, https://b.example" }, {}).allowedOrigins,
    [
      "https://a.example",
      "https://b.example",
    ],
  );
});

Deno.test("A bad value is refused by the name of its flag or variable, with the value and what was expected", () => {
  const cases: [Record<string, unknown>, Record<string, string>, string][] = [
    [{ port: "99999" }, {}, 'Invalid value "99999" for --port: expected at most 65535'],
    [{ port: 1.5 }, {}, "Invalid value 1.5 for --port: expected a whole number"],
    [{ port: "ten" }, {}, 'Invalid value "ten" for --port: expected a number'],
    [{}, { MYAGENT_PORT: "-1" }, 'Invalid value "-1" for MYAGENT_PORT: expected at least 0'],
    [{ language: "fr" }, {}, 'Invalid value "fr" for --lang: expected zh or en'],
    [{}, { MYAGENT_LANGUAGE: "fr" }, 'Invalid value "fr" for MYAGENT_LANGUAGE: expected zh or en'],
    [{}, { OPENAI_BASE_URL: "nowhere" }, 'Invalid value "nowhere" for OPENAI_BASE_URL: expected a url'],
    [{}, { SEND_LLM_MESSAGE: "maybe" }, 'Invalid value "maybe" for SEND_LLM_MESSAGE: expected true or false'],
    [{ busy: "queue" }, {}, 'Invalid value "queue" for --busy: expected reject'],
  ];
  for (const [flags, env, message] of cases) {
    assert.throws(() => loadConfig(flags, env), { name: "AppError", message });
  }
});

Deno.test("A blank or a truth value is no number", () => {
  for (const port of ["", " ", true, false, null, []]) {
    assert.throws(() => loadConfig({ port }, {}), { message: /for --port/ }, JSON.stringify(port));
  }
  assert.throws(() => loadConfig({}, { MYAGENT_RATE_LIMIT: " " }), { message: /MYAGENT_RATE_LIMIT/ });
});

Deno.test("An unknown setting is refused by name", () => {
  assert.throws(() => loadConfig({ prot: 8080 }, {}), { name: "AppError", message: /prot/ });
  assert.equal(Config.safeParse({ prot: 8080 }).success, false);
});

Deno.test("The configuration cannot be changed", () => {
  const config = loadConfig({}, {});
  assert.throws(() => Object.assign(config, { port: 1 }), TypeError);
  assert.equal(Object.isFrozen(config), true);
});

Deno.test("Every setting has help, a group, variables and, unless it is a secret, a flag", () => {
  const rows = settingRows();
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
  for (const row of rows) {
    assert.ok(row.help.length > 5 && row.group, row.name);
    assert.match(row.variables.at(-1)!, /^MYAGENT_[A-Z_]+$/);
    assert.equal(row.flag === undefined, row.secret === true, row.name);
    if (row.flag) assert.match(row.flag, /^--[a-z-]+$/);
  }
  const flags = rows.flatMap(({ flag }) => flag ?? []);
  assert.equal(new Set(flags).size, flags.length);
  const byName = new Map(rows.map((row) => [row.name, row]));
  assert.deepEqual(byName.get("baseUrl")!.variables, [
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "MYAGENT_BASE_URL",
  ]);
  assert.deepEqual([byName.get("language")!.flag, byName.get("maxRetryAttempts")!.flag], [
    "--lang",
    "--max-retry-attempts",
  ]);
  assert.deepEqual([byName.get("debug")!.takesValue, byName.get("port")!.takesValue], [false, true]);
  assert.deepEqual([byName.get("port")!.fallback, byName.get("apiKey")!.fallback], ["8080", ""]);
});

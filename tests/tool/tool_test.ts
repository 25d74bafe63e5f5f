import assert from "node:assert/strict";
import { z } from "zod";
import { BaseTool, defineTool, terminate, type ToolContext, toTool } from "../../src/tool/tool.ts";
import { ToolResult } from "../../src/tool/result.ts";

const ctx = {} as ToolContext;

Deno.test("A zod type gives the JSON schema for the model and checks the arguments", () => {
  const tool = defineTool({
    name: "weather",
    description: "Weather",
    parameters: z.object({ city: z.string().min(1), days: z.number().int().default(3) }),
    execute: ({ city, days }) => `${city} ${days}`,
  });
  assert.deepEqual(tool.parameters.required, ["city"]);
  assert.equal((tool.parameters.properties as Record<string, { type: string }>).city.type, "string");
  assert.equal("$schema" in tool.parameters, false);
  assert.deepEqual(tool.check({ city: "Oslo" }), { city: "Oslo", days: 3 });
  assert.equal(tool.execute(tool.check({ city: "Oslo" }), ctx), "Oslo 3");
});

Deno.test("A JSON schema is passed on as it is, checked, and its defaults are applied", () => {
  const parameters = {
    type: "object",
    properties: {
      city: { type: "string", description: "Where" },
      unit: { type: "string", enum: ["C", "F"], default: "C" },
      days: { type: "integer", minimum: 1 },
    },
    required: ["city"],
  };
  const tool = defineTool({ name: "weather", description: "", parameters, execute: () => "" });
  assert.deepEqual(tool.parameters, parameters);
  assert.deepEqual(tool.check({ city: "Oslo" }), { city: "Oslo", unit: "C" });
  for (const args of [{}, { city: 5 }, { city: "Oslo", unit: "K" }, { city: "Oslo", days: 0 }]) {
    assert.throws(() => tool.check(args), { code: "ERR_VALIDATION_402" }, JSON.stringify(args));
  }
});

Deno.test("Without a schema any object goes, and no arguments are an empty object", () => {
  const tool = defineTool({ name: "free", description: "", execute: () => "" });
  assert.deepEqual(tool.check({ a: 1 }), { a: 1 });
  assert.deepEqual([tool.check(undefined), tool.check(null)], [{}, {}]);
  assert.deepEqual(tool.parameters, { type: "object", properties: {}, additionalProperties: true });
});

Deno.test("Arguments that are no object are refused whatever the schema", () => {
  const free = defineTool({ name: "free", description: "", execute: () => "" });
  const strict = defineTool({ name: "strict", description: "", parameters: z.object({}), execute: () => "" });
  for (const tool of [free, strict]) {
    for (const args of ["text", 5, true, [1]]) {
      assert.throws(() => tool.check(args), {
        code: "ERR_VALIDATION_402",
        message: `Invalid arguments for ${tool.name}: expected an object`,
      });
    }
  }
});

Deno.test("A violation names every member that is wrong, on one line", () => {
  const tool = defineTool({
    name: "mail",
    description: "",
    parameters: z.object({ to: z.email(), options: z.object({ copies: z.number().max(3) }) }),
    execute: () => "",
  });
  assert.throws(() => tool.check({ to: "nobody", options: { copies: 9 } }), (error: Error) => {
    assert.match(error.message, /^Invalid arguments for mail: to: .+; options\.copies: .+$/);
    return !error.message.includes("\n");
  });
});

Deno.test("Names a model API would refuse are refused when the tool is made", () => {
  for (const name of ["", "with space", "点", "a.b", "x".repeat(65), undefined, 5]) {
    assert.throws(
      () => defineTool({ name: name as string, description: "", execute: () => "" }),
      { name: "AppError", message: /^Invalid tool name / },
      String(name),
    );
  }
  for (const name of ["a", "get_weather", "get-weather2", "X".repeat(64)]) {
    assert.equal(defineTool({ name, description: "", execute: () => "" }).name, name);
  }
});

Deno.test("Parameters that are no schema are refused with the tool's name", () => {
  assert.throws(
    () => defineTool({ name: "odd", description: "", parameters: { type: "nonsense" }, execute: () => "" }),
    { name: "AppError", message: 'Cannot use the parameters of tool "odd" as a JSON schema' },
  );
});

Deno.test("A tool cannot be changed after it was made", () => {
  const tool = defineTool({ name: "fixed", description: "", execute: () => "" });
  assert.throws(() => Object.assign(tool, { name: "other" }), TypeError);
});

class Weather extends BaseTool {
  name = "get_weather";
  override description = "Weather of a city";
  override parameters = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  };
  user_confirm = true;
  timeout_seconds = 7;
  asked: string[] = [];
  execute({ city }: { city: string }): ToolResult {
    this.asked.push(city);
    return new ToolResult({ output: `${city}: 25°C` });
  }
}

Deno.test("The class style is a tool too: its members in snake_case count, and execute keeps its this", async () => {
  const weather = new Weather();
  const tool = toTool(weather);
  assert.deepEqual([tool.name, tool.description, tool.userConfirm, tool.timeoutSeconds], [
    "get_weather",
    "Weather of a city",
    true,
    7,
  ]);
  assert.throws(() => tool.check({}), { code: "ERR_VALIDATION_402" });
  const result = ToolResult.from(await tool.execute(tool.check({ city: "Oslo" }), ctx));
  assert.deepEqual([result.text, weather.asked], ["Oslo: 25°C", ["Oslo"]]);
});

Deno.test("camelCase wins over snake_case, and a zod type works in the class style", () => {
  class Both extends BaseTool {
    name = "both";
    override parameters = z.object({ n: z.coerce.number() });
    override userConfirm = false;
    user_confirm = true;
    execute(): string {
      return "";
    }
  }
  const tool = toTool(new Both());
  assert.equal(tool.userConfirm, false);
  assert.deepEqual(tool.check({ n: "5" }), { n: 5 });
});

Deno.test("A class with a helper called check is still converted", () => {
  class Checking extends BaseTool {
    name = "checking";
    override parameters = z.object({ n: z.number() });
    check(): boolean {
      return true;
    }
    execute(): string {
      return "";
    }
  }
  const tool = toTool(new Checking());
  assert.equal(tool.parameters.type, "object");
  assert.throws(() => tool.check({ n: "x" }), { code: "ERR_VALIDATION_402" });
});

Deno.test("A tool made by defineTool is taken as it is", () => {
  const tool = defineTool({ name: "same", description: "", execute: () => "" });
  assert.equal(toTool(tool), tool);
});

Deno.test("terminate is special and takes an answer or nothing", () => {
  assert.deepEqual([terminate.name, terminate.special], ["terminate", true]);
  assert.deepEqual(terminate.check({}), {});
  assert.deepEqual(terminate.check({ answer: "done" }), { answer: "done" });
});

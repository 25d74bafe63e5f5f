/** What a tool's JSON schema asks for, as slots that can be filled from a question. */
import type { ToolSpec } from "./model.ts";
import { identifierWords, stem, tokensOf } from "./demo_words.ts";
import type { Vocabulary } from "./demo_names.ts";

type Schema = Readonly<Record<string, unknown>>;

/** What a text argument is meant to hold; found from its name, format and description. */
export type SlotKind =
  | "email"
  | "url"
  | "date"
  | "time"
  | "path"
  | "expression"
  | "language"
  | "origin"
  | "destination"
  | "place"
  | "recipient"
  | "name"
  | "subject"
  | "text"
  | "query"
  | "code"
  | "entity";

export interface Slot {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly kind: SlotKind;
  readonly required: boolean;
  readonly schema: Schema;
  readonly choices: readonly unknown[];
  readonly examples: readonly string[];
}

// In order: the first rule that fits decides. A name is asked before the description.
const kindRules: readonly (readonly [SlotKind, RegExp])[] = [
  ["recipient", /^(?:to|send_?to)$|recipient|receiver|addressee|收件|接收/i],
  ["email", /e-?mail|邮箱|电子邮件地址/i],
  ["url", /\b(?:url|uri|link|href|website)\b|网址|链接/i],
  ["date", /\b(?:date|day|deadline|due)\b|日期|哪天|截止/i],
  ["time", /\btime\b|时刻|几点/i],
  ["path", /\b(?:path|file|filename|folder|directory)\b|文件|路径|目录/i],
  ["expression", /\b(?:expr|expression|formula|equation)\b|算式|表达式|公式/i],
  ["language", /\blang(?:uage)?\b|语言|语种/i],
  ["origin", /^(?:from|start)$|\b(?:origin|departure|source)\b|出发|起点/i],
  ["destination", /\b(?:destination|arrival)\b|目的地|到达|终点/i],
  [
    "place",
    /\b(?:city|place|location|town|country|region|province|area|where)\b|城市|地点|地区|国家|地名|省份|位置/i,
  ],
  ["code", /(?:^|\s)id$|\b(?:number|no|code|symbol|ticker|sku|key)\b|编号|单号|代码|编码/i],
  [
    "query",
    /^(?:q|s)$|\b(?:query|keyword|keywords|search|question|term|topic|sql|phrase)\b|关键词|关键字|搜索|问题|检索|查询语句/i,
  ],
  ["subject", /\b(?:subject|title|headline)\b|主题|标题/i],
  [
    "text",
    /\b(?:body|content|message|text|note|description|comment|task|todo|item|input|prompt)\b|正文|内容|消息|文本|原文|任务|事项|备注|描述|待办/i,
  ],
  [
    "name",
    /\b(?:name|person|who|user|customer|client|contact|author|owner)\b|姓名|名字|名称|用户|客户|联系人|称呼/i,
  ],
];

const formats: Readonly<Record<string, SlotKind>> = {
  email: "email",
  uri: "url",
  url: "url",
  date: "date",
  "date-time": "date",
  time: "time",
};

function kindOf(name: string, description: string, format: unknown): SlotKind {
  const byFormat = formats[String(format)];
  if (byFormat) return byFormat;
  const words = identifierWords(name).toLowerCase();
  const fits = (text: string) => kindRules.find(([, rule]) => rule.test(text))?.[0];
  const byName = fits(words);
  if (byName !== undefined && words !== "name") return byName;
  const byDescription = fits(withoutExamples(description));
  if (byName === undefined) return byDescription ?? "entity";
  // "name" alone says little: the name of a city is a place, the name of a task is a text.
  return byDescription === "place" || byDescription === "text" ? byDescription : byName;
}

/** The variant of a schema that is not null: optional and nullable types are unions. */
function plain(schema: unknown): Schema {
  const given = (typeof schema === "object" && schema !== null ? schema : {}) as Schema;
  const variants = (given.anyOf ?? given.oneOf) as Schema[] | undefined;
  if (!Array.isArray(variants)) return given;
  const chosen = variants.find((variant) => variant?.type !== "null");
  return { ...given, ...chosen };
}

function typeOf(schema: Schema): string {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  return typeof type === "string" ? type : schema.properties ? "object" : "string";
}

const listed =
  /(?:例如|比如|譬如|诸如|如(?![果何需下])|\be\.g\.|\beg\.|\bfor example|\bfor instance|\bsuch as|\blike\b)[：:,，]?\s*([^。；;)）\n]+)/giu;

/** A description without its examples: what they name is not the tool's own vocabulary. */
export function withoutExamples(description: string): string {
  return description.replace(listed, " ").replace(/[（(][^）)]*[）)]/gu, " ");
}

function examplesOf(schema: Schema, description: string): string[] {
  const given = Array.isArray(schema.examples)
    ? schema.examples.filter((one) => typeof one === "string")
    : [];
  const named = [...description.matchAll(listed)].flatMap(([, list]) =>
    list.split(/[、，,/]|\bor\b|\band\b|或|和/u).map((word) =>
      word.replace(/^[\s"'“‘「]+|[\s"'”’」.等]+$/gu, "")
    )
  );
  return [...given, ...named].filter((example) => example.length >= 2);
}

function slotOf(name: string, given: unknown, required: boolean): Slot {
  const schema = plain(given);
  const description = typeof schema.description === "string"
    ? schema.description
    : String(schema.title ?? "");
  return {
    name,
    description,
    schema,
    required,
    type: typeOf(schema),
    kind: kindOf(name, description, schema.format),
    choices: Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : [],
    examples: examplesOf(schema, description),
  };
}

/** The slots of an object schema, in order. */
export function slotsOf(schema: Schema): Slot[] {
  const properties = (schema.properties ?? {}) as Schema;
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(properties).map(([name, given]) => slotOf(name, given, required.has(name)));
}

/** A tool that names no parameters takes anything: it is given what tools of its sort usually call their arguments. */
export function slotsOfTool(tool: ToolSpec): Slot[] {
  const slots = slotsOf(tool.parameters);
  if (slots.length > 0 || tool.parameters.additionalProperties === false) return slots;
  if (tool.parameters.additionalProperties === undefined && tool.parameters.properties) return slots;
  const tokens = tokensOf(`${identifierWords(tool.name)} ${tool.description}`);
  const names = tokens.has("#email") ? ["to", "subject", "body"] : ["query"];
  return names.map((name) => slotOf(name, { type: "string" }, false));
}

/** The words a tool uses for itself and its parameters. */
export function vocabularyOf(tools: readonly ToolSpec[]): Vocabulary {
  const texts = tools.flatMap((tool) => [
    identifierWords(tool.name),
    withoutExamples(tool.description),
    ...slotsOf(tool.parameters).flatMap((slot) => [
      identifierWords(slot.name),
      withoutExamples(slot.description),
      ...slot.choices.map(String),
    ]),
  ]);
  const text = texts.join(" ");
  return {
    chinese: text.replace(/[^\p{Script=Han}]+/gu, " "),
    stems: new Set((text.match(/[A-Za-z][A-Za-z'-]+/g) ?? []).map(stem)),
  };
}

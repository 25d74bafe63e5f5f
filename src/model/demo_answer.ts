/** What the demo model says: results in the language of the question, and honest words where it cannot help. */
import type { Language } from "../config.ts";
import type { ToolSpec } from "./model.ts";
import type { PlannedCall } from "./demo_plan.ts";
import { withoutExamples } from "./demo_slots.ts";
import { languageOf } from "./demo_words.ts";

/** What one call of this turn came to. */
export interface Result {
  readonly tool: string;
  readonly text: string;
  readonly failed: boolean;
}

const rowsShown = 20;
// A person reads an answer, not a dump: longer results are cut with a note.
const maxResultCharacters = 4000;

/** A tool's result as a person reads it: JSON becomes a list or a table, text stays. */
export function readable(text: string, language: Language): string {
  const cut = [...text.slice(0, maxResultCharacters * 2)];
  const value = parse(text);
  const shown = value === undefined ? text.trim() : structure(value, language);
  if (shown.length <= maxResultCharacters) return shown;
  const kept = value === undefined ? cut : [...shown];
  const note = language === "zh"
    ? `（共 ${shown.length} 个字符，其余略）`
    : ` (${shown.length} characters in all)`;
  return `${kept.slice(0, maxResultCharacters).join("").trimEnd()}…${note}`;
}

function parse(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function scalar(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "–" : JSON.stringify(value);
}

function structure(value: unknown, language: Language): string {
  if (Array.isArray(value)) return list(value, language);
  if (!isRecord(value)) return scalar(value);
  const entries = Object.entries(value);
  if (entries.length === 1 && typeof entries[0][1] === "string") return entries[0][1];
  const colon = language === "zh" ? "：" : ": ";
  return entries.map(([key, member]) =>
    Array.isArray(member) && member.some(isRecord)
      ? `- ${key}${colon}\n\n${list(member, language)}\n`
      : `- ${key}${colon}${
        Array.isArray(member) ? member.map(scalar).join(language === "zh" ? "、" : ", ") : scalar(member)
      }`
  ).join("\n");
}

function list(values: readonly unknown[], language: Language): string {
  if (values.length === 0) return language === "zh" ? "没有找到任何记录。" : "Nothing was found.";
  const shown = values.slice(0, rowsShown);
  const more = values.length > shown.length
    ? language === "zh"
      ? `\n\n（共 ${values.length} 条，显示前 ${rowsShown} 条）`
      : `\n\n(the first ${rowsShown} of ${values.length})`
    : "";
  if (!shown.every(isRecord)) return shown.map((value) => `- ${scalar(value)}`).join("\n") + more;
  const columns = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;
  const rows = shown.map((row) => line(columns.map((column) => scalar(row[column]))));
  return [line(columns), line(columns.map(() => "---")), ...rows].join("\n") + more;
}

function success({ tool, text }: Result, language: Language): string {
  if (text.trim() === "") {
    return language === "zh" ? `${tool} 已完成，没有返回内容。` : `${tool} is done and returned nothing.`;
  }
  const shown = readable(text, language);
  const foreign = parse(text) === undefined && /\p{L}/u.test(shown) &&
    (language === "zh" ? !/\p{Script=Han}/u.test(shown) : languageOf(shown) === "zh");
  if (!foreign) return shown;
  return language === "zh" ? `${tool} 返回：${shown}` : `${tool} returned: ${shown}`;
}

function failure({ tool, text }: Result, language: Language): string {
  const reason = text.replace(/^Error:\s*/, "").trim();
  if (/cancelled by user/i.test(reason)) {
    return language === "zh" ? `已取消：${tool} 没有执行。` : `Cancelled: ${tool} was not carried out.`;
  }
  return language === "zh" ? `${tool} 没有成功：${reason}` : `${tool} failed: ${reason}`;
}

/** All results of a turn, one after the other; what failed comes last. */
export function reportResults(results: readonly Result[], language: Language): string {
  const told = [...results.filter(({ failed }) => !failed), ...results.filter(({ failed }) => failed)]
    .map((result) => result.failed ? failure(result, language) : success(result, language));
  const short = told.length > 1 && told.every((text) => !text.includes("\n"));
  return short ? told.map((text) => `- ${text}`).join("\n") : told.join("\n\n");
}

/** A description without examples and the mark that led to them. */
const brief = (description: string) => withoutExamples(description).replace(/[\s，,；;：:。.]+$/u, "");

/** Asks for what a tool needs and the question does not tell. */
export function askFor({ tool, missing }: PlannedCall, language: Language): string {
  const wanted = missing.map(({ name, description }) =>
    description
      ? (language === "zh" ? `${brief(description)}（${name}）` : `${name} (${brief(description)})`)
      : name
  );
  return language === "zh"
    ? `要使用 ${tool.name}，我还需要知道：${wanted.join("、")}。请补充后再告诉我。`
    : `To use ${tool.name} I still need: ${wanted.join(", ")}. Please tell me.`;
}

/** The tools as a list, each with the first sentence of its description. */
function toolList(tools: readonly ToolSpec[], language: Language): string {
  return tools.map(({ name, description }) => {
    const sentence = description.split(/(?<=[。！？!?])|(?<=\.)\s|\n/u)[0].trim();
    return sentence ? `- ${name}${language === "zh" ? "：" : ": "}${sentence}` : `- ${name}`;
  }).join("\n");
}

/** How the system prompt describes the agent, in the first person; empty when it does not, or in another language. */
function selfDescription(system: string, language: Language): string {
  const sentences = system.split(/[。！!\n]|\.(?=\s|$)/u).map((sentence) => sentence.trim());
  const opening = language === "zh" ? /^[你您]是/u : /^you(?:'re|’re| are)\s/i;
  const found = sentences.find((sentence) => opening.test(sentence));
  if (!found) return "";
  if (language === "zh") {
    const own = found.replace(/^[你您]是/u, "我是").replace(/[你您](?=可以|能|会)/gu, "我").replace(
      /[，,]?(?:你)?可以[：:]?$/u,
      "",
    );
    return `${own}。`;
  }
  return `${found.replace(opening, "I am ").replace(/\byou can\b/gi, "I can").replace(/\byour\b/gi, "my")}.`;
}

const advice = {
  zh: "当前由离线演示模型回答；设置环境变量 OPENAI_API_KEY 并重启后，由真正的大模型回答。",
  en: "This is the offline demo model; set OPENAI_API_KEY and start again to get answers from a real model.",
} as const;

/** Says who the agent is and what its tools can do. */
export function introduce(system: string, tools: readonly ToolSpec[], language: Language): string {
  const self = selfDescription(system, language);
  const [greeting, nobody, can, cannot] = language === "zh"
    ? ["你好！", "我是一个智能助手。", "我可以使用这些工具：", "我没有工具可用。"]
    : ["Hello!", "I am an assistant.", "I can use these tools:", "I have no tools."];
  const joint = language === "zh" ? "" : " ";
  const abilities = tools.length > 0 ? `${can}\n${toolList(tools, language)}` : cannot;
  return `${greeting}${joint}${self || nobody}\n\n${abilities}\n\n${advice[language]}`;
}

/** Says honestly that nothing fits, and what would help. */
export function admit(tools: readonly ToolSpec[], mayCall: boolean, language: Language): string {
  const abilities = tools.length > 0 ? `\n\n${toolList(tools, language)}` : "";
  if (language === "zh") {
    const what = !mayCall && tools.length > 0 ? "这一轮不允许使用工具" : "没有找到适合这个问题的工具";
    const can = tools.length > 0 ? "我只会按问题中的词语使用这些工具：" : "这个助手也没有可用的工具。";
    return `我是离线演示模型，${what}。${can}${abilities}\n\n设置环境变量 OPENAI_API_KEY 并重启后，由真正的大模型回答。`;
  }
  const what = !mayCall && tools.length > 0
    ? "tools may not be used in this turn"
    : "no tool fits this question";
  const can = tools.length > 0
    ? "All I can do is use these tools by the words of a question:"
    : "This agent has no tools either.";
  return `I am the offline demo model, and ${what}. ${can}${abilities}\n\nSet OPENAI_API_KEY and start again to get answers from a real model.`;
}

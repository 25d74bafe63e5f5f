/** Every failure of the command line as one sentence in the user's language. */
import { CommanderError } from "commander";
import { AppError, describeCause } from "../errors.ts";
import type { Language } from "../config.ts";
import { exportExample, type LoadDetails, loadDetails } from "../agent/load_failure.ts";
import { text } from "./texts.ts";

/** How a failure is called on the screen: on one line, without its stack. `help` is the command that knows more. */
export function failureText(cause: unknown, language: Language, help = "myagent-ws"): string {
  return sentenceOf(cause, language, help).replace(/\s*\n\s*/g, " ").trim();
}

function sentenceOf(cause: unknown, language: Language, help: string): string {
  if (cause instanceof CommanderError) return usageText(cause, language, help);
  if (!(cause instanceof AppError)) return text("unexpected", language, describeCause(cause));
  if (language === "en") return cause.message;
  const details = loadDetails(cause);
  return details ? loadText(details) : settingText(cause.message);
}

/** What commander found wrong; its own sentences are English and take two lines. */
function usageText(error: CommanderError, language: Language, help: string): string {
  const [, name = ""] = /'([^']*)'/.exec(error.message) ?? [];
  const [, nearest] = /Did you mean (?:one of )?(.*?)\?/.exec(error.message) ?? [];
  const advice = nearest
    ? text("didYouMean", language, nearest.replaceAll(", ", " / "))
    : text("seeHelp", language, help);
  switch (error.code) {
    case "commander.unknownOption":
      return text("unknownOption", language, name, advice);
    case "commander.missingArgument":
      return text("missingArgument", language, name, advice);
    case "commander.optionMissingArgument":
      return text("missingValue", language, name.replace(/ <.*/, ""), advice);
    case "commander.excessArguments": {
      const [, given = ""] = /but got \d+: (.*)\.$/.exec(error.message) ?? [];
      return text("excessArguments", language, given, advice);
    }
    case "commander.unknownCommand":
      return text("unknownCommand", language, name, advice);
    default:
      return error.message.replace(/^error: /, "");
  }
}

const expectations: readonly (readonly [english: RegExp, chinese: string])[] = [
  [/^expected at most (.*)$/, "不能大于 $1"],
  [/^expected at least (.*)$/, "不能小于 $1"],
  [/^expected a whole number$/, "应为整数"],
  [/^expected a number$/, "应为数字"],
  [/^expected a url$/, "应为网址"],
  [/^expected (.* or .*)$/, "应为 $1"],
];

/** A refused setting in Chinese; any other sentence stays as it is. */
function settingText(message: string): string {
  const match = /^Invalid value (.*) for (\S+): (.*?)(?: \(set in (.*)\))?$/.exec(message);
  if (!match) return message;
  const [, value, name, expectation, file] = match;
  const found = expectations.find(([english]) => english.test(expectation));
  const should = found ? expectation.replace(found[0], found[1].replaceAll(" or ", " 或 ")) : expectation;
  return `${file ? `${file} 中 ` : ""}${name} 的值 ${value} 无效: ${should.replaceAll(" or ", " 或 ")}`;
}

const at = (place: string) => place ? `（${place}）` : "";

/** Why an agent file cannot be loaded, in Chinese; the English stands in agent/load_failure.ts. */
function loadText(details: LoadDetails): string {
  const { file } = details;
  switch (details.reason) {
    case "not_found":
      return {
        missing: `找不到 Agent 文件 ${file}，请检查路径`,
        folder: `${file} 是文件夹，请指定其中的一个文件`,
        empty_folder: `文件夹 ${file} 里没有 .ts、.js、.mts 或 .mjs 文件`,
        unreadable: `无法读取 Agent 文件 ${file}，请检查权限`,
      }[details.kind];
    case "syntax":
      return `Agent 文件 ${file} 有语法错误，位置 ${details.place}: ${details.problem}`;
    case "no_export": {
      const found = details.exports.join(", ") || "没有任何导出";
      return `在 ${file} 中未找到 'agent' 变量（找到的导出: ${found}），请写成 ${exportExample}`;
    }
    case "not_an_agent":
      return {
        file: `${file} 不是 Agent 文件: Agent 用 TypeScript 或 JavaScript 编写（.ts、.js、.mts、.mjs）`,
        value: `${file} 导出的 'agent' 不是 Agent，而是 ${details.found}，请写成 ${exportExample}`,
        result:
          `${file} 的函数 agent 返回的不是 Agent，而是 ${details.found}，请返回 createReactAgent({ … })`,
      }[details.kind];
    case "throws": {
      const what = details.kind === "import" ? "加载时抛出错误" : "的函数 agent 抛出错误";
      return `Agent 文件 ${file} ${what}${at(details.place)}: ${details.problem}`;
    }
    case "import_missing":
      return importText(details);
    case "hangs":
      return `Agent 文件 ${file} 加载超过 ${details.seconds} 秒仍未完成，请检查顶层的 await`;
    case "hooks":
      return {
        not_run: `${file} 定义了 ${details.hook}，但此版本不会执行它，请删除（只支持 onSessionInit）`,
        not_a_function: `${file} 的钩子 ${details.hook} 不是函数`,
        not_plain: `${file} 导出的 ${details.hook} 不是普通对象`,
      }[details.kind];
  }
}

function importText(details: LoadDetails & { reason: "import_missing" }): string {
  const { file, kind, specifier, place, hint } = details;
  const subject = `Agent 文件 ${file} 导入的`;
  switch (kind) {
    case "file":
      return `${subject} "${specifier}" 不存在${at(place)}${hint ? `，是不是想写 "${hint}"？` : ""}`;
    case "bare":
      return `${subject} "${specifier}" 无法解析${
        at(place)
      }: 只能导入 "myagent"、"zod"、"node:…"、"npm:…" 和相对路径` +
        (hint ? `，请写成 "${hint}"` : "");
    case "name":
      return `${subject} ${hint} 不在 "${specifier}" 的导出中${at(place)}`;
    case "other":
      return `${subject}模块无法加载${at(place)}: ${specifier}`;
  }
}

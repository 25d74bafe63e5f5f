/** Values that can be recognised by their form: numbers, sums, dates, times, languages, codes. */
import { chineseConcepts } from "./demo_lexicon.ts";

const digits: Readonly<Record<string, number>> = {
  零: 0,
  〇: 0,
  一: 1,
  二: 2,
  两: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
};
const powers: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000, 万: 10_000 };
const chineseNumber = "[零〇一二两三四五六七八九十百千万]+";

/** A Chinese numeral below 10^8 as a number. */
export function parseChineseNumber(text: string): number {
  let total = 0;
  let section = 0;
  let digit = 0;
  for (const character of text) {
    const power = powers[character];
    if (power === undefined) digit = digits[character] ?? 0;
    else if (power === 10_000) {
      total = (total + section + digit) * power;
      section = digit = 0;
    } else {
      section += (digit || 1) * power;
      digit = 0;
    }
  }
  return total + section + digit;
}

/** A number and the word right after it, which says what is counted. */
export interface Quantity {
  readonly value: number;
  readonly unit: string;
}

const datePattern = /\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}[日号]|\d{1,2}月\d{1,2}[日号]/gu;
const timePattern =
  /\d{1,2}[:：]\d{2}(?::\d{2})?|(?:凌晨|早上|上午|中午|下午|傍晚|晚上)?(?:\d{1,2}|[一二两三四五六七八九十]{1,3})点(?:半|\d{1,2}分?|[一二三四五六七八九十]{1,3}分?)?|\b\d{1,2}\s?(?:am|pm)\b/giu;
/** Dates and times of day, wherever they stand. */
export const moments = new RegExp(`${datePattern.source}|${timePattern.source}`, "giu");

const measures = "[个条位名天日页项次元块度倍岁份只本张人件]|小时|分钟|美元|人民币";

/** The numbers of a text, without those of dates, times and codes. */
export function numbersIn(text: string): Quantity[] {
  const rest = text.normalize("NFKC").replace(datePattern, " ").replace(timePattern, " ");
  const pattern = new RegExp(
    `(?<![\\p{Script=Latin}\\d.#_])(-?\\d+(?:,\\d{3})*(?:\\.\\d+)?)\\s*(${measures}|[a-z]+)?` +
      `|(${chineseNumber})\\s*(${measures})`,
    "giu",
  );
  return [...rest.matchAll(pattern)].flatMap(([, number, unit, chinese, measure]) => {
    // 一个 and 一封 are articles more often than counts.
    if (chinese !== undefined) {
      return chinese === "一" ? [] : [{ value: parseChineseNumber(chinese), unit: measure }];
    }
    return [{ value: Number(number.replaceAll(",", "")), unit: unit ?? "" }];
  });
}

const operators: readonly (readonly [RegExp, string])[] = [
  [/(?<=[\d\s)])(?:加上?|\bplus\b)(?=[\d\s(])/giu, "+"],
  [/(?<=[\d\s)])(?:减去?|\bminus\b)(?=[\d\s(])/giu, "-"],
  [/(?<=[\d\s)])(?:乘以?|\btimes\b|\bmultiplied by\b|[×x])(?=[\d\s(])/giu, "*"],
  [/(?<=[\d\s)])(?:除以|\bdivided by\b|÷)(?=[\d\s(])/giu, "/"],
  [/%\s*of\b/gi, " / 100 *"],
];
const sumPattern =
  /(?:\(\s*)*-?\d+(?:\.\d+)?(?:\s*\))*(?:\s*(?:\*\*|[-+*/^%])\s*(?:\(\s*)*-?\d+(?:\.\d+)?(?:\s*\))*)+/;

/** Chinese numerals beside an operator become digits: 三加五 → 3加5. */
function withDigits(text: string): string {
  const beside = new RegExp(`${chineseNumber}(?=[加减乘除])|(?<=[加减乘除][上去以]?)${chineseNumber}`, "gu");
  return text.replace(beside, (numeral) => String(parseChineseNumber(numeral)));
}

/** The sum in a text, in signs; a bare 3-5 or 11/21 is taken for a range or a date unless `loosely`. */
export function expressionIn(text: string, loosely = false): string | undefined {
  let rest = withDigits(text.normalize("NFKC").replace(datePattern, " "));
  for (const [words, sign] of operators) rest = rest.replace(words, sign);
  const found = sumPattern.exec(rest)?.[0].trim();
  if (found === undefined || (!loosely && /^\d+[-/]\d+$/.test(found))) return undefined;
  return found;
}

const relativeDays: Readonly<Record<string, number>> = {
  前天: -2,
  昨天: -1,
  yesterday: -1,
  今天: 0,
  今晚: 0,
  today: 0,
  tonight: 0,
  明天: 1,
  明早: 1,
  tomorrow: 1,
  后天: 2,
};
const dayWords =
  /前天|昨天|今天|今晚|明天|明早|后天|\b(?:yesterday|today|tonight|tomorrow)\b|(?:下|这|本)?(?:周|星期)[一二三四五六日天末]|\b(?:(?:next|this|on) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b/iu;

function isoDay(year: number, month: number, day: number): string {
  return [String(year), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
}

/** The day a text names, as it is written, or as YYYY-MM-DD when that is asked for and can be told. */
export function dateIn(text: string, iso: boolean, now: Date): string | undefined {
  const written = text.match(datePattern)?.[0];
  const named = written ?? dayWords.exec(text)?.[0];
  if (named === undefined || !iso) return named;
  const numbers = (written?.match(/\d+/g) ?? []).map(Number);
  if (numbers.length >= 2) {
    const [day, month, year = now.getFullYear()] = numbers.reverse();
    return isoDay(year, month, day);
  }
  const offset = relativeDays[named.toLowerCase()];
  if (offset === undefined) return undefined;
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  return isoDay(date.getFullYear(), date.getMonth() + 1, date.getDate());
}

/** The time of day a text names, as it is written. */
export function timeIn(text: string): string | undefined {
  return text.match(timePattern)?.[0];
}

/** The language something is to be put into, with the words that say so. */
export function targetLanguageIn(text: string): { value: string; phrase: string } | undefined {
  const found = /[，,]?\s*(?:翻译|译)?[成为到]\s*(\p{Script=Han}{1,4}[文语])/u.exec(text) ??
    /\b(?:to|into|in)\s+(\p{Lu}[a-z]+(?:ese|ish|an|ch|ic|ek|ai|di|il|ew|ian))\b/u.exec(text) ??
    /\b(?:to|into|in)\s+((?:engl|span|turk|pol|dan|swed|finn)ish|french|german|(?:chin|japan|portugu)ese|italian|russian|korean|arabic|dutch|greek|hindi|thai)\b/iu
      .exec(text);
  return found ? { value: found[1], phrase: found[0] } : undefined;
}

/** A file named in a text. */
export function pathIn(text: string): string | undefined {
  return text.match(/(?:[\w.~-]*\/)*[\w-]+(?:\.\w{1,8})+\b|\.{0,2}(?:\/[\w.-]+)+/u)?.[0];
}

/** Something that looks like an order number, an article code or a stock symbol. */
export function codesIn(text: string): string[] {
  const found = text.match(/#?\b[A-Z]*-?\d[\w-]*\b|\b[A-Z]{2,6}(?:\.[A-Z]{1,3})?\b/gu) ?? [];
  return found.map((code) => code.replace(/^#/, ""));
}

/** Chinese words of the lexicon that a text starts or ends with, with their concepts. */
export function knownEdge(
  text: string,
  end: "start" | "end",
): readonly [word: string, concept: string] | undefined {
  return chineseConcepts.find(([word]) => end === "start" ? text.startsWith(word) : text.endsWith(word));
}

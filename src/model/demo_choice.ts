/** Arguments with few possible values: enumerations, yes or no, and which number belongs to which parameter. */
import type { Language } from "../config.ts";
import type { Slot } from "./demo_slots.ts";
import { expressionIn, type Quantity } from "./demo_values.ts";
import { conceptOf, identifierWords, tokensOf } from "./demo_words.ts";

/** The value of an enumeration that a text names; a required one without evidence gets its first value. */
export function choiceIn(text: string, slot: Slot, language: Language): unknown {
  const found = slot.choices.find((choice) => says(text, choice, slot.description));
  if (found !== undefined) return found;
  if (slot.kind === "language") {
    const own = slot.choices.find((choice) => isLanguage(String(choice), language));
    if (own !== undefined) return own;
  }
  return slot.required && !("default" in slot.schema) ? slot.choices[0] : undefined;
}

/** Whether "zh", "zh-CN", "English" and the like stand for a language. */
function isLanguage(choice: string, language: Language): boolean {
  const code = choice.toLowerCase().split(/[-_]/)[0];
  return code === language || languageCodes[language] === (conceptOf(code) ?? code);
}

/** Whether a text names a value: literally, by its gloss in the description, or by its meaning. */
export function says(text: string, choice: unknown, description: string): boolean {
  const word = String(choice);
  if (contains(text, word) || contains(text, identifierWords(word))) return true;
  const sign = operatorNames.find(([names]) => names.test(word))?.[1];
  if (sign && expressionIn(text, true)?.includes(sign)) return true;
  const gloss = glossOf(word, description);
  if (gloss && text.includes(gloss)) return true;
  const meaning = conceptOf(word) ?? languageCodes[word.toLowerCase()];
  return meaning !== undefined && tokensOf(text).has(`#${meaning}`);
}

/** The Chinese word beside a value in a description: "shipped 已发货" or "已发货(shipped)". */
function glossOf(word: string, description: string): string | undefined {
  const value = escaped(word);
  const after = new RegExp(`${value}["'\`]?\\s*[（(=:：为是表示-]*\\s*(\\p{Script=Han}{1,8})`, "u").exec(
    description,
  );
  const before = new RegExp(`(\\p{Script=Han}{1,8})\\s*[（(=:：]\\s*["'\`]?${value}`, "u").exec(description);
  return after?.[1] ?? before?.[1];
}

/** Yes, no, or undefined when the text does not speak of it. */
export function truthIn(text: string, slot: Slot): boolean | undefined {
  const subjects = [...tokensOf(`${identifierWords(slot.name)} ${slot.description}`)];
  const asked = tokensOf(text);
  if (!subjects.some((subject) => asked.has(subject))) return slot.required ? false : undefined;
  return !/不要|不用|别|无需|没有|\b(?:not|no|without|never|don't)\b/iu.test(text);
}

/** Where the number meant for a slot stands: the one with a fitting unit, else the first; -1 for none. */
export function fittingNumber(numbers: readonly Quantity[], slot: Slot): number {
  const words = `${identifierWords(slot.name)} ${slot.description}`.toLowerCase();
  const fits = ({ unit }: Quantity) =>
    unit !== "" &&
    (words.includes(unit.replace(/s$/i, "").toLowerCase()) || (unitNames[unit]?.test(words) ?? false));
  const at = numbers.findIndex(fits);
  return at >= 0 ? at : numbers.findIndex(({ unit }) => slot.required || !unitNames[unit]);
}

const operatorNames: readonly (readonly [RegExp, string])[] = [
  [/^(?:add|addition|plus|sum|\+)$/i, "+"],
  [/^(?:sub|subtract|subtraction|minus|-)$/i, "-"],
  [/^(?:mul|multiply|multiplication|times|\*)$/i, "*"],
  [/^(?:div|divide|division|\/)$/i, "/"],
];

const languageCodes: Readonly<Record<string, string>> = {
  en: "english",
  zh: "chinese",
  fr: "french",
  de: "german",
  ja: "japanese",
  es: "spanish",
};

const money = /amount|price|money|cost|budget|金额|价/;
const many = /limit|count|number|top|quantity|[条个]|数量/;

/** What a measure word counts, as it stands in names and descriptions of parameters. */
const unitNames: Readonly<Record<string, RegExp>> = {
  天: /\bdays?\b|天/,
  日: /\bdays?\b|天/,
  小时: /\bhours?\b|小时/,
  分钟: /\bminutes?\b|分钟/,
  页: /\bpages?\b|页/,
  条: many,
  个: many,
  元: money,
  块: money,
  美元: money,
  度: /temperature|degree|温度/,
  岁: /\bage\b|年龄/,
};

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Whether a text has a value in it; Latin words must stand alone. */
export function contains(text: string, value: string): boolean {
  if (value === "") return false;
  if (!/^[\w .-]+$/.test(value)) return text.includes(value);
  return new RegExp(`(?<![A-Za-z0-9_])${escaped(value)}(?![A-Za-z0-9_])`, "i").test(text);
}

/** Names in a question: what neither grammar nor the tools' own words explain. No list of places or people is needed. */
import type { Language } from "../config.ts";
import { chineseConcepts, chineseFiller, englishFiller } from "./demo_lexicon.ts";
import { moments } from "./demo_values.ts";
import { conceptOf, stem } from "./demo_words.ts";

/** A name found in a question: a place, a person, a product, whatever the tools' own words do not explain. */
export interface Entity {
  readonly text: string;
  /** The word or character before it, e.g. "to" or 给. */
  readonly lead: string;
  /** True when it looks like a name: written in capitals, or in the other script. */
  readonly strong: boolean;
  /** Names joined by "and" share a group. */
  readonly group: number;
}

/** What a tool says about itself; these words of a question are not names. */
export interface Vocabulary {
  readonly chinese: string;
  readonly stems: ReadonlySet<string>;
}

/** Replaces the Chinese words that explain themselves by blanks of the same length. */
function blankKnown(text: string, vocabulary: Vocabulary): string {
  let rest = text.replace(moments, (moment) => "\0".repeat(moment.length));
  const blank = (word: string) => {
    rest = rest.replaceAll(word, "\0".repeat(word.length));
  };
  for (const [word] of chineseConcepts) blank(word);
  for (const word of chineseFiller) blank(word);
  return rest.replace(/\p{Script=Han}{2,}/gu, (run) => {
    let result = "";
    for (let at = 0; at < run.length;) {
      let length = run.length - at;
      while (length >= 2 && !vocabulary.chinese.includes(run.slice(at, at + length))) length--;
      result += length >= 2 ? "\0".repeat(length) : run[at];
      at += Math.max(1, length);
    }
    return result;
  });
}

const leading = /^[请问查看找给向从到去在把对跟叫是有为让要会说我你用将往至]/u;
const trailing = /[了吗呢吧啊呀是有在会要好都个啦]$/u;

/** 和 and 与 join names, but also stand inside them: both sides must be long enough to be names. */
function splitJoined(run: string): string[] {
  for (let at = 2; at + 2 < run.length; at++) {
    if (/[和与跟及]/u.test(run[at])) return [run.slice(0, at), ...splitJoined(run.slice(at + 1))];
  }
  return [run];
}

function trimName(run: string): { text: string; lead: string } {
  let text = run;
  let lead = "";
  while (text.length > 2 && leading.test(text)) {
    lead = text[0];
    text = text.slice(1);
  }
  // 给张三发邮件: what follows the name is the verb.
  if (/[给向]/u.test(lead) && text.length > 2) text = text.replace(/[发写打寄送说问]$/u, "");
  while (text.length > 2 && trailing.test(text)) text = text.slice(0, -1);
  return { text, lead };
}

/** Cuts a run of unexplained English words down to what is written in capitals, if anything is. */
function capitalised(words: readonly string[]): { text: string; strong: boolean } {
  const isName = (word: string) => /^\p{Lu}/u.test(word);
  const first = words.findIndex(isName);
  if (first < 0) return { text: words.join(" "), strong: false };
  return { text: words.slice(first, words.findLastIndex(isName) + 1).join(" "), strong: true };
}

const tokenPattern =
  /(?:St|Mt|Ft|Mr|Mrs|Ms|Dr)\.(?= \p{Lu})|(?:\p{Lu}\.){2,}|\p{Script=Latin}[\p{Script=Latin}\p{N}'’-]*|\p{Script=Han}+|\0+|\s+|[^\s]/gu;

/** Collects names while the tokens of a clause go by. */
class NameCollector {
  readonly entities: Entity[] = [];
  #words: string[] = [];
  #lead = "";
  /** The word or sign between the last name and the next, if they are joined. */
  #joint = "";
  /** Whether nothing but a joint stands between here and the last name. */
  #adjacent = false;
  /** Whether the clause has begun with something else: 和 is then "with", not the start of 和田. */
  #begun = false;

  constructor(readonly vocabulary: Vocabulary, readonly language: Language) {}

  latin(word: string): void {
    const name = word.replace(/['’]s$/, "");
    if (/^and$/i.test(name)) this.join("and");
    else if (this.#explained(name)) {
      this.interrupt();
      this.#lead = name.toLowerCase();
    } else this.#words.push(name);
  }

  /** "New York City": a known word may be the end of a name. */
  #explained(name: string): boolean {
    if (this.#words.length > 0 && conceptOf(name) === "city" && /^\p{Lu}/u.test(name)) return false;
    return englishFiller.has(name.toLowerCase()) || conceptOf(name) !== undefined ||
      this.vocabulary.stems.has(stem(name));
  }

  chinese(run: string): void {
    this.#flush();
    const way = /^[从自](.{2,}?)[到去至飞](.{2,})$/u.exec(run);
    if (way) {
      this.chinese(`从${way[1]}`);
      this.interrupt();
      return this.chinese(`到${way[2]}`);
    }
    const stretches = run.split("的");
    for (const [index, stretch] of stretches.entries()) {
      if (index > 0) this.interrupt();
      this.#stretch(stretch);
    }
  }

  /** Names between two 的, perhaps with 和 before, between or after them. */
  #stretch(stretch: string): void {
    const starts = (this.#adjacent || (this.#begun && stretch.length > 2)) && /^[和与跟及]/u.test(stretch);
    this.#begun = true;
    if (starts) this.#joint = stretch[0];
    const parts = splitJoined(starts ? stretch.slice(1) : stretch);
    for (const [index, part] of parts.entries()) {
      if (index > 0) this.#joint = "和";
      const ends = /[和与跟及]$/u.exec(part)?.[0] ?? "";
      const { text, lead } = trimName(part.slice(0, part.length - ends.length));
      if (text.length >= 2) this.#add(text, lead || this.#lead, true);
      else if (text !== "") this.interrupt();
      this.#lead = text.length === 1 ? text : "";
      if (ends) this.#joint = ends;
    }
  }

  join(by: string): void {
    this.#flush();
    this.#joint ||= by;
  }

  /** Something that ends a name; names before and after it are not joined. */
  interrupt(): void {
    this.#flush();
    this.#begun = true;
    this.#adjacent = false;
    this.#joint = "";
    this.#lead = "";
  }

  finish(): Entity[] {
    this.#flush();
    return joinPlaces(this.entities);
  }

  #flush(): void {
    if (this.#words.length === 0) return;
    const { text, strong } = capitalised(this.#words);
    this.#words = [];
    this.#add(text, this.#lead, strong || this.language === "zh");
    this.#lead = "";
  }

  #add(text: string, lead: string, strong: boolean): void {
    const last = this.entities.at(-1);
    const joins = last !== undefined && this.#adjacent && this.#joint !== "";
    const group = joins ? last.group : (last?.group ?? 0) + 1;
    this.entities.push({ text, lead: joins && this.#joint === "," ? "," : lead, strong, group });
    this.#adjacent = true;
    this.#joint = "";
  }
}

/** "Paris, France" is one place; "Berlin, Paris and Rome" are three. */
function joinPlaces(entities: readonly Entity[]): Entity[] {
  return entities.flatMap((entity, index) => {
    const mates = entities.filter((other) => other.group === entity.group);
    if (mates.length !== 2 || mates[1].lead !== "," || !/^\p{Script=Latin}/u.test(entity.text)) {
      return [entity];
    }
    return mates[0] === entity ? [{ ...entity, text: `${entity.text}, ${entities[index + 1].text}` }] : [];
  });
}

/** The names in a stretch of masked text, in order. */
export function entitiesIn(masked: string, vocabulary: Vocabulary, language: Language): Entity[] {
  const collector = new NameCollector(vocabulary, language);
  for (const [token] of blankKnown(masked, vocabulary).matchAll(tokenPattern)) {
    if (/^\s+$/.test(token)) continue;
    if (/^[,，、&]$/.test(token)) collector.join(token === "，" ? "," : token);
    else if (/^\p{Script=Han}/u.test(token)) collector.chinese(token);
    else if (/^\p{Script=Latin}/u.test(token)) collector.latin(token);
    else collector.interrupt();
  }
  return collector.finish();
}

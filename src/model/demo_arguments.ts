/** Arguments of a call, found in a question by the tool's JSON schema. */
import { conceptOf, identifierWords, tokensOf } from "./demo_words.ts";
import type { Entity } from "./demo_names.ts";
import { type Piece, piecesIn, type Reading, unmask } from "./demo_reading.ts";
import { remainder } from "./demo_remainder.ts";
import { type Slot, slotsOf } from "./demo_slots.ts";
import {
  codesIn,
  dateIn,
  expressionIn,
  numbersIn,
  type Quantity,
  targetLanguageIn,
  timeIn,
} from "./demo_values.ts";

/** Where arguments are looked for. */
export interface Scope {
  readonly reading: Reading;
  /** The clause the tool was chosen for, masked. */
  readonly clause: string;
  readonly entities: readonly Entity[];
  /** What the tool is about, as tokens: these words are commands, not content. */
  readonly topics: ReadonlySet<string>;
  /** What tools of this turn found before: may be sent on. */
  readonly found: string;
  readonly now: Date;
}

export interface Filled {
  /** One set of arguments per call: "Berlin and Paris" makes two. */
  readonly sets: readonly Record<string, unknown>[];
  readonly missing: readonly Slot[];
}

// What can be told by its form comes first; free text takes what is left.
const order = [
  "number",
  "boolean",
  "email",
  "url",
  "language",
  "expression",
  "date",
  "time",
  "origin",
  "destination",
  "recipient",
  "place",
  "code",
  "name",
  "entity",
  "subject",
  "text",
  "query",
];
const named: ReadonlySet<string> = new Set(["place", "recipient", "name", "entity", "code"]);

function rank(slot: Slot): number {
  if (slot.choices.length > 0) return -1;
  const at = order.indexOf(slot.type === "integer" ? "number" : slot.type);
  return at >= 0 ? at : order.indexOf(slot.kind);
}

/** Fills the slots of one tool; optional ones only with what the question clearly says. */
export function fillSlots(slots: readonly Slot[], scope: Scope): Filled {
  const finder = new ArgumentFinder(scope);
  const values = new Map<string, unknown>();
  for (const slot of [...slots].sort((a, b) => rank(a) - rank(b))) {
    const value = finder.find(slot);
    if (value !== undefined) values.set(slot.name, value);
  }
  finder.complete(slots, values);
  const args = Object.fromEntries(
    slots.filter((slot) => values.has(slot.name)).map((slot) => [slot.name, values.get(slot.name)]),
  );
  const missing = slots.filter((slot) =>
    slot.required && !values.has(slot.name) && !("default" in slot.schema)
  );
  const shared = slots.filter((slot) =>
    slot.type === "string" && named.has(slot.kind) && values.has(slot.name)
  );
  const others = shared.length === 1 ? finder.companions(String(values.get(shared[0].name))) : [];
  return { sets: [args, ...others.map((other) => ({ ...args, [shared[0].name]: other }))], missing };
}

/** Looks for values in one clause; what one slot has taken no other gets. */
class ArgumentFinder {
  readonly #scope: Scope;
  #entities: Entity[];
  #pieces: Piece[];
  #numbers: Quantity[];
  #codes: string[];
  #text: string;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#text = unmask(scope.clause, scope.reading.pieces);
    this.#pieces = piecesIn(scope.clause, scope.reading.pieces);
    this.#entities = [...scope.entities];
    const plain = scope.clause.replace(/[\uE000-\uE0FF]/g, " ");
    this.#numbers = numbersIn(plain);
    this.#codes = codesIn(plain);
  }

  find(slot: Slot): unknown {
    if (slot.type === "array") return this.#list(slot);
    if (slot.type === "object") return this.#object(slot);
    if (slot.choices.length > 0) return this.#choice(slot);
    if (slot.type === "boolean") return this.#truth(slot);
    if (slot.type === "number" || slot.type === "integer") return this.#number(slot);
    return this.#example(slot) ?? this.#textual(slot);
  }

  /** Names that were joined by "and" with the one a slot has taken. */
  companions(taken: string): string[] {
    const all = this.#scope.entities;
    const group = all.find((entity) => entity.text === taken)?.group;
    const names = all.filter((entity) => entity.group === group && entity.text !== taken).map(({ text }) =>
      text
    );
    const emails = taken.includes("@")
      ? this.#pieces.filter(({ kind }) => kind === "email").map(({ text }) => text)
      : [];
    return [...new Set([...names, ...emails])].filter((name) => name !== taken);
  }

  /** A letter without a subject gets one from its text, and a text without content what was found before. */
  complete(slots: readonly Slot[], values: Map<string, unknown>): void {
    const open = (kind: Slot["kind"]) =>
      slots.find((slot) =>
        slot.kind === kind && slot.type === "string" && slot.required && !values.has(slot.name)
      );
    const text = open("text");
    const subject = open("subject");
    if (text) {
      const given = slots.find((slot) => slot.kind === "subject" && values.has(slot.name));
      const content = this.#scope.found || (given && values.get(given.name));
      if (content) values.set(text.name, content);
    }
    const body = slots.find((slot) => slot.kind === "text" && values.has(slot.name));
    if (subject && body) values.set(subject.name, headline(String(values.get(body.name))));
  }

  #textual(slot: Slot): string | undefined {
    const { now } = this.#scope;
    switch (slot.kind) {
      case "email":
      case "url":
        return this.#piece(slot.kind);
      case "date":
        return dateIn(this.#text, slot.schema.format === "date" || slot.schema.format === "date-time", now);
      case "time":
        return timeIn(this.#text);
      case "expression":
        return expressionIn(this.#text, true) ?? this.#piece("quote", "body");
      case "language":
        return this.#language();
      case "recipient":
        return this.#piece("email") ?? this.#name(slot, /^(?:给|向|to|for)$/);
      case "origin":
        return this.#name(slot, /^(?:从|自|from)$/);
      case "destination":
        return this.#name(slot, /^(?:到|去|往|至|to)$/);
      case "place":
        return this.#name(slot, /^(?:在|去|到|in|at|for|of|near)$/);
      case "code":
        return this.#codes.shift() ?? this.#name(slot, /^(?:of|for)$/);
      case "name":
      case "entity":
        return this.#name(slot, /^(?:给|向|对|叫|to|for|by|of|from)$/) ?? this.#quote(slot);
      case "subject":
        return this.#piece("subject") ?? this.#topic();
      case "text":
        return this.#piece("body", "quote") ?? (slot.required ? this.#remainder(false) : undefined);
      case "query":
        return this.#piece("quote", "body") ?? this.#remainder(true);
    }
  }

  #quote(slot: Slot): string | undefined {
    return this.#piece("quote") ?? (slot.required ? this.#piece("body") : undefined);
  }

  #remainder(query: boolean): string | undefined {
    return remainder(this.#text, this.#scope.topics, query) || undefined;
  }

  /** The first piece of one of the kinds, in order of the kinds. */
  #piece(...kinds: Piece["kind"][]): string | undefined {
    for (const kind of kinds) {
      const at = this.#pieces.findIndex((piece) => piece.kind === kind);
      if (at >= 0) return this.#pieces.splice(at, 1)[0].text;
    }
  }

  /** A name, best one that stands after the right word; an optional slot takes only what surely is a name. */
  #name(slot: Slot, lead: RegExp): string | undefined {
    const suited = this.#entities.filter((entity) => entity.strong || slot.required);
    const chosen = suited.find((entity) => entity.strong && lead.test(entity.lead)) ??
      suited.find((entity) => entity.strong) ?? suited.find((entity) => lead.test(entity.lead)) ?? suited[0];
    if (!chosen) return undefined;
    this.#entities = this.#entities.filter((entity) => entity !== chosen);
    return chosen.text;
  }

  /** What a letter is about: "about the meeting", 关于会议的邮件. */
  #topic(): string | undefined {
    return /关于(.+?)的(?:邮件|信|消息|通知)/u.exec(this.#text)?.[1] ??
      /\babout\s+(?:the )?(.+?)(?=$|[,.;!?]|\s+(?:and|saying|with)\s)/i.exec(this.#text)?.[1];
  }

  #language(): string | undefined {
    const found = targetLanguageIn(this.#text);
    if (found) this.#text = this.#text.replace(found.phrase, " ");
    return found?.value;
  }

  #example(slot: Slot): string | undefined {
    if (slot.kind === "text" || slot.kind === "query") return undefined;
    return slot.examples.find((example) => contains(this.#text, example));
  }

  #choice(slot: Slot): unknown {
    const found = slot.choices.filter((choice) => this.#says(choice, slot.description));
    if (found.length > 0) return found[0];
    return slot.required && !("default" in slot.schema) ? slot.choices[0] : undefined;
  }

  /** Whether the question names one of a slot's values: literally, by its gloss in the description, or by meaning. */
  #says(choice: unknown, description: string): boolean {
    const word = String(choice);
    if (contains(this.#text, word) || contains(this.#text, identifierWords(word))) return true;
    const sign = operatorNames.find(([names]) => names.test(word))?.[1];
    if (sign && expressionIn(this.#text, true)?.includes(sign)) return true;
    const gloss = new RegExp(`${escaped(word)}["'\`]?\\s*[（(=:：为是表示-]*\\s*(\\p{Script=Han}{1,8})`, "u")
      .exec(description)?.[1];
    if (gloss && this.#text.includes(gloss)) return true;
    const meaning = conceptOf(word);
    return meaning !== undefined && tokensOf(this.#text).has(`#${meaning}`);
  }

  #truth(slot: Slot): boolean | undefined {
    const subjects = [...tokensOf(`${identifierWords(slot.name)} ${slot.description}`)];
    const asked = tokensOf(this.#text);
    if (!subjects.some((subject) => asked.has(subject))) return slot.required ? false : undefined;
    return !/不要|不用|别|无需|没有|\b(?:not|no|without|never|don't)\b/iu.test(this.#text);
  }

  #number(slot: Slot): number | undefined {
    const words = `${identifierWords(slot.name)} ${slot.description}`.toLowerCase();
    const fits = ({ unit }: Quantity) =>
      unit !== "" && (words.includes(unit.replace(/s$/i, "").toLowerCase()) ||
        (unitNames[unit]?.test(words) ?? false));
    const at = this.#numbers.findIndex(fits);
    const loose = this.#numbers.findIndex(({ unit }) => !unitNames[unit] || slot.required);
    const chosen = at >= 0 ? at : loose;
    if (chosen < 0) return undefined;
    const [{ value }] = this.#numbers.splice(chosen, 1);
    return slot.type === "integer" ? Math.round(value) : value;
  }

  #list(slot: Slot): unknown[] | undefined {
    const item = slotsOf({ properties: { [slot.name]: slot.schema.items ?? {} }, required: [slot.name] })[0];
    if (item.choices.length > 0) {
      const found = item.choices.filter((choice) => this.#says(choice, slot.description));
      return found.length > 0 ? found : undefined;
    }
    if (item.type === "number" || item.type === "integer") {
      return this.#numbers.length > 0 ? this.#numbers.splice(0).map(({ value }) => value) : undefined;
    }
    if (item.type !== "string") return undefined;
    const first = this.#textual(item);
    if (first === undefined) return undefined;
    return item.kind === "text"
      ? first.split(/\s*(?:[、，,;；]|\band\b|和)\s*/u).filter(Boolean)
      : [first, ...this.companions(first)];
  }

  #object(slot: Slot): Record<string, unknown> | undefined {
    const found = slotsOf(slot.schema).flatMap((member) => {
      const value = this.find(member);
      return value === undefined ? [] : [[member.name, value] as const];
    });
    return found.length > 0 ? Object.fromEntries(found) : undefined;
  }
}

const operatorNames: readonly (readonly [RegExp, string])[] = [
  [/^(?:add|addition|plus|sum|\+)$/i, "+"],
  [/^(?:sub|subtract|subtraction|minus|-)$/i, "-"],
  [/^(?:mul|multiply|multiplication|times|\*)$/i, "*"],
  [/^(?:div|divide|division|\/)$/i, "/"],
];

/** What a measure word counts, as it stands in names and descriptions of parameters. */
const unitNames: Readonly<Record<string, RegExp>> = {
  天: /\bdays?\b|天/,
  日: /\bdays?\b|天/,
  小时: /\bhours?\b|小时/,
  分钟: /\bminutes?\b|分钟/,
  页: /\bpages?\b|页/,
  条: /limit|count|number|top|条|数量/,
  个: /limit|count|number|top|quantity|个|数量/,
  元: /amount|price|money|cost|budget|金额|价/,
  块: /amount|price|money|cost|budget|金额|价/,
  美元: /amount|price|money|cost|budget|金额|价/,
  度: /temperature|degree|温度/,
  岁: /\bage\b|年龄/,
};

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Whether a text has a value in it; Latin words must stand alone. */
function contains(text: string, value: string): boolean {
  if (value === "") return false;
  if (!/^[\w .-]+$/.test(value)) return text.includes(value);
  return new RegExp(`(?<![A-Za-z0-9_])${escaped(value)}(?![A-Za-z0-9_])`, "i").test(text);
}

/** The start of a text, short enough for a subject line. */
function headline(text: string): string {
  const line = text.split(/[\n。！？!?；;]/u)[0].trim();
  const characters = [...line];
  return characters.length <= 40 ? line : `${characters.slice(0, 40).join("").trim()}…`;
}

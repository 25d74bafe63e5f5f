/** Which tools a question asks for, and with which arguments. */
import type { ToolSpec } from "./model.ts";
import { fillSlots, type Scope } from "./demo_arguments.ts";
import { entitiesIn } from "./demo_names.ts";
import { clausesOf, partsOf, type Reading, readPlainly, readQuestion } from "./demo_reading.ts";
import { type Slot, slotsOf, slotsOfTool, vocabularyOf } from "./demo_slots.ts";
import { expressionIn } from "./demo_values.ts";
import { identifierWords, strengthOf, tokensOf } from "./demo_words.ts";

export interface PlannedCall {
  readonly tool: ToolSpec;
  readonly args: Readonly<Record<string, unknown>>;
  /** Required arguments that the question does not tell. */
  readonly missing: readonly Slot[];
  /** Calls of a later stage wait for the results of those before. */
  readonly stage: number;
}

/** What the words of a question are compared with. */
interface Profile {
  readonly tool: ToolSpec;
  readonly slots: readonly Slot[];
  /** Token → how much of the tool it stands for: its name most, a parameter least. */
  readonly weights: ReadonlyMap<string, number>;
}

const nameWeight = 3;
const descriptionWeight = 2;
const parameterWeight = 1;
/** Two weak hits, or one in the description: less is chance. */
const threshold = 1.5;

function profileOf(tool: ToolSpec): Profile {
  const weights = new Map<string, number>();
  const add = (text: string, weight: number) => {
    for (const token of tokensOf(text)) weights.set(token, Math.max(weight, weights.get(token) ?? 0));
  };
  add(identifierWords(tool.name), nameWeight);
  add(tool.description, descriptionWeight);
  for (const slot of slotsOf(tool.parameters)) {
    add(`${identifierWords(slot.name)} ${slot.description}`, parameterWeight);
    for (const choice of slot.choices) add(identifierWords(String(choice)), descriptionWeight);
  }
  return { tool, slots: slotsOfTool(tool), weights };
}

/** What a stretch of a question is about, as tokens. */
function asked(text: string): Set<string> {
  const tokens = tokensOf(text);
  if (expressionIn(text) !== undefined) tokens.add("#calculate");
  if (/\btell me (?:more |something )?about\b|说说|讲讲/iu.test(text)) tokens.add("#info");
  return tokens;
}

interface Match {
  readonly profile: Profile;
  readonly evidence: number;
  readonly rank: number;
}

/** The tools a text speaks of, best first. Words that all tools share decide little between them. */
function matches(text: string, profiles: readonly Profile[]): Match[] {
  const tokens = [...asked(text)];
  const found = profiles.map((profile): Match => {
    let evidence = 0;
    let rank = 0;
    for (const token of tokens) {
      const value = (profile.weights.get(token) ?? 0) * strengthOf(token);
      const sharers = profiles.filter(({ weights }) => weights.has(token)).length;
      evidence += value;
      rank += value / Math.max(1, sharers);
    }
    return { profile, evidence, rank };
  });
  return found.filter(({ evidence }) => evidence >= threshold).sort((a, b) => b.rank - a.rank);
}

/** A stretch of the question and the tools that it asks for. */
interface Segment {
  text: string;
  readonly stage: number;
  profiles: Profile[];
}

/** Chinese 上海呢？ and English "What about Paris?" ask the same again about something else. */
export const again =
  /^\s*(?:那么?)?[^，。？！?!]{1,16}呢\s*[？?！!。]*\s*$|^\s*(?:and|what about|how about|and what about)\s+\S/iu;

function profilesOf(text: string, profiles: readonly Profile[]): Profile[] {
  const best = matches(text, profiles)[0];
  if (!best) return [];
  const perPart = partsOf(text).flatMap((part) => matches(part, profiles).slice(0, 1));
  const chosen = new Set([...perPart.map(({ profile }) => profile)]);
  return chosen.size > 1 ? [...chosen] : [best.profile];
}

/** Clauses with their tools; a clause without one belongs to its neighbour. */
function segmentsOf(masked: string, profiles: readonly Profile[]): Segment[] {
  const segments: Segment[] = [];
  let stage = 0;
  let opening = "";
  for (const clause of clausesOf(masked)) {
    const chosen = profilesOf(clause.text, profiles);
    const last = segments.at(-1);
    if (chosen.length > 0) {
      if (clause.later && last) stage++;
      segments.push({ text: opening + clause.text, stage, profiles: chosen });
      opening = "";
    } else if (last && again.test(clause.text)) {
      segments.push({ text: clause.text, stage, profiles: last.profiles });
    } else if (last) last.text += clause.text;
    else opening += clause.text;
  }
  return segments;
}

interface Task {
  readonly tools: readonly ToolSpec[];
  readonly reading: Reading;
  readonly found: string;
  readonly now: Date;
}

function scopeFor(task: Task, profile: Profile, clause: string): Scope {
  return {
    reading: task.reading,
    clause,
    entities: entitiesIn(clause, vocabularyOf(task.tools), task.reading.language),
    topics: new Set(
      [...profile.weights].filter(([, weight]) => weight >= descriptionWeight).map(([token]) => token),
    ),
    found: task.found,
    now: task.now,
  };
}

/** The calls of one tool: from its own part of a segment, else from the segment, else from the whole question. */
function callsOf(task: Task, profile: Profile, segment: Segment): PlannedCall[] {
  const own = segment.profiles.length > 1
    ? partsOf(segment.text).filter((part) => matches(part, [profile]).length > 0)
    : [];
  const tries = [...own, segment.text, task.reading.masked].map((text) => ({
    text,
    filled: fillSlots(profile.slots, scopeFor(task, profile, text)),
  }));
  const useful = ({ filled }: typeof tries[number]) =>
    filled.missing.length === 0 && (profile.slots.length === 0 || Object.keys(filled.sets[0]).length > 0);
  const complete = tries.find(useful) ?? tries.find(({ filled }) => filled.missing.length === 0);
  const { filled } = complete ?? tries[own.length];
  return filled.sets.map((args) => ({
    tool: profile.tool,
    args,
    missing: filled.missing,
    stage: segment.stage,
  }));
}

/** More calls than a person would ask for at once are a misreading. */
const maxCalls = 8;

function planFor(task: Task): PlannedCall[] {
  const profiles = task.tools.map(profileOf);
  const all = segmentsOf(task.reading.masked, profiles);
  // "Hello" before a question is politeness, not a request.
  const serious = all.filter((segment) => !isGreetingOnly(segment.text));
  const calls = (serious.length > 0 ? serious : all)
    .flatMap((segment) => segment.profiles.flatMap((profile) => callsOf(task, profile, segment)));
  const seen = new Set<string>();
  return calls.filter((call) => {
    const key = `${call.tool.name} ${JSON.stringify(call.args)}`;
    return !seen.has(key) && seen.add(key);
  }).slice(0, maxCalls);
}

const greeting =
  /^\s*(?:你好|您好|大家好|嗨|哈喽|早上好|下午好|晚上好|早安|晚安|hello|hi|hey|good (?:morning|afternoon|evening)|greetings)(?:\s+there)?[\s呀啊,，。.!！~～]*/iu;

/** Whether a text is a greeting and nothing else. */
export function isGreetingOnly(text: string): boolean {
  return greeting.test(text) && text.replace(greeting, "").trim() === "";
}

export interface PlanInput {
  readonly question: string;
  readonly tools: readonly ToolSpec[];
  /** The question before this one: a short follow-up refers to it. */
  readonly previous?: string;
  /** What tools of this turn found. */
  readonly found?: string;
  readonly now: Date;
}

/** The calls a question asks for, in order; none when no tool fits. */
export function planCalls(input: PlanInput): PlannedCall[] {
  const task = (reading: Reading): Task => ({ ...input, reading, found: input.found ?? "" });
  const reading = readQuestion(input.question);
  const own = planFor(task(reading));
  if (own.length > 0) return own;
  const plain = reading.pieces.length > 0 ? planFor(task(readPlainly(input.question))) : [];
  if (plain.length > 0) return plain;
  return followUp(input) ?? searchFor(task(reading));
}

/** 上海呢？ after a question about Beijing, or the missing argument that was asked for. */
function followUp(input: PlanInput): PlannedCall[] | undefined {
  const { question, previous } = input;
  if (!previous) return undefined;
  const before = planCalls({ ...input, question: previous, previous: undefined, found: undefined });
  if (before.length === 0) return undefined;
  if (again.test(question)) {
    const reading = readQuestion(question);
    const task: Task = { ...input, reading, found: input.found ?? "" };
    const profiles = [...new Set(before.map(({ tool }) => tool))].map(profileOf);
    const segment: Segment = { text: reading.masked, stage: 0, profiles };
    const calls = profiles.flatMap((profile) => callsOf(task, profile, segment));
    return calls.filter(({ args, missing }) => missing.length === 0 && Object.keys(args).length > 0);
  }
  if (!before.some(({ missing }) => missing.length > 0)) return undefined;
  const joined = planCalls({ ...input, question: `${previous} ${question}`, previous: undefined });
  const told = (calls: PlannedCall[]) => calls.reduce((sum, { missing }) => sum + missing.length, 0);
  return told(joined) < told(before) ? joined : undefined;
}

const seeksKnowledge =
  /什么|谁|哪|为什么|如何|怎么|多少|介绍|\b(?:what|who|whom|which|when|where|why|how|explain)\b/iu;

/** A question nobody else answers goes to a tool that searches, if there is one. */
function searchFor(task: Task): PlannedCall[] {
  if (!seeksKnowledge.test(task.reading.text) || isIntroductionAsked(task.reading.text)) return [];
  const searching = task.tools.map(profileOf).find(({ weights, slots }) =>
    (weights.get("#search") ?? 0) >= descriptionWeight && slots.some(({ kind }) => kind === "query")
  );
  if (!searching) return [];
  const segment = { text: task.reading.masked, stage: 0, profiles: [searching] };
  return callsOf(task, searching, segment).filter(({ missing }) => missing.length === 0);
}

/** Whether the agent itself is asked about. */
export function isIntroductionAsked(text: string): boolean {
  return /(?:介绍|说说|讲讲).{0,4}(?:自己|你自己|你)(?![\p{Script=Han}]*的)|你是谁|你叫什么|你是(?:什么|干|做)|你(?:能|可以|会)(?:做|干|帮我做|帮我干)?(?:什么|啥|些什么|哪些)|(?:哪些|什么)(?:工具|功能|能力)|^\s*(?:帮助|help)\W*$|who are you|introduce yourself|about yourself|what (?:can|do) you do|what are you\b|what tools|what is your name|what's your name|how can you help/iu
    .test(text);
}

/** The tool whose words are nearest to a question, however far: for a model that must call one. */
export function nearestTool(question: string, tools: readonly ToolSpec[]): ToolSpec | undefined {
  const tokens = [...asked(question)];
  const score = (tool: ToolSpec) => {
    const { weights } = profileOf(tool);
    return tokens.reduce((sum, token) => sum + (weights.get(token) ?? 0) * strengthOf(token), 0);
  };
  const best = [...tools].sort((a, b) => score(b) - score(a))[0];
  return best && score(best) > 0 ? best : undefined;
}

/** Arguments for a call that must be made although the question does not tell them. */
export function guessArguments(tool: ToolSpec, question: string, now: Date): Record<string, unknown> {
  const reading = readPlainly(question);
  const slots = slotsOfTool(tool);
  const task: Task = { tools: [tool], reading, found: "", now };
  const { sets: [args], missing } = fillSlots(slots, scopeFor(task, profileOf(tool), reading.masked));
  const blanks: Record<string, unknown> = { number: 0, integer: 0, boolean: false, array: [], object: {} };
  return {
    ...args,
    ...Object.fromEntries(missing.map((slot) => [slot.name, blanks[slot.type] ?? question])),
  };
}

/** Which tools a question asks for, and with which arguments. */
import type { Language } from "../config.ts";
import type { ToolSpec } from "./model.ts";
import { fillSlots, type Scope } from "./demo_arguments.ts";
import { entitiesIn } from "./demo_names.ts";
import { clausesOf, partsOf, type Reading, readPlainly, readQuestion } from "./demo_reading.ts";
import { type Slot, slotsOfTool, vocabularyOf } from "./demo_slots.ts";
import { again, isGreetingOnly, isIntroductionAsked, seeksKnowledge } from "./demo_intent.ts";
import { descriptionWeight, matches, type Profile, profileOf } from "./demo_match.ts";

export interface PlannedCall {
  readonly tool: ToolSpec;
  readonly args: Readonly<Record<string, unknown>>;
  /** Required arguments that the question does not tell. */
  readonly missing: readonly Slot[];
  /** Calls of a later stage wait for the results of those before. */
  readonly stage: number;
}

/** A stretch of the question and the tools that it asks for. */
interface Segment {
  text: string;
  readonly stage: number;
  profiles: Profile[];
}

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

function scopeFor(task: Task, profile: Profile, clause: string, borrowed = false): Scope {
  return {
    reading: task.reading,
    clause,
    borrowed,
    entities: entitiesIn(clause, vocabularyOf(task.tools), task.reading.language),
    topics: new Set(
      [...profile.weights].filter(([, weight]) => weight >= descriptionWeight).map(([token]) => token),
    ),
    found: task.found,
    now: task.now,
  };
}

/**
 * The parts of a segment that speak of a tool. Names in a part of their own belong to what they stand beside: in
 * Chinese before it (东京和伦敦的天气), in English after it ("the weather in Tokyo and London").
 */
function telling(segment: Segment, language: Language): string[] {
  const groups: string[] = [];
  let names = "";
  for (const part of partsOf(segment.text)) {
    if (matches(part, segment.profiles).length > 0) {
      groups.push(names + part);
      names = "";
    } else if (language === "en" && groups.length > 0) groups[groups.length - 1] += part;
    else names += part;
  }
  if (groups.length > 0) groups[groups.length - 1] += names;
  return groups;
}

/** The calls of one tool: from its own part of a segment, else from the segment, else from the whole question. */
function callsOf(task: Task, profile: Profile, segment: Segment): PlannedCall[] {
  const own = segment.profiles.length > 1
    ? telling(segment, task.reading.language).filter((part) =>
      matches(part, segment.profiles)[0]?.profile === profile
    )
    : [];
  const tries = [...own, segment.text, task.reading.masked].map((text, index) => ({
    text,
    filled: fillSlots(profile.slots, scopeFor(task, profile, text, index > own.length)),
  }));
  const useful = ({ filled }: typeof tries[number]) =>
    filled.missing.length === 0 && (profile.slots.length === 0 || Object.keys(filled.sets[0]).length > 0);
  const complete = tries.find(useful) ?? tries.find(({ filled }) => filled.missing.length === 0);
  const { filled } = complete ?? tries[own.length];
  // A question back is worth the while only when the tool surely was meant.
  if (!complete && !matches(segment.text, [profile])[0]?.sure) return [];
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

export interface PlanInput {
  readonly question: string;
  readonly tools: readonly ToolSpec[];
  /** The questions before this one, newest first: a short follow-up refers to them. */
  readonly previous?: readonly string[];
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
  const { question, previous = [] } = input;
  const planOf = (text: string) =>
    planCalls({ ...input, question: text, previous: undefined, found: undefined });
  if (again.test(question)) {
    const before = previous.map(planOf).find((plan) => plan.length > 0) ?? [];
    const reading = readQuestion(question);
    const task: Task = { ...input, reading, found: input.found ?? "" };
    const profiles = [...new Set(before.map(({ tool }) => tool))].map(profileOf);
    const segment: Segment = { text: reading.masked, stage: 0, profiles };
    const calls = profiles.flatMap((profile) => callsOf(task, profile, segment));
    return calls.filter(({ args, missing }) => missing.length === 0 && Object.keys(args).length > 0);
  }
  const before = previous.length > 0 ? planOf(previous[0]) : [];
  if (!before.some(({ missing }) => missing.length > 0)) return undefined;
  const joined = planCalls({ ...input, question: `${previous[0]} ${question}`, previous: undefined });
  const told = (calls: PlannedCall[]) => calls.reduce((sum, { missing }) => sum + missing.length, 0);
  return told(joined) < told(before) ? joined : undefined;
}

/** A question nobody else answers goes to a tool that searches, if there is one. */
function searchFor(task: Task): PlannedCall[] {
  if (!seeksKnowledge(task.reading.text) || isIntroductionAsked(task.reading.text)) return [];
  const searching = task.tools.map(profileOf).find(({ weights, slots }) =>
    (weights.get("#search") ?? 0) >= descriptionWeight && slots.some(({ kind }) => kind === "query")
  );
  if (!searching) return [];
  const segment = { text: task.reading.masked, stage: 0, profiles: [searching] };
  return callsOf(task, searching, segment).filter(({ missing }) => missing.length === 0);
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

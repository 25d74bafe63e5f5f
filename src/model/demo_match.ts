/** Which tools a text speaks of: its words against the words of names, descriptions and parameters. */
import type { ToolSpec } from "./model.ts";
import { type Slot, slotsOf, slotsOfTool } from "./demo_slots.ts";
import { expressionIn } from "./demo_values.ts";
import { identifierWords, strengthOf, tokensOf } from "./demo_words.ts";

/** What the words of a question are compared with. */
export interface Profile {
  readonly tool: ToolSpec;
  readonly slots: readonly Slot[];
  /** Token → how much of the tool it stands for: its name most, a parameter least. */
  readonly weights: ReadonlyMap<string, number>;
}

const nameWeight = 3;
export const descriptionWeight = 2;
const parameterWeight = 1;
/** Two weak hits, or one in the description: less is chance. */
const threshold = 1.5;
const sureEvidence = 2;

export function profileOf(tool: ToolSpec): Profile {
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
  // Who tells their name wants to be greeted.
  if (/我(?:名)?叫|我的名字|\bmy name is\b/iu.test(text)) tokens.add("#greet");
  if (/\btell me (?:more |something )?about\b|说说|讲讲|是.{0,3}(?:什么样|怎么样|怎样)的/iu.test(text)) {
    tokens.add("#info");
  }
  return tokens;
}

export interface Match {
  readonly profile: Profile;
  readonly evidence: number;
  /** True when hardly anything else can be meant. */
  readonly sure: boolean;
  readonly rank: number;
}

/** The tools a text speaks of, best first. Words that all tools share decide little between them. */
export function matches(text: string, profiles: readonly Profile[]): Match[] {
  const tokens = [...asked(text)];
  const found = profiles.map((profile): Match => {
    let evidence = 0;
    let rank = 0;
    let hits = 0;
    for (const token of tokens) {
      const value = (profile.weights.get(token) ?? 0) * strengthOf(token);
      const sharers = profiles.filter(({ weights }) => weights.has(token)).length;
      evidence += value;
      hits += value > 0 ? 1 : 0;
      rank += value / Math.max(1, sharers);
    }
    return { profile, evidence, rank, sure: evidence >= sureEvidence || hits * 2 >= tokens.length };
  });
  return found.filter(({ evidence }) => evidence >= threshold).sort((a, b) => b.rank - a.rank);
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

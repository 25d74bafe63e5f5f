/** Text → comparable tokens: concepts, English stems, pairs of Chinese characters. */
import type { Language } from "../config.ts";
import { chineseConcepts, chineseFiller, englishConcepts, englishFiller, strengths } from "./demo_lexicon.ts";

/** The language a text is mostly written in: one Chinese character weighs as much as one Latin word. */
export function languageOf(text: string): Language {
  const chinese = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = text.match(/[A-Za-z][A-Za-z'’-]*/g)?.length ?? 0;
  return chinese > 0 && chinese >= latin ? "zh" : "en";
}

/** An English word without the ending of its plural, past or -ing form; rough, but the same for both sides. */
export function stem(word: string): string {
  const plain = word.toLowerCase().replace(/['’]s?$/, "");
  if (englishConcepts.has(plain) || plain.length < 4) return plain;
  if (plain.endsWith("ies")) return `${plain.slice(0, -3)}y`;
  for (const [ending, kept] of [["ing", 3], ["ed", 3], ["es", 4], ["s", 3]] as const) {
    if (plain.endsWith(ending) && !plain.endsWith("ss") && plain.length - ending.length >= kept) {
      const root = plain.slice(0, -ending.length);
      if (ending !== "es" || /(?:s|x|ch|sh|o)$/.test(root)) {
        return englishConcepts.has(`${root}e`) ? `${root}e` : root;
      }
    }
  }
  return plain;
}

/** The concept of one English word, if the lexicon has it. */
export function conceptOf(word: string): string | undefined {
  return englishConcepts.get(word.toLowerCase()) ?? englishConcepts.get(stem(word));
}

/** Words of an identifier: "getCity_info" → get, City, info. */
export function identifierWords(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[_.-]+/g, " ");
}

/** What a text is about, as tokens that can be compared with those of another text in either language. */
export function tokensOf(text: string): Set<string> {
  const tokens = new Set<string>();
  let rest = text.normalize("NFKC").toLowerCase();
  for (const [word, concept] of chineseConcepts) {
    if (!rest.includes(word)) continue;
    tokens.add(`#${concept}`);
    rest = rest.replaceAll(word, " ");
  }
  for (const phrase of chineseFiller) rest = rest.replaceAll(phrase, " ");
  for (const [run] of rest.matchAll(/\p{Script=Han}+/gu)) {
    for (let at = 0; at + 2 <= run.length; at++) tokens.add(run.slice(at, at + 2));
  }
  for (const [word] of rest.matchAll(/[a-z][a-z'’-]*/g)) {
    const concept = conceptOf(word);
    if (concept) tokens.add(`#${concept}`);
    else if (!englishFiller.has(word) && word.length > 1) tokens.add(stem(word));
  }
  return tokens;
}

/** How much one token says: a plain word or pair of characters is less sure than a concept. */
export function strengthOf(token: string): number {
  return token.startsWith("#") ? strengths.get(token.slice(1)) ?? 1 : 0.75;
}

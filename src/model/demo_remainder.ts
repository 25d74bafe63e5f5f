/** What is left of a request when its command is taken away: 添加待办买牛奶 → 买牛奶. */
import { chineseManners, englishFiller, strengths } from "./demo_lexicon.ts";
import { conceptOf, stem } from "./demo_words.ts";
import { knownEdge } from "./demo_values.ts";

const edges = /^[\s，,。．.！!；;：:、]+|[\s，,。．.！!；;：:、？?]+$/gu;

/** A word that belongs to the command: it says what the tool does, or asks for something in general. */
function commands(concept: string, topics: ReadonlySet<string>): boolean {
  return topics.has(`#${concept}`) || (strengths.get(concept) ?? 1) < 0.5;
}

function dropStart(text: string, topics: ReadonlySet<string>): string {
  const manner = chineseManners.find((phrase) => text.startsWith(phrase));
  if (manner) return text.slice(manner.length);
  const inside = /^(?:[中里上]|里面)?的(?=.)/u.exec(text)?.[0];
  if (inside) return text.slice(inside.length);
  const known = knownEdge(text, "start");
  if (known && commands(known[1], topics)) return text.slice(known[0].length);
  const single = /^[把将查搜找再先去来我你给发写打](?=.{2})/u.exec(text)?.[0];
  if (single) return text.slice(single.length);
  const word = /^[A-Za-z][A-Za-z'’-]*/.exec(text)?.[0];
  if (!word) return text;
  const concept = conceptOf(word);
  const drops = englishFiller.has(word.toLowerCase()) || topics.has(stem(word)) ||
    (concept !== undefined && commands(concept, topics));
  return drops ? text.slice(word.length) : text;
}

function dropEnd(text: string, topics: ReadonlySet<string>): string {
  const place = /\s+(?:to|on|in|into|onto|from)\s+(?:my|the|our|your)\s+[A-Za-z' -]+$/i.exec(text);
  if (place) {
    const words = place[0].trim().split(/\s+/).slice(2);
    const own = (word: string) =>
      topics.has(stem(word)) || topics.has(`#${conceptOf(word)}`) ||
      conceptOf(word) === "query";
    if (words.every(own)) return text.slice(0, place.index);
  }
  const known = knownEdge(text, "end");
  if (known && commands(known[1], topics)) return text.slice(0, -known[0].length);
  return text.replace(/(?<=.{2})(?:列表|加到|放到|加进|加入|记到|到|进|里|里面|中)$/u, "").replace(
    /\s+(?:please|in|at|to|for|with|from|on|of)$/i,
    "",
  );
}

/** A question is searched for as it stands. */
const interrogative =
  /^(?:what|who|whom|whose|which|when|where|why|how)\b|^(?:什么|谁|哪|为什么|怎么|如何|多少)/iu;

/**
 * The content of a request without its command words.
 *
 * @param topics - what the tool is about, as tokens
 * @param query - true for search words, which keep their end
 */
export function remainder(text: string, topics: ReadonlySet<string>, query: boolean): string {
  let rest = text.replace(edges, "");
  if (query && interrogative.test(rest)) return rest;
  for (let before = ""; before !== rest;) {
    before = rest;
    rest = dropStart(rest, topics).replace(edges, "");
    if (query) continue;
    if (topics.has(rest.slice(0, 2))) rest = rest.slice(2);
    rest = dropEnd(rest, topics).replace(edges, "");
  }
  return /^[给向发写打把我你\s]+$/u.test(rest) ? "" : rest;
}

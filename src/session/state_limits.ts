/** Makes a session small enough for an exported state: fewer messages, shorter texts, fewer values (protocol.md §11). */
import { byteLength } from "../protocol/shrink.ts";
import { type Message, newestMessages } from "../protocol/transcript.ts";
import { maxStateMessages } from "./signed_state.ts";
import { pairCalls } from "./state_transcript.ts";

const tooLarge = "[too large]";
const imageLeftOut = "[image left out]";

/** Bytes of a message in the state: there it is text inside text, so that quotation marks are escaped twice. */
function costOf(message: Message): number {
  return byteLength(JSON.stringify(JSON.stringify(message))) - 2;
}

/** The newest 100 messages at most: `newestMessages` may keep a question beside those it was asked for. */
export function newestForState(messages: readonly Message[]): Message[] {
  const kept = newestMessages(messages, maxStateMessages);
  return kept.length <= maxStateMessages ? kept : newestMessages(messages, maxStateMessages - 1);
}

/**
 * Drops the oldest 20 % again and again, until the JSON text of the rest takes at most so many bytes in the state. A
 * message that no state could hold is shortened visibly instead. Calls and their results stay together.
 *
 * @param messages - from `newestForState`, with calls and results in pairs, see `pairCalls`
 * @param roomBytes - at least 2
 */
export function fitMessages(messages: readonly Message[], roomBytes: number): Message[] {
  const costs = new Map<Message, number>();
  const cost = (message: Message): number => {
    const known = costs.get(message) ?? costOf(message);
    costs.set(message, known);
    return known;
  };
  const total = (list: readonly Message[]) => 1 + list.reduce((sum, message) => sum + cost(message) + 1, 0);
  const shorten = (bytes: number, limit: number) => (message: Message): Message[] =>
    cost(message) <= limit ? [message] : shortened(message, bytes);
  // A quarter: the turn around the long message then fits as well.
  let kept = messages.flatMap(shorten(roomBytes / 4, roomBytes - 2));
  kept = pairCalls(kept).messages;
  for (let count = kept.length; count > 1 && total(kept) > roomBytes;) {
    // By count and not by what is left: a question may have been kept beside them.
    count = Math.floor(count * 0.8);
    kept = newestMessages(kept, count);
  }
  if (total(kept) <= roomBytes) return kept;
  const share = Math.floor((roomBytes - 1) / kept.length) - 1;
  return pairCalls(kept.flatMap(shorten(share, share))).messages;
}

/** The message with its texts cut to one length, about the greatest that fits; none when even empty texts do not. */
function shortened(message: Message, bytes: number): Message[] {
  const { image, ...rest } = message;
  const base = image === undefined ? rest : { ...rest, content: `${rest.content}\n${imageLeftOut}`.trim() };
  // A character takes at least a byte: longer texts need not be tried, and the search works on what is left of them.
  let high = Math.floor(bytes);
  const longest = cutTexts(base, high);
  if (costOf(longest) <= bytes) return [longest];
  let best = cutTexts(longest, 0);
  if (costOf(best) > bytes) return [];
  // Within a hundredth: each try reads and writes the whole message.
  for (let low = 0; high - low > 1 + (high >> 7);) {
    const middle = (low + high) >> 1;
    const candidate = cutTexts(longest, middle);
    if (costOf(candidate) <= bytes) [low, best] = [middle, candidate];
    else high = middle;
  }
  return [best];
}

function cutTexts(message: Message, chars: number): Message {
  const calls = message.tool_calls?.map((call) => ({
    ...call,
    arguments: cutArguments(call.arguments, chars),
  }));
  return { ...message, content: cut(message.content, chars), ...(calls ? { tool_calls: calls } : {}) };
}

/** Cuts between code points. */
function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Arguments stay JSON: their strings are cut, or if these are not what makes them long, the whole is quoted. */
function cutArguments(text: string, chars: number): string {
  if (text.length <= chars) return text;
  try {
    const cutText = JSON.stringify(
      JSON.parse(text, (_name, value) => typeof value === "string" ? cut(value, chars) : value),
    );
    if (cutText.length <= 2 * chars + 256) return cutText;
  } catch {
    // The model wrote something else than JSON.
  }
  return JSON.stringify({ shortened: cut(text, chars) });
}

/**
 * The values that fit: the largest ones are replaced by "[too large]" first; if there are simply too many, the last
 * ones go.
 *
 * @param values - as JSON can hold them
 */
export function fitValues(
  values: Readonly<Record<string, unknown>>,
  roomBytes: number,
): Record<string, unknown> {
  const size = (value: unknown) => byteLength(JSON.stringify(value));
  const members = Object.entries(values).map(([name, value]) => ({ name, value, bytes: size(value) }));
  let total = 1 + members.reduce((sum, { name, bytes }) => sum + size(name) + bytes + 2, 0);
  const least = size(tooLarge);
  const large = members.filter(({ bytes }) => bytes > least).sort((a, b) => b.bytes - a.bytes);
  for (const member of large) {
    if (total <= roomBytes) break;
    total -= member.bytes - least;
    [member.value, member.bytes] = [tooLarge, least];
  }
  while (total > roomBytes && members.length > 0) {
    const { name, bytes } = members.pop()!;
    total -= size(name) + bytes + 2;
  }
  return Object.fromEntries(members.map(({ name, value }) => [name, value]));
}

/** The first items that fit; of a list whose first one does not, it is still told that there were some. */
export function fitList(items: readonly unknown[], roomBytes: number): unknown[] {
  let total = 1;
  const end = items.findIndex((item) => (total += byteLength(JSON.stringify(item)) + 1) > roomBytes);
  if (end === 0) return [tooLarge];
  return end < 0 ? [...items] : items.slice(0, end);
}

/** True when a value had to stay behind. */
export function isTooLarge(value: unknown): boolean {
  return value === tooLarge;
}

/** Canonical JSON: one text for one value, so that a checksum means the same to whoever wrote the text (protocol.md §11). */

// Values of a session are copied to at most 100 levels; a peer may send more, and must not exhaust the stack.
const maxLevels = 500;

/**
 * Members sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them (RFC 8785). Unlike there,
 * half a surrogate pair is written as its escape: it may stand in what a model said, and JSON can hold it.
 *
 * @throws TypeError naming what JSON cannot hold: undefined, NaN, infinities, big integers, functions, symbols,
 *   objects with a class of their own, and more than 500 levels (a circle, for one)
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, level: number): string {
  if (typeof value === "object" && value !== null) return writeTree(value, level);
  if (typeof value === "number" && !Number.isFinite(value)) throw unfit(String(value));
  if (value !== null && !["string", "boolean", "number"].includes(typeof value)) throw unfit(typeof value);
  return JSON.stringify(value);
}

function writeTree(value: object, level: number): string {
  if (level >= maxLevels) throw unfit(`more than ${maxLevels} levels`);
  // Not map(): it would pass over the holes of a list.
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, level + 1)).join(",")}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unfit("an object with a class of its own");
  const tree = value as Record<string, unknown>;
  // Without a comparer, sort() goes by UTF-16 code units: just what is asked for.
  const members = Object.keys(tree).sort().map((key) =>
    `${JSON.stringify(key)}:${write(tree[key], level + 1)}`
  );
  return `{${members.join(",")}}`;
}

function unfit(what: string): TypeError {
  return new TypeError(`Cannot write canonical JSON: it cannot hold ${what}`);
}

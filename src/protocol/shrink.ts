/** Shortening of an event that would not fit a frame (protocol.md §4.4). */
import { Buffer } from "node:buffer";
import { maxFrameBytes } from "./event.ts";

/** Bytes of a text in UTF-8, counted without writing them. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

type Tree = Record<string | number, unknown>;
interface Leaf {
  readonly parent: Tree;
  readonly key: string | number;
  readonly text: string;
  /** Bytes this string takes inside JSON, escapes included. */
  readonly bytes: number;
}

function collect(parent: Tree, keys: readonly string[], leaves: Leaf[]): Leaf[] {
  for (const key of keys) {
    const value = parent[key];
    if (typeof value === "string" && value.length > 64) {
      leaves.push({ parent, key, text: value, bytes: byteLength(JSON.stringify(value)) });
    } else if (typeof value === "object" && value !== null) {
      collect(value as Tree, Object.keys(value), leaves);
    }
  }
  return leaves;
}

/** The common ceiling under which the leaves together lose at least `excess` bytes: the longest pay first. */
function waterline(leaves: Leaf[], excess: number): number {
  let level = 0;
  let saved = 0;
  const sorted = [...leaves].sort((a, b) => b.bytes - a.bytes);
  for (let count = 1; count <= sorted.length; count++) {
    const next = sorted[count]?.bytes ?? 0;
    const needed = (excess - saved) / count;
    level = sorted[count - 1].bytes - needed;
    if (level >= next) return Math.max(0, level);
    saved += (sorted[count - 1].bytes - next) * count;
  }
  return Math.max(0, level);
}

/** Cuts to about `bytes` bytes at a border between code points. */
function cut(leaf: Leaf, bytes: number): string {
  const keep = Math.max(0, Math.floor(leaf.text.length * bytes / leaf.bytes) - 4);
  return leaf.text.slice(0, keep).replace(/[\uD800-\uDBFF]$/, "") + "…";
}

const sizeOf = (value: unknown) => byteLength(JSON.stringify(value) ?? "");

/** The beginning of a list or an object that fits `budget` bytes of JSON; it stays a list or an object. */
function prefixOf(value: unknown, budget: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  let left = budget - 2;
  const kept: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    left -= sizeOf(member) + (Array.isArray(value) ? 1 : sizeOf(key) + 2);
    if (left < 0) break;
    kept.push([key, member]);
  }
  return Array.isArray(value) ? kept.map(([, member]) => member) : Object.fromEntries(kept);
}

/** Cuts the largest structure of a frame whose strings are not what makes it long: a huge table, say. */
function cutLargest(frame: Tree, excess: number): boolean {
  const metadata = frame.metadata as Tree;
  const inside = typeof frame.content === "object" && frame.content !== null ? frame.content as Tree : {};
  const places = [
    [frame, "content"],
    ...[metadata, inside].flatMap((tree) => Object.keys(tree).map((key) => [tree, key])),
  ];
  const sizes = (places as [Tree, string][]).filter(([tree, key]) =>
    typeof tree[key] === "object" && tree[key] !== null
  )
    .map(([tree, key]) => ({ tree, key, size: sizeOf(tree[key]) }));
  // Members of the content go before the content itself: they leave its shape as it is.
  const largest =
    sizes.sort((a, b) => b.size - a.size).find(({ tree, size }) => tree !== frame && size > excess) ??
      sizes[0];
  if (!largest || largest.size <= 2) return false;
  const { tree, key, size } = largest;
  tree[key] = prefixOf(tree[key], Math.max(2, size - excess));
  return true;
}

/** Members of metadata without which a frame cannot be understood. */
const essential = [
  "run_id",
  "terminal",
  "truncated",
  "original_bytes",
  "tool",
  "status",
  "args",
  "action",
  "error_code",
];

/** The last resort: metadata of so many members that none of them is worth cutting. */
function cutMetadata(frame: Tree, excess: number): boolean {
  const metadata = frame.metadata as Tree;
  const kept = Object.fromEntries(
    essential.filter((key) => key in metadata).map((key) => [key, metadata[key]]),
  );
  const rest = Object.fromEntries(Object.entries(metadata).filter(([key]) => !(key in kept)));
  const fewer = prefixOf(rest, Math.max(2, sizeOf(rest) - excess)) as Tree;
  if (Object.keys(fewer).length === Object.keys(rest).length) return false;
  frame.metadata = { ...fewer, ...kept };
  return true;
}

/**
 * Shortens a frame, longest strings first, until it fits; marks it as truncated.
 *
 * @param text - JSON of a frame with `metadata`, longer than `maxFrameBytes`
 * @returns JSON of at most `maxFrameBytes` bytes, its members in the same order
 */
export function shrink(text: string): string {
  const frame = JSON.parse(text) as Tree;
  if (frame.event === "agent.final_answer") {
    // The sentence repeats the answer and is never cut (protocol.md §15): without it the answer may fit whole.
    delete frame.show_content;
    const whole = JSON.stringify(frame);
    if (byteLength(whole) <= maxFrameBytes) return whole;
  }
  Object.assign(frame.metadata as Tree, { truncated: true, original_bytes: byteLength(text) });
  for (;;) {
    const shorter = JSON.stringify(frame);
    const excess = byteLength(shorter) - maxFrameBytes;
    if (excess <= 0) return shorter;
    const leaves = collect(frame, ["content", "error", "show_content", "metadata"], []);
    const cuttable = leaves.reduce((sum, leaf) => sum + leaf.bytes, 0);
    if (cuttable > excess + 256) {
      const level = waterline(leaves, excess + 64);
      for (const leaf of leaves) if (leaf.bytes > level) leaf.parent[leaf.key] = cut(leaf, level);
    } else if (!cutLargest(frame, excess + 64) && !cutMetadata(frame, excess + 64)) return shorter;
  }
}

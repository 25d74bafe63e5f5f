/** Shortening of an event that would not fit a frame (protocol.md §4.4). */
import { maxFrameBytes } from "./event.ts";

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
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

/** Replaces the largest member of content or metadata that is no string: a huge table has nothing to cut. */
function dropLargest(frame: Tree, keep: ReadonlySet<string>): boolean {
  const places = [frame.content, frame.metadata].filter((value) =>
    typeof value === "object" && value !== null
  );
  const sizes = places.flatMap((place) =>
    Object.entries(place as Tree).filter(([key]) => !keep.has(key))
      .map(([key, value]) => ({ place: place as Tree, key, size: JSON.stringify(value)?.length ?? 0 }))
  );
  const largest = sizes.sort((a, b) => b.size - a.size)[0];
  if (!largest || largest.size <= 3) return false;
  largest.place[largest.key] = "…";
  return true;
}

const needed: ReadonlySet<string> = new Set([
  "run_id",
  "terminal",
  "truncated",
  "original_bytes",
  "tool",
  "status",
]);

/**
 * Shortens a frame, longest strings first, until it fits; marks it as truncated.
 *
 * @param text - JSON of a frame with `metadata`, longer than `maxFrameBytes`
 * @returns JSON of at most `maxFrameBytes` bytes, its members in the same order
 */
export function shrink(text: string): string {
  const frame = JSON.parse(text) as Tree;
  const metadata = frame.metadata as Tree;
  Object.assign(metadata, { truncated: true, original_bytes: byteLength(text) });
  // The sentence repeats the answer, which is never cut there (protocol.md §15).
  if (frame.event === "agent.final_answer") delete frame.show_content;
  for (;;) {
    const shorter = JSON.stringify(frame);
    const excess = byteLength(shorter) - maxFrameBytes;
    if (excess <= 0) return shorter;
    const leaves = collect(frame, ["content", "error", "show_content", "metadata"], []);
    const cuttable = leaves.reduce((sum, leaf) => sum + leaf.bytes, 0);
    if (cuttable > excess + 256) {
      const level = waterline(leaves, excess + 64);
      for (const leaf of leaves) if (leaf.bytes > level) leaf.parent[leaf.key] = cut(leaf, level);
    } else if (!dropLargest(frame, needed)) return shorter;
  }
}

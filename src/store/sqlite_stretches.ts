/** Entries of a session in stretches: one row holds a few dozen of them, and is read and deleted as one. */
import type { Database } from "./sqlite_database.ts";
import type { Entry } from "./store.ts";

/** A stretch takes no more entries beyond this: what a reader takes at a time, and little enough to read in part. */
const stretchBytes = 64 << 10;

export function writeEntries(database: Database, session: number, entries: readonly Entry[]): void {
  const encoder = new TextEncoder();
  for (let at = 0; at < entries.length;) {
    const frames: Uint8Array[] = [];
    const from = at;
    for (let bytes = 0; at < entries.length && bytes < stretchBytes; at++) {
      const frame = encoder.encode(entries[at].frame);
      frames.push(frame);
      bytes += frame.length;
    }
    const taken = entries.slice(from, at);
    database.run(
      "INSERT INTO entries (session, first, last, sizes, events, body) VALUES (?, ?, ?, ?, ?, ?)",
      session,
      taken[0].seq,
      taken.at(-1)!.seq,
      JSON.stringify(frames.map((frame) => frame.length)),
      JSON.stringify(taken.map((entry) => entry.event)),
      join(frames),
    );
  }
}

/** Stored entries after `after`, ascending, at most `limit`. */
export function readEntries(database: Database, session: number, after: number, limit: number): Entry[] {
  const found: Entry[] = [];
  const decoder = new TextDecoder();
  const rows = database.iterate(
    "SELECT first, sizes, events, body FROM entries WHERE session = ? AND last > ? ORDER BY first",
    session,
    after,
  );
  for (const row of rows) {
    const sizes: number[] = JSON.parse(row.sizes as string);
    const events: string[] = JSON.parse(row.events as string);
    const body = row.body as Uint8Array;
    let start = 0;
    for (const [index, bytes] of sizes.entries()) {
      const seq = row.first as number + index;
      if (seq > after) {
        const frame = decoder.decode(body.subarray(start, start + bytes));
        found.push({ seq, event: events[index], frame, bytes });
      }
      if (found.length >= limit) return found;
      start += bytes;
    }
  }
  return found;
}

/** Bytes of each stored entry from `oldest` on. */
export function readSizes(database: Database, session: number, oldest: number): number[] {
  const rows = database.all(
    "SELECT first, sizes FROM entries WHERE session = ? AND last >= ? ORDER BY first",
    session,
    oldest,
  );
  return rows.flatMap((row) =>
    (JSON.parse(row.sizes as string) as number[]).slice(Math.max(0, oldest - (row.first as number)))
  );
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

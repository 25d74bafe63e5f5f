/** Where the entries of a session lie among those of all others, and reading them from there. */
import type { Database } from "./sqlite_database.ts";
import { damaged } from "./sqlite_failure.ts";
import type { Entry } from "./store.ts";

/** Entries and bytes of one stretch: it is deleted as one, in a few milliseconds. */
const stretchEntries = 512;
const stretchBytes = 1 << 20;

/** Notes where a session's next entries lie. @param first - number of the first of them */
export function writePlaces(
  database: Database,
  session: number,
  first: number,
  rows: readonly number[],
  sizes: readonly number[],
): void {
  for (let at = 0; at < rows.length;) {
    const from = at;
    for (let bytes = 0; at < rows.length && at - from < stretchEntries && bytes < stretchBytes; at++) {
      bytes += sizes[at];
    }
    database.run(
      "INSERT INTO places (session, first, last, rows, sizes) VALUES (?, ?, ?, ?, ?)",
      session,
      first + from,
      first + at - 1,
      JSON.stringify(rows.slice(from, at)),
      JSON.stringify(sizes.slice(from, at)),
    );
  }
}

/** Where the entries after `after` lie, at most `limit` of them. */
export function findPlaces(database: Database, session: number, after: number, limit: number): number[] {
  const found: number[] = [];
  const stretches = database.iterate(
    "SELECT first, rows FROM places WHERE session = ? AND last > ? ORDER BY last",
    session,
    after,
  );
  for (const { first, rows } of stretches) {
    const skipped = Math.max(0, after + 1 - (first as number));
    found.push(...(JSON.parse(rows as string) as number[]).slice(skipped, skipped + limit - found.length));
    if (found.length >= limit) break;
  }
  return found;
}

/** The entries that lie there. @param first - number of the first of them */
export function readEntries(
  database: Database,
  session: number,
  first: number,
  rows: readonly number[],
): Entry[] {
  const found = database.all(
    `SELECT session, seq, event, frame, octet_length(frame) AS bytes FROM entries
      WHERE at IN (SELECT value FROM json_each(?)) ORDER BY at`,
    JSON.stringify(rows),
  );
  const isWhole = found.length === rows.length &&
    found.every((row, index) => row.session === session && row.seq === first + index);
  if (!isWhole) {
    throw new Error(`${damaged} (database disk image is malformed: entries are not where they should be)`);
  }
  return found.map(({ seq, event, frame, bytes }) => ({ seq, event, frame, bytes }) as unknown as Entry);
}

/** Bytes of each settled entry from `oldest` on. */
export function readSizes(database: Database, session: number, oldest: number): number[] {
  const stretches = database.all(
    "SELECT first, sizes FROM places WHERE session = ? AND last >= ? ORDER BY last",
    session,
    oldest,
  );
  return stretches.flatMap(({ first, sizes }) =>
    (JSON.parse(sizes as string) as number[]).slice(Math.max(0, oldest - (first as number)))
  );
}

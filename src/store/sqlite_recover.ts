/** What is done to a store file before it is used: the journal of the process before is brought to its place. */
import { damaged, openFailure } from "./sqlite_failure.ts";
import type { Database, Value } from "./sqlite_database.ts";
import { writePlaces } from "./sqlite_places.ts";
import { everything } from "./sqlite_schema.ts";
import { Settler } from "./sqlite_settle.ts";
import { type HotSession, Tail } from "./sqlite_tail.ts";
import type { Durability } from "./sqlite_commit.ts";
import type { Changes } from "./store.ts";

function factOf(database: Database, name: string): Value | undefined {
  return database.get("SELECT value FROM facts WHERE name = ?", name)?.value;
}

/** The newest number in the file. */
export function latestCommit(database: Database): number {
  const newest = (table: string) =>
    (database.get(`SELECT max(at) AS at FROM ${table}`)?.at as number | null) ?? 0;
  return Math.max(
    newest("entries"),
    newest("journal"),
    (factOf(database, "settled") as number | undefined) ?? 0,
  );
}

/**
 * Checks that no acknowledged commit is missing; only reads.
 *
 * @param acknowledged - number of the last commit that the process before has acknowledged, when it did not end in
 *   good order; null when that is not known
 * @throws AppError when commits are missing
 */
export function checkComplete(path: string, database: Database, acknowledged: number | null): void {
  const missing = (acknowledged ?? 0) - latestCommit(database);
  if (missing <= 0 || factOf(database, "open") !== 1) return;
  throw openFailure(
    path,
    `${missing} stored ${
      missing === 1 ? "commit is" : "commits are"
    } missing, because "${path}-wal" was deleted ` +
      `or cut off or the file was replaced: put the right files back, or delete "${path}.lock" to go on without them`,
  );
}

/**
 * Makes the file ready: settles what is in the journal.
 *
 * @returns something to tell the operator
 * @throws AppError when the journal does not fit the tables
 */
export function recover(path: string, database: Database, acknowledged: number | null): string | undefined {
  const wasOpen = factOf(database, "open") === 1;
  const wroteBehind = factOf(database, "durability") === "memory" satisfies Durability;
  settleJournal(path, database);
  if (!wasOpen || (acknowledged !== null && !wroteBehind)) return undefined;
  startNewEpochs(database);
  return `Store "${path}" was not closed in good order and may lack its newest events: every session has a new ` +
    "epoch, and its clients get a snapshot";
}

function settleJournal(path: string, database: Database): void {
  const tail = new Tail(database, latestCommit(database));
  const sessions = new Map<number, Known | undefined>();
  const now = Date.now();
  /** Undefined when the session was removed later, or when this is settled. */
  const unsettled = (no: number, at: number): HotSession | undefined => {
    if (!sessions.has(no)) sessions.set(no, knownOf(database, tail, no));
    const known = sessions.get(no);
    return known && at > known.settled ? known.hot : undefined;
  };
  const settled = (factOf(database, "settled") as number | undefined) ?? 0;
  const sql = "SELECT at, session, seq, octet_length(frame) AS bytes FROM entries WHERE at > ? ORDER BY at";
  for (const row of database.iterate(sql, settled)) {
    const [at, seq, bytes] = [row.at as number, row.seq as number, row.bytes as number];
    const hot = unsettled(row.session as number, at);
    if (hot && seq !== hot.latestSeq + 1) throw openFailure(path, `${damaged} (its log has a gap)`);
    if (hot) tail.apply(hot, { at, entry: { seq, bytes } }, now);
  }
  for (const { body } of database.iterate("SELECT body FROM journal ORDER BY at")) {
    for (const [at, no, changes] of JSON.parse(body as string) as [number, number, Changes][]) {
      const hot = unsettled(no, at);
      if (hot) tail.apply(hot, { at, changes }, now);
    }
  }
  new Settler({ database, tail, startRows: 0, write: () => {}, trimmed: () => {} }).all();
}

interface Known {
  readonly hot: HotSession;
  readonly settled: number;
}

function knownOf(database: Database, tail: Tail, no: number): Known | undefined {
  const row = database.get("SELECT * FROM sessions WHERE no = ?", no);
  return row && { hot: tail.hold(row), settled: row.settled as number };
}

/** Positions that clients hold are void from now on, and retained entries carry the old epoch in their ids. */
function startNewEpochs(database: Database): void {
  const epoch = crypto.randomUUID().slice(0, 8);
  database.transaction(() => {
    database.run("INSERT OR IGNORE INTO garbage SELECT no, latest_seq FROM sessions");
    database.run(
      "UPDATE sessions SET record = json_set(record, '$.epoch', ?), oldest_seq = latest_seq + 1",
      epoch,
    );
  });
}

/** Notes in the file that a process has it. */
export function markOpen(database: Database, durability: Durability): void {
  database.transaction(() => {
    database.run("INSERT OR REPLACE INTO facts VALUES ('open', 1), ('durability', ?)", durability);
  });
  // The main file must know it, also when the -wal file is lost.
  database.get("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** Notes in the file that it was left in good order. */
export function markClosed(database: Database): void {
  database.transaction(() => database.run("INSERT OR REPLACE INTO facts VALUES ('open', 0)"));
}

/** Removes a session; what belongs to it is swept later. */
export function removeSession(database: Database, hot: HotSession): void {
  const { no, places, sizes, latestSeq } = hot;
  writePlaces(database, no, latestSeq - places.length + 1, places, sizes);
  database.run("DELETE FROM sessions WHERE no = ?", no);
  database.run("INSERT OR IGNORE INTO garbage VALUES (?, ?)", no, everything);
}

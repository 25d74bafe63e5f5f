/**
 * The tables of a store file, and the way from older versions to this one. What somebody waits for is only appended:
 * entries in the order in which they come, and the changes of each group of commits as one row of `journal`.
 * sqlite_settle.ts later writes down where each session's entries lie, and brings the changes to their tables. To
 * write all of it to its place at once was measured to cost four times as much.
 */
import type { DatabaseSync } from "node:sqlite";

/** Marks a file as ours: "MyAg". */
export const applicationId = 0x4d794167;

/**
 * One script per version, in order. A script that was published never changes: what is to be changed gets a new
 * one. Texts that others chose are JSON, because this runtime cuts the texts it reads at NUL characters.
 */
const migrations: readonly string[] = [
  `
  -- How the file stands: "open" (1 while a process has it), "durability" (of that process), "settled" (rows up to
  -- this number are settled).
  CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

  CREATE TABLE sessions (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,             -- JSON: what never changes
    fence INTEGER NOT NULL,
    active_at INTEGER NOT NULL,
    latest_seq INTEGER NOT NULL,
    oldest_seq INTEGER NOT NULL,
    message_count INTEGER NOT NULL,   -- ever, not only the kept ones
    input_count INTEGER NOT NULL,
    run TEXT,                         -- JSON; null: none is in progress
    remembered TEXT NOT NULL,         -- JSON: values, calls, questions, queue
    settled INTEGER NOT NULL          -- rows up to this number are settled
  );
  CREATE INDEX sessions_by_activity ON sessions (active_at);
  CREATE INDEX sessions_running ON sessions (id) WHERE run IS NOT NULL;

  -- Entries and journal rows are numbered together, in the order in which they were stored.
  CREATE TABLE entries (
    at INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    frame TEXT NOT NULL
  );
  CREATE TABLE journal (
    at INTEGER PRIMARY KEY,           -- the newest number in it
    body TEXT NOT NULL                -- JSON: [number, session, changes] of each commit
  );

  -- Where a stretch of a session's entries lies.
  CREATE TABLE places (
    no INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    rows TEXT NOT NULL,               -- JSON: the number of each entry
    sizes TEXT NOT NULL               -- JSON: bytes of each entry
  );
  CREATE UNIQUE INDEX places_by_session ON places (session, last);

  -- Messages and message ids of one session that were settled together.
  CREATE TABLE messages (
    no INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    last INTEGER NOT NULL,
    body TEXT NOT NULL                -- JSON: messages
  );
  CREATE UNIQUE INDEX messages_by_session ON messages (session, last);
  CREATE TABLE inputs (
    no INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    last INTEGER NOT NULL,
    body TEXT NOT NULL                -- JSON: [message id, run id]
  );
  CREATE UNIQUE INDEX inputs_by_session ON inputs (session, last);

  CREATE TABLE ended (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,              -- JSON
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX ended_by_time ON ended (at);

  -- What sqlite_sweep.ts has still to delete: entries up to "through", or everything of a session.
  CREATE TABLE garbage (session INTEGER, through INTEGER, PRIMARY KEY (session, through)) WITHOUT ROWID;
  `,
];

/** The version this program writes. */
export const schemaVersion = migrations.length;

/** "through" of a session that is gone as a whole. */
export const everything = Number.MAX_SAFE_INTEGER;

/** Brings the file to the present version; one transaction, so that a crash leaves the old version. */
export function migrate(database: DatabaseSync): void {
  const from = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (from >= schemaVersion) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const script of migrations.slice(from)) database.exec(script);
    database.exec(`PRAGMA user_version = ${schemaVersion}; PRAGMA application_id = ${applicationId}; COMMIT`);
  } catch (cause) {
    database.exec("ROLLBACK");
    throw cause;
  }
}

/** Sessions as they are read back from the tables; what is still in the journal must be settled before. */
import type { Message } from "../protocol/transcript.ts";
import type { Database, Row } from "./sqlite_database.ts";
import { rememberedOf, runOf } from "./sqlite_json.ts";
import { readSizes } from "./sqlite_places.ts";
import { type ListOptions, rememberedInputs, type SessionSummary, type StoredSession } from "./store.ts";

const columns = "no, record, active_at, latest_seq, oldest_seq, run, remembered";

/** Null when there is no such session. */
export function loadSession(database: Database, id: string): StoredSession | null {
  const row = database.get(`SELECT ${columns} FROM sessions WHERE id = ?`, id);
  if (!row) return null;
  const no = row.no as number;
  const { values, calls, questions, queue } = rememberedOf(row.run, row.remembered);
  const inputs = lists<[string, string]>(database, "inputs", no);
  return {
    ...summarize(database, row),
    sizes: readSizes(database, no, row.oldest_seq as number),
    messages: lists<Message>(database, "messages", no),
    values,
    calls: [...calls.values()],
    questions: [...questions.values()],
    inputs: new Map(inputs.slice(-rememberedInputs)),
    queue,
  };
}

export function listSessions(database: Database, options: ListOptions): SessionSummary[] {
  const { after = "", limit, running } = options;
  const rows = database.all(
    `SELECT ${columns} FROM sessions WHERE id > ? ${
      running ? "AND run IS NOT NULL" : ""
    } ORDER BY id LIMIT ?`,
    after,
    limit,
  );
  return rows.map((row) => summarize(database, row));
}

function summarize(database: Database, row: Row): SessionSummary {
  const sizes = readSizes(database, row.no as number, row.oldest_seq as number);
  return {
    record: JSON.parse(row.record as string),
    activeAt: row.active_at as number,
    latestSeq: row.latest_seq as number,
    oldestSeq: row.oldest_seq as number,
    bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    run: runOf(row.run),
  };
}

function lists<T>(database: Database, table: "messages" | "inputs", session: number): T[] {
  const rows = database.all(`SELECT body FROM ${table} WHERE session = ? ORDER BY last`, session);
  return rows.flatMap((row) => JSON.parse(row.body as string) as T[]);
}

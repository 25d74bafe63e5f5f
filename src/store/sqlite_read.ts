/** Sessions as they are read back from the tables; what is still in the journal must be settled before. */
import type { Message } from "../protocol/transcript.ts";
import type { Database, Row } from "./sqlite_database.ts";
import { rememberedOf, runOf } from "./sqlite_json.ts";
import { readSizes } from "./sqlite_places.ts";
import {
  keptMessageChars,
  keptMessages,
  type ListOptions,
  rememberedInputs,
  type SessionSummary,
  type StoredSession,
} from "./store.ts";

const columns = "no, record, active_at, latest_seq, oldest_seq, run, remembered";

/** Null when there is no such session. */
export function loadSession(database: Database, id: string): StoredSession | null {
  const row = database.get(`SELECT ${columns} FROM sessions WHERE id = ?`, id);
  if (!row) return null;
  const no = row.no as number;
  const { values, calls, questions, queue } = rememberedOf(row.run, row.remembered);
  return {
    ...summarize(database, row),
    sizes: readSizes(database, no, row.oldest_seq as number),
    messages: readMessages(database, no),
    values,
    calls: [...calls.values()],
    questions: [...questions.values()],
    inputs: readInputs(database, no),
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

/** The newest part that a session can use, oldest first. */
function readMessages(database: Database, session: number): Message[] {
  const found: Message[][] = [];
  let count = 0;
  let chars = 0;
  const sql = "SELECT body FROM messages WHERE session = ? ORDER BY last DESC";
  for (const { body } of database.iterate(sql, session)) {
    const messages: Message[] = JSON.parse(body as string);
    count += messages.length;
    chars += messages.reduce((sum, { content }) => sum + content.length, 0);
    if (found.length > 0 && chars > keptMessageChars) break;
    found.unshift(messages);
    if (count >= keptMessages) break;
  }
  return found.flat();
}

function readInputs(database: Database, session: number): Map<string, string> {
  const rows = database.all("SELECT body FROM inputs WHERE session = ? ORDER BY last", session);
  const inputs = rows.flatMap(({ body }) => JSON.parse(body as string) as [string, string][]);
  return new Map(inputs.slice(-rememberedInputs));
}

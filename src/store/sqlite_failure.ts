/** What SQLite and the file system throw, as one sentence each. */
import { AppError } from "../errors.ts";

export const damaged = "the file is damaged: restore it from a backup";

/** A part of SQLite's message → what it means. Its own numbers do not reach JavaScript on this runtime. */
const meanings: readonly (readonly [part: string, meaning: string])[] = [
  ["disk is full", "the disk is full"],
  ["No space left", "the disk is full"],
  ["readonly database", "the file is read-only"],
  ["Read-only file system", "the file is read-only"],
  ["Permission denied", "this user may not open the file"],
  ["malformed", damaged],
  ["not a database", damaged],
  ["disk I/O error", "the disk fails or is full"],
  ["Input/output error", "the disk fails"],
  ["database is locked", "another program is writing to the file"],
  ["unable to open database file", "the file or its folder cannot be opened"],
];

/** What a failure of the backend means, in words that hold no path: clients may see them. */
export function meaningOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return meanings.find(([part]) => message.includes(part))?.[1] ?? "the database failed";
}

/** True when the same commit may succeed later, because only room or a lock was missing. */
export function isPassing(cause: unknown): boolean {
  return /disk is full|No space left|disk I\/O error|database is locked/.test(String(cause));
}

/** Wraps what was thrown at run time; the cause, for the server's own log, keeps the original words. */
export function storageFailure(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("ERR_EXECUTION_602", `Cannot use the store: ${meaningOf(cause)}`, { cause });
}

/** What later calls are told. */
export function closed(): AppError {
  return new AppError("ERR_EXECUTION_602", "Cannot use the store: it is closed");
}

/** A failure to open: the operator reads it, so that it names the file. */
export function openFailure(path: string, reason: string, cause?: unknown): AppError {
  return new AppError("ERR_EXECUTION_602", `Cannot open store "${path}": ${reason}`, { cause });
}

/** From a path to an open, checked file that belongs to this process; every obstacle is one sentence. */
import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { AppError } from "../errors.ts";
import { Database } from "./sqlite_database.ts";
import { damaged, meaningOf, openFailure } from "./sqlite_failure.ts";
import type { Durability } from "./sqlite_commit.ts";
import { FileLock, reasonOf } from "./sqlite_lock.ts";
import { checkComplete, latestCommit, markOpen, recover } from "./sqlite_recover.ts";
import { applicationId, migrate, schemaVersion } from "./sqlite_schema.ts";

export interface OpenFile {
  readonly path: string;
  readonly database: Database;
  readonly lock: FileLock;
  /** The -wal file, for fsync. */
  readonly wal: Deno.FsFile;
  readonly durability: Durability;
  /** Number of the newest commit in the file. */
  readonly latestCommit: number;
  readonly warning?: string;
}

/** @throws AppError ERR_EXECUTION_602; then nothing in the files was changed */
export function openFile(given: string, durability: Durability): OpenFile {
  makeFolder(given);
  const path = realPath(given);
  const lock = FileLock.take(path);
  let connection: DatabaseSync | undefined;
  try {
    checkFiles(path);
    if (sizeOf(path) === undefined) createFile(path);
    check(path, lock.acknowledgedBefore);
    // 100 ms: a backup tool may hold the file for a moment; longer than that nobody may stop the event loop.
    connection = new DatabaseSync(path, { timeout: 100 });
    const database = prepare(connection, durability);
    const warning = recover(path, database, lock.acknowledgedBefore);
    const latest = latestCommit(database);
    lock.claim(latest);
    markOpen(database, durability);
    const wal = Deno.openSync(`${path}-wal`, { read: true, write: true });
    return { path, database, lock, wal, durability, latestCommit: latest, warning };
  } catch (cause) {
    connection?.close();
    lock[Symbol.dispose]();
    throw cause instanceof AppError && cause.message.startsWith("Cannot open")
      ? cause
      : openFailure(path, meaningOf(cause instanceof AppError ? cause.cause : cause), cause);
  }
}

function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw openFailure(path, `cannot make its folder (${reasonOf(cause)})`, cause);
  }
}

/** Two names of one file must not have two locks. */
function realPath(path: string): string {
  try {
    return sizeOf(path) === undefined ? path : Deno.realPathSync(path);
  } catch (cause) {
    throw openFailure(path, reasonOf(cause), cause);
  }
}

/** Bytes of a file; undefined when there is none. */
function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

/** What SQLite itself does not notice, or takes for a new database and then overwrites. */
function checkFiles(path: string): void {
  const size = sizeOf(path);
  if (size !== undefined && !Deno.statSync(path).isFile) {
    throw openFailure(path, "it is not a file: name a file");
  }
  if (size === 0) {
    throw openFailure(path, "the file is empty: restore it from a backup, or delete it to start a new store");
  }
  if (size === undefined && sizeOf(`${path}-wal`)) {
    throw openFailure(
      path,
      `it is missing, but "${path}-wal" is there: put it back, or delete that file too`,
    );
  }
  // While there is a -wal file, the last pages may be only there.
  if (size !== undefined && !sizeOf(`${path}-wal`) && size < expectedSize(path)) {
    throw openFailure(path, damaged);
  }
}

/** Bytes of a database by its own header; 0 when it has none. */
function expectedSize(path: string): number {
  using file = Deno.openSync(path);
  const header = new DataView(new ArrayBuffer(100));
  if (file.readSync(new Uint8Array(header.buffer)) !== 100) return 0;
  const pageBytes = header.getUint16(16);
  return (pageBytes === 1 ? 65536 : pageBytes) * header.getUint32(28);
}

/** Makes the file complete under another name, so that a crash leaves none or a whole one. */
function createFile(path: string): void {
  const made = `${path}.new`;
  for (const leftover of [made, `${made}-wal`, `${made}-shm`]) {
    if (sizeOf(leftover) !== undefined) Deno.removeSync(leftover);
  }
  Deno.openSync(made, { createNew: true, write: true, mode: 0o600 }).close();
  const connection = new DatabaseSync(made);
  try {
    connection.exec("PRAGMA journal_mode = WAL");
    migrate(connection);
  } finally {
    connection.close();
  }
  Deno.renameSync(made, path);
  const folder = Deno.openSync(dirname(path));
  folder.syncSync();
  folder.close();
}

/** Looks at the file without a change to it: closing a connection that may write would tidy the -wal file away. */
function check(path: string, acknowledged: number | null): void {
  const connection = new DatabaseSync(path, { readOnly: true });
  try {
    const database = new Database(connection);
    const pragma = (name: string) => Object.values(database.get(`PRAGMA ${name}`) ?? {})[0];
    if (pragma("application_id") !== applicationId) {
      throw openFailure(path, "it is a database of another program: take another file");
    }
    const version = pragma("user_version") as number;
    if (version > schemaVersion) {
      throw openFailure(
        path,
        `it was written by a newer version of this program (format ${version}, this one knows ${schemaVersion}): ` +
          "use that version",
      );
    }
    // Measured: 0.4 s for each GB that is in the memory of the operating system.
    const found = pragma("quick_check(1)");
    if (found !== "ok") throw openFailure(path, damaged, new Error(String(found)));
    checkComplete(path, database, acknowledged);
  } finally {
    connection.close();
  }
}

function prepare(connection: DatabaseSync, durability: Durability): Database {
  // 16 MiB: the newest pages of all tables stay in memory.
  connection.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${durability === "sync" ? "FULL" : "NORMAL"};
    PRAGMA cache_size = -16384;
  `);
  migrate(connection);
  return new Database(connection);
}

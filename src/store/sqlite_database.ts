/** One connection: statements are prepared once, transactions are all or nothing, failures are sentences. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { storageFailure } from "./sqlite_failure.ts";

export type Value = string | number | null | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

export class Database {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  run(sql: string, ...values: Value[]): { readonly changes: number; readonly lastId: number } {
    const { changes, lastInsertRowid } = this.#prepared(sql).run(...values);
    return { changes: Number(changes), lastId: Number(lastInsertRowid) };
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: Value[]): readonly Row[] {
    return this.#prepared(sql).all(...values) as readonly Row[];
  }

  iterate(sql: string, ...values: Value[]): Iterable<Row> {
    return this.#prepared(sql).iterate(...values) as Iterable<Row>;
  }

  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /**
   * Runs `work` in a transaction of its own.
   *
   * @throws AppError ERR_EXECUTION_602 when it failed; then nothing of it is in the file
   */
  transaction<T>(work: () => T): T {
    try {
      this.run("BEGIN IMMEDIATE");
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (cause) {
      // On a full disk SQLite has already rolled back by itself.
      if (this.#connection.isTransaction) this.run("ROLLBACK");
      throw storageFailure(cause);
    }
  }

  /** Runs `work`, which only reads. @throws AppError ERR_EXECUTION_602 */
  reading<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw storageFailure(cause);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#connection.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

import { openSqlite, type SqliteStore } from "../../src/store/sqlite.ts";
import type { Durability } from "../../src/store/sqlite_commit.ts";
import { storeConformance } from "../helpers/store_conformance.ts";

/** A new store that takes its folder with it when it is disposed of. */
function openTemporary(durability: Durability): SqliteStore {
  const folder = Deno.makeTempDirSync();
  const store = openSqlite(`${folder}/sessions.db`, { durability });
  const close = store[Symbol.asyncDispose].bind(store);
  store[Symbol.asyncDispose] = async () => {
    await close();
    Deno.removeSync(folder, { recursive: true });
  };
  return store;
}

for (const durability of ["sync", "batch", "memory"] as const) {
  storeConformance(`SqliteStore (${durability})`, () => openTemporary(durability));
}

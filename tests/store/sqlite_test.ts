import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openSqlite, type SqliteStore } from "../../src/store/sqlite.ts";
import type { Durability } from "../../src/store/sqlite_commit.ts";
import { Database } from "../../src/store/sqlite_database.ts";
import { Sweeper } from "../../src/store/sqlite_sweep.ts";
import { entries, entry, record, storeConformance } from "../helpers/store_conformance.ts";
import { tempFolder } from "./temp_folder.ts";
import { commitOf } from "./writing.ts";

const durabilities = ["sync", "batch", "memory"] as const;

/** A new store that takes its folder with it when it is disposed of. */
function openTemporary(durability: Durability, settleAfter?: number): SqliteStore {
  const folder = tempFolder();
  const store = openSqlite(folder.file, { durability, settleAfter });
  const close = store[Symbol.asyncDispose].bind(store);
  store[Symbol.asyncDispose] = async () => {
    await close();
    folder[Symbol.dispose]();
  };
  return store;
}

for (const durability of durabilities) {
  storeConformance(`SqliteStore (${durability})`, () => openTemporary(durability));
}
storeConformance("SqliteStore (settling all the time)", () => openTemporary("batch", 1));

for (const durability of durabilities) {
  Deno.test(`SqliteStore (${durability}) gives back everything when it is opened again`, async () => {
    using folder = tempFolder();
    let before;
    {
      await using store = openSqlite(folder.file, { durability });
      await store.create(record());
      for (let seq = 1; seq <= 120; seq++) {
        const { entry, changes } = commitOf("s", seq);
        await store.commit("s", 1, [entry], changes);
        if (seq === 70) await store.load("s");
      }
      store.trim("s", 10);
      store.touch("s", Date.now() + 5000);
      await store.create(record("t"));
      await store.end("t", 1, 7);
      before = await store.load("s");
    }
    await using store = openSqlite(folder.file, { durability });
    assert.deepEqual(await store.load("s"), before);
    assert.equal(before!.latestSeq, 120);
    const expected = Array.from({ length: 110 }, (_, index) => commitOf("s", 11 + index).entry);
    assert.deepEqual(store.read("s", 10, 1000), expected);
    assert.deepEqual(store.ended("t"), { owner: "anonymous", at: 7 });
    assert.equal(await store.claim("s"), 2);
  });
}

Deno.test("SqliteStore reads the same before, while and after it settles", async () => {
  await using store = openTemporary("batch", 100);
  const ids = Array.from({ length: 30 }, (_, index) => `s${index}`);
  for (const id of ids) await store.create(record(id));
  for (let seq = 1; seq <= 40; seq++) {
    await Promise.all(
      ids.map((id) => store.commit(id, 1, [commitOf(id, seq).entry], commitOf(id, seq).changes)),
    );
    const id = ids[seq % ids.length];
    const all = Array.from({ length: seq }, (_, index) => commitOf(id, index + 1).entry);
    for (const after of [0, seq >> 1, seq - 1]) {
      assert.deepEqual(store.read(id, after, 1000), all.slice(after));
      assert.deepEqual(store.read(id, after, 3), all.slice(after, after + 3));
    }
  }
  for (const id of ids) assert.deepEqual((await store.load(id))?.values, { newest: 40 });
});

Deno.test("SqliteStore keeps a session's entries apart from those of one with the same id before it", async () => {
  await using store = openTemporary("batch");
  for (const text of ["old", "new"]) {
    await store.create(record());
    await store.commit("s", 1, entries(1, 3, text));
    if (text === "old") await store.remove("s");
  }
  assert.deepEqual(store.read("s", 0, 10), entries(1, 3, "new"));
});

Deno.test("SqliteStore refuses a commit that comes after a removal was asked for", async () => {
  await using store = openTemporary("batch");
  await store.create(record());
  const first = store.commit("s", 1, [entry(1)]);
  const removal = store.remove("s");
  await Promise.all([first, removal]);
  await assert.rejects(async () => await store.commit("s", 1, [entry(2)]), {
    message: "Cannot write to a session that does not exist",
  });
});

Deno.test("SqliteStore says that it is closed", async () => {
  const store = openTemporary("batch");
  await store.create(record());
  await store[Symbol.asyncDispose]();
  await assert.rejects(async () => await store.commit("s", 1, [entry(1)]), { code: "ERR_EXECUTION_602" });
  assert.throws(() => store.read("s", 0, 1), { code: "ERR_EXECUTION_602" });
});

/** Rows of all tables that hold something of sessions. */
function countRows(database: DatabaseSync): Record<string, number> {
  const tables = ["sessions", "entries", "places", "messages", "inputs", "garbage"];
  return Object.fromEntries(tables.map((name) => {
    return [name, Number(database.prepare(`SELECT count(*) AS count FROM ${name}`).get()!.count)];
  }));
}

Deno.test("What was trimmed and removed is deleted in small slices, until nothing is left of it", async () => {
  using folder = tempFolder();
  {
    await using store = openSqlite(folder.file);
    for (const id of ["a", "b", "c"]) {
      await store.create(record(id));
      await store.commit(id, 1, entries(1, 2000), { messages: [{ role: "user", content: "hi" }] });
      await store.commit(id, 1, [], { input: { messageId: "m", runId: "r" } });
      if (id !== "c") await store.load(id);
    }
    store.trim("a", 1990);
    // Settled, not settled, and with a part in the tail: all of it must go.
    await store.commit("b", 1, entries(2001, 2010));
    await store.remove("b");
    await store.end("c", 1, 5);
  }
  const database = new DatabaseSync(folder.file);
  const sweeper = new Sweeper(new Database(database));
  const before = countRows(database);
  assert.equal(before.entries, 6010);
  let slices = 0;
  for (let left = before.entries, isMore = true; isMore; slices++) {
    isMore = sweeper.slice();
    const { entries } = countRows(database);
    assert.ok(left - entries <= 1024, `${left - entries} rows in one slice`);
    left = entries;
  }
  assert.ok(slices >= 6, `${slices} slices`);
  // A stretch is deleted as a whole: 1990 entries were trimmed, 1536 of them in whole stretches.
  assert.deepEqual(countRows(database), {
    sessions: 1,
    entries: 464,
    places: 1,
    messages: 1,
    inputs: 1,
    garbage: 0,
  });
  database.close();
  await using store = openSqlite(folder.file);
  assert.deepEqual(store.read("a", 1990, 100), entries(1991, 2000));
});

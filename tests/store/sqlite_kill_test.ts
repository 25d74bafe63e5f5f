/** kill -9: nothing that was acknowledged is lost, and everything else is whole. */
import assert from "node:assert/strict";
import { openSqlite, type SqliteStore } from "../../src/store/sqlite.ts";
import { tempFolder } from "./temp_folder.ts";
import { type Acknowledged, commitOf, writeAndKill } from "./writing.ts";

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Checks that each session holds all that was acknowledged, and no half of a commit. Gives the number of entries. */
async function checkAll(store: SqliteStore, acknowledged: Acknowledged): Promise<number> {
  let count = 0;
  for (const [id, seq] of acknowledged) {
    const stored = (await store.load(id))!;
    assert.ok(stored.latestSeq >= seq, `${id} holds ${stored.latestSeq}, but ${seq} was acknowledged`);
    const newest = stored.latestSeq;
    const entries = (await store.read(id, stored.oldestSeq - 1, newest))!;
    const expected = Array.from(
      { length: newest - stored.oldestSeq + 1 },
      (_, index) => commitOf(id, stored.oldestSeq + index).entry,
    );
    assert.deepEqual(entries, expected);
    assert.deepEqual(stored.sizes, expected.map((entry) => entry.bytes));
    assert.deepEqual(stored.values, { newest });
    assert.equal(stored.messages.at(-1)?.content, `${newest}`);
    assert.deepEqual(stored.run, commitOf(id, newest).changes.run);
    assert.equal([...stored.inputs.keys()].at(-1), `m-${newest}`);
    const openCalls = newest % 5 === 1 ? 0 : newest % 5 === 0 ? 4 : newest % 5 - 1;
    assert.equal(stored.calls.length, openCalls);
    count += entries.length;
  }
  return count;
}

Deno.test("A kill -9 in the middle of writing loses nothing that was acknowledged, in twenty rounds", async () => {
  using folder = tempFolder();
  const seed = 20261121;
  const random = randomFrom(seed);
  const acknowledged: Acknowledged = new Map();
  for (let round = 0; round < 20; round++) {
    const lines = 1 + Math.floor(random() * 1500);
    const options = {
      path: folder.file,
      durability: round % 4 === 3 ? "sync" as const : "batch" as const,
      sessions: 1 + Math.floor(random() * 20),
      settleAfter: 50 + Math.floor(random() * 400),
    };
    const newer = await writeAndKill(options, (count) => count >= lines);
    for (const [id, seq] of newer) acknowledged.set(id, seq);
    await using store = openSqlite(folder.file);
    assert.equal(store.warning, undefined);
    const entries = await checkAll(store, acknowledged);
    assert.ok(entries > 0, `round ${round} of seed ${seed} wrote nothing`);
  }
});

Deno.test("A kill -9 with durability memory loses the newest at most, and every session gets a new epoch", async () => {
  using folder = tempFolder();
  const options = { path: folder.file, durability: "memory" as const, sessions: 5 };
  const acknowledged = await writeAndKill(options, (count) => count >= 4000);
  await using store = openSqlite(folder.file);
  assert.match(store.warning!, /was not closed in good order .* new epoch/);
  for (const id of acknowledged.keys()) {
    const stored = await store.load(id);
    // A session that was made and not written to may be lost as a whole.
    if (!stored?.latestSeq) continue;
    assert.notEqual(stored.record.epoch, "e1");
    assert.deepEqual(stored.values, { newest: stored.latestSeq });
    assert.deepEqual(stored.sizes, []);
    assert.equal(await store.read(id, stored.latestSeq - 1, 10), null);
    assert.deepEqual(await store.read(id, stored.latestSeq, 10), []);
    await store.commit(id, (await store.claim(id))!, [commitOf(id, stored.latestSeq + 1).entry]);
    assert.equal((await store.read(id, stored.latestSeq, 10))?.length, 1);
  }
});

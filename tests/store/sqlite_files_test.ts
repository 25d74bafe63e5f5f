/** What can be wrong with the files: each obstacle is one sentence, and no data is invented or changed. */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../src/errors.ts";
import { openSqlite, type SqliteStore } from "../../src/store/sqlite.ts";
import { entries, entry, record } from "../helpers/store_conformance.ts";
import { noSmallDisk, smallDisk, tempFolder } from "./temp_folder.ts";
import { writeAndKill } from "./writing.ts";

/** Opens, and expects to be refused with a sentence that names the file; gives the sentence without its beginning. */
function refusal(file: string): string {
  let store: SqliteStore | undefined;
  try {
    store = openSqlite(file);
  } catch (cause) {
    assert.ok(cause instanceof AppError, `${cause}`);
    assert.equal(cause.code, "ERR_EXECUTION_602");
    const start = `Cannot open store "${file}": `;
    assert.ok(cause.message.startsWith(start), cause.message);
    assert.doesNotMatch(cause.message, /\n|\.$|os error|SQLITE|undefined/);
    return cause.message.slice(start.length).replaceAll(file, basename(file));
  }
  void store[Symbol.asyncDispose]();
  throw new Error("It was opened");
}

/** A closed store with one session of 500 events. */
async function makeStore(file: string): Promise<void> {
  await using store = openSqlite(file);
  await store.create(record());
  await store.commit("s", 1, entries(1, 500, "x".repeat(400)));
}

/** Contents of all files of a folder. */
function contents(folder: string): Record<string, Uint8Array> {
  return Object.fromEntries(
    [...Deno.readDirSync(folder)].map(({ name }) => [name, Deno.readFileSync(`${folder}/${name}`)]),
  );
}

async function assertWhole(file: string): Promise<void> {
  await using store = openSqlite(file);
  assert.equal(store.warning, undefined);
  assert.deepEqual(await store.read("s", 0, 1000), entries(1, 500, "x".repeat(400)));
}

Deno.test("A new store makes its folder for this user alone, and its files too", async () => {
  using folder = tempFolder();
  const file = `${folder.path}/a/b/sessions.db`;
  await using store = openSqlite(file);
  await store.create(record());
  const mode = (path: string) => (Deno.statSync(path).mode! & 0o777).toString(8);
  assert.deepEqual([`${folder.path}/a`, `${folder.path}/a/b`].map(mode), ["700", "700"]);
  const names = [...Deno.readDirSync(`${folder.path}/a/b`)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["sessions.db", "sessions.db-shm", "sessions.db-wal", "sessions.db.lock"]);
  assert.deepEqual(new Set(names.map((name) => mode(`${folder.path}/a/b/${name}`))), new Set(["600"]));
});

Deno.test("A store that is closed is one file and an empty lock beside it", async () => {
  using folder = tempFolder();
  await makeStore(folder.file);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["sessions.db", "sessions.db.lock"]);
  assert.equal(Deno.statSync(`${folder.file}.lock`).size, 0);
  await assertWhole(folder.file);
});

Deno.test("A second opening is refused and told who has the file since when, also by another name", async () => {
  using folder = tempFolder();
  await makeStore(folder.file);
  const alias = `${folder.path}/alias.db`;
  Deno.symlinkSync(folder.file, alias);
  await using store = openSqlite(folder.file);
  const since = new Date().toISOString().slice(0, 16);
  const sentence = refusal(folder.file);
  assert.match(
    sentence,
    new RegExp(`^it is in use by process ${Deno.pid} since ${since}:[\\d.]+Z: stop that one`),
  );
  assert.throws(() => openSqlite(alias), new RegExp(`in use by process ${Deno.pid} since`));
  assert.deepEqual((await store.load("s"))?.latestSeq, 500);
});

Deno.test("A file that is cut off is refused and left as it is", async () => {
  using folder = tempFolder();
  await makeStore(folder.file);
  const whole = Deno.readFileSync(folder.file);
  for (const bytes of [whole.length / 2, whole.length - 4096, whole.length - 100, 4096, 100, 0]) {
    Deno.writeFileSync(folder.file, whole.subarray(0, bytes));
    const before = contents(folder.path);
    assert.match(
      refusal(folder.file),
      /^the file is (damaged|empty): restore it from a backup/,
      `${bytes} bytes`,
    );
    const { "sessions.db": after } = contents(folder.path);
    assert.deepEqual(after, before["sessions.db"]);
  }
  Deno.writeFileSync(folder.file, whole);
  await assertWhole(folder.file);
});

Deno.test("A file with a damaged page is refused or says so when it is read, and never gives wrong events", async () => {
  using folder = tempFolder();
  await makeStore(folder.file);
  const whole = Deno.readFileSync(folder.file);
  const expected = entries(1, 500, "x".repeat(400));
  let refused = 0;
  for (let page = 1; page < whole.length / 4096; page++) {
    const damaged = whole.slice();
    damaged.fill(0x55, page * 4096, page * 4096 + 64);
    Deno.writeFileSync(folder.file, damaged);
    try {
      await using store = openSqlite(folder.file);
      assert.deepEqual(await store.read("s", 0, 1000), expected, `page ${page}`);
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      assert.match(cause.message, /the file is damaged: restore it from a backup/);
      refused++;
    }
  }
  assert.ok(refused > 40, `${refused} damages were found`);
});

Deno.test("A file that is no database, or that of another program, is refused and left as it is", () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file, "This is a letter to my aunt. ".repeat(1000));
  assert.equal(refusal(folder.file), "the file is damaged: restore it from a backup");
  Deno.removeSync(folder.file);
  const other = new DatabaseSync(folder.file);
  other.exec("CREATE TABLE songs (title)");
  other.close();
  const before = Deno.readFileSync(folder.file);
  assert.equal(refusal(folder.file), "it is a database of another program: take another file");
  assert.deepEqual(Deno.readFileSync(folder.file), before);
  assert.match(refusal(folder.path), /^it is not a file: name a file$/);
});

Deno.test("A file of a newer version is refused", async () => {
  using folder = tempFolder();
  await makeStore(folder.file);
  const database = new DatabaseSync(folder.file);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.match(
    refusal(folder.file),
    /newer version of this program \(format 99, this one knows \d+\): use that version/,
  );
});

Deno.test("A crash while a store was made leaves nothing in the way", async () => {
  using folder = tempFolder();
  for (const name of ["sessions.db.new", "sessions.db.new-wal"]) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, "half");
  }
  await makeStore(folder.file);
  await assertWhole(folder.file);
});

Deno.test("After a kill, a -wal file that is missing or cut off is noticed: nothing is opened, nothing is changed", async () => {
  using folder = tempFolder();
  const options = { path: folder.file, durability: "batch" as const, sessions: 3, commits: 100 };
  const acknowledged = await writeAndKill(options, (lines) => lines === Infinity);
  const wal = `${folder.file}-wal`;
  const whole = Deno.readFileSync(wal);
  for (const bytes of [undefined, 0, whole.length / 2, whole.length - 5000]) {
    if (bytes === undefined) Deno.removeSync(wal);
    else Deno.writeFileSync(wal, whole.subarray(0, bytes));
    const main = Deno.readFileSync(folder.file);
    assert.match(
      refusal(folder.file),
      /^\d+ stored commits? (is|are) missing, because "sessions.db-wal" was deleted or cut off or the file was replaced: put the right files back, or delete "sessions.db.lock" to go on without them$/,
      `${bytes} bytes`,
    );
    assert.deepEqual(Deno.readFileSync(folder.file), main);
  }
  Deno.writeFileSync(wal, whole);
  await using store = openSqlite(folder.file);
  assert.equal(store.warning, undefined);
  for (const [id, seq] of acknowledged) assert.equal((await store.load(id))?.latestSeq, seq);
});

Deno.test("Who gives up the missing commits goes on with new epochs, and is told so", async () => {
  using folder = tempFolder();
  const options = {
    path: folder.file,
    durability: "batch" as const,
    sessions: 3,
    settleAfter: 50,
    commits: 300,
  };
  await writeAndKill(options, (lines) => lines === Infinity);
  Deno.removeSync(`${folder.file}-wal`);
  refusal(folder.file);
  Deno.removeSync(`${folder.file}.lock`);
  {
    await using store = openSqlite(folder.file);
    assert.match(store.warning!, /was not closed in good order and may lack its newest events/);
    for (const { record, latestSeq, oldestSeq } of await store.list({ limit: 10 })) {
      assert.notEqual(record.epoch, "e1");
      assert.equal(oldestSeq, latestSeq + 1);
    }
  }
  await using again = openSqlite(folder.file);
  assert.equal(again.warning, undefined);
});

Deno.test("A -wal file without its store is not taken for that of a new one", async () => {
  using folder = tempFolder();
  const options = { path: folder.file, durability: "batch" as const, sessions: 1, commits: 10 };
  await writeAndKill(options, (lines) => lines === Infinity);
  Deno.removeSync(folder.file);
  assert.equal(
    refusal(folder.file),
    'it is missing, but "sessions.db-wal" is there: put it back, or delete that file too',
  );
});

Deno.test("A -wal file that is deleted while the store is open costs nothing when the store is closed", async () => {
  using folder = tempFolder();
  {
    await using store = openSqlite(folder.file);
    await store.create(record());
    await store.commit("s", 1, entries(1, 250, "x".repeat(400)));
    Deno.removeSync(`${folder.file}-wal`);
    await store.commit("s", 1, entries(251, 500, "x".repeat(400)));
  }
  await assertWhole(folder.file);
});

const skipped = noSmallDisk();
const onSmallDisk = (
  name: string,
  kib: number,
  check: (disk: NonNullable<ReturnType<typeof smallDisk>>) => Promise<void>,
) =>
  Deno.test({
    name: skipped ? `${name} (skipped: ${skipped})` : name,
    ignore: skipped !== undefined,
    async fn() {
      using disk = smallDisk(kib)!;
      await check(disk);
    },
  });

onSmallDisk("A read-only folder is refused, with a store in it and without", 4096, async (disk) => {
  await makeStore(disk.file);
  disk.makeReadOnly();
  assert.equal(refusal(disk.file), "cannot write to its folder (read-only file system)");
  assert.equal(refusal(`${disk.path}/new/other.db`), "cannot make its folder (read-only file system)");
});

for (const durability of ["sync", "batch"] as const) {
  onSmallDisk(
    `A full disk refuses commits (${durability}), keeps what is there, and takes commits again when there is room`,
    3072,
    async (disk) => {
      const filler = `${disk.path}/filler`;
      let seq = 0;
      {
        await using store = openSqlite(disk.file, { durability });
        await store.create(record());
        await store.create(record("t"));
        await store.commit("s", 1, [entry(++seq)]);
        fill(filler);
        const failure = await firstFailure(async () => {
          await store.commit("s", 1, [entry(seq + 1, "x".repeat(5000))], { values: { newest: seq + 1 } });
          seq++;
        });
        assert.equal(failure.message, "Cannot use the store: the disk is full");
        assert.deepEqual((await store.read("s", 0, 1000))?.length, seq);
        await assert.rejects(async () => await store.commit("t", 1, entries(1, 50, "x".repeat(5000))), {
          message: "Cannot use the store: the disk is full",
        });
        Deno.removeSync(filler);
        await store.commit("s", 1, [entry(++seq, "room")], { values: { newest: seq } });
        await store.commit("t", 1, [entry(1)]);
        assert.deepEqual((await store.load("s"))?.values, { newest: seq });
      }
      await using again = openSqlite(disk.file);
      const stored = (await again.load("s"))!;
      assert.deepEqual([stored.latestSeq, stored.values], [seq, { newest: seq }]);
      assert.deepEqual(await again.read("s", seq - 1, 10), [entry(seq, "room")]);
      assert.deepEqual(await again.read("t", 0, 10), [entry(1)]);
    },
  );
}

onSmallDisk(
  "A full disk does not stop durability memory, and what was committed is written when there is room",
  3072,
  async (disk) => {
    const filler = `${disk.path}/filler`;
    {
      await using store = openSqlite(disk.file, { durability: "memory" });
      await store.create(record());
      fill(filler);
      await store.commit("s", 1, entries(1, 100, "x".repeat(5000)));
      assert.throws(() => store.read("s", 0, 10), { message: "Cannot use the store: the disk is full" });
      Deno.removeSync(filler);
      assert.equal(store.read("s", 0, 1000)?.length, 100);
    }
    await using again = openSqlite(disk.file);
    assert.equal((await again.read("s", 0, 1000))?.length, 100);
  },
);

onSmallDisk(
  "A disk without room for a store is refused, and nothing of it stays in the way",
  1024,
  async (disk) => {
    const filler = `${disk.path}/filler`;
    fill(filler);
    assert.match(refusal(disk.file), /the disk is full|no space left on device/);
    Deno.removeSync(filler);
    await using store = openSqlite(disk.file);
    await store.create(record());
  },
);

/** Leaves no room on the disk of a file. */
function fill(path: string): void {
  using file = Deno.openSync(path, { create: true, write: true });
  try {
    for (;;) file.writeSync(new Uint8Array(4096));
  } catch (cause) {
    assert.match(String(cause), /No space left/);
  }
}

async function firstFailure(attempt: () => Promise<void>): Promise<AppError> {
  for (let count = 0; count < 10_000; count++) {
    try {
      await attempt();
    } catch (cause) {
      assert.ok(cause instanceof AppError);
      return cause;
    }
  }
  throw new Error("The disk was never full");
}

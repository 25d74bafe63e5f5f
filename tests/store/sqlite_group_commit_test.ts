/** Group commit on a disk that answers when the test says so. */
import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import type { WaitingRow } from "../../src/store/sqlite_commit.ts";
import { GroupCommit } from "../../src/store/sqlite_group_commit.ts";
import type { HotSession } from "../../src/store/sqlite_tail.ts";
import { entry } from "../helpers/store_conformance.ts";

/** One turn of the event loop. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function openGroups() {
  const steps: string[] = [];
  const disk = { isFull: false, syncs: [] as PromiseWithResolvers<void>[] };
  let nextAt = 1;
  const hot = { no: 1, latestSeq: 0, acceptedSeq: 0, waiting: 0 } as HotSession;
  const numbers = (rows: readonly WaitingRow[]) => rows.map(({ at }) => at).join(" ");
  const groups = new GroupCommit({
    writer: {
      rowsOf: (session, entries) =>
        entries.map((one) => ({ at: nextAt++, hot: session, entry: one, time: 0 })),
      write: (rows) => {
        if (disk.isFull) throw new AppError("ERR_EXECUTION_602", "full");
        steps.push(`write ${numbers(rows)}`);
      },
      show: (rows) => {
        steps.push(`show ${numbers(rows)}`);
        for (const row of rows) row.hot.latestSeq = row.entry!.seq;
      },
    },
    tail: { release: () => {} },
    lock: { acknowledge: (at) => steps.push(`acknowledge ${at}`) },
    wal: {
      syncData: () => {
        steps.push("sync");
        const sync = Promise.withResolvers<void>();
        disk.syncs.push(sync);
        return sync.promise;
      },
    },
  });
  const commit = () => Promise.resolve(groups.add(hot, [entry(hot.acceptedSeq + 1)]));
  return { groups, commit, steps, disk, hot };
}

Deno.test("Commits of one turn are one transaction and one fsync, and none is done before it", async () => {
  const { commit, steps, disk } = openGroups();
  let done = 0;
  const commits = [commit(), commit(), commit()].map((one) => one.then(() => done++));
  assert.deepEqual(steps, []);
  await turn();
  assert.deepEqual(steps, ["write 1 2 3", "sync"]);
  await turn();
  assert.equal(done, 0);
  disk.syncs[0].resolve();
  await Promise.all(commits);
  assert.deepEqual(steps, ["write 1 2 3", "sync", "acknowledge 3", "show 1 2 3"]);
});

Deno.test("What comes while the disk is busy is the next group, written as soon as the disk is free", async () => {
  const { commit, steps, disk } = openGroups();
  const first = commit();
  await turn();
  const second = commit();
  await turn();
  const third = commit();
  await turn();
  assert.deepEqual(steps, ["write 1", "sync"]);
  disk.syncs[0].resolve();
  await first;
  assert.deepEqual(steps.slice(2), ["acknowledge 1", "show 1", "write 2 3", "sync"]);
  disk.syncs[1].resolve();
  await Promise.all([second, third]);
});

Deno.test("A group that cannot be written is refused, and the numbers it took can be taken again", async () => {
  const { commit, disk, hot } = openGroups();
  disk.isFull = true;
  const refused = [commit(), commit()];
  for (const one of refused) await assert.rejects(one, { message: "full" });
  assert.deepEqual([hot.acceptedSeq, hot.waiting], [0, 0]);
  disk.isFull = false;
  const accepted = commit();
  await turn();
  disk.syncs[0].resolve();
  await accepted;
  assert.deepEqual([hot.acceptedSeq, hot.latestSeq], [1, 1]);
});

Deno.test("After an fsync that failed nothing is accepted any more", async () => {
  const { commit, steps, disk } = openGroups();
  const first = commit();
  await turn();
  const second = commit();
  disk.syncs[0].reject(new Error("Input/output error (os error 5)"));
  for (const one of [first, second]) {
    await assert.rejects(one, { message: "Cannot use the store: the disk fails" });
  }
  await assert.rejects(commit(), { message: "Cannot use the store: the disk fails" });
  assert.deepEqual(steps, ["write 1", "sync"]);
});

Deno.test("Draining waits for what is on the disk and for what is not yet, and closing refuses what comes later", async () => {
  const { groups, commit, steps, disk } = openGroups();
  assert.equal(groups.drain(), undefined);
  const commits = [commit()];
  await turn();
  commits.push(commit());
  const closing = groups.close();
  disk.syncs[0].resolve();
  await commits[0];
  disk.syncs[1].resolve();
  await closing;
  await Promise.all(commits);
  assert.equal(steps.at(-1), "show 2");
  await assert.rejects(commit(), { message: "Cannot use the store: it is closed" });
});

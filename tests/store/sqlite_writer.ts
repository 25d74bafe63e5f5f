/**
 * A process that writes until it is killed. It prints each commit when it is acknowledged: "<session> <seq>". With
 * `commits` it stops after so many and waits to be killed, having said "ready".
 */
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Durability } from "../../src/store/sqlite_commit.ts";
import { commitOf, type WriterOptions } from "./writing.ts";

const { path, durability, sessions, settleAfter, commits } = JSON.parse(Deno.args[0]) as WriterOptions;
const store = openSqlite(path, { durability: durability as Durability, settleAfter });
const encoder = new TextEncoder();
const say = (line: string) => Deno.stdout.writeSync(encoder.encode(`${line}\n`));

async function write(id: string): Promise<void> {
  const known = await store.load(id);
  if (!known) await store.create({ id, epoch: "e1", owner: "o", agent: "a", language: "zh", createdAt: 1 });
  const fence = (await store.claim(id))!;
  const start = known?.latestSeq ?? 0;
  for (let seq = start + 1; seq <= start + (commits ?? Infinity); seq++) {
    const { entry, changes } = commitOf(id, seq);
    await store.commit(id, fence, [entry], changes);
    say(`${id} ${seq}`);
    if (seq % 40 === 0) store.trim(id, seq - 60);
    // Durability "sync" answers at once: the others need their turn too.
    if (seq % 8 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

await Promise.all(Array.from({ length: sessions }, (_, index) => write(`s${index}`)));
say("ready");
setInterval(() => {}, 1000);

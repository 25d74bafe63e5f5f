/** The client against a real server, over connections that break at random. */
import assert from "node:assert/strict";
import { answerText, type ClientSession, connect, type SessionEvent } from "../../src/client/client.ts";
import { Random } from "../fuzz/random.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { openWorld, story, type World } from "./client_world.ts";

/** The members of an event that its delivery does not change. */
function plain({ event, seq, event_id, content, step_id, metadata }: AnyFrame): AnyFrame {
  const { replayed: _, reoffered: __, resolved: ___, ...rest } = metadata;
  return { event, seq, event_id, content, step_id, metadata: rest };
}

/** The log of a session as the server replays it, asked for without any proxy. */
async function logOf(world: World, sessionId: string): Promise<AnyFrame[]> {
  const client = await world.server.connect();
  client.send({ event: "user.reconnect", session_id: sessionId, content: { last_seq: 0 } });
  await client.find((frame) => frame.metadata.action === "replay");
  await client.close();
  return client.sessionEvents(sessionId);
}

interface Player {
  readonly session: ClientSession;
  readonly seen: SessionEvent[];
  /** Message ids, in the order in which they were sent. */
  readonly sent: string[];
}

/** Sends messages one after the other and reads everything that comes of them. */
async function play(world: World, player: number, messages: number, random: Random): Promise<Player> {
  const client = connect(world.proxy.url, { random: () => random.next() * 0.01, commandsPerSecond: 0 });
  try {
    const session = await client.createSession();
    const seen: SessionEvent[] = [];
    const sent: string[] = [];
    const reading = (async () => {
      for await (const event of session.events) seen.push(event);
    })();
    for (let message = 0; message < messages; message++) {
      const run = session.send(`stream ${20 + message} for ${player}`);
      sent.push(run.messageId);
      let shown = "";
      for await (const text of answerText(run)) shown = text;
      assert.equal(await run.answer, story(20 + message));
      assert.equal(shown, story(20 + message));
    }
    session.close();
    await reading;
    return { session, seen, sent };
  } finally {
    await client.close();
  }
}

for (const seed of [1, 2, 3]) {
  Deno.test(`Through random cuts every event comes once and in order, and every message starts one run (seed ${seed})`, async () => {
    await using world = await openWorld({ random: new Random(seed), cuts: 60, maxBytes: 6_000 });
    const numbers = [0, 1, 2, 3];
    const playing = numbers.map((player) => play(world, player, 6, Random.of(seed, player)));
    const players = await Promise.all(playing);
    for (const { session, seen, sent } of players) {
      const events = (seen as AnyFrame[]).filter(({ seq }) => seq !== undefined);
      const log = await logOf(world, session.id);
      assert.deepEqual(events.map(plain), log.map(plain));
      const starts = events.map(({ metadata }) => metadata.message_id).filter((id) => id !== undefined);
      assert.deepEqual(starts, sent);
    }
    const questions = numbers.flatMap((player) =>
      Array.from({ length: 6 }, (_, message) => `stream ${20 + message} for ${player}`)
    );
    assert.deepEqual(world.asked.toSorted(), questions.toSorted());
    assert.ok(world.proxy.cuts >= 10, `only ${world.proxy.cuts} connections were cut`);
  });
}

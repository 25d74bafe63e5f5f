/** One play for all runtimes: it knows nothing but the client, and is bundled for those that read no TypeScript. */
import { answerText, connect, type SessionEvent, type SocketConstructor } from "../../src/client/client.ts";

/** What a runtime has seen; plain JSON. */
export interface Report {
  /** Texts of the streamed answer: the number of changes, and the last one. */
  shown: number;
  lastShown: string;
  streamed: string;
  unplugged: string;
  /** Answer to the message that was sent while there was no connection. */
  offline: string;
  /** The decision that counted. */
  confirmed: boolean;
  deleted: string;
  /** Reason of the aborted answer, and name of the event that ended its run. */
  aborted: string;
  endedBy: string;
  refused: string;
  lost: string;
  /** Numbers of the session's events, in the order of their arrival. */
  numbers: number[];
  /** Those that another client was given after half of them. */
  resumed: number[];
  phases: string[];
}

type Options = { WebSocket?: SocketConstructor };

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "";
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    return code ?? message;
  }
}

/** Numbers of the events from after a position up to another one, as a new client is given them. */
async function resume(
  url: string,
  options: Options,
  id: string,
  from: number,
  to: number,
): Promise<number[]> {
  const client = connect(url, options);
  const numbers: number[] = [];
  for await (const event of client.resume(id, { seq: from }).events) {
    if (event.event !== "snapshot" && event.seq !== undefined) numbers.push(event.seq);
    if (numbers.at(-1) === to) break;
  }
  await client.close();
  return numbers;
}

/**
 * Plays everything a client can do.
 *
 * @param url - of a server behind a proxy that its model can cut
 * @param WebSocket - where there is none
 */
export async function playScenario(url: string, WebSocket?: SocketConstructor): Promise<Report> {
  const options = { ...(WebSocket ? { WebSocket } : {}), random: () => Math.random() * 0.02 };
  const client = connect(url, options);
  const [phases, seen]: [string[], SessionEvent[]] = [[], []];
  const [session, second] = await Promise.all([
    client.createSession({ language: "en" }),
    client.createSession(),
  ]);
  const reading = (async () => {
    for await (const event of session.events) seen.push(event);
  })();
  let whenOffline: (() => void) | undefined;
  const watching = (async () => {
    for await (const { phase } of client.states) {
      phases.push(phase);
      if (phase === "reconnecting") whenOffline?.();
    }
  })();

  const streaming = session.send("stream 300");
  const shown: string[] = [];
  for await (const text of answerText(streaming)) shown.push(text);

  const offline = new Promise<string>((resolve) => {
    whenOffline = () => {
      whenOffline = undefined;
      resolve(second.send("stream 2", { messageId: "offline-1" }).answer);
    };
  });
  const unplugged = await session.send("unplug").answer;

  const asking = session.send("delete notes.txt");
  let confirmed = false;
  for await (const event of asking) {
    if (event.event !== "agent.user_confirm") continue;
    confirmed = await session.respond(event.step_id, { confirmed: true, args: { path: "other.txt" } });
  }

  const abort = new AbortController();
  const hanging = session.send("hang", { signal: abort.signal });
  let endedBy = "";
  for await (const event of hanging) {
    if (event.event === "agent.partial_answer") abort.abort(new Error("enough"));
    endedBy = event.event;
  }
  const report = {
    shown: shown.length,
    lastShown: shown.at(-1) ?? "",
    streamed: await streaming.answer,
    unplugged,
    offline: await offline,
    confirmed,
    deleted: await asking.answer,
    aborted: await failure(hanging.answer),
    endedBy,
    refused: await failure(session.send("   ").answer),
    lost: await failure(client.resume("no-such-session").ready),
  };
  const { seq } = session.position;
  const resumed = await resume(url, options, session.id, Math.floor(seq / 2), seq);
  await client.close();
  await Promise.all([reading, watching]);
  const numbers = seen.flatMap((event) => event.event !== "snapshot" && event.seq || []);
  return { ...report, numbers, resumed, phases };
}

/** For runtimes that are handed the bundle as text. */
Object.assign(globalThis, { playScenario });

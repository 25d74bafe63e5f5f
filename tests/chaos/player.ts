/** One client: connects again and again, resumes by hand, asks questions and answers those of the agent. */
import { setTimeout as delay } from "node:timers/promises";
import type { Findings } from "../fuzz/findings.ts";
import type { Random } from "../fuzz/random.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { RawClient } from "./raw_client.ts";
import { decisionOn, editedExtra, scriptOf } from "./script.ts";
import { Watch } from "./watch.ts";

/** What all players of a round share. */
export interface World {
  readonly findings: Findings;
  /** Ids of sessions that anybody may watch. */
  readonly sessions: string[];
  /** From now on nobody begins anything new. */
  isEnding: boolean;
  /** How many conversations are not over. */
  busy: number;
}

export interface PlayerCounts {
  messages: number;
  resends: number;
  duplicates: number;
  cancels: number;
  attaches: number;
  implicit: number;
  silent: number;
  events: number;
}

/** A question of this player to the agent, until its run has ended. */
interface Asked {
  readonly messageId: string;
  readonly text: string;
  sentAt: number;
  runId?: string;
  cancelAt: number;
}

/** Two and a half heartbeats: then the connection counts as dead. */
const silenceMs = 2500;
/** Time after which a message that nobody confirmed is sent again. */
const resendMs = 1200;
/** Time within which every attach must be answered, on a machine under load. */
const attachMs = 20_000;

export class Player {
  readonly counts: PlayerCounts = {
    messages: 0,
    resends: 0,
    duplicates: 0,
    cancels: 0,
    attaches: 0,
    implicit: 0,
    silent: 0,
    events: 0,
  };
  /** All that was ever received. */
  readonly watches = new Map<string, Watch>();
  /** Whether everything was received when the world had come to rest. */
  isDone = false;
  readonly #name: string;
  readonly #random: Random;
  readonly #port: number;
  readonly #world: World;
  #client: RawClient | undefined;
  #own: Watch | undefined;
  #other: Watch | undefined;
  #asked: Asked | undefined;
  #runsLeft = 0;
  #questions = 0;
  #createdAt = 0;
  #heardAt = 0;
  #nextAt = 0;
  /** Sessions in which a cancel was sent: a late one may meet another run. */
  readonly #cancelled = new Set<string>();
  #resyncedAt = 0;

  constructor(name: string, random: Random, port: number, world: World) {
    this.#name = name;
    this.#random = random;
    this.#port = port;
    this.#world = world;
  }

  /** Plays until the world has ended and this player has seen all of it, or until it is given up. */
  async play(givenUp: AbortSignal): Promise<void> {
    while (!this.isDone && !givenUp.aborted) {
      try {
        await this.#playConnection(givenUp);
      } catch (cause) {
        this.#world.findings.add("A client failed", `${this.#name}: ${cause}`);
      }
      this.#client?.end();
      const isNap = !this.#world.isEnding && this.#random.chance(0.08);
      await delay(20 + this.#random.int(isNap ? 4000 : 150));
    }
  }

  /** What this player still waits for, for a report. */
  get waitingFor(): string {
    const own = this.#own;
    const questions = own ? [...own.questions.keys()].join(",") : "";
    return `${this.#name}: session ${own?.id} at ${own?.seq} of ${own?.latestSeq}, attached ${own?.attached}, ` +
      `asked ${JSON.stringify(this.#asked)}, open questions [${questions}], last ${own?.frames.at(-1)}`;
  }

  async #playConnection(givenUp: AbortSignal): Promise<void> {
    for (const watch of this.watches.values()) watch.disconnect();
    this.#createdAt = this.#resyncedAt = 0;
    this.#heardAt = Date.now();
    const client = await RawClient.connect(this.#port, (text) => this.#read(text));
    this.#client = client;
    while (client.alive && !client.open && this.#isHeard()) await delay(5);
    if (client.open) this.#resume();
    while (client.open && this.#isHeard() && !givenUp.aborted && !this.isDone) {
      this.#act(Date.now());
      await delay(10);
      if (!this.#world.isEnding && this.#random.chance(0.001)) client.end(this.#random.chance(0.5));
    }
    client.end();
    await client.done;
  }

  #isHeard(): boolean {
    const isSilent = Date.now() - this.#heardAt > silenceMs;
    if (isSilent) this.counts.silent++;
    return !isSilent;
  }

  #send(message: Record<string, unknown>): void {
    this.#client!.send(message);
  }

  /** Takes up all sessions on a new connection. */
  #resume(): void {
    const own = this.#own;
    // Now and then the message itself brings the position, instead of a `user.reconnect`.
    if (own && this.#asked && !this.#asked.runId && this.#random.chance(0.5)) {
      own.askedAt = Date.now();
      this.#sendMessage(own, this.#asked, own.position(this.#random.chance(0.5)));
    } else if (own) this.#attach(own);
    const { sessions } = this.#world;
    if (!this.#other && this.#random.chance(0.3) && sessions.length > 0) {
      const id = this.#random.pick(sessions);
      if (!this.watches.has(id)) this.#other = this.#watch(id);
    }
    if (this.#other) this.#attach(this.#other);
    if (own?.askedAt && this.#asked && !this.#asked.runId && this.#random.chance(0.5)) {
      this.#sendMessage(own, this.#asked);
    }
  }

  #watch(id: string): Watch {
    const watch = new Watch(id, `${this.#name} in ${id}`, this.#world.findings);
    this.watches.set(id, watch);
    return watch;
  }

  #attach(watch: Watch): void {
    watch.askedAt = Date.now();
    watch.isReconnecting = true;
    this.#send({
      event: "user.reconnect",
      session_id: watch.id,
      ...watch.position(this.#random.chance(0.3)),
    });
  }

  #act(now: number): void {
    for (const watch of [this.#own, this.#other]) {
      if (!watch) continue;
      if (watch.attached) this.#answerQuestions(watch, now);
      else if (watch.askedAt && now - watch.askedAt > attachMs) {
        this.#world.findings.add("An attach was not answered", this.waitingFor);
        watch.askedAt = now;
      }
    }
    if (this.#world.isEnding && !this.#asked) return this.#finish(now);
    if (!this.#own) return this.#create(now);
    if (!this.#own.attached || now < this.#nextAt) return;
    if (this.#asked) this.#pursue(this.#own, this.#asked, now);
    else this.#ask(this.#own, now);
  }

  #create(now: number): void {
    if (now - this.#createdAt < attachMs) return;
    if (this.#createdAt) this.#world.findings.add("A session was not created", this.#name);
    this.#createdAt = now;
    this.#send({ event: "user.create_session", content: { language: "en" } });
  }

  #ask(own: Watch, now: number): void {
    if (this.#runsLeft-- <= 0) {
      // The next conversation; this one has nothing more to come, and is compared with the log in the end.
      this.#own = undefined;
      return;
    }
    const number = ++this.#questions;
    this.#world.busy++;
    this.#asked = {
      messageId: `${this.#name}-m${number}`,
      text: `${this.#name} asks no. ${number}`,
      sentAt: 0,
      cancelAt: this.#random.chance(0.06) ? now + this.#random.int(600) : Infinity,
    };
    this.counts.messages++;
    this.#sendMessage(own, this.#asked);
    // A double click.
    if (this.#random.chance(0.1)) this.#sendMessage(own, this.#asked);
  }

  #sendMessage(own: Watch, asked: Asked, more: Record<string, unknown> = {}): void {
    if (asked.sentAt) this.counts.resends++;
    asked.sentAt = Date.now();
    const { text: content, messageId: message_id } = asked;
    this.#send({ event: "user.message", session_id: own.id, content, message_id, ...more });
  }

  /** Until it is confirmed, a message is sent again; some runs are cancelled. */
  #pursue(own: Watch, asked: Asked, now: number): void {
    if (!asked.runId && now - asked.sentAt > resendMs) this.#sendMessage(own, asked);
    if (!asked.runId || now < asked.cancelAt) return;
    asked.cancelAt = Infinity;
    this.counts.cancels++;
    this.#cancelled.add(own.id);
    this.#send({ event: "user.cancel", session_id: own.id });
  }

  #answerQuestions(watch: Watch, now: number): void {
    for (const [step_id, question] of watch.questions) {
      if (now < question.answerAt) continue;
      question.answerAt = now + 1000;
      const { note } = question;
      const decision = decisionOn(note);
      this.#send({
        event: "user.response",
        session_id: watch.id,
        step_id,
        content: {
          confirmed: decision !== "decline",
          ...(decision === "edit" ? { args: { note, extra: editedExtra } } : {}),
        },
      });
    }
  }

  /** When all conversations are over: asks once more for what is missing; there must be nothing. */
  #finish(now: number): void {
    const active = [this.#own, this.#other].filter((watch) => watch !== undefined);
    if (this.#world.busy > 0 || !active.every(({ attached }) => attached)) return;
    if (this.#resyncedAt) {
      this.isDone = true;
      return;
    }
    this.#resyncedAt = now;
    for (const watch of active) {
      watch.attached = false;
      this.#attach(watch);
    }
  }

  #read(text: string): void {
    this.#heardAt = Date.now();
    try {
      this.#receive(JSON.parse(text));
    } catch (cause) {
      this.#world.findings.add("A frame could not be read", `${this.#name}: ${cause}: ${text}`);
    }
  }

  #receive(frame: AnyFrame): void {
    const { event, session_id, metadata = {} } = frame;
    const isCreation = event === "agent.session_created" && frame.seq === 1 && !metadata.replayed;
    if (isCreation && this.#createdAt && !this.#own) this.#begin(session_id);
    const watch = this.watches.get(session_id);
    if (frame.seq !== undefined) {
      if (watch) return this.#receiveEvent(watch, frame);
      return this.#world.findings.add("An event of another session came", JSON.stringify(frame));
    }
    if (watch && metadata.reconnected) {
      this.counts.attaches++;
      if (metadata.action === "attached") this.counts.implicit++;
      return watch.confirmAttach(frame);
    }
    if (watch && metadata.action === "replay") return watch.endReplay(frame);
    this.#receiveDirect(watch, frame);
  }

  #begin(id: string): void {
    this.#own = this.#watch(id);
    this.#own.attached = true;
    this.#createdAt = 0;
    this.#runsLeft = 1 + this.#random.int(6);
    this.#world.sessions.push(id);
  }

  #receiveEvent(watch: Watch, frame: AnyFrame): void {
    this.counts.events++;
    const { event, step_id, metadata } = frame;
    // A question that is offered again was perhaps answered on a connection that has lost the answer.
    const isNew = watch.take(frame);
    if (event === "agent.user_confirm" && !metadata.resolved && (isNew || !watch.questions.has(step_id))) {
      watch.questions.set(step_id, {
        runId: metadata.run_id,
        note: metadata.tool_args?.note ?? metadata.note,
        answerAt: Date.now() + this.#random.int(this.#random.pick([20, 800])),
      });
    }
    if (!isNew) return;
    if (event === "system.notice" && metadata.action === "confirm_resolved") {
      watch.questions.delete(metadata.step_id);
    }
    if (metadata.terminal) {
      for (const [id, { runId }] of watch.questions) {
        if (runId === metadata.run_id) watch.questions.delete(id);
      }
    }
    if (this.#random.chance(0.05)) this.#acknowledge(watch);
    if (watch === this.#own) this.#follow(watch, frame);
  }

  #acknowledge(watch: Watch): void {
    if (!this.#client?.open) return;
    this.#send({ event: "user.ack", session_id: watch.id, content: watch.position(false) });
  }

  /** What an event means for the question that was asked. */
  #follow(own: Watch, { event, content, metadata }: AnyFrame): void {
    const asked = this.#asked;
    if (!asked) return;
    if (metadata.message_id === asked.messageId) asked.runId = metadata.run_id;
    if (!metadata.terminal || metadata.run_id !== asked.runId) return;
    this.#asked = undefined;
    this.#world.busy--;
    this.#nextAt = Date.now() + this.#random.int(this.#random.pick([1, 200, 2000]));
    const isRight = event === "agent.final_answer" && content === scriptOf(asked.text).answer.join("");
    const isStopped = event === "agent.interrupted" && metadata.reason === "user_request" &&
      this.#cancelled.has(own.id);
    if (isRight || isStopped) return;
    this.#world.findings.add(
      "A run ended wrongly",
      `${asked.text}: ${JSON.stringify({ event, content, metadata })}`,
    );
  }

  #receiveDirect(watch: Watch | undefined, frame: AnyFrame): void {
    const { event, metadata = {} } = frame;
    if (event === "system.connected" || event === "system.heartbeat") return;
    if (event === "agent.interrupted" && metadata.idle) return;
    const { action } = metadata;
    if (action === "shutdown") return;
    if (action === "duplicate") {
      this.counts.duplicates++;
      const asked = this.#asked;
      if (asked?.messageId === metadata.message_id) asked!.runId ??= metadata.run_id;
      return;
    }
    if (action === "response" && metadata.ok === false) return void watch?.questions.delete(metadata.step_id);
    // The dead connection of before still counts as attached: so this one says who it is.
    if (watch && metadata.error_code === "ERR_CONNECTION_901") {
      if (!watch.isReconnecting) this.#attach(watch);
      return;
    }
    // Asked of a server that is about to stop.
    if (metadata.error_code === "ERR_CONNECTION_900") return this.#client!.end();
    this.#world.findings.add("An unexpected direct frame", `${this.#name}: ${JSON.stringify(frame)}`);
  }
}

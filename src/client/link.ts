/** One session on the wire: attached on every connection, its events in order and once, its commands kept till confirmed. */
import { Acks } from "./acks.ts";
import { backOffMs } from "./closing.ts";
import { errorOf, MyAgentError } from "./errors.ts";
import type { Frame, SessionEvent, SnapshotEvent } from "./events.ts";
import { Outbox } from "./outbox.ts";
import type { Platform } from "./platform.ts";
import { Cursor, type SessionPosition } from "./position.ts";
import type { Outgoing } from "./sender.ts";

/** The connection as a session sees it. */
export interface LinkHost {
  readonly platform: Platform;
  /** Sends a command that the server answers. */
  send(command: Outgoing): void;
  /** Sends what is never answered. */
  whisper(text: string): void;
  /** The conversation works. */
  settle(): void;
  /** The connection does not give what it should: it is replaced by another one. */
  restart(): void;
  /** The session is over. */
  ended(id: string): void;
}

export interface LinkHooks {
  onEvent(event: SessionEvent): void;
  /** Commands are taken; called after every resume. */
  onAttached(): void;
  /** @param isExpected - whether it ended as it should: there is nothing to tell a reader of events */
  onEnd(cause: MyAgentError, isExpected: boolean): void;
}

/** The session is not there (any more). */
const lostCodes = ["ERR_CONNECTION_902", "ERR_CONNECTION_903"];
const fatalCodes = [...lostCodes, "ERR_AUTH_800", "ERR_AUTH_801", "ERR_AUTH_802"];
const closingCode = "ERR_CONNECTION_900";

export class Link {
  readonly id: string;
  readonly outbox: Outbox;
  readonly #host: LinkHost;
  readonly #hooks: LinkHooks;
  readonly #cursor: Cursor;
  readonly #acks: Acks;
  /** Questions the caller has been given. */
  readonly #asked = new Set<string>();
  #phase: "off" | "attaching" | "on" | "over" = "off";
  #resumeId = "";
  /** Refused attempts to resume on this connection. */
  #refusals = 0;
  #again: unknown;
  /** What the server said when it attached us; the snapshot that may follow lacks it. */
  #standing: Record<string, unknown> = {};
  /** Where events were missing on this connection. */
  #gapAt = -1;

  constructor(id: string, position: SessionPosition, host: LinkHost, hooks: LinkHooks) {
    this.id = id;
    this.#host = host;
    this.#hooks = hooks;
    this.#cursor = new Cursor(position);
    this.outbox = new Outbox((command) => host.send(command));
    this.#acks = new Acks(
      host.platform.clock,
      () => host.whisper(this.#command("user.ack", { content: this.#cursor.wire })),
    );
  }

  get position(): SessionPosition {
    return this.#cursor.position;
  }

  get isAttached(): boolean {
    return this.#phase === "on";
  }

  /** The session was made on this connection, which therefore gets its events. */
  begin(): void {
    this.#attached();
  }

  /** Asks for everything after the position. */
  attach(): void {
    if (this.#phase === "over") return;
    this.#phase = "attaching";
    this.outbox.shut();
    this.#resumeId = this.#host.platform.newId();
    const members = { content: this.#cursor.wire, message_id: this.#resumeId };
    this.#host.send({ id: this.#resumeId, text: this.#command("user.reconnect", members) });
  }

  /** The connection is gone. */
  detach(): void {
    if (this.#phase === "over") return;
    this.#phase = "off";
    this.#refusals = 0;
    this.#gapAt = -1;
    this.outbox.shut();
    this.#stopTimers();
  }

  /** Sends a command that need not be kept. */
  send(event: string): void {
    const id = this.#host.platform.newId();
    this.#host.send({ id, text: this.#command(event, { message_id: id }) });
  }

  /** Whether this frame, which names no session, answers a command of ours; then it is dealt with. */
  claims(frame: Frame): boolean {
    const id = frame.metadata.reply_to;
    if (id === undefined || (id !== this.#resumeId && !this.outbox.has(id))) return false;
    this.receive(frame);
    return true;
  }

  receive(frame: Frame): void {
    if (this.#phase === "over") return;
    if (frame.seq === undefined) return this.#receiveDirect(frame);
    if (frame.metadata.reoffered) return this.#offer(frame);
    const place = this.#cursor.advance(frame);
    // While a resume is under way, what comes too early comes again.
    if (place === "gap" && this.#phase === "on") this.#resync();
    if (place !== "moved") return;
    this.#acks.count();
    this.#note(frame);
    this.#hooks.onEvent(frame as SessionEvent);
    if (frame.event === "agent.session_end") {
      this.end(new MyAgentError("session_ended", "The session is over"), true);
    }
  }

  /** No more events, and no more commands. */
  end(cause: MyAgentError, isExpected = false): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#stopTimers();
    this.#host.ended(this.id);
    this.outbox.refuseAll(cause);
    this.#hooks.onEnd(cause, isExpected);
  }

  #command(event: string, members: Record<string, unknown>): string {
    return JSON.stringify({ event, session_id: this.id, ...members });
  }

  #stopTimers(): void {
    this.#acks.stop();
    this.#host.platform.clock.clearTimeout(this.#again);
  }

  /** What an event says beside what it tells the caller. */
  #note({ event, step_id: stepId, metadata }: Frame): void {
    this.outbox.remove(metadata.message_id);
    if (event === "agent.user_confirm") this.#asked.add(stepId!);
    else if (metadata.action === "confirm_resolved" || metadata.action === "confirm_timeout") {
      this.#asked.delete(metadata.step_id as string);
    } else if (metadata.terminal) this.#asked.clear();
  }

  /** An open question from before the position. */
  #offer(frame: Frame): void {
    if (this.#asked.has(frame.step_id!)) return;
    this.#asked.add(frame.step_id!);
    this.#hooks.onEvent(frame as SessionEvent);
  }

  #receiveDirect(frame: Frame): void {
    const { event, metadata } = frame;
    // The answer to the resume; a notice if it was another command that attached us.
    if (metadata.reconnected && (event === "agent.session_created" || metadata.action === "attached")) {
      this.#standing = metadata;
      return this.#cursor.confirm(metadata);
    }
    if (event === "agent.llm_message" && metadata.snapshot) return this.#snapshot(frame);
    if (event === "agent.error" || event === "system.error") return this.#refused(frame);
    if (metadata.action === "duplicate") this.outbox.remove(metadata.message_id);
    this.#hooks.onEvent(frame as SessionEvent);
    if (metadata.action === "replay") this.#replayed(Number(metadata.to_seq));
  }

  #snapshot({ content, metadata }: Frame): void {
    const { reason, epoch, latest_seq, state, run_id, open_confirmations } = this.#standing;
    const standing = { reason, epoch, latest_seq, state, run_id, open_confirmations };
    // A view that is built anew needs the open questions again.
    this.#asked.clear();
    this.#hooks.onEvent({
      event: "snapshot",
      session_id: this.id,
      content,
      metadata: { ...standing, open_stream_id: metadata.open_stream_id },
    } as SnapshotEvent);
  }

  #replayed(to: number): void {
    if (this.#cursor.seq < to) this.#resync();
    else this.#attached();
  }

  #attached(): void {
    this.#phase = "on";
    this.#host.settle();
    this.#hooks.onAttached();
    this.outbox.open();
  }

  /** Events are missing: all from there on are asked for again, but only once at one place. */
  #resync(): void {
    const { seq } = this.#cursor;
    if (this.#gapAt === seq) return this.#host.restart();
    this.#gapAt = seq;
    this.attach();
  }

  #refused(frame: Frame): void {
    const { error_code: code, reply_to: id } = frame.metadata;
    // The close that follows says more, and then everything is sent again.
    if (code === closingCode) return;
    const error = errorOf(frame);
    this.#hooks.onEvent(frame as SessionEvent);
    const isResume = id === this.#resumeId;
    if (lostCodes.includes(code as string) || (isResume && fatalCodes.includes(code as string))) {
      return this.end(error);
    }
    this.outbox.refuse(id, error);
    if (!isResume) return;
    const { clock, random } = this.#host.platform;
    this.#again = clock.setTimeout(() => this.attach(), backOffMs(this.#refusals++, random));
  }
}

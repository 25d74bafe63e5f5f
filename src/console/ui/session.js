/** One conversation: is created once, keeps its position, and is resumed over as many sockets as it takes. */
// @ts-check
import { Connection } from "./connection.js";
import { recall, remember } from "./preferences.js";

/** @typedef {import("./connection.js").Frame} Frame */

/**
 * Where the conversation stands, for the reader.
 *
 * @typedef {object} Link
 * @property {"connecting" | "resuming" | "ready" | "waiting" | "stopped"} phase
 * @property {string} [text] - key of a sentence that explains a loss
 * @property {number} [code] - close code
 * @property {number} [until] - time of the next attempt, in ms since 1970
 * @property {string} [detail] - what the server said
 */

/**
 * @typedef {object} Hooks
 * @property {(frame: Frame) => void} onFrame - frames of this session, each once, in order
 * @property {(link: Link) => void} onLink
 * @property {(replayed: number, reloaded: boolean) => void} onResumed
 * @property {() => void} onSessionLost - the server no longer has it; a new one is being made
 */

const ackMs = 200;
const lostCodes = ["ERR_CONNECTION_902", "ERR_CONNECTION_903"];

export class Session {
  /** @type {string | undefined} */
  #id;
  /** The newest event seen; seq 0 before the first, so that a reloaded page is told everything. */
  #position = { seq: 0, eventId: "", epoch: "" };
  /** Messages that no answer has shown to be received: sent again, under the same id, after a resume. */
  #unconfirmed = new Map();
  #attached = false;
  #ended = false;
  #cancelWanted = false;
  /** Where the last resume started; 0 after a reload. */
  #resumedFrom = 0;
  /** Language of the session, chosen when it is made. */
  language;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #ack;
  #connection;
  #storageName;
  #hooks;

  /**
   * @param {string} url
   * @param {string} storageName - where the tab keeps the session's id
   * @param {string} language
   * @param {Hooks} hooks
   */
  constructor(url, storageName, language, hooks) {
    this.#storageName = storageName;
    this.#id = recall("tab", storageName);
    this.language = language;
    this.#hooks = hooks;
    this.#connection = new Connection(url, {
      onFrame: (frame) => this.#receive(frame),
      onConnecting: () => {
        this.#attached = false;
        this.#hooks.onLink({ phase: this.#id && this.#position.seq > 0 ? "resuming" : "connecting" });
      },
      onLost: (next, code) => this.#lost(next, code),
    });
  }

  /** True when messages go out at once. */
  get attached() {
    return this.#attached;
  }

  open() {
    this.#connection.open();
  }

  /** The network or the page woke up: no need to wait for the back-off. */
  hurry() {
    this.#connection.hurry();
  }

  /** Leaves this conversation for a new one. A new socket, so that the old session is detached from the page. */
  restart() {
    this.#forget();
    this.#unconfirmed.clear();
    this.#connection.open();
  }

  /**
   * Sends a message, at once or as soon as the session is attached.
   *
   * @param {string} text
   * @returns {string} its message id
   */
  say(text) {
    const id = crypto.randomUUID?.() ?? `m-${Date.now()}-${Math.random().toString(36).slice(2)}`;
    if (this.#ended) this.restart();
    this.#unconfirmed.set(id, text);
    if (this.#attached) this.#sendMessage(id, text);
    return id;
  }

  /** Ends the run, or as soon as the connection is back; what was not sent yet is not sent any more. */
  cancel() {
    if (this.#attached && this.#send({ event: "user.cancel" })) return;
    this.#unconfirmed.clear();
    this.#cancelWanted = true;
  }

  /**
   * Answers a confirmation.
   *
   * @param {string} stepId
   * @param {Record<string, unknown>} content
   * @returns {string | undefined} the id that a refusal of this answer will name; undefined when offline
   */
  respond(stepId, content) {
    const messageId = `answer-${stepId}-${Math.random().toString(36).slice(2, 8)}`.slice(-128);
    const command = { event: "user.response", step_id: stepId, message_id: messageId, content };
    return this.#attached && this.#send(command) ? messageId : undefined;
  }

  /** @param {Record<string, unknown>} command */
  #send(command) {
    return this.#connection.send({ ...command, session_id: this.#id });
  }

  /** @param {string} id @param {string} text */
  #sendMessage(id, text) {
    this.#send({ event: "user.message", message_id: id, content: text });
  }

  #begin() {
    if (!this.#id) {
      this.#connection.send({ event: "user.create_session", content: { language: this.language } });
      return;
    }
    const { seq, eventId, epoch } = this.#position;
    this.#resumedFrom = seq;
    const content = eventId ? { last_event_id: eventId } : { last_seq: seq, ...(epoch ? { epoch } : {}) };
    this.#send({ event: "user.reconnect", content });
  }

  /** @param {import("./closing.js").Next} next @param {number} code */
  #lost(next, code) {
    this.#attached = false;
    clearTimeout(this.#ack);
    this.#ack = undefined;
    if (next.dropMessage) this.#unconfirmed.clear();
    const until = Date.now() + next.delayMs;
    const { text } = next;
    this.#hooks.onLink({ phase: next.reconnect ? "waiting" : "stopped", text, code, until });
  }

  #forget() {
    this.#id = undefined;
    this.#ended = this.#attached = this.#cancelWanted = false;
    this.#position = { seq: 0, eventId: "", epoch: "" };
    remember("tab", this.#storageName, undefined);
  }

  /** @param {Frame} frame */
  #receive(frame) {
    const { event, metadata } = frame;
    if (event === "system.connected") {
      if (metadata.auth_required) this.#hooks.onLink({ phase: "stopped", text: "authRequired" });
      else this.#begin();
      return;
    }
    if (event === "agent.session_created" && !this.#id && frame.session_id) this.#adopt(frame.session_id);
    if (frame.session_id && frame.session_id !== this.#id) return;
    if (this.#refused(frame) || !this.#isNew(frame)) return;
    for (const id of [metadata.message_id, metadata.reply_to]) this.#unconfirmed.delete(id);
    if (event === "agent.session_end") this.#ended = true;
    this.#hooks.onFrame(frame);
    this.#settle(frame);
  }

  /** @param {string} id */
  #adopt(id) {
    this.#id = id;
    remember("tab", this.#storageName, id);
  }

  /** Handles what concerns the session as a whole. @param {Frame} frame @returns {boolean} true when done */
  #refused(frame) {
    const { event, metadata, content } = frame;
    if (frame.seq !== undefined) return false;
    if (event === "agent.error" && lostCodes.includes(metadata.error_code)) {
      this.#forget();
      this.#hooks.onSessionLost();
      this.#begin();
      return true;
    }
    const unable = event === "system.error" || event === "auth.error" || event === "agent.error";
    if (!unable || this.#attached) return false;
    this.#hooks.onLink({ phase: "stopped", text: "unreachable", detail: String(content ?? "") });
    return true;
  }

  /** Keeps the position, and drops what was already here. @param {Frame} frame */
  #isNew(frame) {
    const { seq, event_id: eventId = "", metadata } = frame;
    if (metadata.epoch) this.#position.epoch = metadata.epoch;
    // After a gap the position is the newest event: the snapshot stands for everything before.
    if (metadata.reconnected && metadata.recovered === false) {
      this.#position = { seq: Number(metadata.latest_seq) || 0, eventId: "", epoch: metadata.epoch ?? "" };
    }
    if (seq === undefined || metadata.reoffered) return true;
    if (seq <= this.#position.seq) return false;
    this.#position = { ...this.#position, seq, eventId };
    this.#ack ??= setTimeout(() => this.#acknowledge(), ackMs);
    return true;
  }

  #acknowledge() {
    this.#ack = undefined;
    const { eventId, seq } = this.#position;
    this.#send({ event: "user.ack", content: eventId ? { last_event_id: eventId } : { last_seq: seq } });
  }

  /** The session is attached after its creation, or when the replay is complete. @param {Frame} frame */
  #settle({ event, metadata }) {
    const created = event === "agent.session_created" && !metadata.reconnected &&
      !metadata.replayed;
    const resumed = event === "system.notice" && metadata.action === "replay";
    if (this.#attached || !(created || resumed)) return;
    this.#attached = true;
    this.#connection.settle();
    this.#hooks.onLink({ phase: "ready" });
    if (resumed) this.#hooks.onResumed(Number(metadata.replayed) || 0, this.#resumedFrom === 0);
    if (this.#cancelWanted) this.#send({ event: "user.cancel" });
    this.#cancelWanted = false;
    for (const [id, text] of this.#unconfirmed) this.#sendMessage(id, text);
  }
}

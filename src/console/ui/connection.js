/** One WebSocket after the other: connects, notices silence, and comes back as the close code allows. */
// @ts-check
import { afterClose } from "./closing.js";

/**
 * A frame of the server (protocol.md §3).
 *
 * @typedef {object} Frame
 * @property {string} event
 * @property {string} [session_id]
 * @property {string} [step_id]
 * @property {any} [content]
 * @property {string} [show_content]
 * @property {number} [seq]
 * @property {string} [event_id]
 * @property {Record<string, any>} metadata
 */

/**
 * @typedef {object} Hooks
 * @property {(frame: Frame) => void} onFrame
 * @property {() => void} onConnecting
 * @property {(next: import("./closing.js").Next, code: number) => void} onLost
 */

/** A handshake that takes longer than this is given up: proxies may swallow it without a word. */
const handshakeMs = 15_000;
/** Silence of this many heartbeat intervals means that the peer is gone. */
const silentIntervals = 2.5;

/** @param {unknown} data @returns {Frame | undefined} */
function readFrame(data) {
  if (typeof data !== "string") return undefined;
  try {
    const frame = JSON.parse(data);
    if (typeof frame?.event !== "string") return undefined;
    return { ...frame, metadata: frame.metadata ?? {} };
  } catch {
    return undefined;
  }
}

export class Connection {
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again;
  #attempt = 0;
  #silentMs = 0;
  #url;
  #hooks;

  /**
   * @param {string} url
   * @param {Hooks} hooks
   */
  constructor(url, hooks) {
    this.#url = url;
    this.#hooks = hooks;
  }

  /** Opens a new socket at once, whatever was before. */
  open() {
    this.#drop(1000);
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#hooks.onConnecting();
    const socket = this.#socket = new WebSocket(this.#url);
    this.#watch(handshakeMs);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  /** Opens at once if a further attempt is only waiting for its time: the network may have come back. */
  hurry() {
    if (this.#again !== undefined) this.open();
  }

  /** The conversation works again, so the next loss starts with a short wait. */
  settle() {
    this.#attempt = 0;
  }

  /**
   * @param {Record<string, unknown>} command
   * @returns {boolean} false when there is no open socket
   */
  send(command) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  /** @param {unknown} data */
  #receive(data) {
    const frame = readFrame(data);
    if (!frame) return;
    if (frame.event === "system.connected") {
      const seconds = Number(frame.metadata.heartbeat_interval_seconds) || 0;
      this.#silentMs = seconds * silentIntervals * 1000;
    }
    this.#watch(this.#silentMs);
    this.#hooks.onFrame(frame);
  }

  /** Expects a frame within this time; 0 means that none is promised. @param {number} ms */
  #watch(ms) {
    clearTimeout(this.#silence);
    if (ms > 0) this.#silence = setTimeout(() => this.#lost(1006, ""), ms);
  }

  /** @param {number} code @param {string} reason */
  #lost(code, reason) {
    this.#drop();
    const next = afterClose(code, reason, this.#attempt++);
    if (next.reconnect) this.#again = setTimeout(() => this.open(), next.delayMs);
    this.#hooks.onLost(next, code);
  }

  /** Forgets the socket at once; its closing handshake may take long on a dead network. @param {number} [code] */
  #drop(code) {
    clearTimeout(this.#silence);
    this.#silentMs = 0;
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}

/** Frames of the session → turns on the page. What it does not know, it shows as a line or leaves out. */
// @ts-check
import { note } from "./cards.js";
import { el } from "./dom.js";
import { restoreTurns } from "./snapshot.js";
import { Turn } from "./turn.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./connection.js").Frame} Frame */

/**
 * @typedef {object} Actions
 * @property {(stepId: string, content: Record<string, unknown>) => string | undefined} respond - the message id of
 *   the answer; undefined when it could not be sent
 * @property {(text: string) => void} retry
 * @property {() => void} changed - something begins or ends
 * @property {(text: string) => void} announce - for those who cannot see the page
 */

const errors = ["agent.error", "system.error", "auth.error"];
/** Notices about commands: what they say is shown elsewhere, or follows as an event of its own. */
const silentNotices = ["attached", "replay", "duplicate", "queued", "shutdown", "cancel"];

export class Transcript {
  /** @type {Map<string, Turn>} */
  #runs = new Map();
  /** Questions that were sent and have no run yet, by message id. @type {Map<string, Turn>} */
  #asked = new Map();
  /** @type {Map<string, import("./confirmation.js").Confirmation>} */
  #questions = new Map();
  /** Message id of an answer → the question it was for. @type {Map<string, string>} */
  #answers = new Map();
  #root;
  #texts;
  #actions;

  /**
   * @param {HTMLElement} root
   * @param {Texts} texts
   * @param {Actions} actions
   */
  constructor(root, texts, actions) {
    this.#root = root;
    this.#texts = texts;
    this.#actions = actions;
  }

  get empty() {
    return this.#root.childElementCount === 0;
  }

  get running() {
    return [...this.#runs.values(), ...this.#asked.values()].some((turn) => turn.open);
  }

  clear() {
    for (const turn of [...this.#runs.values(), ...this.#asked.values()]) turn.end();
    this.#runs.clear();
    this.#asked.clear();
    this.#questions.clear();
    this.#answers.clear();
    this.#root.replaceChildren();
    this.#actions.changed();
  }

  /** Shows a question at once, before the server has said anything. @param {string} id @param {string} text */
  ask(id, text, online = true) {
    const turn = this.#newTurn();
    turn.ask(text);
    turn.status(online ? "sending" : "queued");
    this.#asked.set(id, turn);
    this.#actions.changed();
  }

  /** The reader wants the run to stop. @param {boolean} online - else questions on their way are withdrawn */
  stopping(online) {
    for (const turn of [...this.#runs.values(), ...this.#asked.values()]) {
      if (turn.open) turn.status("stopping");
    }
    if (online) return;
    for (const turn of this.#asked.values()) {
      turn.remark("info", "interrupted");
      turn.end();
    }
    this.#asked.clear();
    this.#actions.changed();
  }

  /** The server forgot the session: what stands above is history. @param {string} key */
  divide(key) {
    // Questions without a run are sent again in the new session, so they stay open below the line.
    for (const turn of this.#runs.values()) turn.end();
    this.#runs.clear();
    this.#questions.clear();
    if (this.empty) return;
    this.#root.append(this.#texts.put(el("p", { class: "divider" }), key));
    this.#root.append(...[...this.#asked.values()].map((turn) => turn.root));
    this.#actions.changed();
  }

  /** @param {Frame} frame */
  apply(frame) {
    const { event, metadata } = frame;
    if (event === "agent.session_created") {
      if (metadata.recovered === false) this.clear();
      this.#resumed = metadata;
      return;
    }
    if (event === "agent.llm_message") {
      if (metadata.snapshot) this.#restore(frame);
      return;
    }
    const turn = this.#turnOf(frame);
    if (event === "system.notice") this.#notice(frame, turn);
    else if (errors.includes(event)) this.#failed(frame, turn);
    else this.#show(frame, turn);
    if (metadata.terminal === true) turn?.end();
    this.#actions.changed();
  }

  /** @type {Record<string, any>} */
  #resumed = {};

  /** @param {Frame} frame */
  #restore(frame) {
    this.#root.append(this.#texts.put(el("p", { class: "divider" }), "historyPartial"));
    const running = this.#resumed.state === "RUNNING";
    const turns = restoreTurns(frame, running, () => this.#newTurn());
    if (running && this.#resumed.run_id) {
      this.#runs.set(this.#resumed.run_id, turns.at(-1) ?? this.#newTurn());
    }
    this.#actions.changed();
  }

  #newTurn() {
    const turn = new Turn(this.#texts, {
      retry: this.#actions.retry,
      respond: (stepId, content) => {
        const id = this.#actions.respond(stepId, content);
        if (id) this.#answers.set(id, stepId);
        return id !== undefined;
      },
    });
    this.#root.append(turn.root);
    return turn;
  }

  /** The turn a frame belongs to: that of its run, or that of the question it answers. @param {Frame} frame */
  #turnOf({ seq, metadata }) {
    const { run_id: runId, message_id: messageId, reply_to: replyTo } = metadata;
    const asked = this.#asked.get(messageId ?? replyTo);
    if (!runId) return asked;
    // A direct frame tells of a run; only the log begins one.
    if (seq === undefined) return this.#runs.get(runId) ?? asked;
    const turn = this.#runs.get(runId) ?? asked ?? this.#newTurn();
    this.#runs.set(runId, turn);
    this.#asked.delete(messageId);
    return turn;
  }

  /** @param {Frame} frame @param {Turn | undefined} turn */
  #show(frame, turn) {
    const { event, metadata } = frame;
    if (event === "agent.session_end") {
      this.#root.append(this.#texts.put(el("p", { class: "divider" }), "sessionEnded"));
    } else if (event === "agent.interrupted" && metadata.idle) {
      // The server knows better: nothing is going on.
      for (const open of this.#runs.values()) open.end();
    } else if (!turn) {
      return;
    } else if (event === "agent.thinking") turn.think(frame);
    else if (event === "agent.tool_call") turn.callTool(frame);
    else if (event === "agent.tool_result") turn.settleTool(frame);
    else if (event === "agent.partial_answer") turn.stream(frame);
    else if (event === "agent.final_answer") this.#conclude(frame, turn);
    else if (event === "agent.user_confirm") this.#question(frame, turn);
    else if (event === "agent.interrupted") turn.remark("info", "interrupted");
    else if (event === "agent.timeout") turn.remark("info", timeoutText(metadata.reason));
    else if (frame.show_content) turn.inform(frame.show_content);
  }

  /** @param {Frame} frame @param {Turn} turn */
  #conclude(frame, turn) {
    turn.conclude(frame);
    if (!frame.metadata.replayed) this.#actions.announce(String(frame.content ?? ""));
  }

  /** @param {Frame} frame @param {Turn} turn */
  #question(frame, turn) {
    const stepId = frame.step_id ?? "";
    const known = this.#questions.get(stepId);
    if (known) return known.reopen();
    const question = turn.confirm(frame);
    this.#questions.set(stepId, question);
    if (frame.metadata.resolved !== true) this.#actions.announce(frame.show_content ?? "");
  }

  /** @param {Frame} frame @param {Turn | undefined} turn */
  #notice({ content, metadata }, turn) {
    const question = this.#questions.get(metadata.step_id);
    if (metadata.action === "confirm_timeout") question?.resolve("expired");
    else if (metadata.action === "confirm_resolved") {
      const allowed = metadata.edited ? "allowedChanged" : "allowed";
      question?.resolve(metadata.confirmed ? allowed : "refused");
    } else if (metadata.action === "response") {
      if (metadata.ok === false) question?.reject(this.#texts.get("tooLate"));
    } else if (metadata.action === "retry") turn?.remark("info", "retrying", { error: metadata.error ?? "" });
    else if (metadata.action === "resumed") turn?.remark("info", "continued");
    else if (metadata.action === "duplicate" && metadata.state === "finished") turn?.end();
    else if (!silentNotices.includes(metadata.action)) this.#inform(String(content ?? ""), turn);
    if (turn?.open && String(metadata.action).startsWith("confirm_")) turn.status("thinking");
  }

  /** A run failed, or one command was refused and nothing else changed. @param {Frame} frame @param {Turn} [turn] */
  #failed(frame, turn) {
    const { content, metadata } = frame;
    const text = frame.show_content ?? String(content ?? "");
    this.#actions.announce(text);
    const stepId = this.#answers.get(metadata.reply_to);
    if (stepId !== undefined) return this.#questions.get(stepId)?.reject(text);
    if (!turn) return void this.#root.append(note("bad", text));
    turn.fail(text, ["retry", "wait"].includes(metadata.recovery_action));
    if (frame.seq !== undefined) return;
    turn.end();
    this.#asked.delete(metadata.reply_to);
  }

  /** @param {string} text @param {Turn} [turn] */
  #inform(text, turn) {
    if (!text) return;
    if (turn) turn.inform(text);
    else this.#root.append(note("info", text));
  }
}

/** @param {unknown} reason */
function timeoutText(reason) {
  return reason === "max_steps" ? "outOfSteps" : "outOfTime";
}

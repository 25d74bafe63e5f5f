/** One question and everything that came of it, in the order of the log. */
// @ts-check
import { Answer, copyButton } from "./answer.js";
import { duration, note, thoughtCard, ToolCard } from "./cards.js";
import { Confirmation } from "./confirmation.js";
import { el, icon } from "./dom.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./connection.js").Frame} Frame */

/**
 * @typedef {object} Actions
 * @property {(stepId: string, content: Record<string, unknown>) => boolean} respond
 * @property {(text: string) => void} retry
 */

export class Turn {
  #texts;
  #actions;
  #items = el("div", { class: "items" });
  #status = el("span");
  #statusLine = el(
    "div",
    { class: "status" },
    el("span", { class: "dots", "aria-hidden": "true" }),
    this.#status,
  );
  #foot = el("div", { class: "meta" });
  #question = "";
  /** @type {Map<string, Answer>} */
  #answers = new Map();
  /** @type {Map<string, ToolCard>} */
  #tools = new Map();
  /** @type {Confirmation[]} */
  #confirmations = [];
  /** True until the run's terminal event. */
  open = true;
  root;

  /**
   * @param {Texts} texts
   * @param {Actions} actions
   */
  constructor(texts, actions) {
    this.#texts = texts;
    this.#actions = actions;
    const orb = el("span", { class: "orb orb-small", "aria-hidden": "true" });
    const reply = el(
      "div",
      { class: "reply" },
      orb,
      el("div", { class: "column" }, this.#items, this.#statusLine),
    );
    this.root = el("article", { class: "turn running" }, reply);
  }

  /** @param {string} text */
  ask(text) {
    if (this.#question || !text) return;
    this.#question = text;
    const who = this.#texts.put(el("span", { class: "unseen" }), "you");
    this.root.prepend(
      el("div", { class: "question" }, el("div", { class: "bubble", dir: "auto" }, who, text)),
    );
  }

  /** @param {string} key @param {import("./texts.js").Values} [values] */
  status(key, values) {
    this.#texts.put(this.#status, key, values);
    this.#statusLine.toggleAttribute("data-awaiting", key === "awaiting");
    this.#statusLine.hidden = !this.open;
  }

  /** @param {HTMLElement} item */
  #add(item) {
    this.#items.append(item);
  }

  /** What the model wrote before it called tools; it may have been streamed as if it were the answer. @param {Frame} frame */
  think({ content, metadata }) {
    this.status("thinking");
    const text = typeof content === "string" ? content : "";
    if (metadata.stage === "start") this.ask(String(metadata.input ?? ""));
    else if (metadata.stage === "summary") this.#add(note("info", text));
    else if (text.trim()) {
      this.#discard(metadata.stream_id);
      this.#add(thoughtCard(text, this.#texts));
    }
  }

  /** @param {Frame} frame */
  callTool({ step_id: stepId = "", metadata }) {
    if (metadata.special) return;
    this.status("usingTool", { tool: metadata.tool });
    this.#tool(stepId, metadata.tool).showArguments(metadata.args);
  }

  /** @param {Frame} frame */
  settleTool(frame) {
    if (frame.metadata.special) return;
    const card = this.#tool(frame.step_id ?? "", frame.metadata.tool);
    card.settle(frame);
    const other = [...this.#tools].find(([, tool]) => tool.open);
    if (!other) this.status("thinking");
  }

  /** @param {string} stepId @param {unknown} name */
  #tool(stepId, name) {
    const known = this.#tools.get(stepId);
    if (known) return known;
    const card = new ToolCard(String(name ?? ""), this.#texts);
    this.#tools.set(stepId, card);
    this.#add(card.root);
    return card;
  }

  /** @param {Frame} frame */
  stream({ content, metadata }) {
    const id = String(metadata.stream_id ?? "");
    if (metadata.is_final) {
      if (metadata.discarded) this.#discard(id);
      else this.#answers.get(id)?.finish();
      return;
    }
    this.answer(id).append(String(content ?? ""));
    this.#statusLine.hidden = true;
  }

  /** @param {string} id @returns {Answer} */
  answer(id) {
    const known = this.#answers.get(id);
    if (known) return known;
    const answer = new Answer();
    this.#answers.set(id, answer);
    this.#add(answer.root);
    return answer;
  }

  /** @param {unknown} id */
  #discard(id) {
    this.#answers.get(String(id))?.remove();
    this.#answers.delete(String(id));
    this.#statusLine.hidden = !this.open;
  }

  /** The final text stands for all streams of this run. @param {Frame} frame */
  conclude({ content, metadata }) {
    const id = String(metadata.stream_id ?? "");
    for (const other of [...this.#answers.keys()]) if (other !== id) this.#discard(other);
    const answer = this.answer(id);
    answer.finish(typeof content === "string" ? content : JSON.stringify(content, null, 2) ?? "");
    if (metadata.truncated) this.#add(this.#texts.put(el("p", { class: "more" }), "shortened"));
    const facts = [duration(Number(metadata.duration_ms ?? NaN)), String(metadata.model ?? "")].filter(
      Boolean,
    );
    this.#foot.append(...facts.map((fact) => el("span", {}, fact)));
    if (metadata.total_tokens) {
      this.#foot.append(this.#texts.put(el("span"), "tokens", { count: metadata.total_tokens }));
    }
    const copy = copyButton(() => answer.text, this.#texts);
    if (copy) this.#foot.append(copy);
    this.#add(this.#foot);
  }

  /** @param {Frame} frame @returns {Confirmation} */
  confirm(frame) {
    const stepId = frame.step_id ?? "";
    const question = new Confirmation(
      frame,
      this.#texts,
      (content) => this.#actions.respond(stepId, content),
    );
    const tool = this.#tools.get(frame.metadata.tool_step_id);
    tool?.wait(true);
    question.closed = () => tool?.wait(false);
    this.#confirmations.push(question);
    this.#add(question.root);
    this.status("awaiting");
    return question;
  }

  /** @param {"info" | "bad"} kind @param {string} key @param {import("./texts.js").Values} [values] */
  remark(kind, key, values) {
    this.#add(note(kind, this.#texts.put(el("span"), key, values)));
  }

  /** @param {string} text - as the server wrote it */
  inform(text) {
    this.#add(note("info", text));
  }

  /** @param {string} text @param {boolean} again - whether asking again may help */
  fail(text, again) {
    const ask = () => this.#actions.retry(this.#question);
    const button = el("button", { class: "quiet", type: "button", click: ask }, icon("spark"));
    button.append(this.#texts.put(el("span"), "retry"));
    this.#add(note("bad", text, ...(again && this.#question ? [button] : [])));
  }

  /** Nothing of this run follows. */
  end() {
    if (!this.open) return;
    this.open = false;
    this.root.classList.remove("running");
    this.#statusLine.hidden = true;
    for (const answer of this.#answers.values()) answer.finish();
    for (const tool of this.#tools.values()) tool.stop();
    for (const question of this.#confirmations) question.resolve("closedQuestion");
  }
}

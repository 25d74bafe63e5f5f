/** Folded cards: what the agent thought, and which tools it used. */
// @ts-check
import { block, brief, dataView, pretty } from "./data_view.js";
import { el, icon } from "./dom.js";
import { MarkdownView } from "./markdown.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./connection.js").Frame} Frame */

/** @param {number} ms @returns {string} */
export function duration(ms) {
  if (!Number.isFinite(ms)) return "";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round(ms % 60_000 / 1000)} s`;
}

/**
 * @param {string} kind
 * @param {import("./dom.js").IconName} iconName
 * @param {HTMLElement[]} summary
 * @param {...HTMLElement} body
 */
function card(kind, iconName, summary, ...body) {
  return el(
    "details",
    { class: `card ${kind}` },
    el("summary", {}, el("span", { class: "card-icon" }, icon(iconName)), ...summary, icon("chevron")),
    el("div", { class: "card-body" }, ...body),
  );
}

/**
 * What the model wrote beside its tool calls.
 *
 * @param {string} text
 * @param {Texts} texts
 */
export function thoughtCard(text, texts) {
  const body = el("div", { class: "prose", dir: "auto" });
  new MarkdownView(body).show(text);
  const name = texts.put(el("span", { class: "card-name" }), "thought");
  const first = el(
    "span",
    { class: "card-brief", dir: "auto" },
    text.trim().replace(/\s+/g, " ").slice(0, 200),
  );
  return card("thought", "thought", [name, first], body);
}

/** One call of a tool, from its start to its outcome. */
export class ToolCard {
  #texts;
  #state;
  #time = el("span", { class: "card-time" });
  #brief = el("span", { class: "card-brief", dir: "auto" });
  #arguments = el("section");
  #outcome = el("div");
  open = true;
  root;

  /**
   * @param {string} tool
   * @param {Texts} texts
   */
  constructor(tool, texts) {
    this.#texts = texts;
    this.#state = texts.put(el("span", { class: "card-state" }), "running");
    const name = el("span", { class: "card-name mono", dir: "auto" }, tool);
    const summary = [name, this.#brief, this.#time, this.#state];
    this.root = card("tool", "tool", summary, this.#arguments, this.#outcome);
    this.root.dataset.state = "running";
  }

  /** @param {Record<string, unknown> | undefined} args @param {boolean} [edited] */
  showArguments(args, edited = false) {
    const none = args === undefined || Object.keys(args).length === 0;
    this.#brief.textContent = none ? "" : brief(args);
    const title = this.#title(edited ? "changedArguments" : "arguments");
    const value = none ? this.#texts.put(el("p", { class: "more" }), "noArguments") : block(pretty(args));
    this.#arguments.replaceChildren(title, value);
  }

  /** @param {Frame} frame - agent.tool_result */
  settle({ content, metadata }) {
    if (metadata.args) this.showArguments(metadata.args, metadata.edited === true);
    const state = ["success", "failed", "unknown"].includes(metadata.status) ? metadata.status : "unknown";
    this.#close(state);
    this.#time.textContent = metadata.duration_ms === undefined ? "" : duration(Number(metadata.duration_ms));
    const failed = state !== "success";
    const text = typeof content === "string" ? content : pretty(content);
    /** @type {HTMLElement[]} */
    const parts = [this.#title(failed ? "failure" : "result"), block(pretty(text), failed ? "bad" : "plain")];
    if (metadata.data !== undefined) parts.push(this.#title("data"), ...dataView(metadata.data, this.#texts));
    if (metadata.truncated) parts.push(this.#texts.put(el("p", { class: "more" }), "shortened"));
    if (metadata.attempt > 1) {
      parts.push(this.#texts.put(el("p", { class: "more" }), "second", { attempt: metadata.attempt }));
    }
    this.#outcome.replaceChildren(...parts);
  }

  /** Whether the user allows it is not known yet. @param {boolean} waiting */
  wait(waiting) {
    if (!this.open) return;
    this.root.dataset.state = waiting ? "pending" : "running";
    this.#texts.put(this.#state, waiting ? "pending" : "running");
  }

  /** The run ended while the tool had not. */
  stop() {
    if (this.open) this.#close("cancelled");
  }

  /** @param {string} state */
  #close(state) {
    this.open = false;
    this.root.dataset.state = state;
    this.#texts.put(this.#state, state);
  }

  /** @param {string} key */
  #title(key) {
    return this.#texts.put(el("h3", { class: "card-title" }), key);
  }
}

/**
 * A line about the run.
 *
 * @param {"info" | "bad"} kind
 * @param {HTMLElement | string} text
 * @param {...HTMLElement} more
 */
export function note(kind, text, ...more) {
  const line = typeof text === "string" ? el("span", { dir: "auto" }, text) : text;
  const attributes = { class: `note note-${kind}`, role: kind === "bad" ? "alert" : undefined };
  return el("div", attributes, icon(kind === "bad" ? "cross" : "note"), line, ...more);
}

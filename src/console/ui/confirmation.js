/** A question of the agent: may this be done? With arguments that can be changed first. */
// @ts-check
import { el, icon } from "./dom.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./connection.js").Frame} Frame */
/** @typedef {(content: Record<string, unknown>) => boolean} Respond - false: could not be sent */

/** What may be edited: the arguments of a tool, or the tasks of a plan. @param {Record<string, any>} metadata */
function subject(metadata) {
  if (metadata.scope === "plan") {
    const name = String(metadata.plan_summary ?? "");
    return { member: "tasks", value: metadata.tasks ?? [], title: "allowPlan", name, label: "tasks" };
  }
  const name = String(metadata.tool_name ?? "");
  const value = metadata.tool_args ?? {};
  return { member: "args", value, title: "allowTool", name, label: "editArguments" };
}

/** @param {number} ms @returns {string} */
function clock(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export class Confirmation {
  #texts;
  #subject;
  #respond;
  #expiresAt;
  #editor;
  #problem = el("p", { class: "problem", role: "alert" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #left = el("span", { class: "left" });
  #allow;
  #refuse;
  #original;
  open = true;
  /** Called once, when the question is settled. */
  closed = () => {};
  root = el("section", { class: "confirm", "data-state": "open" });

  /**
   * @param {Frame} frame - agent.user_confirm
   * @param {Texts} texts
   * @param {Respond} respond
   */
  constructor({ metadata }, texts, respond) {
    this.#texts = texts;
    this.#respond = respond;
    this.#subject = subject(metadata);
    this.#expiresAt = Date.parse(metadata.expires_at ?? "");
    this.#original = JSON.stringify(this.#subject.value, null, 2);
    this.#editor = this.#makeEditor();
    this.#allow = el("button", { class: "primary", type: "button", click: () => this.#answer(true) });
    this.#refuse = el("button", { class: "secondary", type: "button", click: () => this.#answer(false) });
    texts.put(this.#allow, "allow");
    texts.put(this.#refuse, "refuse");
    this.#build(metadata);
    this.#tick();
    if (!Number.isNaN(this.#expiresAt)) this.#timer = setInterval(() => this.#tick(), 1000);
  }

  #makeEditor() {
    const rows = String(Math.min(14, Math.max(2, this.#original.split("\n").length)));
    const editor = el("textarea", {
      class: "editor mono",
      rows,
      spellcheck: "false",
      input: () => this.#check(),
    });
    editor.value = this.#original;
    editor.dataset.label = this.#subject.label;
    editor.setAttribute("aria-label", this.#texts.get(this.#subject.label));
    return editor;
  }

  /** @param {Record<string, any>} metadata */
  #build(metadata) {
    const { title, name, label } = this.#subject;
    const heading = this.#texts.put(el("h3"), title, { tool: name });
    const about = metadata.tool_description || (metadata.scope === "plan" ? name : "");
    const hint = this.#texts.put(el("p", { class: "confirm-hint" }), label);
    this.root.append(
      el("div", { class: "confirm-head" }, icon("shield"), heading, this.#left),
      ...(about ? [el("p", { class: "confirm-about", dir: "auto" }, String(about))] : []),
      hint,
      this.#editor,
      this.#problem,
      el("div", { class: "confirm-buttons" }, this.#allow, this.#refuse),
    );
  }

  /** The question was offered again, so an answer on its way got lost. */
  reopen() {
    if (this.open) this.#enable(true);
  }

  /** The server did not take the answer. @param {string} text */
  reject(text) {
    this.#problem.textContent = text;
    this.#enable(true);
  }

  /**
   * @param {"allowed" | "allowedChanged" | "refused" | "expired" | "closedQuestion"} outcome - key of its text
   */
  resolve(outcome) {
    if (!this.open) return;
    this.open = false;
    this.closed();
    clearInterval(this.#timer);
    const good = outcome === "allowed" || outcome === "allowedChanged";
    this.root.dataset.state = good ? "allowed" : "refused";
    const { title, name } = this.#subject;
    const text = this.#texts.put(el("span", { class: "confirm-outcome" }), outcome);
    const heading = this.#texts.put(el("h3"), title, { tool: name });
    this.root.replaceChildren(
      el("div", { class: "confirm-head" }, icon(good ? "check" : "cross"), heading, text),
    );
  }

  /** The edited value, or undefined with the problem shown. @returns {unknown} */
  #check() {
    const list = this.#subject.member === "tasks";
    let value;
    try {
      value = JSON.parse(this.#editor.value);
    } catch {
      value = undefined;
    }
    const fits = typeof value === "object" && value !== null && Array.isArray(value) === list;
    this.#problem.textContent = fits ? "" : this.#texts.get(list ? "invalidList" : "invalidObject");
    this.#editor.setAttribute("aria-invalid", String(!fits));
    this.#allow.disabled = !fits;
    return fits ? value : undefined;
  }

  /** @param {boolean} confirmed */
  #answer(confirmed) {
    const value = confirmed ? this.#check() : undefined;
    if (confirmed && value === undefined) return;
    const edited = confirmed && JSON.stringify(value) !== JSON.stringify(this.#subject.value);
    const sent = this.#respond({ confirmed, ...(edited ? { [this.#subject.member]: value } : {}) });
    this.#enable(!sent);
    this.#problem.textContent = sent ? "" : this.#texts.get("answerLost");
  }

  /** @param {boolean} on */
  #enable(on) {
    this.#allow.disabled = this.#refuse.disabled = this.#editor.readOnly = !on;
  }

  #tick() {
    if (Number.isNaN(this.#expiresAt)) return;
    this.#texts.put(this.#left, "expiresIn", { time: clock(this.#expiresAt - Date.now()) });
  }
}

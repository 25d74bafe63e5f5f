/** The text of an answer while it grows, drawn at most once per picture of the screen. */
// @ts-check
import { el, icon } from "./dom.js";
import { MarkdownView } from "./markdown.js";

export class Answer {
  text = "";
  root = el("div", { class: "answer prose streaming", dir: "auto" });
  #view = new MarkdownView(this.root);
  #drawing = 0;

  /** @param {string} piece */
  append(piece) {
    this.text += piece;
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  /** The stream is complete; `text`, if given, is what it should have said. @param {string} [text] */
  finish(text = this.text) {
    this.text = text;
    this.root.classList.remove("streaming");
    cancelAnimationFrame(this.#drawing);
    this.#draw();
  }

  remove() {
    cancelAnimationFrame(this.#drawing);
    this.root.remove();
  }

  #draw() {
    this.#drawing = 0;
    this.#view.show(this.text);
  }
}

/**
 * A button that copies a text; none where the browser does not allow it, as on a page without https.
 *
 * @param {() => string} text
 * @param {import("./texts.js").Texts} texts
 * @returns {HTMLButtonElement | undefined}
 */
export function copyButton(text, texts) {
  if (!navigator.clipboard) return undefined;
  const label = texts.put(el("span"), "copy");
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    texts.put(label, "copied");
    setTimeout(() => texts.put(label, "copy"), 1600);
  };
  return el("button", { class: "quiet", type: "button", click: copy }, icon("copy"), label);
}

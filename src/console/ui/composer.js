/** Where the reader writes: grows with the text, sends with Enter, stops with Escape. */
// @ts-check
import { byId, icon } from "./dom.js";

/**
 * @typedef {object} Hooks
 * @property {(text: string) => void} onSend
 * @property {() => void} onStop
 */

export class Composer {
  #form = /** @type {HTMLFormElement} */ (byId("composer"));
  #input = /** @type {HTMLTextAreaElement} */ (byId("input"));
  #send = /** @type {HTMLButtonElement} */ (byId("send"));
  #stop = /** @type {HTMLButtonElement} */ (byId("stop"));
  #running = false;
  #hooks;

  /** @param {Hooks} hooks */
  constructor(hooks) {
    this.#hooks = hooks;
    this.#send.append(icon("send"));
    this.#stop.append(icon("stop"));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener("input", () => this.#refresh());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#stop.addEventListener("click", () => hooks.onStop());
    document.addEventListener("keydown", (event) => this.#escape(event));
    this.#refresh();
  }

  /** While an answer is being made, the button stops it. @param {boolean} running */
  set running(running) {
    const focused = document.activeElement === this.#stop;
    this.#running = running;
    this.#stop.hidden = !running;
    this.#send.hidden = running;
    this.#refresh();
    if (focused && !running) this.focus();
  }

  /** Gives the words back to the reader, if nothing else was written meanwhile. @param {string} text */
  restore(text) {
    if (this.#input.value === "") this.#input.value = text;
    this.#refresh();
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes, Enter picks a word. 229 is what Safari says in that case.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (event.key !== "Escape" || event.isComposing || !this.#running) return;
    // In the arguments of a question, Escape only leaves the field.
    if (event.target instanceof HTMLTextAreaElement && event.target !== this.#input) event.target.blur();
    else this.#hooks.onStop();
  }

  #submit() {
    const text = this.#input.value.trim();
    if (text === "" || this.#running) return;
    this.#input.value = "";
    this.#refresh();
    this.#hooks.onSend(text);
  }

  #refresh() {
    this.#send.disabled = this.#input.value.trim() === "";
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
  }
}

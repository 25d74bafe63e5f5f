/** How the connection is: a word in the header, and a notice above the input when something is wrong. */
// @ts-check
import { byId, el, icon } from "./dom.js";

/** @typedef {import("./session.js").Link} Link */

/** A notice that all is well again goes away by itself after this time. */
const shortlyMs = 4000;

export class Banner {
  #texts;
  #connect;
  #announce;
  #banner = byId("banner");
  #word = byId("link");
  /** @type {Link} */
  #link = { phase: "connecting" };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import("./texts.js").Texts} texts
   * @param {() => void} connect - tries again at once
   * @param {(text: string) => void} announce - for those who cannot see the page
   */
  constructor(texts, connect, announce) {
    this.#texts = texts;
    this.#connect = connect;
    this.#announce = announce;
  }

  /** @param {Link} link */
  show(link) {
    // While attempts follow each other, the notice stays and only its words change.
    const trying = link.phase === "connecting" || link.phase === "resuming";
    const troubled = this.#link.phase === "waiting";
    this.#link = link;
    this.#word.dataset.phase = link.phase;
    this.#texts.put(this.#word, link.phase);
    clearInterval(this.#timer);
    if (link.phase === "waiting") this.#countDown();
    else if (link.phase === "stopped") this.#stopped();
    else if (trying && troubled) this.#say("waiting", el("span"), "reconnecting");
    else if (!trying && this.#banner.dataset.kind !== "fine") this.#banner.hidden = true;
  }

  /** @param {string} key @param {import("./texts.js").Values} [values] */
  shortly(key, values) {
    this.#say("fine", el("span"), key, values);
    clearInterval(this.#timer);
    this.#timer = setTimeout(() => {
      this.#banner.hidden = true;
    }, shortlyMs);
  }

  /** @param {string} key */
  warn(key) {
    this.#say("waiting", el("span"), key);
  }

  #countDown() {
    const line = el("span");
    const { text = "reconnectIn", until = 0 } = this.#link;
    const seconds = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
    this.#say("waiting", line, text, { seconds: seconds() }, "reconnectNow");
    this.#timer = setInterval(() => this.#texts.put(line, text, { seconds: seconds() }), 500);
  }

  #stopped() {
    const { text = "stopped", code = 0, detail } = this.#link;
    this.#say("stopped", el("span"), text, { code }, "connect");
    if (detail) {
      this.#banner.querySelector("span")?.after(el("span", { class: "detail", dir: "auto" }, detail));
    }
  }

  /**
   * @param {"waiting" | "stopped" | "fine"} kind
   * @param {HTMLElement} line
   * @param {string} key
   * @param {import("./texts.js").Values} [values]
   * @param {string} [action] - label of the button that tries again
   */
  #say(kind, line, key, values, action) {
    const button = action && el("button", { class: "quiet", type: "button", click: () => this.#connect() });
    if (button) this.#texts.put(button, String(action));
    // Once, and not at every second of the countdown.
    this.#announce(this.#texts.get(key, values));
    this.#banner.dataset.kind = kind;
    this.#banner.replaceChildren(
      icon(kind === "fine" ? "check" : "note"),
      this.#texts.put(line, key, values),
      ...(button ? [button] : []),
    );
    this.#banner.hidden = false;
  }
}

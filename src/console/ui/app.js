/** The page: puts the parts together. */
// @ts-check
import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { byId, el, icon } from "./dom.js";
import { preferredLanguage, rememberLanguage, shownTheme, switchTheme } from "./preferences.js";
import { Follower } from "./scroll.js";
import { Session } from "./session.js";
import { examples, Texts } from "./texts.js";
import { Transcript } from "./transcript.js";

/** What a screen reader is told of a long answer; the rest is there to be read. */
const spokenCharacters = 600;

/** The same host and query (`token`, `agent`) as the page; `/` is the native protocol. */
function socketUrl() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/${location.search}`;
}

/** One conversation a tab and agent. */
function storageName() {
  return `session${new URLSearchParams(location.search).get("agent") ?? ""}`;
}

/** @param {string} text */
function announce(text) {
  byId("spoken").textContent = text.slice(0, spokenCharacters);
}

class App {
  #texts = new Texts(preferredLanguage());
  #agentName = "myagent";
  #transcript = new Transcript(byId("transcript"), this.#texts, {
    respond: (stepId, content) => this.#session.respond(stepId, content),
    retry: (text) => this.#ask(text),
    changed: () => this.#refresh(),
    announce,
  });
  #follower = new Follower(byId("scroller"), byId("transcript"), byId("jump"));
  #composer = new Composer({ onSend: (text) => this.#ask(text), onStop: () => this.#stop() });
  #banner = new Banner(this.#texts, () => this.#session.open(), announce);
  #session = new Session(socketUrl(), storageName(), this.#texts.language, {
    onFrame: (frame) => this.#receive(frame),
    onLink: (link) => this.#banner.show(link),
    onResumed: (count, reloaded) => this.#resumed(count, reloaded),
    onSessionLost: () => this.#transcript.divide("sessionLost"),
  });

  start() {
    byId("new").append(icon("plus"));
    byId("jump").append(icon("down"));
    byId("new").addEventListener("click", () => this.#startOver());
    byId("language").addEventListener("click", () => this.#switchLanguage());
    byId("theme").addEventListener("click", () => {
      switchTheme();
      this.#showTheme();
    });
    byId("examples").append(...examples.map((text) => el("li", {}, this.#example(text))));
    for (const wake of ["online", "pageshow", "focus"]) addEventListener(wake, () => this.#session.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#session.hurry());
    this.#showLanguage();
    this.#showTheme();
    this.#refresh();
    this.#session.open();
    // On a phone the keyboard would cover half of the page before anything was read.
    if (matchMedia("(pointer: fine)").matches) this.#composer.focus();
  }

  /** @param {string} text */
  #example(text) {
    return el(
      "button",
      { class: "example", type: "button", click: () => this.#ask(text) },
      icon("spark"),
      text,
    );
  }

  /** @param {string} text */
  #ask(text) {
    if (this.#transcript.running) return this.#composer.restore(text);
    const id = this.#session.say(text);
    this.#transcript.ask(id, text, this.#session.attached);
    this.#follower.toEnd();
  }

  #stop() {
    if (!this.#transcript.running) return;
    this.#session.cancel();
    this.#transcript.stopping(this.#session.attached);
  }

  #startOver() {
    if (!this.#transcript.empty) {
      this.#stop();
      this.#restart();
    }
    this.#composer.focus();
  }

  #restart() {
    this.#transcript.clear();
    this.#session.language = this.#texts.language;
    this.#session.restart();
  }

  /** @param {import("./connection.js").Frame} frame */
  #receive(frame) {
    const { event, metadata } = frame;
    if (event === "agent.session_created" || event === "agent.state_restored") {
      this.#agentName = String(metadata.agent_name ?? this.#agentName);
      this.#showName();
    }
    if (metadata.demo === true) byId("demo").hidden = false;
    if (event === "system.notice" && metadata.action === "shutdown") this.#banner.warn("shutdown");
    this.#transcript.apply(frame);
  }

  /** @param {number} count - events that were missed @param {boolean} reloaded */
  #resumed(count, reloaded) {
    // After a reload everything counts as missed, which is nothing to tell the reader.
    if (reloaded) this.#follower.toEnd();
    else if (count > 0) this.#banner.shortly("resumedMissed", { count });
    else this.#banner.shortly("resumed");
  }

  #refresh() {
    this.#composer.running = this.#transcript.running;
    byId("empty").hidden = !this.#transcript.empty;
    document.body.classList.toggle("busy", this.#transcript.running);
  }

  #switchLanguage() {
    this.#texts.language = this.#texts.language === "zh" ? "en" : "zh";
    rememberLanguage(this.#texts.language);
    this.#showLanguage();
    // The session keeps its language; one in which nothing was said yet is made anew.
    if (this.#transcript.empty) this.#restart();
  }

  #showLanguage() {
    const chinese = this.#texts.language === "zh";
    document.documentElement.lang = chinese ? "zh-CN" : "en";
    byId("language").textContent = chinese ? "EN" : "中";
    this.#texts.refresh(document);
    this.#showName();
  }

  #showName() {
    byId("agent-name").textContent = this.#agentName;
    this.#texts.put(byId("greeting"), "greeting", { name: this.#agentName });
    document.title = this.#agentName;
  }

  #showTheme() {
    byId("theme").replaceChildren(icon(shownTheme() === "dark" ? "sun" : "moon"));
  }
}

new App().start();

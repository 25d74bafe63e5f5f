/** Keeps the newest line in view, unless the reader has gone elsewhere. */
// @ts-check

/** Nearer than this to the end counts as reading along. */
const nearPx = 72;

export class Follower {
  #pinned = true;
  /** Where the page stood last: only a way up is the reader's own. */
  #top = 0;
  #scroller;
  #jump;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} content - grows
   * @param {HTMLElement} jump - button back to the end
   */
  constructor(scroller, content, jump) {
    this.#scroller = scroller;
    this.#jump = jump;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    // Whoever unfolds a card wants to read it: the page must not run away below it.
    content.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("summary")) this.#pinned = false;
    });
    jump.addEventListener("click", () => this.toEnd());
    const observer = new ResizeObserver(() => this.#grown());
    observer.observe(content);
    observer.observe(scroller);
  }

  /** Goes to the end and stays there. */
  toEnd() {
    this.#pinned = true;
    this.#grown();
  }

  get #distance() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #look() {
    const { scrollTop } = this.#scroller;
    if (this.#distance < nearPx) this.#pinned = true;
    else if (scrollTop < this.#top) this.#pinned = false;
    this.#top = scrollTop;
    this.#jump.hidden = this.#pinned;
  }

  #grown() {
    if (this.#distance < nearPx) this.#pinned = true;
    if (this.#pinned) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = this.#pinned;
  }
}

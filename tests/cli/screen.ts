/** Text that is written bit by bit, and waiting for a piece of it. */

/** How long a piece may take before a test gives up, in milliseconds: far beyond anything that is normal. */
const patienceMs = 15_000;

export class Screen {
  text = "";
  #ended = false;
  #looking: (() => void)[] = [];

  write(text: string): void {
    this.text += text;
    this.#look();
  }

  /** Nothing more will be written. */
  end(): void {
    this.#ended = true;
    this.#look();
  }

  /** Resolves when the text is there; throws when it does not come. */
  async shows(piece: string): Promise<void> {
    const timer = setTimeout(() => this.end(), patienceMs);
    try {
      while (!this.text.includes(piece)) {
        if (this.#ended) throw new Error(`"${piece}" did not come. There is:\n${this.text}`);
        await new Promise<void>((resolve) => this.#looking.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #look(): void {
    const looking = this.#looking;
    this.#looking = [];
    for (const look of looking) look();
  }
}

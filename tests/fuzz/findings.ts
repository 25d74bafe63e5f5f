/** What went wrong, grouped: a hundred times the same is one finding with a count and a few examples. */

const examplesKept = 3;

export class Findings {
  readonly #groups = new Map<string, { count: number; examples: string[] }>();

  /** @param example - the frame, or what else helps to see it again */
  add(what: string, example: string): void {
    let group = this.#groups.get(what);
    if (!group) this.#groups.set(what, group = { count: 0, examples: [] });
    group.count++;
    if (group.examples.length < examplesKept) group.examples.push(shortened(example));
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  lines(): string[] {
    return [...this.#groups].flatMap(([what, { count, examples }]) => [
      `✗ ${what} (${count} times)`,
      ...examples.map((example) => `    ${example}`),
    ]);
  }
}

/** Frames may be a megabyte: their two ends say what they are. */
export function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length <= 600
    ? line
    : `${line.slice(0, 400)} … ${line.slice(-150)} (${text.length} characters)`;
}

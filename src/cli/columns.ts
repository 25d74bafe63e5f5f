/** Text in columns on a terminal, where a Chinese character takes two. */
import { stripVTControlCharacters } from "node:util";

/** CJK, full-width forms and emoji: what terminals draw two columns wide. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

export function displayWidth(text: string): number {
  let width = 0;
  for (const letter of stripVTControlCharacters(text)) width += wide.test(letter) ? 2 : 1;
  return width;
}

/** Fills up with spaces on the right. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** Breaks text into lines of at most `columns`: between words and Chinese characters, not inside brackets. */
export function wrap(text: string, columns: number): string {
  const lines = text.split("\n").flatMap((line) => {
    const done: string[] = [];
    let current = "";
    // Closing punctuation stays with what stands before it.
    for (
      const piece of line.match(/\s*(?:\[[^\]]*\]|[^\s\u2e80-\uffef]+|[\u2e80-\uffef])[，。；：、）]*/g) ?? []
    ) {
      if (current !== "" && displayWidth(current + piece) > columns) {
        done.push(current);
        current = piece.trimStart();
      } else current += piece;
    }
    return [...done, current];
  });
  return lines.join("\n");
}

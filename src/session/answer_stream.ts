/** The answer as it is written: streams of agent.partial_answer, each closed by an end frame (protocol.md §4.3). */
import type { CustomDraft } from "../protocol/schema.ts";
import { type CoalesceLimits, Coalescer } from "./coalescer.ts";

export interface StreamOptions extends CoalesceLimits {
  readonly answerStream: "eager" | "safe";
}

/** Code points of a text: its UTF-16 units less the second halves of pairs. */
function codePoints(text: string): number {
  // Most text has no pairs at all, and a regular expression sees that far faster than a loop.
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let count = text.length;
  for (let at = 1; at < text.length; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}

/** Words between white space. */
function words(text: string): number {
  let count = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isSpace = code <= 32 || code === 0xa0 || code === 0x3000;
    if (!isSpace && !inWord) count++;
    inWord = !isSpace;
  }
  return count;
}

/** The streams of one run, one after the other. */
export class AnswerStream {
  readonly #newId: () => string;
  readonly #options: StreamOptions;
  readonly #append: (draft: CustomDraft) => void;
  readonly #coalescer: Coalescer;
  #open: { id: string; chunks: number; length: number; text: string } | undefined;
  #last: { id: string; text: string } | undefined;

  /**
   * @param newId - names a stream, differently from all before it
   * @param append - writes one event of the run
   */
  constructor(newId: () => string, options: StreamOptions, append: (draft: CustomDraft) => void) {
    this.#newId = newId;
    this.#options = options;
    this.#append = append;
    this.#coalescer = new Coalescer(options, (text) => this.#emit(text));
  }

  /** The stream in progress, and what it has said so far. */
  get open(): { id: string; text: string } | undefined {
    return this.#open;
  }

  /** The last stream that was closed. */
  get last(): { id: string; text: string } | undefined {
    return this.#last;
  }

  /** Adds the next piece; in safe mode text that may still become a tool call is held back by not being sent. */
  push(text: string, tentative: boolean): void {
    if (tentative && this.#options.answerStream === "safe") return;
    this.#open ??= { id: this.#newId(), chunks: 0, length: 0, text: "" };
    this.#open.text += text;
    this.#coalescer.push(text);
  }

  /** Closes the stream in progress, if there is one. */
  end(discarded: boolean): void {
    if (!this.#open) return;
    this.#coalescer.flush();
    const { id, chunks, length, text } = this.#open;
    this.#open = undefined;
    this.#last = { id, text };
    this.#append({
      event: "agent.partial_answer",
      content: "",
      metadata: {
        is_streaming: false,
        is_final: true,
        chunk_index: chunks,
        stream_id: id,
        total_length: length,
        ...(discarded ? { discarded: true } : {}),
      },
    });
  }

  /** Forgets what is pending: the run goes on elsewhere. */
  drop(): void {
    this.#coalescer.drop();
    this.#open = undefined;
  }

  /** Offers a snapshot of the conversation; of several at once only the newest is appended. */
  offer(snapshot: () => void): void {
    this.#coalescer.offer(snapshot);
  }

  /** Appends what is pending, so that log order is the order of production. */
  flush(): void {
    this.#coalescer.flush();
  }

  #emit(text: string): void {
    const open = this.#open!;
    open.length += codePoints(text);
    this.#append({
      event: "agent.partial_answer",
      content: text,
      metadata: {
        is_streaming: true,
        is_final: false,
        chunk_index: open.chunks++,
        stream_id: open.id,
        word_count: words(text),
      },
    });
  }
}

/** The answer of a run as it should be shown while it is written (protocol.md §4.3). */
import type { SessionEvent } from "./events.ts";

/** Follows the streams of answers: `text` is what to show now. */
export class AnswerView {
  #streamId: string | undefined;
  #text = "";

  get text(): string {
    return this.#text;
  }

  /** Takes the next event; true when `text` has changed. */
  take(event: SessionEvent): boolean {
    const before = this.#text;
    if (event.event === "agent.partial_answer") {
      const { stream_id: streamId, discarded } = event.metadata;
      if (streamId !== this.#streamId) this.#show(streamId, event.content);
      else this.#text = discarded ? "" : this.#text + event.content;
    } else if (event.event === "agent.final_answer") {
      this.#show(event.metadata.stream_id, event.content);
    } else if (event.event === "snapshot") {
      const { open_stream_id: streamId } = event.metadata;
      this.#show(streamId, streamId === undefined ? "" : event.content.messages.at(-1)?.content ?? "");
    }
    return this.#text !== before;
  }

  #show(streamId: string | undefined, text: string): void {
    this.#streamId = streamId;
    this.#text = text;
  }
}

/**
 * The text of the answer after every change: it grows while a stream is written, is empty again when the stream turns
 * out not to be the answer, and is the final answer at last.
 *
 * @param events - a run or the events of a session
 */
export async function* answerText(events: AsyncIterable<SessionEvent>): AsyncGenerator<string> {
  const view = new AnswerView();
  for await (const event of events) {
    if (view.take(event)) yield view.text;
  }
}

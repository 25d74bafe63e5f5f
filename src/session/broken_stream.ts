/** After a stop of the server: the answer stream it has cut off is closed before anything else (protocol.md §4.3). */
import type { FrameBody } from "../protocol/codec.ts";
import type { SessionLog } from "./log.ts";

interface Partial {
  readonly event: string;
  readonly content: string;
  readonly metadata: { run_id?: string; stream_id?: string; chunk_index: number; is_final?: boolean };
}

/** Entries that are read at a time, newest first. */
const batch = 256;

/** The end frame of the stream a run has left open; undefined when it has none. */
export async function openStream(log: SessionLog, runId: string): Promise<FrameBody | undefined> {
  const pieces: Partial[] = [];
  for (let to = log.latest; to >= log.oldest; to -= batch) {
    const after = Math.max(to - batch, log.oldest - 1);
    const entries = await log.read(after, to - after) ?? [];
    for (const entry of entries.toReversed()) {
      // Other events may stand between the pieces: an answered question, an agent's own event.
      if (entry.event !== "agent.partial_answer" && entry.event !== "agent.thinking") continue;
      const frame = JSON.parse(entry.frame) as Partial;
      if (frame.metadata.run_id !== runId) return endOf(pieces, runId);
      if (entry.event === "agent.thinking") continue;
      if (frame.metadata.is_final) return endOf(pieces, runId);
      pieces.push(frame);
      if (frame.metadata.chunk_index === 0) return endOf(pieces, runId);
    }
  }
  return endOf(pieces, runId);
}

/** @param pieces - newest first */
function endOf(pieces: readonly Partial[], runId: string): FrameBody | undefined {
  if (pieces.length === 0) return undefined;
  const { chunk_index, stream_id } = pieces[0].metadata;
  return {
    event: "agent.partial_answer",
    content: "",
    metadata: {
      is_streaming: false,
      is_final: true,
      chunk_index: chunk_index + 1,
      stream_id,
      total_length: pieces.reduce((sum, { content }) => sum + Array.from(content).length, 0),
      discarded: true,
      run_id: runId,
    },
  };
}

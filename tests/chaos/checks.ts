/** What must be true of the stored log and of the ledger file when everything is over. */
import type { Findings } from "../fuzz/findings.ts";
import type { AnyFrame } from "../helpers/client.ts";
import { decisionOn, editedExtra, type LedgerLine, scriptOf, toolKinds } from "./script.ts";

export interface LogCounts {
  runs: number;
  resumed: number;
  calls: number;
  unknown: number;
  again: number;
  broken: number;
  interrupted: number;
}

type Report = (what: string, detail?: unknown) => void;

/** Checks one session's log. @param frames - all of it, in order */
export function checkLog(frames: readonly AnyFrame[], findings: Findings, counts: LogCounts): void {
  const runs = Map.groupBy(
    frames.filter(({ metadata }) => metadata.run_id),
    ({ metadata }) => metadata.run_id,
  );
  const started = new Set<string>();
  for (const [runId, events] of runs) {
    const report: Report = (what, detail) =>
      findings.add(
        what,
        `${events[0].session_id} ${runId} ${events[0].metadata.input}: ${JSON.stringify(detail)}`,
      );
    counts.runs++;
    const [first] = events;
    if (first.metadata.stage !== "start") report("A run does not begin with its start event", first);
    const messageId = first.metadata.message_id;
    if (started.has(messageId)) report("A message has started two runs", first);
    started.add(messageId);
    checkEnd(events, report);
    checkStreams(events, report, counts);
    checkCalls(events, report, counts);
    counts.resumed += events.filter(({ metadata }) => metadata.action === "resumed").length;
  }
  frames.forEach(({ seq }, index) => {
    if (seq !== index + 1) {
      findings.add("The log has a gap", `${frames[0].session_id}: ${seq} at ${index + 1}`);
    }
  });
}

function checkEnd(events: readonly AnyFrame[], report: Report): void {
  const ends = events.filter(({ metadata }) => metadata.terminal);
  if (ends.length !== 1) report(`A run has ${ends.length} terminal events`, ends);
  else if (!events.at(-1)!.metadata.terminal) report("A run goes on after its end", events.at(-1));
}

/** Partial answers add up, and every stream has its end. */
function checkStreams(events: readonly AnyFrame[], report: Report, counts: LogCounts): void {
  const texts = new Map<string, { text: string; discarded: boolean }>();
  const partials = events.filter(({ event }) => event === "agent.partial_answer");
  for (const [id, pieces] of Map.groupBy(partials, ({ metadata }) => metadata.stream_id as string)) {
    const last = pieces.at(-1)!;
    const text = pieces.map(({ content }) => content).join("");
    if (pieces.some(({ metadata }, index) => metadata.chunk_index !== index)) {
      report(
        "Pieces of an answer are missing or doubled",
        pieces.map(({ metadata }) => metadata.chunk_index),
      );
    }
    if (pieces.filter(({ metadata }) => metadata.is_final).length !== 1 || !last.metadata.is_final) {
      report("An answer stream is not closed once", pieces.map(({ metadata }) => metadata));
    }
    if (last.metadata.total_length !== Array.from(text).length) {
      report("The length of an answer is wrong", last);
    }
    texts.set(id, { text, discarded: last.metadata.discarded === true });
  }
  const said = events.filter(({ event }) => event === "agent.final_answer" || event === "agent.thinking");
  const named = new Set<string>();
  for (const { event, content, metadata } of said) {
    if (!metadata.stream_id) continue;
    named.add(metadata.stream_id);
    const stream = texts.get(metadata.stream_id);
    if (stream?.text !== content) report("Partial answers do not add up", { content, stream });
    if (stream?.discarded !== (event === "agent.thinking")) report("A stream is wrongly discarded", metadata);
  }
  counts.broken += [...texts].filter(([id, { discarded }]) => discarded && !named.has(id)).length;
}

/** Every call is answered once, or closed by the end of its run. */
function checkCalls(events: readonly AnyFrame[], report: Report, counts: LogCounts): void {
  const isInterrupted = events.at(-1)!.event === "agent.interrupted";
  if (isInterrupted) counts.interrupted++;
  const results = Map.groupBy(
    events.filter(({ event }) => event === "agent.tool_result"),
    ({ step_id }) => step_id,
  );
  const calls = Map.groupBy(
    events.filter(({ event }) => event === "agent.tool_call"),
    ({ step_id }) => step_id,
  );
  for (const [stepId, same] of calls) {
    counts.calls++;
    if (same.length !== 1) report("A tool call is announced twice", same);
    const answers = results.get(stepId) ?? [];
    if (answers.length > 1 || (answers.length === 0 && !isInterrupted)) {
      report(`A tool call has ${answers.length} results`, { stepId, answers });
    }
    const status = answers[0]?.metadata.status;
    if (status === "unknown") counts.unknown++;
    if (answers[0]?.metadata.attempt) counts.again++;
  }
  for (const stepId of results.keys()) if (!calls.has(stepId)) report("A result without a call", stepId);
  const asked = Map.groupBy(
    events.filter(({ event, metadata }) => event === "agent.user_confirm" && metadata.tool_args),
    ({ metadata }) => metadata.tool_step_id,
  );
  for (const [stepId, same] of asked) {
    if (same.length > 1) report("A call was asked for twice", { stepId, same });
  }
  const notes = events.filter(({ event }) => event === "agent.tool_call").map(({ metadata }) =>
    metadata.args?.note
  );
  if (isInterrupted) return;
  const expected = scriptOf(events[0].metadata.input).turns.flatMap(({ calls }) =>
    calls.map(({ note }) => note)
  );
  if (JSON.stringify(notes) !== JSON.stringify(expected)) {
    report("The calls are not those of the script", notes);
  }
}

/** Compares the side effects with the logs. @param frames - of all sessions */
export function checkLedger(
  ledger: readonly LedgerLine[],
  frames: readonly AnyFrame[],
  findings: Findings,
): void {
  const calls = new Map<string, AnyFrame>();
  const results = new Map<string, AnyFrame>();
  const allowed = new Set<string>();
  for (const frame of frames) {
    const { event, step_id, metadata } = frame;
    const key = `${metadata.run_id}:${step_id}`;
    if (event === "agent.tool_call") calls.set(key, frame);
    if (event === "agent.tool_result") results.set(key, frame);
  }
  const questions = new Map(
    frames.filter(({ event }) => event === "agent.user_confirm").map((frame) => [frame.step_id, frame]),
  );
  for (const { metadata } of frames) {
    if (metadata.action !== "confirm_resolved" || !metadata.confirmed) continue;
    const asked = questions.get(metadata.step_id);
    allowed.add(`${metadata.run_id}:${asked?.metadata.tool_step_id}`);
  }
  for (const [note, lines] of Map.groupBy(ledger, ({ note }) => note)) {
    const report: Report = (what) => findings.add(what, JSON.stringify(lines));
    const { idempotent, userConfirm } = toolKinds[lines[0].tool];
    const [{ key }] = lines;
    if (!idempotent && lines.length > 1) report("A tool acted twice");
    if (lines.some((line) => line.key !== key)) report("The second try has another key");
    if (calls.get(key)?.metadata.args?.note !== note) report("A side effect without its call in the log");
    if (!userConfirm) continue;
    if (!allowed.has(key)) report("A tool acted without the user's leave");
    const extra = decisionOn(note) === "edit" ? editedExtra : undefined;
    if (lines.some((line) => line.extra !== extra)) report("A tool did not get the user's arguments");
  }
  const acted = new Set(ledger.map(({ key }) => key));
  for (const [key, { metadata }] of results) {
    if (metadata.status === "success" && !acted.has(key)) {
      findings.add("A success without its side effect", key);
    }
  }
}

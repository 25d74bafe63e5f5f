/** The one interface to what outlives a process: sessions, their logs, transcripts, questions and tool ledger. */
import type { Message } from "../protocol/transcript.ts";
import type { Language } from "../config.ts";

/** One event as it was written: its frame never changes again. */
export interface Entry {
  readonly seq: number;
  readonly event: string;
  /** The frame's JSON text, without delivery marks. */
  readonly frame: string;
  /** Bytes of the frame in UTF-8. */
  readonly bytes: number;
}

/** What does not change during a session's life. */
export interface SessionRecord {
  readonly id: string;
  /** Changes when numbering starts again for the same id. */
  readonly epoch: string;
  /** The principal it belongs to. */
  readonly owner: string;
  readonly agent: string;
  readonly language: Language;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** One tool call in the ledger: written before the tool starts, and again after it ended. */
export interface CallRecord {
  readonly stepId: string;
  readonly runId: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly outcome: "started" | "success" | "failed" | "unknown";
}

/** An open question to the user, with the entry that asked it. */
export interface QuestionRecord {
  readonly stepId: string;
  readonly runId: string;
  /** Absolute deadline, milliseconds since 1970. */
  readonly expiresAt: number;
  readonly entry: Entry;
}

/** How far the run in progress is. */
export interface RunRecord {
  readonly id: string;
  /** Completed steps. */
  readonly step: number;
  readonly startedAt: number;
  /** Tokens used so far. */
  readonly tokens?: number;
  /** The model turn whose tool calls are being carried out. */
  readonly turn?: TurnRecord;
}

/** How far the tool calls of one model turn are. */
export interface TurnRecord {
  /** What the model said, with its calls. */
  readonly message: Message;
  /** Number of the session's last tool call before this turn. */
  readonly calls: number;
  /** step_ids whose `agent.tool_call` is in the log. */
  readonly announced: readonly string[];
  /** The calls that are answered. */
  readonly results: readonly Message[];
}

/** A message that waits until the run in progress is over (protocol.md §8.2). */
export interface QueuedInput {
  readonly messageId?: string;
  /** What the session needs to start it: plain JSON, which no store looks into. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What is written together with log entries, in the same transaction. */
export interface Changes {
  /** Appended to the transcript. */
  readonly messages?: readonly Message[];
  /** Replaces values of the same key. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly call?: CallRecord;
  readonly question?: QuestionRecord;
  /** step_id of a question that is no longer open. */
  readonly answered?: string;
  /** A message id that has started a run. */
  readonly input?: { readonly messageId: string; readonly runId: string };
  /** The run in progress; null when it has ended, which also closes its calls and questions. */
  readonly run?: RunRecord | null;
  /** Replaces the whole queue of waiting messages, next one first. */
  readonly queue?: readonly QueuedInput[];
}

/** What can be said of a session without loading it. */
export interface SessionSummary {
  readonly record: SessionRecord;
  /** Last commit or touch, milliseconds since 1970. */
  readonly activeAt: number;
  readonly latestSeq: number;
  /** Oldest retained entry; latestSeq + 1 when none is. */
  readonly oldestSeq: number;
  /** Bytes of the retained entries. */
  readonly bytes: number;
  readonly run: RunRecord | null;
}

/** A session as it is read back. */
export interface StoredSession extends SessionSummary {
  /** Bytes of each retained entry, oldest first. */
  readonly sizes: readonly number[];
  readonly messages: readonly Message[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly calls: readonly CallRecord[];
  readonly questions: readonly QuestionRecord[];
  /** message id → run id, oldest first. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly queue: readonly QueuedInput[];
}

/** Which sessions to list. */
export interface ListOptions {
  /** Only ids greater than this one: the last id of the page before. */
  readonly after?: string;
  readonly limit: number;
  /** True: only sessions with a run in progress; after a start, those that a stop of the server has cut off. */
  readonly running?: boolean;
}

/** What is left of a session that was ended. */
export interface EndedSession {
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A value, or a promise of it: a store in memory answers at once and costs no turn of the event loop. */
export type Awaitable<T> = T | Promise<T>;

/**
 * A backend. What is committed is atomic and in order: readers see all of a commit or nothing of it, and see it at
 * once when its promise has resolved. Every method may throw, or reject with, AppError ERR_EXECUTION_602 when the
 * backend cannot do its work.
 */
export interface Store extends AsyncDisposable {
  /** Shown at start-up, e.g. "memory". */
  readonly name: string;
  /** True when sessions outlive the process, so that they can be dropped from memory and read back. */
  readonly durable: boolean;
  /** Makes an empty session and returns its first fencing token; refuses an id that exists. */
  create(record: SessionRecord): Awaitable<number>;
  /** Takes the session over: commits with an older token are refused from now on. Null: no such session. */
  claim(id: string): Awaitable<number | null>;
  /**
   * Appends entries, which must continue the log without a gap, and applies changes with them. A refused commit
   * changes nothing and does not touch others. Commits of one session are stored in the order of the calls; the
   * next may be made before the last is stored.
   */
  commit(id: string, fence: number, entries: readonly Entry[], changes?: Changes): Awaitable<void>;
  /** Entries after `after`, ascending, at most `limit`. Null: some of them were trimmed away, or no such session. */
  read(id: string, after: number, limit: number): Awaitable<readonly Entry[] | null>;
  /** Drops entries up to and including `through`. After a crash some of them may be there again. */
  trim(id: string, through: number): Awaitable<void>;
  load(id: string): Awaitable<StoredSession | null>;
  /** Sessions by ascending id. Meant for start-up and for tools: a store may have to write before it can answer. */
  list(options: ListOptions): Awaitable<readonly SessionSummary[]>;
  /**
   * Notes that the session was in use at `at` (milliseconds since 1970). A crash may forget it. Cheap enough for once
   * a minute while somebody watches; a commit does it by itself.
   */
  touch(id: string, at: number): Awaitable<void>;
  /** Ids of sessions last in use before `before`, in no certain order, at most `limit`. */
  expired(before: number, limit: number): Awaitable<readonly string[]>;
  /** Removes the session as `remove` does, but leaves behind that it existed; refuses an old fencing token. */
  end(id: string, fence: number, at: number): Awaitable<void>;
  /** What is left of an ended session; null when it was not ended, or is forgotten. */
  ended(id: string): Awaitable<EndedSession | null>;
  /** Forgets ended sessions from before `before`, at most `limit`; returns how many. */
  forget(before: number, limit: number): Awaitable<number>;
  /** Removes the session and all that belongs to it. */
  remove(id: string): Awaitable<void>;
}

/** Messages of the transcript that are kept at least: far more than any agent's memory budget. */
export const keptMessages = 1000;
/** Characters of them that are kept at most in memory: twice what a session remembers. */
export const keptMessageChars = 8 << 20;

/** Message ids remembered per session (protocol.md §8.3). */
export const rememberedInputs = 1000;

/** What a server may send, as types drawn from the protocol's own declarations: nothing here exists at run time. */
import type { agentEvents } from "../protocol/agent_events.ts";
import type { connectionEvents } from "../protocol/connection_events.ts";
import type { pipelineAndPlanEvents } from "../protocol/plan_events.ts";
import type { Message } from "../protocol/transcript.ts";

type Output<T> = T extends { _zod: { output: infer O } } ? O : never;

/** Events of §10: the protocol declares their shapes in lists, in which the compiler loses the names. */
type Listed = Output<(typeof pipelineAndPlanEvents)[number]>;
type Fitting<E, Wanted> = E extends Wanted ? E : never;
type WithTask = Fitting<Listed, { content: { task: unknown } }>;
type AboutTask = Exclude<Fitting<Listed, { metadata: { task_id: string | number } }>, WithTask>;
type WithText = Fitting<Listed, { content?: string }>;
type WithValues = Exclude<Listed, WithTask | AboutTask | WithText>;
type Named<E, N extends string> = N extends string ? E & { event: N } : never;

type PlanEvent =
  | Named<WithValues, "plan.start"> & { content: { question: string } }
  | Named<WithValues, `plan.${"completed" | "cancelled"}`>
  | Named<WithText, "plan.step_completed">
  | Named<WithValues, `plan.${"validation" | "coercion"}_error`> & {
    content: { message: string; error: string };
  }
  | Named<WithTask, `solver.${"start" | "completed" | "cancelled" | "restarted"}`>
  | Named<AboutTask, `solver.${"progress" | "step_failed" | "retry"}`>
  | Named<WithValues, "aggregate.start" | "aggregate.completed" | "pipeline.completed">
  | Named<WithText, `error.${"execution" | "validation" | "timeout"}`>
  | Named<WithText, `error.recovery_${"started" | "success" | "failed"}`>;

/**
 * A frame of the server; `event` tells which one. Agents may add events under names of their own, which no type can
 * list: a `switch` over `event` needs a default branch.
 */
export type ServerEvent =
  | Output<(typeof connectionEvents)[number]>
  | Output<(typeof agentEvents)[number]>
  | PlanEvent;

/** The frame of one name, e.g. `EventOf<"agent.tool_call">`. */
export type EventOf<N extends ServerEvent["event"]> = Extract<ServerEvent, { event: N }>;

/**
 * Stands for everything up to `latest_seq`: events were missed that the server cannot give any more. A view built
 * from events should be built anew from `content.messages`; the open questions follow.
 */
export interface SnapshotEvent {
  readonly event: "snapshot";
  readonly session_id: string;
  readonly content: { readonly messages: readonly Message[]; readonly total_messages: number };
  readonly metadata: {
    /** Why the position could not be resumed. */
    readonly reason?: string;
    readonly epoch: string;
    readonly latest_seq: number;
    readonly state: "IDLE" | "RUNNING";
    /** The run in progress. */
    readonly run_id?: string;
    readonly open_confirmations: number;
    /** An answer being written: its text so far is the last message. */
    readonly open_stream_id?: string;
  };
}

/**
 * What a session gives its caller: the events of its log, each once and in order, a snapshot after a gap, and the
 * frames that answer this client's own commands (they have no `seq`).
 */
export type SessionEvent = ServerEvent | SnapshotEvent;

/** Machine word of a failure, as the server gives it. */
export type ServerErrorCode = EventOf<"agent.error">["metadata"]["error_code"];
export type RecoveryAction = EventOf<"agent.error">["metadata"]["recovery_action"];

/** A frame before anybody has looked which one it is: the members that all kinds may have. */
export interface Frame {
  readonly event: string;
  readonly session_id?: string;
  readonly step_id?: string;
  readonly content?: unknown;
  readonly seq?: number;
  readonly event_id?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What a dialect is: frames of one connection → calls on sessions, log entries → frames. It knows no sockets. */
import type { CloseReason } from "../errors.ts";
import type { Config } from "../config.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { StateKey } from "../session/state_keys.ts";
import type { Logger } from "../trace/logger.ts";
import type { Metrics } from "../trace/metrics.ts";

/** The connection as a dialect sees it. */
export interface Peer {
  /** UUID v4 */
  readonly connectionId: string;
  /** The authenticated subject; "anonymous" with authentication off. */
  readonly principal: string;
  /** `?agent=` of the upgrade. */
  readonly agent?: string;
  /** Sends one frame; a slow peer is closed when too much is waiting. */
  send(frame: string): void;
  /** Undefined when more can be taken; else resolves when little enough is waiting, or the connection is closed. */
  ready(): Promise<void> | undefined;
  close(reason: CloseReason): void;
}

/** What all connections share. */
export interface DialectServices {
  readonly config: Config;
  readonly sessions: SessionRegistry;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** What signs exported states, and for whom (protocol.md §11). */
  readonly state: { readonly keys: readonly StateKey[]; readonly audience: string };
  /** When the server started, milliseconds since 1970. */
  readonly startedAt: number;
}

/** A message as a dialect understood it. */
export interface Inbound {
  /** False: it is not counted against the rate limit and does not wait for the messages before it. */
  readonly counted: boolean;
  /** Carries it out; never throws. */
  handle(): Promise<void> | void;
  /** Answers that it was dropped. */
  refuse(retryAfterMs: number): void;
}

/** One connection's conversation in one dialect. */
export interface Conversation {
  /** Sends the greeting. */
  open(): void;
  read(text: string): Inbound;
  heartbeat(): void;
  /** Says why the connection is about to be closed. */
  announceClose(reason: CloseReason): void;
  announceShutdown(drainSeconds: number): void;
  /** Lets go of all sessions; their runs go on. */
  close(): void;
}

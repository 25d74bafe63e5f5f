/** What the commands of one native connection work on. */
import type { Language } from "../config.ts";
import type { FrameBody } from "../protocol/codec.ts";
import type { Position } from "../protocol/position.ts";
import type { Attachment } from "../session/attachment.ts";
import type { Session } from "../session/session.ts";
import type { DialectServices, Peer } from "./dialect.ts";

/** A session this connection is attached to. */
export interface Attached {
  readonly session: Session;
  readonly attachment: Attachment;
  release(): void;
}

export interface NativeConnection {
  readonly peer: Peer;
  readonly services: DialectServices;
  readonly attached: Map<string, Attached>;
  /** Highest acknowledged position per session, also of sessions this connection is not attached to. */
  readonly acks: Map<string, Position>;
  /** True when the socket is gone: nothing may be attached to it any more. */
  closed: boolean;
  /** Sends a frame that is not in any log. */
  direct(body: FrameBody, language?: Language): void;
}

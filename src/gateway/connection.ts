/** One WebSocket: checks what comes in, keeps its order, and passes it to the dialect. It owns nothing. */
import { closeCodes, type CloseReason, describeCause } from "../errors.ts";
import type { Config } from "../config.ts";
import type { Conversation, Inbound, Peer } from "../dialect/dialect.ts";
import { maxInboundBytes } from "../protocol/event.ts";
import { byteLength } from "../protocol/shrink.ts";
import type { Logger } from "../trace/logger.ts";
import type { Metrics } from "../trace/metrics.ts";
import { Outbound } from "./outbound.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Socket } from "./socket.ts";

/** Messages that may wait for the ones before them (protocol.md §2). */
const maxQueued = 32;

export interface ConnectionParts {
  readonly config: Config;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly principal: string;
  readonly agent?: string;
  /** Starts the dialect's side of this connection. */
  converse(peer: Peer): Conversation;
}

export class Connection {
  readonly id = crypto.randomUUID();
  readonly #parts: ConnectionParts;
  readonly #socket: Socket;
  readonly #outbound: Outbound;
  readonly #rate: RateLimit;
  readonly #conversation: Conversation;
  #queue: Inbound[] | undefined;
  #heartbeat: ReturnType<typeof setTimeout> | undefined;
  /** When the oldest command without a frame of its own was received, for myagent_route_seconds. */
  #receivedAt: number | undefined;
  #closing = false;

  constructor(socket: Socket, parts: ConnectionParts) {
    this.#parts = parts;
    this.#socket = socket;
    this.#outbound = new Outbound(socket, parts.config, () => this.close("slow_consumer"));
    this.#rate = new RateLimit(parts.config.rateLimit, parts.config.rateBurst);
    this.#conversation = parts.converse({
      connectionId: this.id,
      principal: parts.principal,
      agent: parts.agent,
      send: (frame) => this.#send(frame),
      ready: () => this.#outbound.ready(),
      close: (reason) => this.close(reason),
    });
  }

  open(): void {
    this.#guard(() => this.#conversation.open());
    const intervalMs = this.#parts.config.heartbeatSeconds * 1000;
    // The first one after a random half to whole interval, so that a thousand reconnects do not beat as one.
    if (intervalMs > 0) this.#beat(intervalMs * (0.5 + Math.random() / 2), intervalMs);
  }

  /** One message from the peer. Never throws. */
  receive(data: string | ArrayBuffer): void {
    if (this.#closing) return;
    const text = typeof data === "string" ? data : decodeUtf8(data);
    if (text === undefined) return this.close("invalid_utf8");
    if (
      text.length > maxInboundBytes ||
      (text.length * 3 > maxInboundBytes && byteLength(text) > maxInboundBytes)
    ) {
      return this.close("frame_too_big");
    }
    this.#guard(() => this.#accept(this.#conversation.read(text)));
  }

  /** The peer is gone, or has said goodbye. */
  closed(code: number): void {
    this.#parts.metrics.close(code);
    this.#release();
  }

  /** Says why, and closes. */
  close(reason: CloseReason): void {
    if (this.#closing) return;
    this.#closing = true;
    try {
      this.#conversation.announceClose(reason);
      if (reason !== "slow_consumer") this.#outbound.flushAll();
      this.#socket.close(closeCodes[reason], reason);
    } catch (cause) {
      this.#parts.logger.error(`Cannot say goodbye: ${describeCause(cause)}`, { connection: this.id });
      this.#socket.terminate();
    } finally {
      this.#release();
    }
  }

  announceShutdown(drainSeconds: number): void {
    this.#guard(() => this.#conversation.announceShutdown(drainSeconds));
  }

  #release(): void {
    this.#closing = true;
    clearTimeout(this.#heartbeat);
    this.#queue = undefined;
    this.#outbound.close();
    this.#conversation.close();
  }

  #accept(inbound: Inbound): void {
    if (!inbound.counted) return void inbound.handle();
    this.#receivedAt ??= performance.now();
    const waitMs = this.#rate.take();
    if (waitMs > 0) {
      inbound.refuse(waitMs);
      if (this.#rate.drop()) this.close("rate_limit");
      return;
    }
    if (this.#queue === undefined) {
      this.#queue = [inbound];
      void this.#work(this.#queue);
    } else if (this.#queue.length > maxQueued) this.close("inbound_overflow");
    else this.#queue.push(inbound);
  }

  /** Carries messages out one after the other; `queue[0]` is the one in progress. */
  async #work(queue: Inbound[]): Promise<void> {
    while (queue.length && !this.#closing) {
      try {
        await queue[0].handle();
      } catch (cause) {
        this.#fault(cause);
      }
      queue.shift();
    }
    this.#queue = undefined;
  }

  #send(frame: string): void {
    if (this.#receivedAt !== undefined) {
      this.#parts.metrics.route((performance.now() - this.#receivedAt) / 1000);
      this.#receivedAt = undefined;
    }
    this.#outbound.send(frame);
  }

  #beat(delayMs: number, intervalMs: number): void {
    this.#heartbeat = setTimeout(() => {
      this.#guard(() => this.#conversation.heartbeat());
      if (!this.#closing) this.#beat(intervalMs, intervalMs);
    }, delayMs);
  }

  /** A fault ends this connection, never the process. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (cause) {
      this.#fault(cause);
    }
  }

  #fault(cause: unknown): void {
    this.#parts.logger.error(`Connection failed: ${describeCause(cause)}`, { connection: this.id });
    this.close("internal_error");
  }
}

function decodeUtf8(data: ArrayBuffer): string | undefined {
  // A byte is at least one character: what is too long is refused by its length, not decoded first.
  if (data.byteLength > maxInboundBytes) return " ".repeat(maxInboundBytes + 1);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

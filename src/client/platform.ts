/** What the client takes from its surroundings; all of it can be replaced, for tests and for Node. */

/** The part of a WebSocket that is used: the browser's, Deno's and that of npm's `ws` have it. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  // Each implementation has event types of its own, and properties of function type are compared strictly.
  // deno-lint-ignore no-explicit-any
  onmessage: ((event: any) => void) | null;
  // deno-lint-ignore no-explicit-any
  onclose: ((event: any) => void) | null;
  // deno-lint-ignore no-explicit-any
  onerror: ((event: any) => void) | null;
}

export type SocketConstructor = new (url: string) => SocketLike;

export interface Clock {
  /** Milliseconds since a fixed moment. */
  now(): number;
  setTimeout(action: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export interface Platform {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Ids of messages. */
  readonly newId: () => string;
}

/** A random UUID. Not `crypto.randomUUID`, which pages without https do not have. */
function newUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = bytes[6] & 15 | 64;
  bytes[8] = bytes[8] & 63 | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function platformOf({ clock, random, newId }: Partial<Platform>): Platform {
  return {
    clock: clock ?? {
      now: () => Date.now(),
      setTimeout: (action, ms) => setTimeout(action, ms),
      clearTimeout: (timer) => clearTimeout(timer as number),
    },
    random: random ?? Math.random,
    newId: newId ?? newUuid,
  };
}

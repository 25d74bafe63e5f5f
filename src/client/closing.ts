/** What to do after a socket was closed: the table of protocol.md §6 from the client's side. */

/** Longest wait between two attempts. */
const maxBackOffMs = 60_000;

export interface Next {
  readonly reconnect: boolean;
  /** How long to wait first; 0 when there is no way back. */
  readonly delayMs: number;
}

/** Full jitter: anything up to 1, 2, 4 … 60 s. `attempt` counts the failed ones so far. */
export function backOffMs(attempt: number, random: () => number): number {
  return Math.floor(random() * Math.min(maxBackOffMs, 1000 * 2 ** Math.min(attempt, 6)));
}

/** Closed for a reason that passes. */
const passing = ["rate_limit", "inbound_overflow"];

/**
 * @param attempt - failed attempts so far
 * @param renewsToken - whether the next attempt brings a new token
 */
export function afterClose(
  code: number,
  reason: string,
  attempt: number,
  random: () => number,
  renewsToken = false,
): Next {
  const after = (delayMs: number): Next => ({ reconnect: true, delayMs });
  const backOff = backOffMs(attempt, random);
  if (code === 4008) return after(0);
  if (code === 1012) return after(Math.floor(random() * 5000));
  if (code === 1013) return after(5000 + backOff);
  if (code === 1008 && passing.includes(reason)) return after(30_000 + backOff);
  if (code === 4001 && reason === "token_expired" && renewsToken) return after(backOff);
  const isRefused = [1000, 1003, 1007, 1008].includes(code) || code >= 4000;
  return isRefused ? { reconnect: false, delayMs: 0 } : after(backOff);
}

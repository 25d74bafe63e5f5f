/** When to try a model call again, and the wait before it. */

/** Statuses after which the same request may succeed: timeout, too many requests, and the server's own faults. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** The wait a server asks for, in milliseconds; undefined when it names none. `now` is the time in milliseconds. */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const exact = asNumber(headers.get("retry-after-ms"));
  if (exact !== undefined) return exact;
  const header = headers.get("retry-after");
  const seconds = asNumber(header);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function asNumber(header: string | null): number | undefined {
  return header !== null && /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) : undefined;
}

/** The wait before retry number `retries + 1` in milliseconds: doubled each time, up to a quarter less by chance. */
export function backoffMs(retries: number): number {
  // 8 s: as OpenAI's own clients; a person is waiting for the answer.
  return Math.min(8000, 500 * 2 ** retries) * (1 - Math.random() / 4);
}

/** Waits `ms` milliseconds; throws the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

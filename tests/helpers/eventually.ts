/** Waiting for what another end of a socket does: turns of the event loop, not time. */

/** Lets the event loop turn until `isSo`; throws when it is not so after `limitMs`. */
export async function eventually(isSo: () => boolean, limitMs = 10_000): Promise<void> {
  const latest = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > latest) throw new Error(`It did not come true: ${isSo}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

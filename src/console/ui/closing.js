/** What to do after a socket was closed: the table of protocol.md §6, from the client's side. */
// @ts-check

/**
 * @typedef {object} Next
 * @property {boolean} reconnect
 * @property {number} delayMs - how long to wait; 0 when not reconnecting
 * @property {string} text - key of the sentence that tells the reader
 * @property {boolean} [dropMessage] - the message that was too big must not be sent again
 */

const forGood = {
  1000: "closedNormally",
  1003: "closedRefused",
  1007: "closedRefused",
  4001: "closedUnauthorized",
  4003: "closedForbidden",
  4009: "closedLimit",
};

/**
 * Exponential back-off with full jitter: anything up to 1, 2, 4 … 60 s.
 *
 * @param {number} attempt - failed attempts so far, from 0
 * @param {() => number} random - 0 to below 1
 * @returns {number} milliseconds
 */
export function backOffMs(attempt, random) {
  return Math.round(random() * Math.min(60, 2 ** Math.min(attempt, 6)) * 1000);
}

/**
 * @param {number} code - WebSocket close code
 * @param {string} reason - the machine word beside it
 * @param {number} attempt - failed attempts so far, from 0
 * @param {() => number} [random]
 * @returns {Next}
 */
export function afterClose(code, reason, attempt, random = Math.random) {
  const wait = (/** @type {number} */ delayMs, text = "reconnectIn") => ({ reconnect: true, delayMs, text });
  const backOff = backOffMs(attempt, random);
  if (code === 4008) return wait(0);
  if (code === 1012) return wait(Math.round(random() * 5000), "restarting");
  if (code === 1013) return wait(5000 + backOff, "crowded");
  if (code === 1009) return { ...wait(backOff), dropMessage: true };
  if (code === 1008 && (reason === "rate_limit" || reason === "inbound_overflow")) {
    return wait(30_000 + backOff, "tooFast");
  }
  const refused = code === 1008 || code in forGood || (code >= 4000 && code <= 4999);
  if (!refused) return wait(backOff);
  const text = forGood[/** @type {keyof typeof forGood} */ (code)] ?? "closedRefused";
  return { reconnect: false, delayMs: 0, text };
}

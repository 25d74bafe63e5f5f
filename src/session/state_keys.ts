/** Keys, digests and names of owners for signed states (protocol.md §11). */
import { Buffer } from "node:buffer";
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A secret and the public name under which states refer to it. */
export interface StateKey {
  readonly id: string;
  readonly secret: string;
}

/** Hex SHA-256 of a text in UTF-8. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Hex HMAC-SHA256 of a text in UTF-8. */
export function hmacSha256(text: string, secret: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/**
 * Configured secrets as keys, in the given order: the first signs, all verify. To rotate, put the new secret first
 * and take the old one away when the last state it signed has expired, after 7 days.
 *
 * @param secrets - blank ones and repetitions are passed over
 * @returns none when no secret is left: take `randomKey()` then
 */
export function stateKeys(secrets: readonly string[]): StateKey[] {
  const given = secrets.map((secret) => secret.trim()).filter((secret) => secret !== "");
  return [...new Set(given)].map(keyOf);
}

/** A key that lives as long as the process: what it signs cannot be restored after a restart. */
export function randomKey(): StateKey {
  return keyOf(randomBytes(32).toString("hex"));
}

function keyOf(secret: string): StateKey {
  return { id: sha256(secret).slice(0, 8), secret };
}

/** Who owns a state, as it is written there: everybody's common name, or a digest that tells nobody who it is. */
export function stateSubject(audience: string, principal: string): string {
  return principal === "anonymous" ? principal : sha256(`${audience}:${principal}`);
}

/** Compares without telling, by the time it takes, how much of a guess is right. */
export function equalDigests(given: unknown, expected: string): boolean {
  if (typeof given !== "string") return false;
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

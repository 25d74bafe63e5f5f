/** What never leaves in an exported state: values of members that are named like secrets (protocol.md §11). */
import { plainCopy } from "../protocol/plain.ts";

/** Where a member stands; `key` alone is a secret in values and an everyday name in arguments of tools. */
export type Place = "arguments" | "values";

const removed = "[removed]";
const secret = /(?:^|_)(?:api_?key|access_?token|refresh_?token|password|secret|token|authorization)$/;
/** Most names hold none of these words and need no closer look. */
const suspicious = /key|token|password|secret|authorization/iu;

// As deep as values are copied; only arguments can be deeper, as a model may write anything.
const maxLevels = 100;
// Beyond four times a state, arguments could only be shortened to nothing: it is not worth reading them.
const maxArgumentsChars = 400_000;

/** True for `api_key`, `API-KEY`, `dbPassword`, `X-Authorization` and their like. */
function isSecret(name: string, place: Place): boolean {
  if (!suspicious.test(name)) return false;
  const words = name.replace(
    /([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g,
    (_, end, start, letter) => letter ? `${letter}_` : `${end}_${start}`,
  ).split(/[^\p{L}\p{N}]+/u).filter(Boolean).join("_").toLowerCase();
  return secret.test(words) || (place === "values" && words === "key");
}

/** A copy as JSON can hold it, with the values of secret members replaced by "[removed]". */
export function redact(value: unknown, place: Place): unknown {
  return redactJson(JSON.parse(JSON.stringify(plainCopy(value)) ?? "null"), place, 0);
}

function redactJson(value: unknown, place: Place, level: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (level > maxLevels) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => redactJson(item, place, level + 1));
  const clean: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    // A member of this name is never data: it waits for somebody to assign it.
    if (name === "__proto__") continue;
    clean[name] = isSecret(name, place) ? removed : redactJson(member, place, level + 1);
  }
  return clean;
}

/** The same for arguments of a call, which are JSON text as a model wrote it. */
export function redactArguments(text: string): string {
  if (text.length > maxArgumentsChars) return JSON.stringify({ shortened: "[too large]" });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    // Text that is no JSON has no members to look at: one suspicious word, and it stays here.
    const words = text.match(/[\p{L}\p{N}_-]+/gu) ?? [];
    return words.some((word) => isSecret(word, "arguments"))
      ? JSON.stringify({ invalid_arguments: removed })
      : text;
  }
  // Some models write the JSON of their JSON.
  if (typeof given === "string") return JSON.stringify(redactArguments(given));
  return JSON.stringify(redactJson(given, "arguments", 0));
}

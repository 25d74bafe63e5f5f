/** Values that agents and tools made, as JSON can hold them: what it cannot is written as text, never an exception. */

const maxDepth = 100;

/** A copy of plain data: big integers as digits, circles and what cannot be read as a note in square brackets. */
export function plainCopy(value: unknown, above: readonly unknown[] = []): unknown {
  try {
    if (typeof value === "bigint") return String(value);
    if (typeof value !== "object" || value === null) return value;
    if (above.includes(value)) return "[circular]";
    if (above.length >= maxDepth) return "[too deep]";
    const { toJSON } = value as { toJSON?: unknown };
    const path = [...above, value];
    if (typeof toJSON === "function") return plainCopy(toJSON.call(value), path);
    if (Array.isArray(value)) return value.map((item) => plainCopy(item, path));
    return Object.fromEntries(Object.keys(value).map((key) => [key, memberCopy(value, key, path)]));
  } catch {
    return "[unreadable]";
  }
}

function memberCopy(value: object, key: string, path: readonly unknown[]): unknown {
  try {
    return plainCopy((value as Record<string, unknown>)[key], path);
  } catch {
    return "[unreadable]";
  }
}

/** JSON of any value, "null" for what JSON leaves out; a copy is made only when the value cannot be written as it is. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    return JSON.stringify(plainCopy(value)) ?? "null";
  }
}

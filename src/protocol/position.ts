/** Positions in a session log: event ids, and where a client says it stands (protocol.md §4.1, §5.3, §5.5). */

/** The opaque id of one event: session, epoch and number. */
export function eventId(sessionId: string, epoch: string, seq: number): string {
  return `${sessionId}~${epoch}~${seq}`;
}

/** How far a client has read. `seq` NaN stands for a position nobody can read. */
export interface Position {
  readonly seq: number;
  readonly epoch?: string;
  readonly sessionId?: string;
}

export const unreadable: Position = { seq: NaN };

export function parseEventId(text: unknown): Position {
  const match = typeof text === "string" && text.length <= 300 && /^([^~]+)~([^~]+)~(\d{1,15})$/.exec(text);
  return match ? { sessionId: match[1], epoch: match[2], seq: Number(match[3]) } : unreadable;
}

type Members = Record<string, unknown>;

const asObject = (value: unknown): Members =>
  typeof value === "object" && value !== null ? value as Members : {};

function asSeq(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : NaN;
}

/** The first place that holds `key`, or undefined; null counts as absent, because Python clients send it. */
function first(key: string, places: readonly Members[]): unknown {
  return places.find((place) => place[key] !== undefined && place[key] !== null)?.[key];
}

/** The position of a `user.reconnect` or of any command that attaches; undefined when it names none. */
export function readPosition(command: Members): Position | undefined {
  const places = [asObject(command.content), command];
  const id = first("last_event_id", places);
  if (id !== undefined) return parseEventId(id);
  const seq = first("last_seq", places);
  if (seq === undefined) return undefined;
  const epoch = asObject(command.content).epoch;
  return { seq: asSeq(seq), ...(typeof epoch === "string" ? { epoch } : {}) };
}

/** The position of a `user.ack` in any of its forms; undefined when it is malformed, which is no error. */
export function readAck(command: Members): Position | undefined {
  const content = command.content;
  const places = [asObject(content), asObject(command.metadata), command];
  const id = first("last_event_id", places) ?? (typeof content === "string" ? content : undefined);
  const seq = first("last_seq", places) ?? (typeof content === "number" ? content : undefined) ?? command.seq;
  const found = id === undefined ? { seq: asSeq(seq) } : parseEventId(id);
  if (Number.isNaN(found.seq)) return undefined;
  const named = typeof command.session_id === "string" ? command.session_id : undefined;
  return { ...found, ...(found.sessionId ?? named ? { sessionId: found.sessionId ?? named } : {}) };
}

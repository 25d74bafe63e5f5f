/** One message of a socket: valid, mutated, or no JSON at all. */
import { ack, command, type Members, type Surroundings } from "./commands.ts";
import type { Random } from "./random.ts";
import { anyText, anyValue, deepJson } from "./values.ts";

/** The server's limit in bytes. */
const limitBytes = 1 << 20;
const encoder = new TextEncoder();

export interface Frame {
  readonly data: string | Uint8Array<ArrayBuffer>;
  /** Close codes the server has to answer with; none: the connection stays. */
  readonly closes?: number;
}

/** Makes the next message. `messageId` is unique. */
export function nextFrame(random: Random, around: Surroundings, messageId: string): Frame {
  const kind = random.weighted<Kind>(kinds);
  return kind(random, around, messageId);
}

type Kind = (random: Random, around: Surroundings, messageId: string) => Frame;

const kinds: readonly (readonly [weight: number, kind: Kind])[] = [
  [6000, (random, around, id) => ({ data: JSON.stringify(command(random, around, id)) })],
  [
    1500,
    (random, around, id) => ({ data: JSON.stringify(wrongMember(random, command(random, around, id))) }),
  ],
  [900, (random, around) => ({ data: JSON.stringify(ack(random, around)) })],
  [600, (random, around, id) => ({ data: brokenText(random, JSON.stringify(command(random, around, id))) })],
  [300, (random) => ({ data: JSON.stringify(anyValue(random)) })],
  [200, (random) => ({ data: random.pick(["", " ", "null", "[]", '"user.ping"', anyText(random)]) })],
  [300, (random, around, id) => ({ data: encoder.encode(JSON.stringify(command(random, around, id))) })],
  [60, (random, around, id) => ({ data: deep(random, around, id) })],
  [6, (random, around, id) => ({ data: filled(random, around, id, limitBytes - random.int(64)) })],
  [1, (random, around, id) => ({ data: filled(random, around, id, limitBytes + 1), closes: 1009 })],
  [2, (random) => ({ data: Uint8Array.from({ length: 40 }, () => 128 + random.int(64)), closes: 1007 })],
];

/** One member is of another type, missing, doubled or new. */
function wrongMember(random: Random, made: Members): Members {
  const name = random.pick([
    ...Object.keys(made),
    "token",
    "metadata",
    "timestamp",
    "signed_state",
    "step_id",
  ]);
  if (random.chance(0.15)) {
    delete made[name];
    return made;
  }
  const event = [
    "user.",
    "user.message ",
    "system.error",
    "agent.final_answer",
    "USER.MESSAGE",
    "user.__proto__",
  ];
  made[name] = name === "event" && random.chance(0.6) ? random.pick(event) : anyValue(random);
  return made;
}

/** JSON text that was cut, doubled, or hit somewhere. */
function brokenText(random: Random, text: string): string {
  const at = random.int(text.length + 1);
  return random.pick([
    () => text.slice(0, at),
    () => text + text,
    () =>
      text.slice(0, at) + random.pick(['"', "{", "}", ",", "\u0000", "\\", "\ud800", "0"]) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1 + random.int(8)),
    () => `\ufeff${text}`,
    () => text.replace("{", '{"event":"user.cancel",'),
  ])();
}

function deep(random: Random, around: Surroundings, messageId: string): string {
  const nested = deepJson(random);
  if (random.chance(0.3)) return nested;
  const made = command(random, around, messageId);
  return JSON.stringify({ ...made, content: "@" }).replace('"@"', () => nested);
}

/** A command that takes exactly so many bytes. One in five has its text repeated in the answer. */
function filled(random: Random, around: Surroundings, messageId: string, bytes: number): string {
  const { session_id } = command(random, { ...around, all: around.own }, messageId);
  const filler = random.pick(["x", "天", "\u0001"]);
  const isEchoed = random.chance(0.2);
  const make = (text: string) => {
    const content = isEchoed ? `say ${text}` : { question: "say much", text };
    return JSON.stringify({ event: "user.message", session_id, message_id: messageId, content });
  };
  const empty = encoder.encode(make("")).length;
  const each = encoder.encode(make(filler)).length - empty;
  const count = Math.floor((bytes - empty) / each);
  return make(filler.repeat(count) + "y".repeat(bytes - empty - count * each));
}

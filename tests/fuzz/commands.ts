/** Commands as clients send them, right and wrong. */
import type { Random } from "./random.ts";
import { anyText, anyValue } from "./values.ts";

export type Members = Record<string, unknown>;

/** What a socket knows about the sessions around it. */
export interface Surroundings {
  /** Sessions this socket has made or attached to. */
  readonly own: readonly string[];
  /** Sessions of all sockets. */
  readonly all: readonly string[];
  /** Questions and event ids seen lately. */
  readonly stepIds: readonly string[];
  readonly eventIds: readonly string[];
  /** Signed states that were exported, by whomever. */
  readonly states: readonly Members[];
}

/** First words of a message: the model of the fuzz server reads them. */
export const moods = [
  "say",
  "long",
  "tool",
  "confirm",
  "bad",
  "emit",
  "loop",
  "fail",
  "throw",
  "odd",
  "hang",
] as const;

function sessionId(random: Random, around: Surroundings): unknown {
  return random.weighted<() => unknown>([
    [70, () => random.pick(around.own)],
    [12, () => random.pick(around.all)],
    [4, () => `00000000-0000-4000-8000-${String(random.int(1e6)).padStart(12, "0")}`],
    [3, () => anyText(random) || "nobody"],
    [1, () => anyValue(random, 1)],
  ])() ?? "nobody";
}

function position(random: Random, around: Surroundings): Members {
  return random.weighted<() => Members>([
    [4, () => ({})],
    [4, () => ({ last_event_id: random.pick(around.eventIds) })],
    [3, () => ({ last_seq: random.int(40) })],
    [1, () => ({ last_seq: anyValue(random, 1), epoch: anyText(random, 1) })],
    [1, () => ({ last_event_id: anyValue(random, 1) })],
  ])();
}

/** A state as it was signed, as JSON text, forged in one member, or nothing of the kind. */
function signedState(random: Random, around: Surroundings): unknown {
  const given = random.pick(around.states);
  if (given === undefined || random.chance(0.2)) return anyValue(random);
  const forged = { ...given, [random.pick(Object.keys(given))]: anyValue(random) };
  return random.weighted<unknown>([[5, given], [1, JSON.stringify(given)], [2, forged]]);
}

const content = {
  create: (random: Random) =>
    random.weighted<() => unknown>([
      [4, () => undefined],
      [2, () => anyText(random)],
      [3, () => ({ language: random.pick(["zh", "en", "fr"]), dataset_id: random.int(9) })],
      [1, () => ({ preferences: { language: "en" }, agent: random.pick(["fuzz", "nobody", ""]) })],
      [1, () => ({ explode: true })],
      [2, () => anyValue(random)],
    ])(),
  message: (random: Random) =>
    random.weighted<() => unknown>([
      [12, () => `${random.pick(moods)} ${anyText(random)}`],
      [2, () => ({ question: `${random.pick(moods)} ${anyText(random)}`, template: anyValue(random) })],
      [1, () => anyValue(random)],
      [1, () => undefined],
    ])(),
  response: (random: Random) =>
    random.weighted<() => unknown>([
      [4, () => ({ confirmed: random.chance(0.7) })],
      [2, () => ({ approved: true, args: { path: anyText(random) } })],
      [1, () => ({ confirmed: true, modified_args: anyValue(random) })],
      [1, () => ({ confirmed: anyValue(random, 1), message: anyValue(random, 1) })],
      [1, () => anyValue(random)],
    ])(),
  task: (random: Random) => random.chance(0.6) ? { task_id: anyValue(random, 0) } : anyValue(random, 2),
  tasks: (random: Random) => random.chance(0.6) ? { tasks: anyValue(random, 2) } : anyValue(random, 2),
};

type Maker = (random: Random, around: Surroundings) => Members;

const table: readonly (readonly [weight: number, event: string, maker: Maker])[] = [
  [2, "user.create_session", (random) => ({ content: content.create(random), session_id: undefined })],
  [
    30,
    "user.message",
    (random, around) => ({ content: content.message(random), ...position(random, around) }),
  ],
  [12, "user.cancel", (random) => random.chance(0.1) ? { content: anyValue(random, 1) } : {}],
  [8, "user.response", (random, around) => ({
    step_id: random.chance(0.8) ? random.pick(around.stepIds) : anyValue(random, 1),
    content: content.response(random),
  })],
  [
    8,
    "user.reconnect",
    (random, around) => random.chance(0.5) ? position(random, around) : { content: position(random, around) },
  ],
  [2, "user.request_state", () => ({})],
  [2, "user.reconnect_with_state", (random, around) => ({
    signed_state: signedState(random, around),
    ...position(random, around),
  })],
  [2, "user.solve_tasks", (random) => ({ content: content.tasks(random) })],
  [1, "user.cancel_task", (random) => ({ content: content.task(random) })],
  [1, "user.restart_task", (random) => ({ content: content.task(random) })],
  [1, "user.retry_task", (random) => ({ content: content.task(random) })],
  [1, "user.cancel_plan", () => ({})],
  [1, "user.replan", (random) => ({ content: anyValue(random, 1) })],
];

/** A command with this message id; about one in fifteen carries another command in its content. */
export function command(random: Random, around: Surroundings, messageId: string): Members {
  const [, event, make] = random.weighted(table.map((row) => [row[0], row] as const));
  const made = {
    event,
    session_id: sessionId(random, around),
    message_id: messageId,
    ...make(random, around),
  };
  if (event !== "user.message" || random.chance(0.85)) return made;
  const { message_id: _, ...inner } = command(random, around, messageId);
  if (random.chance(0.5)) delete inner.session_id;
  return { event, session_id: made.session_id, message_id: messageId, content: inner };
}

/** An acknowledgement in one of its forms; most are wrong somehow. */
export function ack(random: Random, around: Surroundings): Members {
  const seq = random.chance(0.7) ? random.int(60) : anyValue(random, 1);
  const id = random.chance(0.7) ? random.pick(around.eventIds) : anyValue(random, 1);
  const named = random.chance(0.6) ? { session_id: sessionId(random, around) } : {};
  const form = random.pick<Members>([
    { content: { last_seq: seq } },
    { content: { last_event_id: id } },
    { content: seq },
    { content: id },
    { metadata: { last_seq: seq } },
    { metadata: { last_event_id: id } },
    { last_seq: seq },
    { last_event_id: id },
    { seq },
    {},
  ]);
  return { event: "user.ack", ...named, ...form };
}

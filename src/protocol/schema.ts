/** Every event of both directions and both dialects in one place: JSON Schema and documentation. */
import { z } from "zod";
import { agentEvents } from "./agent_events.ts";
import { commands } from "./commands.ts";
import { connectionEvents } from "./connection_events.ts";
import { runMetadata } from "./event.ts";
import { pipelineAndPlanEvents } from "./plan_events.ts";
import { traceActions, traceFrames } from "./trace_frames.ts";

type Typed = z.infer<(typeof connectionEvents)[number]> | z.infer<(typeof agentEvents)[number]>;
type DraftOf<E> = E extends { event: infer N; metadata: infer M } ? {
    readonly event: N;
    readonly content?: E["content" & keyof E];
    readonly step_id?: string;
    readonly metadata: M;
  }
  : never;

/** What is written into a session log: an event before it has a number and a time. */
export type Draft = DraftOf<Typed>;

/** An event an agent made up, or one of §10: its shape is checked when it is emitted, not by the compiler. */
export interface CustomDraft {
  readonly event: string;
  readonly content?: unknown;
  readonly step_id?: string;
  readonly metadata?: Record<string, unknown>;
}

const sections: readonly [title: string, types: readonly z.ZodObject[]][] = [
  ["Commands (client → server)", commands],
  ["Connection events (server → client)", connectionEvents],
  ["Session and run events (server → client)", agentEvents],
  ["Plan, solve, aggregate and information events (server → client)", pipelineAndPlanEvents],
  ["Trace dialect: actions (client → server)", traceActions],
  ["Trace dialect: frames (server → client)", traceFrames],
];

/** The name of an event, frame or action: the literal its type is told apart by. */
function nameOf(type: z.ZodObject): string {
  const tag = type.shape.event ?? type.shape.event_type ?? type.shape.action;
  return String((tag as z.ZodLiteral<string>).value);
}

/** Name → type, for every event of the protocol. */
export const events: ReadonlyMap<string, z.ZodObject> = new Map(
  sections.flatMap(([, types]) => types.map((type) => [nameOf(type), type] as const)),
);

type JsonSchema = Record<string, unknown>;

function definition(type: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: "input" }) as JsonSchema;
  return schema;
}

/** The whole protocol as one JSON Schema (2020-12); `$defs` holds a definition per event. */
export function protocolSchema(): JsonSchema {
  const names = [...events.keys()];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:myagent-ws:protocol:1",
    title: "myagent-ws wire protocol, version 1",
    anyOf: names.map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(names.map((name) => [name, definition(events.get(name)!)])),
  };
}

/** The schema of one event; undefined when there is none of that name. */
export function eventSchema(name: string): JsonSchema | undefined {
  const type = events.get(name);
  return type && {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: name,
    ...definition(type),
  };
}

/** One line per member: dotted name, type, whether it may be absent. */
function members(schema: JsonSchema, prefix = ""): string[] {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = (schema.required ?? []) as string[];
  return Object.entries(properties).flatMap(([key, value]) => {
    if (
      !prefix &&
      ["event", "event_type", "action", "timestamp", "seq", "event_id", "show_content"].includes(key)
    ) {
      return [];
    }
    const own = `\`${prefix}${key}\` ${typeText(value)}${required.includes(key) ? "" : "?"}`;
    const inner = prefix === "" && value.type === "object" ? members(value, `${key}.`) : [];
    return inner.length ? inner : [own];
  });
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) {
    return schema.enum.length > 8 ? "code" : schema.enum.map((value) => JSON.stringify(value)).join(" \\| ");
  }
  const union = schema.anyOf as JsonSchema[] | undefined;
  if (union) return [...new Set(union.map(typeText))].join(" \\| ");
  return String(schema.type ?? "any");
}

/** Optional members that any event of a kind may carry: named once above the tables. */
const common = new Set([
  ...Object.keys(runMetadata).map((key) => `metadata.${key}`),
  ...[
    "session_id",
    "message_id",
    "token",
    "metadata",
    "last_event_id",
    "last_seq",
    "signed_state",
    "step_id",
  ],
]);

/** docs/protocol.md: a row per event, printed from the types the server is compiled from. */
export function protocolMarkdown(): string {
  const blocks = sections.map(([title, types]) => {
    const rows = types.map((type) => {
      const list = members(definition(type))
        .filter((line) => !(line.endsWith("?") && common.has(line.slice(1, line.lastIndexOf("`")))));
      return `| \`${nameOf(type)}\` | ${type.description} | ${list.join(", ")} |`;
    });
    return [`## ${title}`, "", "| Event | Meaning | Members |", "| --- | --- | --- |", ...rows].join("\n");
  });
  return [
    "# Wire protocol, version 1",
    "",
    "Printed by `myagent-ws schema --markdown` from the types in `src/protocol`; a test keeps it true.",
    "A `?` marks a member that may be absent. Every event from the server also has `timestamp`, and `show_content`",
    "unless it is an `agent.partial_answer`; session events have `seq` and `event_id`. Events of a run may carry",
    "`run_id`, `terminal`, `message_id`, `agent_name`, `scope`, `task_id`, and the delivery marks `replayed`,",
    "`reoffered`, `resolved`, `truncated` in their metadata. Commands may carry `session_id`, `message_id`, `token`,",
    "`timestamp` and a position (`last_event_id` or `last_seq`). Members not named here are allowed everywhere.",
    "",
    blocks.join("\n\n"),
    "",
  ].join("\n");
}

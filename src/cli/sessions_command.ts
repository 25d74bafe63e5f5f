/** `myagent-ws sessions`: looks into a data folder while no server has it open. */
import { Command } from "commander";
import type { Config, SettingRow } from "../config.ts";
import { openStore } from "../store/open.ts";
import type { SessionSummary, Store, StoredSession } from "../store/store.ts";
import type { Cli } from "./cli.ts";
import { helpText } from "./help_texts.ts";
import { givenSettings, settingOptions } from "./setting_options.ts";

/** Sessions that are listed at a time: the store answers page by page. */
const pageSize = 500;

const isOfStore = ({ name }: SettingRow) => name === "dataDir" || name === "store" || name === "language";

export function sessionsCommand(cli: Cli): Command {
  const command = new Command("sessions").description(helpText("sessions", cli.language));
  const add = (
    name: "list" | "show" | "export" | "delete",
    work: (store: Store, id: string) => Promise<void>,
  ) => {
    const part = new Command(name).description(helpText(`sessions_${name}`, cli.language));
    if (name !== "list") part.argument("<id>", helpText("sessionId", cli.language));
    for (const option of settingOptions(cli, isOfStore)) part.addOption(option);
    command.addCommand(part.action(async (...given: unknown[]) => {
      const [id, options] = name === "list" ? ["", given[0]] : given;
      const config = cli.config(givenSettings(options as Record<string, unknown>));
      await using store = await open(cli, config);
      await work(store, id as string);
    }));
  };
  add("list", (store) => list(cli, store));
  add("show", async (store, id) => show(cli, await stored(cli, store, id)));
  add("export", async (store, id) => cli.line(JSON.stringify(await wholeSession(cli, store, id), null, 2)));
  add("delete", async (store, id) => {
    await stored(cli, store, id);
    await store.remove(id);
    cli.say("sessionDeleted", id);
  });
  return command;
}

async function open(cli: Cli, config: Config): Promise<Store> {
  if (config.dataDir === undefined && config.store === undefined) throw cli.wrong("noDataDir");
  return await openStore(config);
}

async function stored(cli: Cli, store: Store, id: string): Promise<StoredSession> {
  const session = await store.load(id);
  if (!session) throw cli.wrong("noSuchSession", id);
  return session;
}

async function list(cli: Cli, store: Store): Promise<void> {
  let count = 0;
  for (let after = "";;) {
    const page = await store.list({ after, limit: pageSize });
    for (const summary of page) cli.line(row(summary));
    count += page.length;
    if (page.length < pageSize) break;
    after = page.at(-1)!.record.id;
  }
  cli.note("sessionCount", count);
}

/** One line, its columns apart by tabs, for `cut` and `sort`. */
function row({ record, activeAt, latestSeq, bytes, run }: SessionSummary): string {
  const state = run ? "RUNNING" : "IDLE";
  return [record.id, new Date(activeAt).toISOString(), state, record.agent, latestSeq, bytes].join("\t");
}

function show(cli: Cli, session: StoredSession): void {
  cli.line(row(session));
  for (const { role, content, tool_calls } of session.messages) {
    const calls = tool_calls?.map(({ name, arguments: args }) => `${name}(${args})`).join(", ");
    cli.line(`${role}: ${[content, calls].filter(Boolean).join(" → ")}`);
  }
}

/** Everything that is kept of a session: its record, transcript and events. */
async function wholeSession(cli: Cli, store: Store, id: string): Promise<Record<string, unknown>> {
  const { record, messages, values, latestSeq, oldestSeq } = await stored(cli, store, id);
  const entries = await store.read(id, oldestSeq - 1, latestSeq) ?? [];
  return { ...record, messages, values, events: entries.map(({ frame }) => JSON.parse(frame)) };
}

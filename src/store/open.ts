/** From the settings to a backend: with cli/serve.ts the only place that names them. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { MemoryStore } from "./memory.ts";
import type { Store } from "./store.ts";

/**
 * Opens the configured backend.
 *
 * @throws AppError when it cannot be opened, saying why and what to do
 */
export async function openStore(
  { store, dataDir, durability }: Pick<Config, "store" | "dataDir" | "durability">,
): Promise<Store> {
  const path = store?.startsWith("sqlite:")
    ? store.slice("sqlite:".length)
    : store === undefined && dataDir !== undefined
    ? join(dataDir, "sessions.db")
    : undefined;
  if (path === undefined) return new MemoryStore();
  // Loaded here and not above: a server without a data folder does not need it.
  const { openSqlite } = await import("./sqlite.ts");
  return openSqlite(path, { durability });
}

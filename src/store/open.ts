/** From the `store` setting to a backend: with cli/serve.ts the only place that names them. */
import type { Config } from "../config.ts";
import { MemoryStore } from "./memory.ts";
import type { Store } from "./store.ts";

/** Opens the configured backend. */
export function openStore(_url: Config["store"]): Store {
  return new MemoryStore();
}

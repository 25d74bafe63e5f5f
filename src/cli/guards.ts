/** A fault outside of every run, say in a timer of an agent's tool, must not end the server. */
import { describeCause } from "../errors.ts";
import type { CliIo } from "./io.ts";

/** Logs what nobody caught as one line and keeps the process. */
export function installGuards(io: Pick<CliIo, "err">): void {
  const log = (event: Event, cause: unknown) => {
    event.preventDefault();
    io.err(`⚠️  Uncaught in agent or server code: ${describeCause(cause).replace(/\s+/g, " ")}\n`);
  };
  addEventListener("error", (event) => log(event, event.error));
  addEventListener("unhandledrejection", (event) => log(event, event.reason));
}

/** Entry point: the guards first, then the command line. */
import { installGuards } from "./src/cli/guards.ts";
import { systemIo } from "./src/cli/io.ts";
import { runCli } from "./src/cli/main.ts";

const io = systemIo();
installGuards(io);
Deno.exit(await runCli(Deno.args, io));

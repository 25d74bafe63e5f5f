/** The conformance tests on sockets once more, on the second transport. */
import { useTransport } from "../helpers/server.ts";

useTransport("ws");
for (const name of ["attach", "limits", "schema", "state", "restart"]) await import(`./${name}_test.ts`);

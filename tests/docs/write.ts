/** `deno task docs`: writes the printed parts of the documentation. */
import { parts, pathOf, withPart } from "./generated.ts";

for (const part of parts) Deno.writeTextFileSync(pathOf(part), await withPart(part));

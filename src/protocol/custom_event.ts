/** Events that agents make up: which names are theirs (protocol.md §10). */
import { AppError } from "../errors.ts";

const reserved = /^(system|auth|agent|user|plan|solver|aggregate|pipeline|error)\./i;
/** Events of the protocol that agents may send themselves. */
const open =
  /^(plan\.step_completed|solver\.(progress|step_failed|retry)|error\.(execution|validation|timeout|recovery_(started|success|failed)))$/;

/** @throws AppError when the name is malformed or could be taken for something the server says */
export function checkCustomName(name: string): void {
  if (typeof name !== "string" || name.length > 100 || !/^[a-z][\w-]*(\.[\w-]+)+$/i.test(name)) {
    throw new AppError(
      "ERR_EXECUTION_604",
      `Cannot emit ${JSON.stringify(name)}: use a name like "shop.cart_changed"`,
    );
  }
  if (reserved.test(name) && !open.test(name)) {
    throw new AppError("ERR_EXECUTION_604", `Cannot emit "${name}": the name belongs to the server`);
  }
}

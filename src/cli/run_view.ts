/** A run in the terminal: the answer on stdout, everything else beside it. */
import type { AgentEvent, Conclusion } from "../agent/agent.ts";
import type { Cli } from "./cli.ts";

/** Longest piece of a tool's arguments or result on one line, in characters. */
const maxLineLength = 160;

const brief = (value: unknown): string => {
  const line = (typeof value === "string" ? value : JSON.stringify(value) ?? "").replace(/\s+/g, " ").trim();
  return line.length > maxLineLength ? `${line.slice(0, maxLineLength)}…` : line;
};

export class RunView {
  readonly #cli: Cli;
  /** Text that may turn out to be thought aloud: a pipe gets it only when it surely is the answer. */
  #held = "";
  /** True while the cursor stands behind text. */
  #open = false;
  #printed = "";

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  show(event: AgentEvent): void {
    if (event.type === "text") return this.#text(event.text, event.tentative);
    if (event.type === "text_end") return this.#textEnd(event.discarded);
    this.#endLine();
    const { io } = this.#cli;
    if (event.type === "thinking") {
      // On a screen, what was streamed stands there already.
      if (event.text && !(event.streamed && io.outIsTerminal)) this.#cli.note("thinking", brief(event.text));
      if (event.stage === "summary") this.#cli.note("summing");
    } else if (event.type === "tool_call" && !event.special) {
      this.#cli.note("tool", event.tool, brief(event.args));
    } else if (event.type === "tool_result" && !event.special) {
      const name = event.status === "success" ? "toolDone" : "toolFailed";
      this.#cli.note(name, brief(event.text), Math.round(event.durationMs));
    } else if (event.type === "max_steps") this.#cli.note("outOfSteps", event.maxSteps);
    else if (event.type === "custom") this.#cli.aside(`   ${event.event} ${brief(event.content ?? "")}`);
  }

  /** Prints the answer if it was not streamed, and ends the line. */
  conclude(conclusion: Conclusion): void {
    if (this.#printed !== conclusion.text) {
      this.#endLine();
      this.#cli.io.out(conclusion.text);
      this.#open = true;
    }
    this.#endLine();
  }

  /** Ends a line that a failure broke off. */
  breakOff(): void {
    this.#endLine();
  }

  #text(text: string, tentative: boolean): void {
    if (tentative && !this.#cli.io.outIsTerminal) {
      this.#held += text;
      return;
    }
    if (!this.#open) this.#printed = "";
    this.#cli.io.out(text);
    this.#printed += text;
    this.#open = true;
  }

  #textEnd(discarded: boolean): void {
    if (this.#held && !discarded) this.#text(this.#held, false);
    this.#held = "";
    if (discarded) {
      this.#endLine();
      this.#printed = "";
    }
  }

  #endLine(): void {
    if (this.#open) this.#cli.io.out("\n");
    this.#open = false;
  }
}

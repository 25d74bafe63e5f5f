/** What a tool gives back. */
import { toJson } from "../protocol/plain.ts";

export interface ToolResultInit {
  /** What the model and the client see. */
  output?: unknown;
  /** Why it failed; set, the call counts as failed and the model reads this text. */
  error?: string;
  /** A note for the agent's author; never shown to model or client. */
  system?: string;
  /** Rows or anything else a client may draw; goes to `metadata.data`. */
  data?: unknown;
  /** A picture for the model: an https or data URL. */
  image?: string;
}

/** A tool's result in full; a tool may also return a plain string or object. */
export class ToolResult {
  readonly output?: unknown;
  readonly error?: string;
  readonly system?: string;
  readonly data?: unknown;
  readonly image?: string;

  constructor(init: ToolResultInit = {}) {
    this.output = init.output;
    this.error = init.error;
    this.system = init.system;
    this.data = init.data;
    this.image = init.image;
  }

  /** Whatever a tool returned, as a result. */
  static from(value: unknown): ToolResult {
    if (value instanceof ToolResult) return value;
    return new ToolResult({ output: value });
  }

  /** The output as text, objects as JSON; where there is none, the error. */
  get text(): string {
    if (this.output === undefined || this.output === null) return this.error ?? "";
    if (typeof this.output === "string") return this.output;
    return toJson(this.output);
  }
}

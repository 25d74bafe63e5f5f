/** Running an agent without a server: `agent.run("text")` in a script or a test. */
import process from "node:process";
import { loadConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { chooseModel, toModel } from "../model/open.ts";
import type { Agent, AgentEvent, Conclusion, RunContext, RunOptions } from "./agent.ts";

/** Without a server this is where configuration enters, once per call. */
function modelFor(agent: Agent, options: RunOptions): Model {
  if (options.model) return options.model;
  const config = loadConfig({}, process.env);
  return toModel(agent.model, chooseModel(config), config);
}

function contextFor(agent: Agent, text: string, options: RunOptions): RunContext {
  if (text.trim() === "") throw new AppError("ERR_VALIDATION_402", "Message content cannot be empty");
  const model = modelFor(agent, options);
  return {
    runId: `run_${crypto.randomUUID()}`,
    language: options.language ?? "zh",
    messages: [{ role: "user", content: text }],
    step: 0,
    calls: 0,
    session: options.session ?? {},
    signal: options.signal ?? new AbortController().signal,
    model: (request) => model.stream(request),
    confirm: options.confirm ??
      (() => Promise.resolve({ confirmed: false, message: "nobody is there to ask" })),
    log: () => {},
  };
}

/** The events of one question; the generator returns the conclusion. */
export async function* streamStandalone(
  agent: Agent,
  text: string,
  options: RunOptions = {},
): AsyncGenerator<AgentEvent, Conclusion> {
  return yield* agent.execute(contextFor(agent, text, options));
}

/**
 * Answers one question.
 *
 * @throws AppError when the model fails; the signal's reason when it was aborted
 */
export async function runStandalone(agent: Agent, text: string, options: RunOptions = {}): Promise<string> {
  const run = streamStandalone(agent, text, options);
  for (;;) {
    const step = await run.next();
    if (step.done) return step.value.text;
  }
}

/** `myagent-ws run`: one question to one agent, without a server. */
import { Command } from "commander";
import { AppError, describeCause } from "../errors.ts";
import type { Conclusion, Question } from "../agent/agent.ts";
import { loadAgentFile, type LoadedAgent } from "../agent/load.ts";
import type { Model } from "../model/model.ts";
import { chooseModel, toModel } from "../model/open.ts";
import type { Answer } from "../tool/tool.ts";
import type { Cli } from "./cli.ts";
import { helpText } from "./help_texts.ts";
import { RunView } from "./run_view.ts";
import { givenSettings, isCommon, settingOptions } from "./setting_options.ts";

export function runCommand(cli: Cli): Command {
  const command = new Command("run")
    .description(helpText("run", cli.language))
    .argument("<file>", helpText("file", cli.language))
    .argument("<text...>", helpText("question", cli.language));
  const wanted = settingOptions(cli, (row) => row.group === "model" || isCommon(row));
  for (const option of wanted) command.addOption(option);
  return command.action(async (file: string, words: string[], options) => {
    const config = cli.config(givenSettings(options));
    const loaded = await loadAgentFile(file);
    const model = toModel(loaded.agent.model, chooseModel(config), config);
    if (model.demo) cli.note("demoModel");
    cli.exitCode = await runOnce(cli, loaded, words.join(" "), model);
  });
}

async function runOnce(cli: Cli, loaded: LoadedAgent, question: string, model: Model): Promise<number> {
  const abort = new AbortController();
  const forget = cli.io.onSignal("SIGINT", () => {
    // The second time it does not wait for tools that take no notice.
    if (abort.signal.aborted) cli.io.exit(130);
    abort.abort(new DOMException("Cancelled at the terminal", "AbortError"));
  });
  const view = new RunView(cli);
  try {
    const agent = await loaded.makeAgent();
    const events = agent.stream(question, {
      model,
      signal: abort.signal,
      language: cli.language,
      confirm: (asked) => askAtTerminal(cli, asked, abort.signal),
    })[Symbol.asyncIterator]();
    for (;;) {
      const step = await events.next();
      if (step.done) {
        view.conclude(step.value as Conclusion);
        return 0;
      }
      view.show(step.value);
    }
  } catch (cause) {
    view.breakOff();
    if (abort.signal.aborted) {
      cli.note("runCancelled");
      return 130;
    }
    const reason = cause instanceof AppError ? cause.message : describeCause(cause);
    throw new AppError("ERR_EXECUTION_600", cli.text("runFailed", reason), { cause });
  } finally {
    forget();
  }
}

/** Puts a tool's question to whoever sits at the terminal; where nobody does, the answer is no. */
async function askAtTerminal(cli: Cli, question: Question, signal: AbortSignal): Promise<Answer> {
  const { io } = cli;
  // The call itself, with its arguments, stands on the line above.
  const isToolCall = question.message === question.tool;
  const message = isToolCall ? cli.text("confirmTool", question.tool) : question.message;
  io.err(`❓ ${message}\n`);
  if (!io.inIsTerminal) {
    cli.note("confirmRefused");
    return { confirmed: false, message: "not at a terminal, so nobody could be asked" };
  }
  const answer = (await io.ask(cli.text("confirmAsk"), signal)).trim();
  return { confirmed: /^(y|yes|是|好|允许|确认|同意)$/i.test(answer) };
}

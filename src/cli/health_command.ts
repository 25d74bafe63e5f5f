/** `myagent-ws health`: one question to a running server; containers use it, because it needs no shell. */
import { Command } from "commander";
import { AppError, describeCause } from "../errors.ts";
import type { Cli } from "./cli.ts";
import { helpText } from "./help_texts.ts";
import { givenSettings, isCommon, settingOptions } from "./setting_options.ts";

/** Below the 3 s that container health checks usually wait, so that the reason is told. */
const timeoutMs = 2500;

export function healthCommand(cli: Cli): Command {
  const command = new Command("health")
    .description(helpText("health", cli.language))
    .option("--url <url>", helpText("healthUrl", cli.language));
  const wanted = settingOptions(cli, (row) => row.name === "host" || row.name === "port" || isCommon(row));
  for (const option of wanted) command.addOption(option);
  return command.action(async ({ url, ...options }: { url?: string }) => {
    const { host, port } = cli.config(givenSettings(options));
    const target = url === undefined ? localUrl(host, port) : givenUrl(cli, url);
    await ask(cli, target);
    cli.say("healthy", target.origin);
  });
}

/** A server on all addresses is asked on the loopback one. */
function localUrl(host: string, port: number): URL {
  const near = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return new URL(`http://${near.includes(":") ? `[${near}]` : near}:${port}/health`);
}

function givenUrl(cli: Cli, text: string): URL {
  const url = URL.parse(text.replace(/^ws(s?):/, "http$1:"));
  if (!url || !/^https?:$/.test(url.protocol)) throw cli.wrong("badUrl", text);
  if (url.pathname === "/") url.pathname = "/health";
  return url;
}

async function ask(cli: Cli, url: URL): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  // A proxy for the outside world must not be asked about this machine: connect to the address itself.
  using client = url.protocol === "http:"
    ? Deno.createHttpClient({
      proxy: {
        transport: "tcp",
        hostname: url.hostname.replace(/^\[|\]$/g, ""),
        port: Number(url.port || 80),
      },
    })
    : undefined;
  try {
    const init = { client, signal: abort.signal, redirect: "manual" as const };
    const response = await fetch(url, init);
    await response.body?.cancel();
    if (!response.ok) throw cli.wrong("unhealthy", url.origin, response.status);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("ERR_EXECUTION_601", cli.text("unreachable", url.origin, describeReason(cause)), {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** "Connection refused", without the layers above it. */
function describeReason(cause: unknown): string {
  return describeCause(cause).replace(/^fetch failed \((.*)\)$/s, "$1").split(": ").at(-1) ?? "";
}

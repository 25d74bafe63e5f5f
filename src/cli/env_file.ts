/** The file `.env`: checked before it is loaded, because the runtime passes over lines it cannot read. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { AppError } from "../errors.ts";
import type { Language } from "../config.ts";
import type { CliIo } from "./io.ts";
import { text } from "./texts.ts";

const assignment = /^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*=\s*(.*)$/;

/** The first line that is no assignment, and what is wrong with it. */
function badLine(content: string): { line: number; problem: "envFile" | "envQuote" } | undefined {
  const lines = content.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    if (/^\s*(#|$)/.test(line)) continue;
    const [, value] = line.match(assignment) ?? [];
    if (value === undefined) return { line: index + 1, problem: "envFile" };
    const quote = /^["'`]/.exec(value)?.[0];
    if (!quote || value.indexOf(quote, 1) > 0) continue;
    const end = lines.findIndex((later, at) => at > index && later.includes(quote));
    if (end < 0) return { line: index + 1, problem: "envQuote" };
    index = end;
  }
}

/**
 * Loads the file into the environment; what is set there already wins.
 *
 * @returns the names of the variables that now have their value from the file; none when there is no such file
 * @throws AppError naming the file and the line that cannot be read
 */
export function loadEnvFile(io: CliIo, language: Language): ReadonlySet<string> {
  const path = io.envFile;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    // A folder called .env is a Python environment, and none of our business.
    if (code === "ENOENT" || code === "EISDIR") return new Set();
    throw new AppError("ERR_VALIDATION_402", text("envUnreadable", language, path, code), { cause });
  }
  let content: string;
  try {
    content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("ERR_VALIDATION_402", text("envEncoding", language, path), { cause });
  }
  const bad = badLine(content);
  if (bad) throw new AppError("ERR_VALIDATION_402", text(bad.problem, language, path, bad.line));
  const before = io.env();
  const names = Object.keys(parseEnv(content)).filter((name) => before[name] === undefined);
  io.applyEnvFile(path);
  return new Set(names);
}

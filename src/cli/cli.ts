/** What every command works with: the process, the language to speak, and the configuration. */
import { AppError } from "../errors.ts";
import { type Config, type Language, loadConfig } from "../config.ts";
import { loadEnvFile } from "./env_file.ts";
import type { CliIo } from "./io.ts";
import { chooseLanguage, text, type TextName } from "./texts.ts";

export class Cli {
  readonly io: CliIo;
  readonly language: Language;
  exitCode = 0;
  readonly #fromFile: ReadonlySet<string>;
  readonly #fileFailure?: unknown;

  constructor(argv: readonly string[], io: CliIo) {
    this.io = io;
    this.#fromFile = new Set();
    try {
      this.#fromFile = loadEnvFile(io, chooseLanguage(argv, io.env()));
    } catch (failure) {
      // Kept for the commands that need the variables: --help works beside a broken file.
      this.#fileFailure = failure;
    }
    this.language = chooseLanguage(argv, io.env());
  }

  text(name: TextName, ...values: unknown[]): string {
    return text(name, this.language, ...values);
  }

  /** A line for people and pipes. */
  say(name: TextName, ...values: unknown[]): void {
    this.line(this.text(name, ...values));
  }

  line(words: string): void {
    this.io.out(`${words}\n`);
  }

  /** A line beside the output proper. */
  note(name: TextName, ...values: unknown[]): void {
    this.aside(this.text(name, ...values));
  }

  aside(words: string): void {
    const dim = this.io.errIsTerminal && !this.io.env().NO_COLOR;
    this.io.err(dim ? `\x1b[2m${words}\x1b[22m\n` : `${words}\n`);
  }

  /** A mistake in how a command was called. */
  wrong(name: TextName, ...values: unknown[]): AppError {
    return new AppError("ERR_VALIDATION_402", this.text(name, ...values));
  }

  /** Reads nothing; says so when `.env` could not be read. */
  needEnvFile(): void {
    if (this.#fileFailure) throw this.#fileFailure;
  }

  /**
   * The configuration: flags, environment, `.env`.
   *
   * @throws AppError naming the flag or variable, its value, where it stands and what was expected
   */
  config(flags: Readonly<Record<string, unknown>>): Config {
    this.needEnvFile();
    try {
      return loadConfig(flags, this.io.env());
    } catch (failure) {
      const [, variable] = /^Invalid value .* for (\w+): /.exec((failure as Error).message) ?? [];
      if (!(failure instanceof AppError) || !this.#fromFile.has(variable)) throw failure;
      throw new AppError(failure.code, `${failure.message} (set in ${this.io.envFile})`, { cause: failure });
    }
  }
}

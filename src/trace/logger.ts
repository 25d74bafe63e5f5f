/** Log lines of the server: what happened, with the ids to find it again, never user text or secrets. */
import process from "node:process";
import {
  configureSync,
  getAnsiColorFormatter,
  getLogger,
  type Logger as Sink,
  type LogRecord,
} from "@logtape/logtape";

export type Details = Readonly<Record<string, unknown>>;

/** Where the server says what happened. */
export interface Logger {
  debug(message: string, details?: Details): void;
  info(message: string, details?: Details): void;
  warn(message: string, details?: Details): void;
  error(message: string, details?: Details): void;
}

/** Says nothing: for tests and for embedding. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function withDetails(record: LogRecord): LogRecord {
  const details = Object.entries(record.properties).map(([key, value]) => `${key}=${textOf(value)}`);
  // Line breaks would forge records.
  return {
    ...record,
    message: [[...record.message, ...details].join(" ").replace(/[\r\n\u2028\u2029]+/g, " ")],
  };
}

/** A detail may come from a tool or a model: anything, also what cannot be printed. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "(unprintable)";
  }
}

/** Opens the log on stderr; `debug` adds a line for every connection, session and run. */
export function openLogger(debug: boolean): Logger {
  const format = getAnsiColorFormatter({ timestamp: "time", category: "." });
  configureSync({
    reset: true,
    sinks: {
      // stdout belongs to what the command prints; one line each, so that `grep` finds whole records.
      stderr: (record) => void process.stderr.write(format(withDetails(record))),
    },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
      { category: "myagent", lowestLevel: debug ? "debug" : "warning", sinks: ["stderr"] },
    ],
  });
  return adapt(getLogger("myagent"), debug);
}

function adapt(sink: Sink, debug: boolean): Logger {
  return {
    // Not even put together where nobody reads it: there is a line for every run.
    debug: (message, details = {}) => debug && sink.debug(escaped(message), details),
    info: (message, details = {}) => debug && sink.info(escaped(message), details),
    warn: (message, details = {}) => sink.warn(escaped(message), details),
    error: (message, details = {}) => sink.error(escaped(message), details),
  };
}

/** The library fills {placeholders}; ours are finished sentences. */
function escaped(message: string): string {
  return message.replaceAll("{", "{{").replaceAll("}", "}}");
}

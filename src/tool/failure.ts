/** What may be said of a failed tool: its author's words, never the runtime's. */
import { AppError } from "../errors.ts";

/** Faults of code or system: their messages speak of internals, paths and addresses. */
const internal = [TypeError, ReferenceError, RangeError, SyntaxError, EvalError, URIError];

/** Names of the runtime's own errors: their messages tell of flags, addresses and files. */
const system =
  /^(NotCapable|PermissionDenied|NotFound|AlreadyExists|(Connection|Addr|Network)\w+|NotConnected|BrokenPipe|TimedOut|Interrupted|WouldBlock|WriteZero|UnexpectedEof|BadResource|Http|Busy|InvalidData|NotSupported|FilesystemLoop|IsADirectory|NotADirectory)$/;

function isAuthored(cause: unknown): cause is Error {
  return cause instanceof Error && !system.test(cause.name) &&
    !internal.some((type) => cause instanceof type) &&
    !("code" in cause) && !("errno" in cause) && !("syscall" in cause) &&
    !(typeof DOMException !== "undefined" && cause instanceof DOMException);
}

/** One line for model and client; the whole cause stays in the server's log. */
export function failureText(tool: string, cause: unknown): string {
  if (cause instanceof AppError) return cause.message;
  if (typeof cause === "string" && cause.trim()) return firstLine(cause);
  if (isAuthored(cause) && "issues" in cause && Array.isArray(cause.issues)) {
    // A schema library's error: its message is JSON, its issues are sentences.
    return firstLine(cause.issues.map((issue) => String(issue?.message ?? "")).join("; "));
  }
  if (isAuthored(cause) && cause.message.trim()) return firstLine(cause.message);
  return `Tool "${tool}" failed`;
}

function firstLine(text: string): string {
  const line = text.trim().split("\n", 1)[0].slice(0, 500);
  // Absolute paths and credentials in URLs say more about the server than about the failure.
  return line.replace(/file:\/\/\S+/g, "…").replace(/(?<![\w.:/])(?:\/[\w.@-]+){2,}/g, "…").replace(
    /\/\/[^/\s@]+@/g,
    "//…@",
  );
}

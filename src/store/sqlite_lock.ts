/**
 * The file beside the store that says which process has it. The lock itself is the kernel's and ends with the
 * process, however that ends; the text in the file only tells who it is, and how many commits it has acknowledged,
 * so that the next process can tell when some of them are missing.
 */
import { openFailure } from "./sqlite_failure.ts";

/** Who has a store, or had it. */
interface Holder {
  readonly pid: number;
  /** ISO time. */
  readonly since: string;
}

/** Width of the number at the beginning: it is overwritten in place. */
const digits = 16;

export class FileLock implements Disposable {
  /** What the process before this one had acknowledged; null when it ended in good order or nothing is known. */
  readonly acknowledgedBefore: number | null;
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();

  private constructor(file: Deno.FsFile) {
    this.#file = file;
    const number = Number(readAll(file).split("\n")[0] || NaN);
    this.acknowledgedBefore = Number.isSafeInteger(number) ? number : null;
  }

  /** @throws AppError naming the process that has the store, or the reason why the file cannot be made */
  static take(storePath: string): FileLock {
    const path = `${storePath}.lock`;
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
    } catch (cause) {
      throw openFailure(storePath, `cannot write to its folder (${reasonOf(cause)})`, cause);
    }
    if (file.tryLockSync(true)) return new FileLock(file);
    const holder = readHolder(file);
    file.close();
    const who = holder ? `process ${holder.pid} since ${holder.since}` : "another process";
    throw openFailure(storePath, `it is in use by ${who}: stop that one first, or take another file`);
  }

  /** Writes down who has the store now. @param acknowledged - number of the last commit in the store */
  claim(acknowledged: number): void {
    const holder: Holder = { pid: Deno.pid, since: new Date().toISOString() };
    const text = `${String(acknowledged).padStart(digits, "0")}\n${JSON.stringify(holder)}\n`;
    // In this order, so that a kill in between does not leave the file without its number.
    this.#write(text);
    this.#file.truncateSync(text.length);
  }

  /** To be called before the commit is acknowledged. */
  acknowledge(commit: number): void {
    this.#write(String(commit).padStart(digits, "0"));
  }

  /** The store was closed in good order: nothing needs to be compared next time. */
  clear(): void {
    this.#file.truncateSync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #write(text: string): void {
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#file.writeSync(this.#encoder.encode(text));
  }
}

function readAll(file: Deno.FsFile): string {
  const bytes = new Uint8Array(1024);
  file.seekSync(0, Deno.SeekMode.Start);
  return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
}

function readHolder(file: Deno.FsFile): Holder | undefined {
  try {
    return JSON.parse(readAll(file).split("\n")[1]);
  } catch {
    return undefined;
  }
}

/** The operating system's words without the number it puts behind them. */
export function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/ \(os error \d+\).*$/s, "").replace(/^./, (letter) => letter.toLowerCase());
}

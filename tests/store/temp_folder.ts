/** A folder of its own for each test of a store. */
export interface TempFolder extends Disposable {
  readonly path: string;
  /** Where the store goes. */
  readonly file: string;
}

export function tempFolder(): TempFolder {
  const path = Deno.makeTempDirSync({ prefix: "myagent-store-" });
  return {
    path,
    file: `${path}/sessions.db`,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/**
 * A small disk of its own, in memory. Undefined when this system does not let us mount one: that takes root on Linux.
 *
 * @param kib - its size
 */
export function smallDisk(kib: number): (TempFolder & { readonly makeReadOnly: () => void }) | undefined {
  const path = Deno.makeTempDirSync({ prefix: "myagent-disk-" });
  if (!run("mount", "-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", path)) {
    Deno.removeSync(path);
    return undefined;
  }
  return {
    path,
    file: `${path}/sessions.db`,
    makeReadOnly: () => {
      if (!run("mount", "-o", "remount,ro", path)) throw new Error(`Cannot make ${path} read-only`);
    },
    [Symbol.dispose]: () => {
      if (!run("umount", path)) throw new Error(`Cannot unmount ${path}`);
      Deno.removeSync(path);
    },
  };
}

/** Why tests with a small disk are skipped; undefined when they are not. */
export function noSmallDisk(): string | undefined {
  const disk = smallDisk(64);
  disk?.[Symbol.dispose]();
  return disk ? undefined : "mounting a tmpfs is not permitted";
}

function run(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** The Dockerfile, read without a Docker engine: what it copies exists, and its last stage holds to the rules. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The instructions without comments, each on one line. */
function readInstructions(text: string): Instruction[] {
  const lines = text.replace(/^\s*#.*\n/gm, "").replace(/\\\n\s*/g, "").split("\n").filter(Boolean);
  return lines.map((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? [];
    assert.ok(name, `Not an instruction: ${line}`);
    return { name, rest };
  });
}

/** The words of an exec form, ["like", "this"]; undefined for the shell form. */
function execForm(text: string | undefined): string[] | undefined {
  try {
    const words = JSON.parse(text ?? "");
    return Array.isArray(words) && words.every((word) => typeof word === "string") ? words : undefined;
  } catch {
    return undefined;
  }
}

/** Sources of COPY that come from the repository, and what is wrong with them. */
function wrongSources(instructions: readonly Instruction[], ignoreFile: string): string[] {
  const allowed = ignoreFile.split("\n").filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const copies = instructions.filter(({ name, rest }) => name === "COPY" && !rest.startsWith("--from="));
  return copies.flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1)).flatMap((source) => {
    if (!existsSync(join(root, source))) return [`COPY ${source}: there is no such file`];
    return allowed.includes(source) ? [] : [`COPY ${source}: .dockerignore keeps it away`];
  });
}

/** Images that mean something else tomorrow. */
function loosePins(instructions: readonly Instruction[]): string[] {
  const images = instructions.filter(({ name }) => name === "FROM").map(({ rest }) => rest.split(/\s+/)[0]);
  return images.filter((image) => !/[:@][^/]+$/.test(image) || image.endsWith(":latest"))
    .map((image) => `FROM ${image}: no fixed tag`);
}

/** What breaks the rules for the image that runs. */
function wrongLastStage(instructions: readonly Instruction[]): string[] {
  const stage = instructions.slice(instructions.findLastIndex(({ name }) => name === "FROM"));
  const last = (wanted: string) => stage.findLast(({ name }) => name === wanted)?.rest;
  const health = /^(?:--\S+\s+)*CMD\s+(.+)$/.exec(last("HEALTHCHECK") ?? "")?.[1];
  const user = last("USER") ?? "root";
  const copied = stage.filter(({ name }) => name === "COPY" || name === "ADD");
  return [
    ...(/^(?:root|0)(?::|$)/.test(user) ? [`USER ${user}: the program must not be root`] : []),
    ...(execForm(health) ? [] : ["HEALTHCHECK must be in exec form: the image has no shell"]),
    ...(execForm(last("CMD")) ? [] : ["CMD must be in exec form: the image has no shell"]),
    ...(stage.some(({ name }) => name === "RUN") ? ["RUN in the last stage: the image has no shell"] : []),
    ...(copied.length === 1
      ? []
      : [`${copied.length} COPY in the last stage: only the executable belongs there`]),
    ...(last("ENTRYPOINT")
      ? ["ENTRYPOINT would get the word myagent-ws of compose files as an argument"]
      : []),
  ];
}

function whatIsWrong(dockerfile: string, ignoreFile: string): string[] {
  const instructions = readInstructions(dockerfile);
  return [
    ...wrongSources(instructions, ignoreFile),
    ...loosePins(instructions),
    ...wrongLastStage(instructions),
  ];
}

const dockerfile = Deno.readTextFileSync(join(root, "Dockerfile"));
const ignoreFile = Deno.readTextFileSync(join(root, ".dockerignore"));

Deno.test("The Dockerfile copies what exists, fixes its images, and runs one executable without rights", () => {
  assert.deepEqual(whatIsWrong(dockerfile, ignoreFile), []);
});

Deno.test("The container starts the executable that the task compile makes, by the name the seeds use", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(root, "deno.json")));
  const instructions = readInstructions(dockerfile);
  const [, made] = / --output (\S+) /.exec(tasks.compile) ?? [];
  const copy = instructions.findLast(({ name }) => name === "COPY")!.rest.split(/\s+/);
  assert.deepEqual(copy.slice(1), [`/src/${made}`, "/usr/local/bin/myagent-ws"]);
  const command = execForm(instructions.findLast(({ name }) => name === "CMD")!.rest)!;
  assert.deepEqual(command.slice(0, 3), ["myagent-ws", "server", "/app/agents"]);
});

Deno.test("The runtime of the image, of CI and of the README is the one these tests run on", () => {
  const [, image] = /^FROM denoland\/deno:(\S+)/m.exec(dockerfile) ?? [];
  assert.equal(image, Deno.version.deno);
  for (const file of ["README.md", ".ci/run"]) {
    const text = Deno.readTextFileSync(join(root, file));
    const versions = new Set([...text.matchAll(/\bdeno@(\d[\w.]*)/g)].map(([, version]) => version));
    assert.deepEqual([...versions], [image], file);
  }
});

Deno.test("The check sees a missing source, a loose image, root, a shell and an entry point", () => {
  const broken = [
    "FROM denoland/deno AS build",
    "COPY deno.json gone.txt README.md ./",
    "FROM gcr.io/distroless/cc-debian12:latest",
    "COPY --from=build /out /out",
    "COPY src /src",
    "RUN true",
    "HEALTHCHECK --interval=30s \\",
    "  CMD myagent-ws health",
    'ENTRYPOINT ["myagent-ws"]',
    "CMD myagent-ws server",
  ].join("\n");
  assert.deepEqual(whatIsWrong(broken, "*\n!deno.json\n!src\n"), [
    "COPY gone.txt: there is no such file",
    "COPY README.md: .dockerignore keeps it away",
    "FROM denoland/deno: no fixed tag",
    "FROM gcr.io/distroless/cc-debian12:latest: no fixed tag",
    "USER root: the program must not be root",
    "HEALTHCHECK must be in exec form: the image has no shell",
    "CMD must be in exec form: the image has no shell",
    "RUN in the last stage: the image has no shell",
    "2 COPY in the last stage: only the executable belongs there",
    "ENTRYPOINT would get the word myagent-ws of compose files as an argument",
  ]);
});

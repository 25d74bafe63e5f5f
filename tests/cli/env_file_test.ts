import assert from "node:assert/strict";
import { loadEnvFile } from "../../src/cli/env_file.ts";
import { FakeIo } from "./fake_io.ts";
import { Folder } from "../fixtures/folder.ts";

/** Loads a file with this text beside the given environment. */
function load(text: string | Uint8Array, env: Record<string, string> = {}) {
  using folder = new Folder();
  const io = new FakeIo(env);
  io.envFile = folder.file(".env");
  if (typeof text === "string") Deno.writeTextFileSync(io.envFile, text);
  else Deno.writeFileSync(io.envFile, text);
  try {
    return { names: [...loadEnvFile(io, "en")], env: io.env() };
  } catch (failure) {
    return { problem: (failure as Error).message.replace(io.envFile, ".env") };
  }
}

Deno.test("The file sets what the environment leaves open", () => {
  const { names, env } = load('# comment\n\nexport A=1\nB = "two words" # c\nC=\nD=x\n', { D: "mine" });
  assert.deepEqual(names, ["A", "B", "C"]);
  assert.deepEqual(env, { A: "1", B: "two words", C: "", D: "mine" });
});

Deno.test("A quoted value may take several lines", () => {
  const { env } = load('KEY="one\ntwo\nthree"\nNEXT=1\r\n');
  assert.deepEqual(env, { KEY: "one\ntwo\nthree", NEXT: "1" });
});

Deno.test("What cannot be read is told with its line", () => {
  assert.equal(load("A=1\nhello world\n").problem, "Cannot read .env: line 2 is not of the form NAME=value");
  assert.equal(load("1A=1\n").problem, "Cannot read .env: line 1 is not of the form NAME=value");
  assert.equal(load("\n=1\n").problem, "Cannot read .env: line 2 is not of the form NAME=value");
  assert.equal(load('A="x\nB=1\n').problem, "Cannot read .env: the quote in line 1 is not closed");
  assert.equal(
    load(new Uint8Array([0xff, 0xfe, 0x41, 0])).problem,
    "Cannot read .env: it is not UTF-8 text; save it as UTF-8",
  );
});

Deno.test("No file and a folder of that name are no problem", () => {
  using folder = new Folder({ "venv/.env/x": "" });
  const io = new FakeIo();
  assert.deepEqual([...loadEnvFile(io, "en")], []);
  io.envFile = folder.file("venv/.env");
  assert.deepEqual([...loadEnvFile(io, "en")], []);
});

import assert from "node:assert/strict";
import {
  equalDigests,
  hmacSha256,
  randomKey,
  sha256,
  stateKeys,
  stateSubject,
} from "../../src/session/state_keys.ts";

Deno.test("Digests are those of the standards", () => {
  assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(sha256("北"), sha256("\u5317"));
  // RFC 4231, test case 2.
  assert.equal(
    hmacSha256("what do ya want for nothing?", "Jefe"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

Deno.test("Configured secrets become keys in their order, named by the beginning of their digest", () => {
  const keys = stateKeys(["abc", " ", "def", "", " abc "]);
  assert.deepEqual(keys, [{ id: "ba7816bf", secret: "abc" }, {
    id: sha256("def").slice(0, 8),
    secret: "def",
  }]);
  assert.deepEqual(stateKeys([]), []);
  assert.deepEqual(stateKeys([" "]), []);
});

Deno.test("A random key is 256 bits, and another one each time", () => {
  const [one, other] = [randomKey(), randomKey()];
  assert.match(one.secret, /^[0-9a-f]{64}$/);
  assert.notEqual(one.secret, other.secret);
  assert.notEqual(one.id, other.id);
});

Deno.test("The subject names the owner without telling who it is", () => {
  assert.equal(stateSubject("myagent-ws", "anonymous"), "anonymous");
  assert.equal(stateSubject("myagent-ws", "alice"), sha256("myagent-ws:alice"));
  assert.notEqual(stateSubject("a", "alice"), stateSubject("b", "alice"));
});

Deno.test("Digests are equal only when every character is, whatever is given", () => {
  const digest = sha256("x");
  assert.equal(equalDigests(digest, digest), true);
  const others = [
    digest.toUpperCase(),
    digest.slice(1),
    `${digest}0`,
    "",
    "é".repeat(32),
    0,
    null,
    undefined,
    [digest],
  ];
  for (const given of others) assert.equal(equalDigests(given, digest), false);
});

import assert from "node:assert/strict";
import { pagePaths, servePage } from "../../src/console/page.ts";

const folder = new URL("../../src/console/", import.meta.url);
const uiFiles = [...Deno.readDirSync(new URL("ui/", folder))].map((entry) => entry.name).sort();

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await servePage(path, new Headers(headers));
  assert(response, `${path} is not served`);
  return response;
}

async function textOf(path: string): Promise<string> {
  return await (await get(path)).text();
}

Deno.test("Page is served at / as HTML, its parts under /ui/ with their own types", async () => {
  const types = { "/": "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
  for (const path of pagePaths) {
    const response = await get(path);
    const expected = types[path.split(".").at(-1) as keyof typeof types];
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("content-type")?.split(";")[0], expected, path);
    assert.match(await response.text(), path === "/" ? /^<!doctype html>/ : /\S/, path);
  }
});

Deno.test("Page serves every file of its folder and nothing else", () => {
  assert.deepEqual(pagePaths.filter((path) => path !== "/").sort(), uiFiles.map((name) => `/ui/${name}`));
});

Deno.test("Page does not know other paths, however they are spelled", async () => {
  const paths = [
    "/ui",
    "/ui/",
    "/ui/none.js",
    "/ui/../page.ts",
    "/ui/%2e%2e/page.ts",
    "/page.ts",
    "",
    "/index.html",
  ];
  for (const path of [...paths, "/constructor", "/ui/__proto__"]) {
    assert.equal(await servePage(path), undefined, path);
  }
});

Deno.test("Page comes with a policy that allows own files only and nothing inline", async () => {
  const { headers } = await get("/", { host: "127.0.0.1:8080" });
  const policy = new Map(
    headers.get("content-security-policy")?.split("; ").map((rule) => {
      const [name, ...values] = rule.split(" ");
      return [name, values.join(" ")] as const;
    }),
  );
  assert.deepEqual(Object.fromEntries(policy), {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self' ws://127.0.0.1:8080 wss://127.0.0.1:8080",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
  });
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("referrer-policy"), "no-referrer");
});

Deno.test("Page leaves a host out of its policy that is none", async () => {
  for (const host of ["evil.example; script-src *", "a b", "x'y", ""]) {
    const { headers } = await get("/", host === "" ? {} : { host });
    assert.match(headers.get("content-security-policy") ?? "", /; connect-src 'self';/, host);
  }
});

Deno.test("Page is checked again at every visit and not sent again while it is the same", async () => {
  const first = await get("/ui/app.js");
  const etag = first.headers.get("etag") ?? "";
  assert.match(etag, /^"[0-9a-f]{24}"$/);
  assert.equal(first.headers.get("cache-control"), "no-cache");
  for (const tags of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const again = await get("/ui/app.js", { "if-none-match": tags });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), "");
    assert.equal(again.headers.get("etag"), etag);
  }
  assert.equal((await get("/ui/app.js", { "if-none-match": '"other"' })).status, 200);
  assert.notEqual((await get("/ui/dom.js")).headers.get("etag"), etag);
});

Deno.test("Page asks no other server for anything", async () => {
  // The name space of SVG is a name, not an address.
  const harmless = /http:\/\/www\.w3\.org\/2000\/svg/g;
  for (const path of pagePaths) {
    const text = (await textOf(path)).replace(harmless, "");
    assert.doesNotMatch(text, /(?:https?|wss?):\/\/[a-z0-9]|["'(]\/\/[a-z0-9]/i, path);
    assert.doesNotMatch(text, /@import|url\(\s*["']?(?!#)/, path);
  }
});

Deno.test("Page has no way to turn text into markup or code", async () => {
  const ways =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|setHTML|DOMParser/;
  for (const path of pagePaths) {
    const text = await textOf(path);
    assert.doesNotMatch(text, ways, path);
    assert.doesNotMatch(text, /createContextualFragment|javascript:|setTimeout\(\s*["'`]/, path);
  }
  const html = await textOf("/");
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]* src=)/);
});

Deno.test("Every address in the page and every import in its scripts is served", async () => {
  const html = await textOf("/");
  const linked = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]);
  assert(linked.length >= 5);
  const reached = new Set<string>(linked);
  for (const path of reached) {
    assert(pagePaths.includes(path), `${path} is not served`);
    if (!path.endsWith(".js")) continue;
    for (const [, target] of (await textOf(path)).matchAll(/^import [^;]* from "\.\/([^"]+)";$/gm)) {
      reached.add(`/ui/${target}`);
    }
  }
  assert.deepEqual(
    [...reached].sort(),
    uiFiles.map((name) => `/ui/${name}`),
    "a file is not used by the page",
  );
});

Deno.test("Every text of the page's markup exists in both languages", async () => {
  const { Texts } = await import("../../src/console/ui/texts.js");
  const html = await textOf("/");
  const keys = [...html.matchAll(/data-(?:text|label|title|placeholder)="(\w+)"/g)].map((match) => match[1]);
  assert(keys.length > 8);
  for (const key of keys) {
    const [chinese, english] = (["zh", "en"] as const).map((language) => new Texts(language).get(key));
    assert.notEqual(chinese, key, `${key} has no text`);
    assert.notEqual(english, chinese, `${key} is the same in both languages`);
  }
});

/** The page at `/` and its parts under `/ui/`: files of the program, the same for everybody. */

const script = "text/javascript; charset=utf-8";
const style = "text/css; charset=utf-8";

/** Path → file beside this module and its type. Listed one by one, so that no path can reach another file. */
const files = {
  "/": ["./index.html", "text/html; charset=utf-8"],
  "/ui/icon.svg": ["./ui/icon.svg", "image/svg+xml"],
  "/ui/base.css": ["./ui/base.css", style],
  "/ui/cards.css": ["./ui/cards.css", style],
  "/ui/chat.css": ["./ui/chat.css", style],
  "/ui/layout.css": ["./ui/layout.css", style],
  "/ui/prose.css": ["./ui/prose.css", style],
  "/ui/answer.js": ["./ui/answer.js", script],
  "/ui/app.js": ["./ui/app.js", script],
  "/ui/banner.js": ["./ui/banner.js", script],
  "/ui/cards.js": ["./ui/cards.js", script],
  "/ui/closing.js": ["./ui/closing.js", script],
  "/ui/composer.js": ["./ui/composer.js", script],
  "/ui/confirmation.js": ["./ui/confirmation.js", script],
  "/ui/connection.js": ["./ui/connection.js", script],
  "/ui/data_view.js": ["./ui/data_view.js", script],
  "/ui/dom.js": ["./ui/dom.js", script],
  "/ui/inline.js": ["./ui/inline.js", script],
  "/ui/markdown.js": ["./ui/markdown.js", script],
  "/ui/preferences.js": ["./ui/preferences.js", script],
  "/ui/scroll.js": ["./ui/scroll.js", script],
  "/ui/session.js": ["./ui/session.js", script],
  "/ui/snapshot.js": ["./ui/snapshot.js", script],
  "/ui/texts.js": ["./ui/texts.js", script],
  "/ui/theme.js": ["./ui/theme.js", script],
  "/ui/transcript.js": ["./ui/transcript.js", script],
  "/ui/turn.js": ["./ui/turn.js", script],
} as const satisfies Record<string, readonly [file: string, type: string]>;

interface Asset {
  readonly text: string;
  readonly type: string;
  readonly etag: string;
}

async function readAsset(file: string, type: string): Promise<Asset> {
  const text = await Deno.readTextFile(new URL(file, import.meta.url));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return { text, type, etag: `"${new Uint8Array(digest).slice(0, 12).toHex()}"` };
}

/** Reads at the first call and keeps the result; a failed attempt is not kept. */
function lazily(read: () => Promise<Asset>): () => Promise<Asset> {
  let asset: Promise<Asset> | undefined;
  return () =>
    asset ??= read().catch((cause) => {
      asset = undefined;
      throw cause;
    });
}

const assets: ReadonlyMap<string, () => Promise<Asset>> = new Map(
  Object.entries(files).map(([path, [file, type]]) => [path, lazily(() => readAsset(file, type))]),
);

/** Every path that `servePage` answers. */
export const pagePaths: readonly string[] = [...assets.keys()];

/**
 * The policy: own scripts and styles only, nothing inline, and no text may become markup (trusted types). `'self'`
 * covers the page's own WebSocket only in newer browsers, so the host is named where it is known.
 */
function contentPolicy(host: string | null): string {
  const sockets = host !== null && /^[\w.:[\]-]{1,255}$/.test(host) ? ` ws://${host} wss://${host}` : "";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self'${sockets}`,
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/**
 * Answers a GET for the page or one of its parts.
 *
 * @param path - the URL's path, e.g. "/" or "/ui/app.js"
 * @param headers - those of the request: `if-none-match` gives 304, `host` goes into the content policy
 * @returns undefined when the path is none of `pagePaths`
 */
export async function servePage(
  path: string,
  headers: Headers = new Headers(),
): Promise<Response | undefined> {
  const asset = await assets.get(path)?.();
  if (!asset) return undefined;
  const known = headers.get("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  const fresh = known?.includes(asset.etag) ?? false;
  return new Response(fresh ? null : asset.text, {
    status: fresh ? 304 : 200,
    headers: {
      "content-type": asset.type,
      "cache-control": "no-cache",
      etag: asset.etag,
      "content-security-policy": contentPolicy(headers.get("host")),
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}

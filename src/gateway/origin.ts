/** Which web pages may connect (protocol.md §2). */

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Decides over the Origin header of an upgrade or a request. */
export class OriginRule {
  readonly #allowed: ReadonlySet<string> | undefined;

  /** @param allowed - exact origins, e.g. "https://example.com"; undefined: same host, loopback, files, none */
  constructor(allowed: readonly string[] | undefined) {
    this.#allowed = allowed && new Set(allowed.map((origin) => origin.replace(/\/$/, "").toLowerCase()));
  }

  /** @param host - the request's own host name, with or without port */
  allows(origin: string | null, host: string): boolean {
    if (origin === null) return true;
    if (this.#allowed) return this.#allowed.has("*") || this.#allowed.has(origin.toLowerCase());
    if (origin === "null") return true;
    const hostname = URL.canParse(origin) ? new URL(origin).hostname : "";
    return loopback.test(hostname) || (hostname !== "" && hostname === hostnameOf(host));
  }
}

function hostnameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : "";
}

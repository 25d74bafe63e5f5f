/** A Chromium without a window, for tests of pages. */
import { type Browser, chromium } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Where the browser is; undefined when there is none, so that tests can say why they are ignored. */
export const chromiumPath: string | undefined = places.find(isFile);

/** The end of a test's name: why it is ignored. */
export const withoutChromium = chromiumPath ? "" : " (ignored: no Chromium in /usr/bin)";

/** Starts a browser with a profile of its own, which goes away with it: `await using browser = await openBrowser()`. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

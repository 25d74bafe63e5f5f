import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  call,
  calling,
  createReactAgent,
  defineTool,
  failing,
  hang,
  say,
  ToolResult,
  type Turn,
} from "myagent";
import { z } from "zod";
import { chromiumPath, openBrowser, withoutChromium } from "../helpers/browser.ts";
import { startTestServer, type TestServerOptions } from "../helpers/server.ts";

interface Setting extends TestServerOptions {
  locale?: string;
  colorScheme?: "dark" | "light";
  viewport?: { width: number; height: number };
}

interface Scene {
  readonly page: Page;
  readonly wire: Wire;
}

/** A rule about the page, tried in Chromium against a real server whose wire can be cut. */
function rule(name: string, setting: Setting, check: (scene: Scene) => Promise<void>): void {
  const { locale = "en-US", colorScheme = "light", viewport = { width: 1280, height: 800 } } = setting;
  Deno.test({
    name: name + withoutChromium,
    ignore: chromiumPath === undefined,
    async fn() {
      await using server = await startTestServer(setting);
      await using wire = new Wire(server.running.port);
      await using browser = await openBrowser();
      const page = await browser.newPage({ locale, colorScheme, viewport });
      page.setDefaultTimeout(15_000);
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      await page.goto(wire.http);
      await page.waitForSelector('#link[data-phase="ready"]');
      await check({ page, wire });
      assert.deepEqual(faults, [], "the page's scripts failed");
    },
  });
}

/** A TCP proxy before the server, so that a test can pull the plug. */
class Wire implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sockets = new Set<Deno.TcpConn>();
  readonly #pipes: Promise<void>[] = [];
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
    this.#pipes.push(this.#accept());
  }

  get http(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/`;
  }

  /** Ends all connections as a broken network does: without a goodbye. */
  cut(): void {
    for (const socket of this.#sockets) {
      this.#sockets.delete(socket);
      socket.close();
    }
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
      this.#sockets.add(near).add(far);
      this.#pipes.push(this.#pipe(near, far), this.#pipe(far, near));
    }
  }

  async #pipe(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    await from.readable.pipeTo(to.writable).catch(() => {});
    this.#sockets.delete(from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.all(this.#pipes);
  }
}

/** A turn that writes `before`, waits until it is let go, and writes `after`. */
function pausing(before: string, after: string): { turn: Turn; letGo: () => void } {
  const gate = Promise.withResolvers<void>();
  const turn: Turn = async function* () {
    yield { type: "text", text: before };
    await gate.promise;
    yield { type: "text", text: after };
  };
  return { turn, letGo: gate.resolve };
}

async function ask(page: Page, text: string): Promise<void> {
  await page.fill("#input", text);
  await page.press("#input", "Enter");
}

/** Waits until the newest turn is over. */
const done = (page: Page) => page.waitForSelector(".turn:last-child:not(.running)");
const texts = (page: Page, selector: string) => page.locator(selector).allInnerTexts();

const streamed = pausing("Sunny in **Os", "lo**, 21 °C.");
rule("Page shows an answer while it is written", { model: [streamed.turn] }, async ({ page }) => {
  assert.equal(await page.innerText("#agent-name"), "tester");
  await ask(page, "How is Oslo?");
  await page.waitForSelector(".answer.streaming :text('Sunny in **Os')");
  assert(await page.isVisible("#stop"));
  assert(await page.isHidden("#send"));
  streamed.letGo();
  await done(page);
  assert.deepEqual(await texts(page, ".answer"), ["Sunny in Oslo, 21 °C."]);
  assert.deepEqual(await texts(page, ".answer strong"), ["Oslo"]);
  assert.deepEqual(await texts(page, ".bubble"), ["You\nHow is Oslo?"]);
  assert(await page.isVisible("#send"));
  assert(await page.isHidden("#demo"));
});

rule("Page stops a run with Escape and asks again", { model: [hang(), say("Here.")] }, async ({ page }) => {
  await ask(page, "Are you there?");
  await page.waitForSelector(".status :text('Thinking…')");
  await page.keyboard.press("Escape");
  await done(page);
  assert.deepEqual(await texts(page, ".note"), ["Stopped"]);
  await ask(page, "And now?");
  await page.waitForSelector(".turn:nth-child(2):not(.running)");
  assert.deepEqual(await texts(page, ".answer"), ["Here."]);
});

rule(
  "Page writes a new line with Shift+Enter and sends with Enter",
  { model: [say("ok")] },
  async ({ page }) => {
    await page.focus("#input");
    await page.keyboard.type("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    assert.equal(await page.locator(".turn").count(), 0);
    await page.keyboard.press("Enter");
    await done(page);
    assert.deepEqual(await texts(page, ".bubble"), ["You\none\ntwo"]);
  },
);

const forecast = defineTool({
  name: "forecast",
  description: "Forecast",
  parameters: z.object({ city: z.string() }),
  execute: ({ city }) => new ToolResult({ output: `${city}: sunny`, data: [{ day: "today", high: 21 }] }),
});
const broken = defineTool({
  name: "broken",
  description: "Fails",
  execute: () => new ToolResult({ error: "No power" }),
});
const twoCalls = calling([["forecast", { city: "Oslo" }], ["broken", {}]], "I will look it up.");
rule("Page folds thoughts and tools into cards that say how it went", {
  agent: { tools: [forecast, broken] },
  model: [twoCalls, say("Sunny.")],
}, async ({ page }) => {
  await ask(page, "How is Oslo?");
  await done(page);
  assert.deepEqual(await texts(page, ".card-name"), ["Thought", "forecast", "broken"]);
  assert.deepEqual(await texts(page, ".card-state"), ["done", "failed"]);
  assert.match((await texts(page, ".card-time"))[0], /^\d+ ms$/);
  assert.deepEqual(await texts(page, ".answer"), ["Sunny."], "the text before the calls is no answer");
  const body = page.locator(".card.tool").first().locator(".card-body");
  assert(await body.isHidden());
  await page.locator(".card.tool summary").first().click();
  assert.deepEqual(await body.locator("pre").allInnerTexts(), ['{\n  "city": "Oslo"\n}', "Oslo: sunny"]);
  assert.deepEqual(await body.locator("tr").allInnerTexts(), ["day\thigh", "today\t21"]);
  await page.locator(".card.tool summary").last().click();
  assert.deepEqual(await texts(page, ".card.tool pre.bad"), ["No power"]);
  await page.locator(".card.thought summary").click();
  assert.deepEqual(await texts(page, ".card.thought .prose"), ["I will look it up."]);
});

const sent: unknown[] = [];
const sendMail = defineTool({
  name: "send_mail",
  description: "Sends a mail",
  parameters: z.object({ to: z.string() }),
  userConfirm: true,
  execute: (args) => {
    sent.push(args);
    return "sent";
  },
});
rule("Page asks before a tool runs, with arguments that can be changed", {
  agent: { tools: [sendMail] },
  model: [
    calling([["send_mail", { to: "Bob" }], ["send_mail", { to: "Eve" }]]),
    say("Done."),
  ],
}, async ({ page }) => {
  await ask(page, "Write to Bob and Eve");
  await page.waitForSelector(".confirm[data-state=open]");
  assert.deepEqual(await texts(page, ".confirm h3"), ["Allow “send_mail”?"]);
  assert.deepEqual(await texts(page, ".card-state"), ["waiting"]);
  await page.fill(".editor", "{ not json");
  assert(await page.isDisabled(".primary"));
  assert.deepEqual(await texts(page, ".problem"), ["This must be a JSON object"]);
  await page.fill(".editor", '{"to": 7}');
  await page.click(".primary");
  await page.waitForSelector(".problem:not(:empty)");
  assert.deepEqual(sent, [], "arguments that do not fit the tool were let through");
  await page.fill(".editor", '{"to": "Alice"}');
  await page.click(".primary");
  await page.waitForSelector(".confirm[data-state=allowed]");
  await page.click(".confirm[data-state=open] .secondary");
  await done(page);
  assert.deepEqual(sent, [{ to: "Alice" }]);
  assert.deepEqual(await texts(page, ".confirm-outcome"), ["Allowed with changed arguments", "Refused"]);
  assert.deepEqual(await texts(page, ".card-state"), ["done", "failed"]);
});

const attack = '<img src="x" onerror="globalThis.harmed = 1"><script>globalThis.harmed = 2</script>';
const hostile = defineTool({
  name: "hostile",
  description: "Returns markup",
  execute: () => new ToolResult({ output: attack, data: [{ [attack]: attack }] }),
});
rule("Page shows markup in names, arguments, results and answers as the text it is", {
  agent: { name: `bot ${attack}`, tools: [hostile] },
  model: [
    calling([["hostile", { note: attack }], [attack, {}]], attack),
    say(
      `${attack}\n\n- **${attack}**\n\n[click](javascript:globalThis.harmed=3) <a href="javascript:1">x</a>`,
    ),
  ],
}, async ({ page }) => {
  await ask(page, attack);
  await done(page);
  assert.equal(await page.evaluate(() => (globalThis as { harmed?: number }).harmed), undefined);
  const made = "#transcript :is(img, script, iframe, [onerror], a[href^='javascript'])";
  assert.equal(await page.locator(made).count(), 0);
  assert.equal((await texts(page, ".answer li strong"))[0], attack);
  assert.equal(await page.innerText("#agent-name"), `bot ${attack}`);
  assert.deepEqual((await texts(page, ".card-name")).slice(1), ["hostile", attack]);
  assert(
    await page.evaluate(() => {
      try {
        document.body.innerHTML = "<b>markup</b>";
        return false;
      } catch {
        return true;
      }
    }),
    "the policy lets text become markup",
  );
});

const reloaded = pausing("One, ", "two.");
rule(
  "Page that is reloaded in the middle of an answer shows all of it",
  { model: [reloaded.turn] },
  async ({ page }) => {
    await ask(page, "Count");
    await page.waitForSelector(".answer :text('One,')");
    await page.reload();
    await page.waitForSelector(".answer.streaming :text('One,')");
    assert.deepEqual(await texts(page, ".bubble"), ["You\nCount"]);
    assert(await page.isVisible("#stop"));
    reloaded.letGo();
    await done(page);
    assert.deepEqual(await texts(page, ".answer"), ["One, two."]);
  },
);

const interrupted = pausing("Before ", "and after.");
rule("Page says that the connection was lost, and goes on where it stood", {
  agent: { tools: [forecast] },
  model: [call("forecast", { city: "Oslo" }), interrupted.turn],
}, async ({ page, wire }) => {
  await ask(page, "Tell me");
  await page.waitForSelector(".answer :text('Before')");
  await page.context().setOffline(true);
  wire.cut();
  await page.waitForSelector("#banner:has-text('Connection lost')");
  assert.equal(await page.getAttribute("#link", "data-phase"), "waiting");
  interrupted.letGo();
  await page.context().setOffline(false);
  await page.waitForSelector("#banner:has-text('Connection restored')");
  await done(page);
  assert.deepEqual(await texts(page, ".answer"), ["Before and after."]);
  assert.deepEqual(await texts(page, ".card-name"), ["forecast"]);
  assert.equal(await page.locator(".turn").count(), 1);
});

rule("Page sends a message that was written without a connection when it is back, once", {
  model: [say("Got it.")],
}, async ({ page, wire }) => {
  await page.context().setOffline(true);
  wire.cut();
  await page.waitForSelector("#banner:not([hidden])");
  await ask(page, "Hello?");
  assert.deepEqual(await texts(page, ".status"), ["Will be sent once connected…"]);
  await page.context().setOffline(false);
  await page.waitForSelector(".answer :text('Got it.')");
  await done(page);
  assert.deepEqual(await texts(page, ".bubble"), ["You\nHello?"]);
});

rule("Page reports a failed run and tries again on request", {
  model: [failing("The model is unreachable"), say("Better.")],
}, async ({ page }) => {
  await ask(page, "Try");
  await done(page);
  assert.match((await texts(page, ".note-bad"))[0], /The model is unreachable/);
  await page.click(".note-bad button");
  await page.waitForSelector(".answer :text('Better.')");
  assert.deepEqual(await texts(page, ".bubble"), ["You\nTry", "You\nTry"]);
});

rule("Page speaks the reader's language and remembers another choice", {
  locale: "zh-CN",
  agents: [createReactAgent({ name: "helper" })],
  model: [say("好的。"), say("Fine.")],
}, async ({ page }) => {
  assert.equal(await page.innerText("#greeting"), "你好，我是 helper");
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
  await page.click("#language");
  await page.waitForSelector('#link[data-phase="ready"]:has-text("Connected")');
  assert.equal(await page.innerText("#greeting"), "Hi, I am helper");
  await page.reload();
  await page.waitForSelector('#link:has-text("Connected")');
  assert.equal(await page.getAttribute("#input", "aria-label"), "Write a message…");
  await page.locator(".example").first().click();
  await done(page);
  assert.deepEqual(await texts(page, ".bubble"), ["You\n北京今天天气怎么样？"]);
});

rule(
  "Page follows the system's theme until the reader chooses",
  { colorScheme: "dark" },
  async ({ page }) => {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    await page.emulateMedia({ colorScheme: "light" });
    const light = await paper();
    assert.notEqual(dark, light);
    await page.click("#theme");
    assert.equal(await paper(), dark);
    await page.reload();
    await page.waitForSelector('#link[data-phase="ready"]');
    assert.equal(await paper(), dark);
  },
);

const long = Array.from({ length: 80 }, (_, index) => `Paragraph ${index + 1} of a long answer.`).join(
  "\n\n",
);
const scrolled = pausing(long, `\n\n${long}`);
rule("Page follows a growing answer but leaves a reader who scrolled up alone", {
  viewport: { width: 390, height: 844 },
  model: [scrolled.turn],
}, async ({ page }) => {
  await ask(page, "Talk");
  const distance = () =>
    page.$eval("#scroller", (box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  await page.waitForSelector(".answer :text('Paragraph 80')");
  await page.waitForFunction(() => {
    const box = document.querySelector("#scroller")!;
    return box.scrollHeight - box.scrollTop - box.clientHeight < 5;
  });
  await page.$eval("#scroller", (box) => box.scrollTo(0, 300));
  await page.waitForSelector("#jump:not([hidden])");
  scrolled.letGo();
  await done(page);
  assert.equal(await page.$eval("#scroller", (box) => box.scrollTop), 300);
  await page.click("#jump");
  assert((await distance()) < 5);
  assert(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    "wider than the phone",
  );
});

/** Seed 003's page, saved as a file and opened in a browser. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromiumPath, openBrowser } from "../../helpers/browser.ts";
import { cutBlock, withoutRepeats } from "./documents.ts";
import { seedTest, serveAgent } from "./seed_server.ts";

const noBrowser = chromiumPath ? undefined : "no Chromium in /usr/bin";

seedTest(
  "Seed 003's page, opened from a file, connects, asks and shows the answers",
  [noBrowser],
  async () => {
    await using _server = await serveAgent("hello");
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "index.html");
      await Deno.writeTextFile(file, cutBlock("003", "html", "handleMessage"));
      await using browser = await openBrowser();
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      await page.goto(pathToFileURL(file).href);
      const rows = page.locator("#messages div");
      await rows.filter({ hasText: "系统: 会话创建成功" }).waitFor();

      const answers = rows.filter({ hasText: /^Agent: (?!💭)/ });
      await page.fill("#messageInput", "你好，请介绍一下自己");
      await page.click("button");
      await answers.nth(0).waitFor();
      await page.fill("#messageInput", "你好");
      await page.press("#messageInput", "Enter");
      await answers.nth(1).waitFor();

      const senders = (await rows.allTextContents()).map((text) => text.slice(0, text.indexOf(":")));
      assert.deepEqual(withoutRepeats(senders), ["系统", "用户", "Agent", "用户", "Agent"]);
      assert.deepEqual(faults, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

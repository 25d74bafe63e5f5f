import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { servePage } from "../../src/console/page.ts";
import { chromiumPath, openBrowser, withoutChromium } from "../helpers/browser.ts";

// deno-lint-ignore no-explicit-any -- frames as the JSON they are
type AnyFrame = Record<string, any>;

/** Plays the server's side of the protocol by hand, so that a test can send what a healthy server rarely does. */
class Peer implements AsyncDisposable {
  readonly commands: AnyFrame[] = [];
  #sockets: WebSocket[] = [];
  #waiting: (() => void)[] = [];
  #heartbeatSeconds: number;
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => this.#answer(request),
  );

  constructor(heartbeatSeconds: number) {
    this.#heartbeatSeconds = heartbeatSeconds;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.headers.get("upgrade") !== "websocket") {
      return await servePage(pathname, request.headers) ?? new Response(null, { status: 404 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    this.#sockets.push(socket);
    socket.onmessage = ({ data }) => {
      this.commands.push(JSON.parse(data));
      for (const wake of this.#waiting.splice(0)) wake();
    };
    socket.onopen = () => {
      const metadata = { heartbeat_interval_seconds: this.#heartbeatSeconds, auth_required: false };
      this.send({ event: "system.connected", metadata });
    };
    return response;
  }

  /** Sends frames on the newest socket. */
  send(...frames: AnyFrame[]): void {
    for (const frame of frames) this.#sockets.at(-1)!.send(JSON.stringify({ metadata: {}, ...frame }));
  }

  /** The events of a log, numbered from `seq` on. */
  log(seq: number, ...frames: AnyFrame[]): void {
    frames.forEach((frame, index) => this.send(numbered(seq + index, frame)));
  }

  close(code: number, reason = ""): void {
    this.#sockets.at(-1)!.close(code, reason);
  }

  /** The command number `count` of this name; waits for it. */
  async command(event: string, count = 1): Promise<AnyFrame> {
    for (;;) {
      const found = this.commands.filter((command) => command.event === event)[count - 1];
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Answers user.create_session. */
  async create(session_id = "S1"): Promise<void> {
    await this.command("user.create_session");
    const metadata = { agent_name: "tester", epoch: "e1" };
    this.send(numbered(1, { event: "agent.session_created", session_id, metadata }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#server.shutdown();
  }
}

const run = (event: string, content: unknown, metadata: AnyFrame = {}, more: AnyFrame = {}) => ({
  event,
  content,
  ...more,
  metadata: { run_id: "run_1", ...metadata },
});
const numbered = (seq: number, frame: AnyFrame) => ({
  session_id: "S1",
  seq,
  event_id: `S1~e1~${seq}`,
  ...frame,
});
const start = run("agent.thinking", "…", { stage: "start", step: 0, input: "Hello" });
const piece = (text: string, metadata: AnyFrame = {}) =>
  run("agent.partial_answer", text, { stream_id: "st_1", is_final: false, ...metadata });
const final = (text: string, metadata: AnyFrame = {}) =>
  run("agent.final_answer", text, { terminal: true, stream_id: "st_1", ...metadata });
const question = (metadata: AnyFrame = {}) =>
  run("agent.user_confirm", "Allow?", { scope: "tool", tool_name: "mail", tool_args: {}, ...metadata }, {
    step_id: "confirm_1",
  });
const resumed = (metadata: AnyFrame) => ({
  event: "agent.session_created",
  session_id: "S1",
  metadata: {
    reconnected: true,
    epoch: "e1",
    state: "RUNNING",
    run_id: "run_1",
    agent_name: "tester",
    ...metadata,
  },
});
const replay = { event: "system.notice", session_id: "S1", metadata: { action: "replay", replayed: 0 } };

function rule(
  name: string,
  check: (scene: { page: Page; peer: Peer }) => Promise<void>,
  heartbeatSeconds = 30,
): void {
  Deno.test({
    name: name + withoutChromium,
    ignore: chromiumPath === undefined,
    async fn() {
      await using peer = new Peer(heartbeatSeconds);
      await using browser = await openBrowser();
      const page = await browser.newPage({ locale: "en-US" });
      page.setDefaultTimeout(15_000);
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      await page.goto(peer.url);
      await check({ page, peer });
      assert.deepEqual(faults, [], "the page's scripts failed");
    },
  });
}

/** What people read in these elements. */
const texts = (page: Page, selector: string) => page.locator(selector).allInnerTexts();
const over = (page: Page) => page.waitForSelector(".turn:last-child:not(.running)");

rule("Page asks for a session in its language and shows who answers", async ({ page, peer }) => {
  const { content } = await peer.command("user.create_session");
  assert.equal(content.language, "en");
  await peer.create();
  await page.waitForSelector("#greeting:text('Hi, I am tester')");
});

rule(
  "Page takes every event once, acknowledges in pauses, and resumes after the newest",
  async ({ page, peer }) => {
    await peer.create();
    peer.log(2, start, ...Array.from({ length: 60 }, (_, index) => piece(`${index} `)));
    peer.log(30, piece("again "), piece("again "));
    await page.waitForSelector(".answer :text('59')");
    const ack = await peer.command("user.ack", 1);
    assert.match(ack.content.last_event_id, /^S1~e1~\d+$/);
    peer.close(4008, "slow_consumer");
    const { session_id, content } = await peer.command("user.reconnect");
    assert.deepEqual([session_id, content], ["S1", { last_event_id: "S1~e1~62" }]);
    peer.send(resumed({ recovered: true, latest_seq: 63 }));
    peer.log(62, piece("59 "), final("0 to 59"));
    peer.send(replay);
    await over(page);
    assert.deepEqual(await texts(page, ".answer"), ["0 to 59"]);
    const acks = peer.commands.filter((command) => command.event === "user.ack");
    assert(acks.length <= 4, `${acks.length} acks for 63 events`);
  },
);

rule("Page drops a discarded stream and shows its text as a thought", async ({ page, peer }) => {
  await peer.create();
  peer.log(2, start, piece("Let me look."));
  await page.waitForSelector(".answer :text('Let me look.')");
  peer.log(4, piece("", { is_final: true, discarded: true }));
  await page.waitForSelector(".answer", { state: "detached" });
  peer.log(5, run("agent.thinking", "Let me look.", { stage: "model", step: 1, stream_id: "st_1" }));
  peer.log(6, piece("Yes", { stream_id: "st_2" }), piece("", { stream_id: "st_2", is_final: true }));
  peer.log(8, final("Yes.", { stream_id: "st_2", demo: true }));
  await over(page);
  assert.deepEqual(await texts(page, ".answer"), ["Yes."]);
  assert.deepEqual(await texts(page, ".card-brief"), ["Let me look."]);
  assert(await page.isVisible("#demo"));
});

rule(
  "Page takes the snapshot after a gap, goes on with the open stream, and moves its position",
  async ({ page, peer }) => {
    await peer.create();
    peer.log(2, start, piece("lost"));
    await page.waitForSelector(".answer :text('lost')");
    peer.close(1011, "internal_error");
    await peer.command("user.reconnect");
    const messages = [
      { role: "user", content: "First" },
      { role: "assistant", content: "", tool_calls: [{ id: "c1", name: "look", arguments: '{"a":1}' }] },
      { role: "tool", content: "seen", tool_call_id: "c1", name: "look" },
      { role: "assistant", content: "Answer one" },
      { role: "user", content: "Second" },
      { role: "assistant", content: "Half an " },
    ];
    peer.send(
      resumed({ recovered: false, reason: "position_too_old", latest_seq: 500 }),
      {
        event: "agent.llm_message",
        session_id: "S1",
        content: { messages, total_messages: 6 },
        metadata: { snapshot: true, open_stream_id: "st_9" },
      },
      numbered(480, question({ reoffered: true })),
      replay,
    );
    peer.log(501, piece("answer", { stream_id: "st_9" }));
    await page.waitForSelector(".answer :text('Half an answer')");
    assert.deepEqual(await texts(page, ".bubble"), ["You\nFirst", "You\nSecond"]);
    assert.deepEqual(await texts(page, ".answer"), ["Answer one", "Half an answer"]);
    assert.deepEqual(await texts(page, ".card-name"), ["look"]);
    assert.equal(await page.locator(".confirm[data-state=open]").count(), 1);
    peer.log(502, final("Half an answer.", { stream_id: "st_9" }));
    await over(page);
    peer.close(4008);
    assert.deepEqual((await peer.command("user.reconnect", 2)).content, { last_event_id: "S1~e1~502" });
  },
);

rule(
  "Page keeps one card for a question that is offered again, and opens it if its answer got lost",
  async ({ page, peer }) => {
    await peer.create();
    peer.log(2, start, question());
    await page.click(".confirm .primary");
    const { step_id, content } = await peer.command("user.response");
    assert.deepEqual([step_id, content], ["confirm_1", { confirmed: true }]);
    assert(await page.isDisabled(".confirm .primary"));
    peer.close(4008);
    await peer.command("user.reconnect");
    peer.send(
      resumed({ recovered: true, latest_seq: 3 }),
      numbered(3, question({ reoffered: true })),
      replay,
    );
    await page.waitForSelector(".confirm .primary:enabled");
    assert.equal(await page.locator(".confirm").count(), 1);
    peer.log(4, run("system.notice", "…", { action: "confirm_timeout", step_id: "confirm_1" }));
    await page.waitForSelector(".confirm-outcome:text('No answer in time')");
  },
);

rule(
  "Page starts a new session when the server has lost the old one, below what was said",
  async ({ page, peer }) => {
    await peer.create();
    peer.log(2, start, piece("Old"), final("Old answer"));
    await over(page);
    peer.close(1001, "shutdown");
    await peer.command("user.reconnect");
    const metadata = { error_code: "ERR_CONNECTION_902", recovery_action: "create_new_session" };
    peer.send({ event: "agent.error", session_id: "S1", content: "Session not found", metadata });
    await peer.command("user.create_session", 2);
    peer.send(
      numbered(1, { event: "agent.session_created", session_id: "S2", metadata: { agent_name: "tester" } }),
    );
    await page.waitForSelector('#link[data-phase="ready"]');
    assert.equal(await page.locator(".divider").count(), 1);
    assert.deepEqual(await texts(page, ".answer"), ["Old answer"]);
    await page.fill("#input", "Still there?");
    await page.press("#input", "Enter");
    assert.equal((await peer.command("user.message")).session_id, "S2");
  },
);

const marked = [
  "# Title",
  "Plain *soft* **strong** `code` [link](https://example.org/a) http://example.org/b.",
  "1. one\n   - inner\n2. two",
  "| a | b |\n|---|---|\n| 1 | 2 |",
  "```js\n**as it is**\n```",
  "> said",
].join("\n\n");
rule("Page renders light Markdown, with links to http and https only", async ({ page, peer }) => {
  await peer.create();
  peer.log(2, start, final(`${marked}\n\n[a](data:text/html,1) [b](ftp://example.org) [c](/d)`));
  await over(page);
  const shape = await page.$eval(".answer", (answer) => {
    const outline = (node: Element): string =>
      node.localName + (node.children.length ? `(${[...node.children].map(outline).join(" ")})` : "");
    return [...answer.children].map(outline);
  });
  assert.deepEqual(shape, [
    "h3",
    "p(em strong code a a)",
    "ol(li(ul(li)) li)",
    "div(table(thead(tr(th th)) tbody(tr(td td))))",
    "pre(code)",
    "blockquote",
    "p",
  ]);
  assert.deepEqual(await texts(page, ".answer pre"), ["**as it is**"]);
  const links = page.locator(".answer a[rel='noopener noreferrer nofollow'][target=_blank]");
  const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  assert.deepEqual(addresses, ["https://example.org/a", "http://example.org/b"]);
});

rule(
  "Page survives events it does not know, and ends a run at its terminal mark only",
  async ({ page, peer }) => {
    await peer.create();
    peer.send({ event: "system.heartbeat" }, { event: "nobody.knows", content: { deep: [1] } }, {
      event: "",
    });
    peer.log(
      2,
      start,
      run("shop.cart_changed", { items: 2 }, {}, { show_content: "The cart has 2 items" }),
      run("agent.timeout", "…", { reason: "max_steps", max_steps: 5 }),
      run("agent.llm_message", { messages: [{ role: "user", content: "raw" }], total_messages: 1 }),
      run("system.notice", "…", { action: "retry", error: "flaky" }),
      run("agent.tool_result", null, { tool: "late", status: "unknown", duration_ms: 1 }, {
        step_id: "step_9_late",
      }),
      run("agent.thinking", { not: "text" }, { stage: "model" }),
      run("agent.partial_answer", 7, {}),
      run("error.execution", "Query failed", {}, { show_content: "Failed: Query failed" }),
    );
    await page.waitForSelector(".note:has-text('Query failed')");
    assert(await page.isVisible("#stop"), "the run is not over yet");
    peer.log(12, run("solver.completed", {}, { terminal: true }));
    await over(page);
    assert.deepEqual(await texts(page, ".note"), [
      "The cart has 2 items",
      "Out of steps, summing up",
      "Something failed, trying again: flaky",
      "Failed: Query failed",
    ]);
    assert.deepEqual(await texts(page, ".card-state"), ["outcome unknown"]);
  },
);

rule("Page says why a message was refused and keeps the run that is going on", async ({ page, peer }) => {
  await peer.create();
  await page.fill("#input", "Hello");
  await page.press("#input", "Enter");
  const { message_id } = await peer.command("user.message");
  const metadata = { error_code: "ERR_RATELIMIT_702", recovery_action: "wait", reply_to: message_id };
  peer.send({ event: "agent.error", session_id: "S1", content: "Agent is currently running", metadata });
  await page.waitForSelector(".note-bad:has-text('Agent is currently running')");
  assert(await page.isVisible("#send"));
});

rule("Page does not come back after a refusal, and says so", async ({ page, peer }) => {
  await peer.create();
  await page.waitForSelector('#link[data-phase="ready"]');
  peer.close(4001, "invalid_token");
  await page.waitForSelector("#banner:has-text('Not authenticated')");
  assert.equal(await page.getAttribute("#link", "data-phase"), "stopped");
  await page.click("#banner button");
  await peer.command("user.reconnect");
});

rule("Page takes long silence for a broken line and connects again", async ({ peer }) => {
  await peer.create();
  await peer.command("user.reconnect");
}, 0.1);

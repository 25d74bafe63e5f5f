import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { agent } from "../../agents/business.ts";
import type { AgentEvent, Question, RunOptions } from "../../src/agent/agent.ts";
import { DemoModel } from "../../src/model/demo.ts";

const model = new DemoModel();
const english = { model, language: "en" } as const;

/** Runs with an outbox of its own and hands over what was written there. */
async function withOutbox(
  check: (mails: () => Promise<Map<string, string>>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "outbox-"));
  const before = process.env.OUTBOX_DIR;
  process.env.OUTBOX_DIR = folder;
  try {
    await check(async () => {
      const names = await readdir(folder);
      return new Map(
        await Promise.all(
          names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const),
        ),
      );
    });
  } finally {
    if (before === undefined) delete process.env.OUTBOX_DIR;
    else process.env.OUTBOX_DIR = before;
    await rm(folder, { recursive: true });
  }
}

const questions: Question[] = [];
const yes: RunOptions["confirm"] = (question) => {
  questions.push(question);
  return Promise.resolve({ confirmed: true });
};

async function resultsOf(
  text: string,
  options: RunOptions,
): Promise<Extract<AgentEvent, { type: "tool_result" }>[]> {
  const results = [];
  for await (const event of agent.stream(text, options)) {
    if (event.type === "tool_result") results.push(event);
  }
  return results;
}

Deno.test("Business: customers and orders are looked up, in Chinese and English", async () => {
  const everyone = await agent.run("显示所有客户", { model });
  for (const name of ["Alice", "Bob", "张伟", "李娜"]) assert.ok(everyone.includes(name), name);
  const orders = await agent.run("Show Alice's orders", english);
  for (const id of ["1001", "1004", "1006"]) assert.ok(orders.includes(id), id);
  assert.ok(!orders.includes("1002"));
  const shipped = await agent.run("已发货的订单有哪些", { model });
  assert.ok(shipped.includes("1001") && shipped.includes("1003") && !shipped.includes("1002"));
});

Deno.test("Business: rows go to the client as data for charts", async () => {
  const [result] = await resultsOf("每个月的销售额", { model });
  assert.deepEqual(result.data, [
    { month: "2026-01", sales: 2298 },
    { month: "2026-02", sales: 7128 },
    { month: "2026-03", sales: 8098 },
  ]);
});

Deno.test("Business: mail is written to the outbox after the user agreed", async () => {
  await withOutbox(async (mails) => {
    questions.length = 0;
    const answer = await agent.run("给 Alice 发一封邮件，主题是发货通知，内容是订单 1001 已经发货", {
      model,
      confirm: yes,
    });
    assert.match(answer, /邮件已发送给 alice@example\.com，主题：发货通知/);
    assert.equal(questions[0].tool, "send_email");
    assert.deepEqual(questions[0].args, { to: "Alice", subject: "发货通知", body: "订单 1001 已经发货" });
    const [[name, mail]] = await mails();
    assert.match(name, /\.eml$/);
    assert.match(mail, /^To: alice@example\.com\nSubject: 发货通知\n/);
    assert.match(mail, /\n\n订单 1001 已经发货\n$/);
  });
});

Deno.test("Business: the shortest request for a mail works, in Chinese and English", async () => {
  await withOutbox(async (mails) => {
    assert.match(await agent.run("给 Alice 发一封邮件", { model, confirm: yes }), /alice@example\.com/);
    const answer = await agent.run("Email Bob and tell him that the monitor is ready", {
      ...english,
      confirm: yes,
    });
    assert.match(answer, /Mail sent to bob@example\.com/);
    const texts = [...(await mails()).values()];
    assert.equal(texts.length, 2);
    assert.ok(texts.some((text) => text.includes("the monitor is ready")));
  });
});

Deno.test("Business: a refused mail is not written", async () => {
  await withOutbox(async (mails) => {
    const refuse = () => Promise.resolve({ confirmed: false });
    assert.match(await agent.run("给 Alice 发一封邮件：你好", { model, confirm: refuse }), /已取消/);
    assert.match(
      await agent.run("给 Alice 发一封邮件：你好", { model }),
      /已取消/,
      "nobody to ask is a refusal",
    );
    assert.equal((await mails()).size, 0);
  });
});

Deno.test("Business: the user may change the mail before it is sent", async () => {
  await withOutbox(async (mails) => {
    const change: RunOptions["confirm"] = (_, accepts) => {
      const args = { to: "Bob", subject: "Changed", body: "By the user" };
      return Promise.resolve({ confirmed: true, args: accepts ? accepts(args) : args });
    };
    await agent.run("给 Alice 发一封邮件：你好", { model, confirm: change });
    const [[, mail]] = await mails();
    assert.match(mail, /^To: bob@example\.com\nSubject: Changed\n/);
  });
});

Deno.test("Business: nobody can choose where a mail is written, nor add headers to it", async () => {
  await withOutbox(async (mails) => {
    const evil: RunOptions["confirm"] = () =>
      Promise.resolve({
        confirmed: true,
        args: { to: "a@example.com", subject: "../../x\r\nBcc: everyone@example.com", body: "b" },
      });
    await agent.run("给 Alice 发一封邮件：你好", { model, confirm: evil });
    const [[name, mail]] = await mails();
    assert.doesNotMatch(name, /[/\\]/);
    assert.doesNotMatch(mail, /^Bcc:/m);
    const path: RunOptions["confirm"] = () =>
      Promise.resolve({ confirmed: true, args: { to: "../../etc/passwd", subject: "x", body: "b" } });
    const [result] = await resultsOf("给 Alice 发一封邮件：你好", { model, confirm: path });
    assert.equal(result.status, "failed");
    assert.equal((await mails()).size, 1);
  });
});

Deno.test("Business: an unknown recipient is a failed result that says what to do", async () => {
  await withOutbox(async (mails) => {
    assert.match(
      await agent.run("给 Zoe 发邮件：你好", { model, confirm: yes }),
      /没有名为“Zoe”的客户，请给出邮箱地址/,
    );
    const answer = await agent.run("Send an email to Zoe saying hi", { ...english, confirm: yes });
    assert.match(answer, /no customer called "Zoe".*give an email address/);
    assert.equal((await mails()).size, 0);
  });
});

Deno.test("Business: what was looked up can be sent on", async () => {
  await withOutbox(async (mails) => {
    await agent.run("查询 Alice 的订单，然后发邮件给 bob@example.com", { model, confirm: yes });
    const [[, mail]] = await mails();
    assert.match(mail, /^To: bob@example\.com\n/);
    assert.match(mail, /1004.*Mouse/);
  });
});

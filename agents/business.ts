/**
 * A business assistant: it looks up customers and orders, and sends mail after asking.
 *
 * Try 显示所有客户, "Show Alice's orders", 每个月的销售额 and 给 Alice 发一封邮件，告诉她订单已经发货.
 * Mail is not really sent: each one becomes a file in the folder ./outbox (or OUTBOX_DIR).
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createReactAgent, defineTool, ToolResult } from "myagent";
import { z } from "zod";

// In place of a database.
const customers = [
  { name: "Alice", email: "alice@example.com", city: "上海" },
  { name: "Bob", email: "bob@example.com", city: "Berlin" },
  { name: "张伟", email: "zhangwei@example.com", city: "北京" },
  { name: "李娜", email: "lina@example.com", city: "广州" },
];

const orders = [
  { id: 1001, date: "2026-01-12", customer: "Alice", product: "Keyboard", amount: 399, status: "shipped" },
  { id: 1002, date: "2026-01-20", customer: "Bob", product: "Monitor", amount: 1899, status: "paid" },
  { id: 1003, date: "2026-02-03", customer: "张伟", product: "Laptop", amount: 6999, status: "shipped" },
  { id: 1004, date: "2026-02-17", customer: "Alice", product: "Mouse", amount: 129, status: "pending" },
  { id: 1005, date: "2026-03-05", customer: "李娜", product: "Headset", amount: 599, status: "paid" },
  { id: 1006, date: "2026-03-22", customer: "Alice", product: "Laptop", amount: 7499, status: "paid" },
];

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

const queryCustomers = defineTool({
  name: "query_customers",
  description: "查询客户列表。Looks up customers.",
  parameters: z.object({
    name: z.string().optional().describe("客户姓名 (customer name)"),
    city: z.string().optional().describe("所在城市 (city)"),
  }),
  idempotent: true,
  execute({ name, city }) {
    const found = customers.filter((row) => !name || same(row.name, name))
      .filter((row) => !city || same(row.city, city));
    return table(found);
  },
});

const queryOrders = defineTool({
  name: "query_orders",
  description: "查询订单。Looks up orders.",
  parameters: z.object({
    customer: z.string().optional().describe("客户姓名 (customer name)"),
    status: z.enum(["pending", "paid", "shipped"]).optional().describe(
      "订单状态：pending 待处理, paid 已付款, shipped 已发货",
    ),
    limit: z.int().min(1).max(100).default(20).describe("最多返回几条 (number of rows)"),
  }),
  idempotent: true,
  execute({ customer, status, limit }) {
    const found = orders.filter((row) => !customer || same(row.customer, customer))
      .filter((row) => !status || row.status === status);
    return table(found.slice(0, limit));
  },
});

const salesByMonth = defineTool({
  name: "sales_by_month",
  description: "统计每个月的销售额。Sales per month.",
  parameters: z.object({}),
  idempotent: true,
  execute() {
    const months = Map.groupBy(orders, ({ date }) => date.slice(0, 7));
    return table([...months].map(([month, rows]) => ({
      month,
      sales: rows.reduce((sum, { amount }) => sum + amount, 0),
    })));
  },
});

const sendEmail = defineTool({
  name: "send_email",
  description: "给客户发送邮件，发送前需要用户确认。Sends an email to a customer.",
  parameters: z.object({
    to: z.string().min(1).describe("收件人：客户姓名或邮箱地址 (customer name or address)"),
    subject: z.string().max(200).optional().describe("主题 (subject)"),
    body: z.string().max(20_000).optional().describe("正文 (text)"),
  }),
  // The user sees the mail first and may change it, or refuse.
  userConfirm: true,
  async execute({ to, subject, body }, { language, idempotencyKey }) {
    const address = z.email().safeParse(to).success
      ? to
      : customers.find(({ name }) => same(name, to))?.email;
    if (!address) {
      return new ToolResult({
        error: language === "zh"
          ? `没有名为“${to}”的客户，请给出邮箱地址`
          : `There is no customer called "${to}": give an email address`,
      });
    }
    const mail = {
      address,
      subject: subject ?? (language === "zh" ? "（无主题）" : "(no subject)"),
      body: body ?? "",
    };
    const file = await writeMail(mail, idempotencyKey);
    return language === "zh"
      ? `邮件已发送给 ${address}，主题：${mail.subject}（文件 ${file}）`
      : `Mail sent to ${address}, subject: ${mail.subject} (file ${file})`;
  },
});

export const agent = createReactAgent({
  name: "business-assistant",
  description: "查询客户和订单，发送邮件 · Customers, orders and mail",
  tools: [queryCustomers, queryOrders, salesByMonth, sendEmail],
  systemPrompt: "你是一个业务助手，可以查询客户和订单、统计销售额、发送邮件。请用用户的语言回答。\n" +
    "You are a business assistant who looks up customers and orders, adds up sales and sends mail. Answer in the user's language.",
  maxSteps: 10,
});

/** Rows for the model, and as `data` for a client that draws tables and charts. */
function table(rows: readonly Record<string, unknown>[]): ToolResult {
  return new ToolResult({ output: rows, data: rows });
}

interface Mail {
  address: string;
  subject: string;
  body: string;
}

/** Writes a mail into the outbox and returns the file's name. */
async function writeMail({ address, subject, body }: Mail, key: string): Promise<string> {
  const folder = process.env.OUTBOX_DIR ?? "outbox";
  // Nothing the user or the model wrote may choose the place: no slash is left in the name, and it starts with the key
  // of the call. That is the same when a call is tried again, so that a mail is never there twice.
  const file = `${key}-${address}`.replace(/[^A-Za-z0-9@._-]+/g, "_").slice(0, 150) + ".eml";
  const line = (text: string) => text.replace(/[\r\n]+/g, " ");
  const head = [
    `To: ${line(address)}`,
    `Subject: ${line(subject)}`,
    "Content-Type: text/plain; charset=utf-8",
  ];
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), `${head.join("\n")}\n\n${body}\n`);
  return file;
}

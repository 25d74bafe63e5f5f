/** Questions and the calls that the demo model makes of them, with tools it has never seen. */
import assert from "node:assert/strict";
import { planCalls } from "../../src/model/demo_plan.ts";
import type { ToolSpec } from "../../src/model/model.ts";
import { text, tool } from "../helpers/demo_request.ts";

const now = new Date(2026, 10, 21);

function calls(question: string, tools: readonly ToolSpec[]): string[] {
  return planCalls({ question, tools, now }).map(({ tool: { name }, args, missing }) =>
    [name, JSON.stringify(args), ...missing.map((slot) => `?${slot.name}`)].join(" ")
  );
}

/** One test per toolbox: each question and its calls. */
function understands(name: string, tools: readonly ToolSpec[], cases: Record<string, string[]>): void {
  Deno.test(`${name}: every question gets its calls`, () => {
    for (const [question, expected] of Object.entries(cases)) {
      assert.deepEqual(calls(question, tools), expected, question);
    }
  });
}

understands("Places", [
  tool("get_weather", "Current weather in a city", { city: text() }),
  tool("get_city_info", "Facts about a city: country, population", { city: text() }),
], {
  "北京今天天气怎么样？": ['get_weather {"city":"北京"}'],
  "请问乌鲁木齐明天会下雨吗": ['get_weather {"city":"乌鲁木齐"}'],
  "北京、上海和呼和浩特的天气": [
    'get_weather {"city":"北京"}',
    'get_weather {"city":"上海"}',
    'get_weather {"city":"呼和浩特"}',
  ],
  "和田天气": ['get_weather {"city":"和田"}'],
  "成都会下雨吗？": ['get_weather {"city":"成都"}'],
  "马德里明天冷吗": ['get_weather {"city":"马德里"}'],
  "北京天气怎么样？上海呢？": ['get_weather {"city":"北京"}', 'get_weather {"city":"上海"}'],
  "东京和伦敦的天气和人口": [
    'get_weather {"city":"东京"}',
    'get_weather {"city":"伦敦"}',
    'get_city_info {"city":"东京"}',
    'get_city_info {"city":"伦敦"}',
  ],
  "呼和浩特的天气和人口": ['get_weather {"city":"呼和浩特"}', 'get_city_info {"city":"呼和浩特"}'],
  "weather in Tokyo and London and facts about Paris": [
    'get_weather {"city":"Tokyo"}',
    'get_weather {"city":"London"}',
    'get_city_info {"city":"Paris"}',
  ],
  "北京的天气和人口": ['get_weather {"city":"北京"}', 'get_city_info {"city":"北京"}'],
  "告诉我上海的基本信息": ['get_city_info {"city":"上海"}'],
  "帮我查一下 New York 的天气": ['get_weather {"city":"New York"}'],
  "What's the temperature in Mexico City right now?": ['get_weather {"city":"Mexico City"}'],
  "weather in new york today?": ['get_weather {"city":"new york"}'],
  "Washington, D.C. weather": ['get_weather {"city":"Washington, D.C."}'],
  "weather in Paris, France": ['get_weather {"city":"Paris, France"}'],
  "Compare the weather in Berlin, Paris and Rome": [
    'get_weather {"city":"Berlin"}',
    'get_weather {"city":"Paris"}',
    'get_weather {"city":"Rome"}',
  ],
  "Rio de Janeiro and São Paulo weather": [
    'get_weather {"city":"Rio de Janeiro"}',
    'get_weather {"city":"São Paulo"}',
  ],
  "weather and facts of Berlin": ['get_weather {"city":"Berlin"}', 'get_city_info {"city":"Berlin"}'],
  "weather in Berlin and facts about Paris": [
    'get_weather {"city":"Berlin"}',
    'get_city_info {"city":"Paris"}',
  ],
  "What is the weather in Berlin? Will it rain?": ['get_weather {"city":"Berlin"}'],
  "今天天气怎么样": ["get_weather {} ?city"],
  "what is love": [],
  "给我讲个笑话": [],
});

understands("A seed's tool with a Chinese description", [
  tool("get_weather", "获取天气信息", { city: text("城市名称") }),
], {
  "查询北京天气": ['get_weather {"city":"北京"}'],
  "What's the weather like in London?": ['get_weather {"city":"London"}'],
  "告诉我上海的基本信息": [],
});

understands("A calculator with an expression", [
  tool("calculator", "Evaluates an arithmetic expression", { expression: text() }),
], {
  "What is 12 * (3 + 4)?": ['calculator {"expression":"12 * (3 + 4)"}'],
  "三加五等于几": ['calculator {"expression":"3+5"}'],
  "12 times 7": ['calculator {"expression":"12 * 7"}'],
  "how old are you": [],
});

understands("A calculator with an operation", [
  tool("calculate", "计算两个数", {
    a: { type: "number" },
    b: { type: "number" },
    operation: { type: "string", enum: ["add", "subtract", "multiply", "divide"] },
  }),
], {
  "3 加 5 等于多少": ['calculate {"a":3,"b":5,"operation":"add"}'],
  "12 除以 4": ['calculate {"a":12,"b":4,"operation":"divide"}'],
});

understands("A todo list", [
  tool("add_todo", "Adds an item to the todo list", { text: text("What to do") }),
  tool("list_todos", "Shows all todos"),
  tool("complete_todo", "Marks a todo as done", { id: { type: "integer" } }),
], {
  "Add buy milk to my todo list": ['add_todo {"text":"buy milk"}'],
  "add a todo: call Bob tomorrow": ['add_todo {"text":"call Bob tomorrow"}'],
  "Show my todos": ["list_todos {}"],
  "mark todo 3 as done": ['complete_todo {"id":3}'],
  "添加待办：买牛奶": ['add_todo {"text":"买牛奶"}'],
  "把买牛奶加入待办清单": ['add_todo {"text":"买牛奶"}'],
});

understands("A search", [tool("web_search", "Search the web", { query: text("Search query") })], {
  "search for typescript generics": ['web_search {"query":"typescript generics"}'],
  "搜索一下 Deno 的最新版本": ['web_search {"query":"Deno 的最新版本"}'],
  "Who wrote Hamlet?": ['web_search {"query":"Who wrote Hamlet"}'],
  "什么是量子计算？": ['web_search {"query":"什么是量子计算"}'],
  "who are you?": [],
});

understands("Mail and orders", [
  tool("query_orders", "查询订单", {
    customer: text("客户姓名"),
    status: text("状态：paid 已付款、shipped 已发货", { enum: ["paid", "shipped"] }),
    limit: { type: "integer", description: "最多返回几条" },
  }, []),
  tool("send_email", "发送邮件", { to: text("收件人姓名或邮箱"), subject: text("主题"), body: text("正文") }),
], {
  "给 Alice 发一封邮件，主题是会议，内容是明天三点开会，别迟到": [
    'send_email {"to":"Alice","subject":"会议","body":"明天三点开会，别迟到"}',
  ],
  "给张三发邮件，告诉他订单已经发货": [
    'send_email {"to":"张三","subject":"订单已经发货","body":"订单已经发货"}',
  ],
  'Send an email to bob@example.com with subject "Hello" and body "See you"': [
    'send_email {"to":"bob@example.com","subject":"Hello","body":"See you"}',
  ],
  "Email Alice and tell her that her order has shipped": [
    'send_email {"to":"Alice","subject":"her order has shipped","body":"her order has shipped"}',
  ],
  "给 Alice 发一封邮件": ['send_email {"to":"Alice"} ?subject ?body'],
  "Show Alice's orders": ['query_orders {"customer":"Alice"}'],
  "已发货的订单": ['query_orders {"status":"shipped"}'],
  "列出前5条订单": ['query_orders {"limit":5}'],
});

understands("All sorts of arguments", [
  tool("convert_currency", "Converts an amount of money between currencies", {
    amount: { type: "number" },
    from: text("Source currency code"),
    to: text("Target currency code"),
  }),
  tool("book_flight", "Books a flight", {
    origin: text(),
    destination: text(),
    date: text("Date", { format: "date" }),
    passengers: { type: "integer", default: 1 },
  }, ["origin", "destination", "date"]),
  tool("set_light", "Switches a light", {
    room: { type: "string", enum: ["kitchen", "bedroom"] },
    bright: { type: "boolean", description: "bright light" },
  }),
  tool("translate", "Translates text", { text: text("Text"), target_language: text("Language") }),
  tool("average", "计算平均值 Average of numbers", { numbers: { type: "array", items: { type: "number" } } }),
  tool("read_file", "Reads a file", { path: text("Path of the file") }),
  tool("fetch_page", "抓取网页 Fetches a web page", { url: text("", { format: "uri" }) }),
  tool("plan_meeting", "安排会议", {
    title: text("会议主题"),
    time: text("时间"),
    attendees: { type: "array", items: { type: "string" }, description: "参会人姓名" },
  }),
], {
  "Convert 100 USD to EUR": ['convert_currency {"amount":100,"from":"USD","to":"EUR"}'],
  "Book a flight from Berlin to Paris tomorrow": [
    'book_flight {"origin":"Berlin","destination":"Paris","date":"2026-11-22"}',
  ],
  "订一张 2026年12月1日 从北京到上海的机票": [
    'book_flight {"origin":"北京","destination":"上海","date":"2026-12-01"}',
  ],
  "Book a flight to Rome": ['book_flight {"destination":"Rome"} ?origin ?date'],
  "Switch the bedroom light, not bright": ['set_light {"room":"bedroom","bright":false}'],
  'Translate "good morning" to French': ['translate {"text":"good morning","target_language":"French"}'],
  "把“你好”翻译成英文": ['translate {"text":"你好","target_language":"英文"}'],
  "计算 3、5 和 7 的平均值": ['average {"numbers":[3,5,7]}'],
  "read the file notes.txt": ['read_file {"path":"notes.txt"}'],
  "抓取网页 https://example.com/a?b=1": ['fetch_page {"url":"https://example.com/a?b=1"}'],
  "下午3点和张三、李四开会，主题是季度总结": [
    'plan_meeting {"title":"季度总结","time":"下午3点","attendees":["张三","李四"]}',
  ],
});

Deno.test("Tools without a schema get the arguments that tools of their sort usually take", () => {
  const anything = { type: "object", properties: {}, additionalProperties: true };
  const tools = [
    { name: "query_database", description: "查询数据库", parameters: anything },
    { name: "send_email", description: "发送邮件", parameters: anything },
  ];
  assert.deepEqual(calls("查询数据库中的订单", tools), ['query_database {"query":"订单"}']);
  assert.deepEqual(calls("发送邮件给 a@b.com，主题是问候，内容是你好", tools), [
    'send_email {"to":"a@b.com","subject":"问候","body":"你好"}',
  ]);
});

Deno.test("What a description gives as an example is found in a question, whatever stands around it", () => {
  const tools = [tool("get_horoscope", "查询星座运势", { sign: text("星座，如狮子座、天秤座") })];
  assert.deepEqual(calls("狮子座今天运势如何", tools), ['get_horoscope {"sign":"狮子座"}']);
});

/** The words the demo model knows: everyday concepts in Chinese and English, and words that mean nothing by themselves. */

/**
 * One concept per row: its name, how much it says about what is wanted (1 by default, less for words that stand in
 * almost every question), and its words. A Chinese word counts wherever it occurs, an English one as a whole word.
 */
type Row = readonly [concept: string, words: string, strength?: number];

const rows: readonly Row[] = [
  [
    "query",
    "查询 查看 查一查 查查 显示 列出 看看 看一看 获取 get show list display fetch view query give",
    0.25,
  ],
  [
    "info",
    "信息 资料 介绍 概况 简介 情况 详情 info information detail overview fact describe description profile",
    0.7,
  ],
  ["city", "城市 city town", 0.25],
  ["user", "用户 user", 0.5],
  ["name", "名称 姓名 名字 name", 0.25],
  ["data", "数据 data", 0.5],
  ["time", "时间 几点 time clock", 1],
  ["date", "日期 星期 周几 几号 date weekday day", 0.5],
  [
    "weather",
    "天气 气温 温度 下雨 下雪 有雨 带伞 冷吗 热吗 多冷 多热 更冷 更热 哪个冷 哪个热 哪里冷 哪里热 冷不冷 热不热 下不下雨 几度 预报 weather forecast temperature rain raining snow snowing sunny hot cold warm umbrella",
    1,
  ],
  ["climate", "气候 climate"],
  ["population", "人口 population inhabitant"],
  ["country", "国家 country nation"],
  ["email", "电子邮件 邮件 邮箱 email mail e-mail"],
  ["send", "发送 发一封 发封 发给 发个 发条 寄 send", 0.8],
  ["message", "消息 短信 message sms"],
  ["notify", "通知 notify notification"],
  ["search", "搜索 搜一下 搜一搜 检索 查找 查一下 找一下 search find google lookup look", 0.8],
  ["web", "网上 互联网 网页 网络 web internet online"],
  ["customer", "客户 顾客 customer client"],
  ["order", "订单 order purchase"],
  ["product", "产品 商品 product item goods"],
  ["price", "价格 价钱 多少钱 报价 price cost"],
  ["stock", "股票 股价 stock share ticker trading"],
  ["inventory", "库存 inventory"],
  ["sale", "销售 销量 营收 收入 sale sales revenue"],
  [
    "calculate",
    "计算 算一算 算一下 求和 等于 算式 数学 calculate calculator compute arithmetic math equal evaluate",
  ],
  ["create", "添加 新增 增加 创建 新建 加入 记下 记录 add create insert append make"],
  ["delete", "删除 移除 清除 删掉 delete remove erase"],
  ["update", "更新 修改 更改 改成 update change edit modify"],
  ["complete", "完成 做完 complete done finish"],
  ["todo", "待办 任务 清单 todo to-do task"],
  ["remind", "提醒 闹钟 remind reminder alarm"],
  ["calendar", "日程 日历 会议 开会 预约 calendar meeting schedule appointment"],
  ["note", "笔记 备忘 note memo"],
  ["translate", "翻译 译成 translate translation translator"],
  ["news", "新闻 资讯 news headline"],
  ["file", "文件 文档 file document"],
  ["read", "读取 阅读 read"],
  ["write", "写入 保存 write save"],
  ["report", "报告 报表 统计 分析 report statistic analysis analyze analyse"],
  ["chart", "图表 画图 chart plot graph"],
  ["database", "数据库 数据表 database table sql"],
  ["greet", "你好 您好 打招呼 问好 问候 hello hi hey greet greeting"],
  ["convert", "换算 转换 兑换 汇率 convert conversion exchange currency"],
  ["route", "路线 导航 怎么走 route direction navigate"],
  ["distance", "距离 多远 distance far"],
  ["random", "随机 骰子 抽签 random dice roll"],
  ["play", "播放 play"],
  ["music", "音乐 歌曲 music song"],
  ["light", "灯 light lamp"],
  ["on", "打开 开启 开灯"],
  ["off", "关闭 关掉 关灯"],
  ["picture", "图片 图像 照片 image picture photo"],
  ["code", "代码 code"],
  ["run", "执行 运行 execute run"],
  ["flight", "航班 机票 flight"],
  ["train", "火车 高铁 train"],
  ["hotel", "酒店 宾馆 hotel"],
  ["restaurant", "餐厅 饭店 美食 restaurant"],
  ["movie", "电影 movie film"],
  ["book", "预订 预定 订票 book reserve reservation"],
  ["recipe", "菜谱 做法 recipe cook"],
  ["celsius", "摄氏 celsius"],
  ["fahrenheit", "华氏 fahrenheit"],
  ["plus", "加上 加法 plus sum"],
  ["minus", "减去 减法 minus subtract"],
  ["times", "乘以 乘法 times multiply multiplied"],
  ["divide", "除以 除法 divide divided"],
  ["high", "最高 紧急 高优先级 high urgent"],
  ["low", "最低 低优先级 low"],
  ["pending", "待处理 未处理 处理中 pending open"],
  ["paid", "已支付 已付款 paid"],
  ["shipped", "已发货 发货 shipped"],
  ["completed", "已完成 completed"],
  ["cancelled", "已取消 取消 cancelled canceled cancel"],
  ["english", "英文 英语 english"],
  ["chinese", "中文 汉语 chinese"],
  ["french", "法文 法语 french"],
  ["german", "德文 德语 german"],
  ["japanese", "日文 日语 japanese"],
  ["spanish", "西班牙语 spanish"],
];

export const strengths: ReadonlyMap<string, number> = new Map(
  rows.map(([concept, , strength = 1]) => [concept, strength]),
);

const isChinese = (word: string) => /\p{Script=Han}/u.test(word);
const words = rows.flatMap(([concept, list]) => list.split(" ").map((word) => [word, concept] as const));

/** Chinese word → concept, longest first, so that 电子邮件 is found before 邮件. */
export const chineseConcepts: readonly (readonly [word: string, concept: string])[] = words
  .filter(([word]) => isChinese(word)).sort((a, b) => b[0].length - a[0].length);

/** English word in its singular, plain form → concept. */
export const englishConcepts: ReadonlyMap<string, string> = new Map(
  words.filter(([word]) => !isChinese(word)),
);

const byLength = (list: string) => list.split(/\s+/).sort((a, b) => b.length - a.length);

/** Chinese phrases of politeness and grammar, longest first. */
export const chineseManners: readonly string[] = byLength(
  "请问 请你 请帮我 请 帮我 帮忙 麻烦你 麻烦 告诉我 和我说说 给我 我想知道 我想要 我想 我要 想要 想知道 能不能 能否 " +
    "可不可以 可以 是不是 是否 会不会 有没有 怎么样 怎么 怎样 如何 什么样 什么 哪些 哪个 哪里 哪儿 哪家 到哪了 到哪 几家 几位 几种 多少 为什么 几个 多大 多高 " +
    "多长 多久 一下 一个 一条 一项 一封 一些 一份 一点 所有 全部 每个 各个 这个 那个 我们 你们 他们 我的 你的 我叫 我是 叫做 自己 " +
    "谢谢 需要 应该 已经 还是 或者 因为 所以 但是 而且 然后 并且 同时 顺便 接着 之后 之前 关于 有关 对于 比较 一共 " +
    "总共 大概 好吗 可好 好不好 基本 的话 分别 适合 是多少",
);

/** Chinese phrases that are neither names nor subjects: the above and times. */
export const chineseFiller: readonly string[] = [
  ...chineseManners.filter((phrase) => phrase.length > 1),
  ...byLength(
    "今天 明天 后天 昨天 今晚 明早 早上 上午 中午 下午 晚上 现在 目前 当前 最近 最新 本周 这周 下周 周末 本月 上月 今年 去年 未来 几天",
  ),
];

/** English words without a subject of their own. */
export const englishFiller: ReadonlySet<string> = new Set(byLength(
  "a an the is are was were be been am do does did can could would will shall should may might must please kindly what " +
    "what's which who whom whose when where why how how's it it's its this that these those i i'm i'd me my mine you your " +
    "yours we us our they them their he him his she her of in on at to for from by with into as and or but not no yes " +
    "there here so if then than just also too now today tomorrow yesterday tonight current currently right some any " +
    "all every each much many more most very really like want need know let let's tell about help out up please thanks " +
    "thank ok okay both compare recent latest next last week weekend month year morning evening one has have had name's " +
    "called off look looking going",
));

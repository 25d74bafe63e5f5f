/** The agent that `init` writes. */
import type { Language } from "../config.ts";

const chinese = (file: string) =>
  `// 运行: myagent-ws run ${file} "北京现在几点？"
import { createReactAgent, defineTool } from "myagent";
import { z } from "zod";

// 工具: 一个参数形状和一个函数。模型读描述来决定何时调用它。
const currentTime = defineTool({
  name: "current_time",
  description: "查询一个城市现在的时间",
  parameters: z.object({
    city: z.string().describe("城市名称，例如 北京"),
  }),
  execute: ({ city }) => {
    const zones: Record<string, string> = {
      北京: "Asia/Shanghai",
      东京: "Asia/Tokyo",
      伦敦: "Europe/London",
      纽约: "America/New_York",
    };
    const timeZone = zones[city];
    if (!timeZone) return \`没有 \${city} 的时区，可以问: \${Object.keys(zones).join("、")}\`;
    return \`\${city}现在是 \${new Date().toLocaleString("zh-CN", { timeZone })}\`;
  },
});

// 必须命名为 agent。
export const agent = createReactAgent({
  name: "my-agent",
  description: "告诉你各地的时间",
  tools: [currentTime],
  systemPrompt: "你是一个友好的助手，回答简短。需要时间时使用工具。",
  maxSteps: 5,
});
`;

const english = (file: string) =>
  `// Try it: myagent-ws run ${file} "What time is it in London?"
import { createReactAgent, defineTool } from "myagent";
import { z } from "zod";

// A tool is a shape and a function. The model decides by the description when to call it.
const currentTime = defineTool({
  name: "current_time",
  description: "Tells the time in a city",
  parameters: z.object({
    city: z.string().describe("Name of the city, e.g. London"),
  }),
  execute: ({ city }) => {
    const zones: Record<string, string> = {
      London: "Europe/London",
      Berlin: "Europe/Berlin",
      Tokyo: "Asia/Tokyo",
      "New York": "America/New_York",
    };
    const timeZone = zones[city];
    if (!timeZone) return \`I do not know the time zone of \${city}; ask for \${Object.keys(zones).join(", ")}\`;
    return \`It is \${new Date().toLocaleString("en-GB", { timeZone })} in \${city}\`;
  },
});

// It must be called agent.
export const agent = createReactAgent({
  name: "my-agent",
  description: "Tells the time around the world",
  tools: [currentTime],
  systemPrompt: "You are a friendly assistant and answer briefly. Use the tool when you need the time.",
  maxSteps: 5,
});
`;

/** The text of the file; `file` is how its user calls it. */
export function starterAgent(language: Language, file: string): string {
  return language === "zh" ? chinese(file) : english(file);
}

/** A question that the starter answers, also on the demo model. */
export function starterQuestion(language: Language): string {
  return language === "zh" ? "北京现在几点？" : "What time is it in London?";
}

/**
 * The smallest agent: one tool.
 *
 *     deno run -A main.ts run agents/hello.ts 你好
 */
import { BaseTool, createReactAgent, type ToolContext, ToolResult } from "myagent";

class HelloTool extends BaseTool {
  name = "say_hello";
  override description = "向用户打招呼。Greets the user.";

  // A JSON schema tells the model which arguments there are; they are checked before `execute` sees them.
  override parameters = {
    type: "object",
    properties: {
      name: { type: "string", description: "用户名称 (name of the user)" },
    },
  };

  // The second argument is the context of the call: language, signal, values of the session and more.
  execute({ name }: { name?: string }, { language }: ToolContext): ToolResult {
    const output = language === "zh"
      ? `你好${name ? `，${name}` : ""}！很高兴认识你！`
      : `Hello${name ? `, ${name}` : ""}! Nice to meet you!`;
    return new ToolResult({ output });
  }
}

// The server looks for an export with the name `agent`.
export const agent = createReactAgent({
  name: "hello-assistant",
  tools: [new HelloTool()],
  systemPrompt: "你是一个友好的助手。You are a friendly assistant.",
  maxSteps: 3,
});

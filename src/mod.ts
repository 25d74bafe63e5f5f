/** The public door: what agent files and embedding programs import as "myagent". */
export { type AgentOptions, createReactAgent, createToolCallAgent } from "./agent/react.ts";
/** Spelled as in the quick start. */
export { createToolCallAgent as createToolcallAgent } from "./agent/react.ts";
export type { Agent, AgentEvent, Conclusion, Question, RunContext, RunOptions } from "./agent/agent.ts";
export { type Answer, type Args, BaseTool, defineTool, type Tool, type ToolContext } from "./tool/tool.ts";
export { ToolResult, type ToolResultInit } from "./tool/result.ts";
export type { Model, ModelPart, ModelRequest, ModelSettings, ToolSpec, Usage } from "./model/model.ts";
export { OpenAIModel, type OpenAIModelOptions } from "./model/openai.ts";
export { DemoModel } from "./model/demo.ts";
export { call, calling, failing, hang, say, ScriptedModel, type Turn, withUsage } from "./model/scripted.ts";
export type { Message, ToolRequest } from "./protocol/transcript.ts";
export { AppError, type ErrorCode } from "./errors.ts";
export { AgentWebSocketServer, type ServerOptions } from "./cli/agent_web_socket_server.ts";
export type { Hooks } from "./agent/load.ts";

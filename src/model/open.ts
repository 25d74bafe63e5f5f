/** Which model answers: the real one where it can be reached, else the offline demo model. */
import type { Config } from "../config.ts";
import { DemoModel } from "./demo.ts";
import type { Model, ModelSettings } from "./model.ts";
import { OpenAIModel } from "./openai.ts";

/** The part of the configuration that concerns models. */
export type ModelConfig = Pick<Config, "model" | "apiKey" | "baseUrl" | "temperature" | "maxTokens">;

/**
 * The server's model: an OpenAIModel with an API key, or with a base URL alone, because local servers need no key;
 * else the DemoModel.
 *
 * @throws AppError when key or base URL cannot be used
 */
export function chooseModel(config: ModelConfig): Model {
  return isReachable(config) ? new OpenAIModel(config) : new DemoModel();
}

/**
 * The model of one agent. `value` is what the agent says: a Model is taken as it is, settings are laid over the
 * configuration, and where these still name neither key nor base URL, `fallback` answers.
 *
 * @throws AppError when key or base URL cannot be used
 */
export function toModel(
  value: Model | ModelSettings | undefined,
  fallback: Model,
  config: ModelConfig,
): Model {
  if (value === undefined) return fallback;
  if (isModel(value)) return value;
  const settings = mergeSettings(value, config);
  return isReachable(settings) ? new OpenAIModel(settings) : fallback;
}

function isModel(value: Model | ModelSettings): value is Model {
  return "stream" in value && typeof value.stream === "function";
}

function isReachable({ apiKey, baseUrl }: ModelSettings): boolean {
  return Boolean(apiKey || baseUrl);
}

function mergeSettings(own: ModelSettings, config: ModelConfig): ModelSettings {
  const baseUrl = own.baseUrl || config.baseUrl;
  // The server's key belongs to the server's base URL: no agent may have it sent to another host.
  const serverKey = baseUrl === config.baseUrl ? config.apiKey : undefined;
  return {
    model: own.model ?? config.model,
    apiKey: own.apiKey || serverKey,
    baseUrl,
    temperature: own.temperature ?? config.temperature,
    maxTokens: own.maxTokens ?? config.maxTokens,
  };
}

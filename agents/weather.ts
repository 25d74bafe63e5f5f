/**
 * Weather and facts about cities, in Chinese and English.
 *
 * Ask it 北京今天天气怎么样？ or "What is the weather in Berlin?". With a network it reports today's weather from
 * Open-Meteo; without one it tells what this month is usually like there, and says that this is not a measurement.
 */
import { createReactAgent, defineTool, ToolResult } from "myagent";
import { z } from "zod";
import { findCity, monthsOf } from "./data/climate.ts";
import { OpenMeteo } from "./data/open_meteo.ts";
import * as say from "./data/weather_texts.ts";

const openMeteo = new OpenMeteo();

// What both tools take. The description is what the model reads when it fills the argument in.
const parameters = z.object({
  city: z.string().min(1).max(100).describe("城市名称，中文或英文 (name of a city)，如 北京、Berlin"),
});

const getWeather = defineTool({
  name: "get_weather",
  description: "查询城市今天的天气。Today's weather in a city.",
  parameters,
  idempotent: true, // asking twice does no harm: after a crash the call may simply run again
  async execute({ city: name }, { signal }) {
    const language = say.languageOf(name);
    const city = findCity(name);
    // The signal is aborted when the user cancels: pass it to everything that takes time.
    const place = await openMeteo.find(city?.en[0] ?? name, language, signal);
    if (place && place !== "unreachable") {
      const report = await openMeteo.today(place, signal);
      if (report !== "unreachable") return say.report(report, language);
    }
    // No live data: tell what the month is like. `data` is for clients that draw charts.
    if (city) return new ToolResult({ output: say.usual(city, language), data: monthsOf(city) });
    // A failed result: the model reads the reason and can tell the user what to do.
    return new ToolResult({ error: say.unknownCity(name, language) });
  },
});

const getCityInfo = defineTool({
  name: "get_city_info",
  description:
    "查询城市的基本信息：国家、人口和简介。Facts about a city: country, population, what it is known for.",
  parameters,
  idempotent: true,
  async execute({ city: name }, { signal }) {
    const language = say.languageOf(name);
    const city = findCity(name);
    if (city) return say.facts(city, language);
    const place = await openMeteo.find(name, language, signal);
    if (place && place !== "unreachable") return say.place(place, language);
    return new ToolResult({ error: say.unknownCity(name, language) });
  },
});

export const agent = createReactAgent({
  name: "weather-assistant",
  description: "查询天气和城市信息 · Weather and facts about cities",
  tools: [getWeather, getCityInfo],
  systemPrompt: "你是一个天气助手，可以查询城市的天气和基本信息。请用用户的语言回答，并说明数据来源。\n" +
    "You are a weather assistant who tells the weather and facts of cities. Answer in the user's language and name the source.",
  nextStepPrompt: "天气请用 get_weather 查询，城市信息请用 get_city_info 查询。",
  maxSteps: 5,
});

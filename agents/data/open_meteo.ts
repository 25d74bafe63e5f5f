/** Live weather from Open-Meteo (open-meteo.com): free, no key. Two requests: where is the city, how is it there. */
import { z } from "zod";

/** A place as the geocoding service knows it. */
const Place = z.object({
  name: z.string(),
  country: z.string().default(""),
  country_code: z.string().default(""),
  /** The state or province. */
  admin1: z.string().default(""),
  latitude: z.number(),
  longitude: z.number(),
  population: z.number().optional(),
});
export type Place = z.infer<typeof Place>;

const Places = z.object({ results: z.array(Place).default([]) });

const Forecast = z.object({
  current: z.object({
    time: z.string(),
    temperature_2m: z.number(),
    apparent_temperature: z.number(),
    weather_code: z.number(),
    wind_speed_10m: z.number(),
  }),
  daily: z.object({
    temperature_2m_max: z.tuple([z.number()]),
    temperature_2m_min: z.tuple([z.number()]),
    precipitation_sum: z.tuple([z.number()]),
  }),
});

/** Today's weather at a place. Temperatures in °C, rain in mm, wind in km/h, `time` local. */
export interface Report {
  readonly place: Place;
  readonly time: string;
  readonly celsius: number;
  readonly feelsLike: number;
  readonly code: number;
  readonly windKmh: number;
  readonly highest: number;
  readonly lowest: number;
  readonly rainMm: number;
}

/** Nobody waits longer than this for an answer that the table of normals can replace. */
const timeoutMs = 2_000;
/** After a failure the service is left alone for a minute, so that working offline stays fast. */
const pauseMs = 60_000;

export class OpenMeteo {
  #silentUntil = 0;

  /** The place of that name; undefined when there is none; "unreachable" when the service does not answer. */
  async find(
    name: string,
    language: "zh" | "en",
    signal: AbortSignal,
  ): Promise<Place | undefined | "unreachable"> {
    // The service knows bare names only: "Paris, Texas" is looked for among the places called Paris.
    const [bare, within] = name.split(/[,，]/).map((part) => part.trim().toLowerCase());
    const query = new URLSearchParams({ name: bare, language, count: "10", format: "json" });
    const found = await this.#get(`https://geocoding-api.open-meteo.com/v1/search?${query}`, Places, signal);
    if (found === undefined) return "unreachable";
    return found.results.find(({ country, country_code, admin1 }) =>
      !within || [country, country_code, admin1].some((region) => region.toLowerCase() === within)
    );
  }

  /** Today's weather there; "unreachable" when the service does not answer. */
  async today(place: Place, signal: AbortSignal): Promise<Report | "unreachable"> {
    const query = new URLSearchParams({
      latitude: String(place.latitude),
      longitude: String(place.longitude),
      current: "temperature_2m,apparent_temperature,weather_code,wind_speed_10m",
      daily: "temperature_2m_max,temperature_2m_min,precipitation_sum",
      timezone: "auto",
      forecast_days: "1",
    });
    const found = await this.#get(`https://api.open-meteo.com/v1/forecast?${query}`, Forecast, signal);
    if (found === undefined) return "unreachable";
    const { current, daily } = found;
    return {
      place,
      time: current.time,
      celsius: current.temperature_2m,
      feelsLike: current.apparent_temperature,
      code: current.weather_code,
      windKmh: current.wind_speed_10m,
      highest: daily.temperature_2m_max[0],
      lowest: daily.temperature_2m_min[0],
      rainMm: daily.precipitation_sum[0],
    };
  }

  /** The checked answer, or undefined when there is none in time. Only a cancelled run throws. */
  async #get<T extends z.ZodType>(
    url: string,
    shape: T,
    signal: AbortSignal,
  ): Promise<z.infer<T> | undefined> {
    if (Date.now() < this.#silentUntil) return undefined;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, late.signal]) });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`HTTP ${response.status}`);
      }
      return shape.parse(await response.json());
    } catch {
      signal.throwIfAborted();
      this.#silentUntil = Date.now() + pauseMs;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

const conditions: readonly (readonly [upTo: number, zh: string, en: string])[] = [
  [0, "晴", "clear"],
  [1, "大部晴朗", "mostly clear"],
  [2, "多云", "partly cloudy"],
  [3, "阴", "overcast"],
  [48, "有雾", "fog"],
  [57, "毛毛雨", "drizzle"],
  [67, "有雨", "rain"],
  [77, "有雪", "snow"],
  [82, "阵雨", "rain showers"],
  [86, "阵雪", "snow showers"],
  [99, "雷暴", "thunderstorm"],
];

/** A WMO weather code in words. */
export function condition(code: number, language: "zh" | "en"): string {
  const row = conditions.find(([upTo]) => code <= upTo) ?? conditions[conditions.length - 1];
  return language === "zh" ? row[1] : row[2];
}

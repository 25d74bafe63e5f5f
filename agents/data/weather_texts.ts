/** What the weather agent's tools say, in Chinese and English. */
import { cities, type City } from "./climate.ts";
import { condition, type Place, type Report } from "./open_meteo.ts";

export type Language = "zh" | "en";

/** A tool answers in the language in which the city is written. */
export function languageOf(name: string): Language {
  return /\p{Script=Han}/u.test(name) ? "zh" : "en";
}

/** Today's weather. */
export function report(today: Report, language: Language): string {
  const { celsius, feelsLike, windKmh, highest, lowest, rainMm } = today;
  const name = today.place.name;
  const sky = condition(today.code, language);
  const clock = today.time.slice(-5);
  const parts = language === "zh"
    ? [
      `${name}今天${sky}`,
      `当地时间 ${clock} 气温 ${celsius}°C`,
      `体感 ${feelsLike}°C`,
      `最高 ${highest}°C`,
      `最低 ${lowest}°C`,
      `降水 ${rainMm} 毫米`,
      `风速 ${windKmh} 公里/小时。（来源：Open-Meteo）`,
    ]
    : [
      `${name} today: ${sky}`,
      `${celsius}°C at ${clock} local time (feels like ${feelsLike}°C)`,
      `high ${highest}°C`,
      `low ${lowest}°C`,
      `rain ${rainMm} mm`,
      `wind ${windKmh} km/h. (Source: Open-Meteo)`,
    ];
  return parts.join(language === "zh" ? "，" : ", ");
}

/** What this month is usually like. */
export function usual(city: City, language: Language): string {
  const now = new Date();
  const month = now.getMonth();
  const celsius = city.celsius[month];
  const rain = city.rainMm[month];
  const monthName = now.toLocaleString("en", { month: "long" });
  return language === "zh"
    ? `${city.zh[0]} ${month + 1} 月的气候平均值：平均气温约 ${celsius}°C，月降水约 ${rain} 毫米。` +
      "（暂时取不到实时数据，这是多年平均，不是今天的实测。）"
    : `${city.en[0]} in ${monthName}, climate normals: about ${celsius}°C on average, ` +
      `about ${rain} mm of rain in the month. ` +
      "(No live data can be had right now: this is a mean over many years, not today's measurement.)";
}

function people(count: number, language: Language): string {
  return language === "zh"
    ? `${Number((count / 10_000).toPrecision(4))} 万`
    : `${Number((count / 1_000_000).toPrecision(3))} million`;
}

/** Facts from the table. */
export function facts(
  { zh, en, country, fact, population, populationYear }: City,
  language: Language,
): string {
  const count = people(population, language);
  return language === "zh"
    ? `${zh[0]}（${country.zh}）：${fact.zh}人口约 ${count}（${populationYear} 年）。`
    : `${en[0]} (${country.en}): ${fact.en} Population about ${count} (${populationYear}).`;
}

/** Facts about a city that is not in the table. */
export function place({ name, country, population }: Place, language: Language): string {
  const count = population ? people(population, language) : "";
  if (language === "zh") {
    return `${name}（${country}）${count ? `：人口约 ${count}` : ""}。（来源：Open-Meteo / GeoNames）`;
  }
  return `${name} (${country})${count ? `: population about ${count}` : ""}. (Source: Open-Meteo / GeoNames)`;
}

/** Why there is no answer, and what to do. */
export function unknownCity(name: string, language: Language): string {
  const known = cities.length;
  return language === "zh"
    ? `没有找到城市“${name}”。请检查写法；没有网络时只能查询内置的 ${known} 个大城市，例如 北京、东京、Berlin`
    : `No city called "${name}" was found. Check the spelling; without a network only ${known} large cities ` +
      "are known, such as Beijing, Tokyo or Berlin";
}

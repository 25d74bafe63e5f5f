import assert from "node:assert/strict";
import { agent } from "../../agents/weather.ts";
import { cities, findCity } from "../../agents/data/climate.ts";
import { condition, OpenMeteo } from "../../agents/data/open_meteo.ts";
import { DemoModel } from "../../src/model/demo.ts";
import { fakeTime } from "../helpers/fake_time.ts";

const model = new DemoModel();
type Fetch = typeof globalThis.fetch;

/** Runs with another `fetch` and with stopped time; nothing reaches the network. */
async function withFetch(
  fetch: Fetch,
  check: (time: ReturnType<typeof fakeTime>) => Promise<void>,
): Promise<void> {
  const real = globalThis.fetch;
  globalThis.fetch = fetch;
  using time = fakeTime();
  try {
    await check(time);
  } finally {
    globalThis.fetch = real;
  }
}

// A minute after a failure the service is tried again; fake time starts anew in each test, long before that.
const offline: Fetch = () => Promise.reject(new TypeError("no network in tests"));

const places: Record<string, unknown>[] = [
  {
    name: "Berlin",
    country: "Germany",
    country_code: "DE",
    latitude: 52.5,
    longitude: 13.4,
    population: 3426354,
  },
  { name: "Berlin", country: "United States", admin1: "New Hampshire", latitude: 44.5, longitude: -71.2 },
];

const forecast = {
  current: {
    time: "2025-01-02T14:00",
    temperature_2m: 3.4,
    apparent_temperature: 0.2,
    weather_code: 61,
    wind_speed_10m: 12.3,
  },
  daily: {
    time: ["2025-01-02"],
    temperature_2m_max: [4.8],
    temperature_2m_min: [1.1],
    precipitation_sum: [2.6],
  },
};

/** Open-Meteo as far as the agent knows it; `asked` collects the addresses. */
function openMeteo(asked: URL[], found: unknown[] = places): Fetch {
  return (input) => {
    const url = new URL(String(input));
    asked.push(url);
    const answer = url.hostname.startsWith("geocoding") ? (found.length ? { results: found } : {}) : forecast;
    return Promise.resolve(Response.json(answer));
  };
}

Deno.test("Weather: offline a Chinese question gets the month's normals, called what they are", async () => {
  await withFetch(offline, async () => {
    const answer = await agent.run("北京今天天气怎么样？", { model });
    assert.match(answer, /北京 1 月的气候平均值：平均气温约 -3°C，月降水约 2 毫米/);
    assert.match(answer, /不是今天的实测/);
    assert.match(await agent.run("广州的天气如何？", { model }), /广州 1 月的气候平均值：平均气温约 14°C/);
  });
});

Deno.test("Weather: offline an English question gets the month's normals, called what they are", async () => {
  await withFetch(offline, async () => {
    const answer = await agent.run("What is the weather in Berlin?", { model, language: "en" });
    assert.match(answer, /^Berlin in January, climate normals: about 1°C on average, about 43 mm of rain/);
    assert.match(answer, /not today's measurement/);
  });
});

Deno.test("Weather: the normals come with the whole year as data", async () => {
  await withFetch(offline, async () => {
    const results = [];
    for await (const event of agent.stream("北京天气", { model })) {
      if (event.type === "tool_result") results.push(event);
    }
    const data = results[0].data as { month: number; celsius: number; rain_mm: number }[];
    assert.equal(data.length, 12);
    assert.deepEqual(data[6], { month: 7, celsius: 27, rain_mm: 170 });
  });
});

Deno.test("Weather: facts about a city, in Chinese and English", async () => {
  await withFetch(offline, async () => {
    const shanghai = await agent.run("告诉我上海的基本信息", { model });
    assert.match(shanghai, /上海（中国）/);
    assert.match(shanghai, /人口约 2487 万（2020 年）/);
    const paris = await agent.run("Tell me about Paris", { model, language: "en" });
    assert.match(paris, /Paris \(France\): The capital of France.*about 2\.1 million \(2023\)/);
  });
});

Deno.test("Weather: weather and facts of two cities in one question", async () => {
  await withFetch(offline, async () => {
    const answer = await agent.run("东京和伦敦的天气和人口", { model });
    for (const part of [/东京 1 月/, /伦敦 1 月/, /东京（日本）/, /伦敦（英国）/]) assert.match(answer, part);
  });
});

Deno.test("Weather: an unknown city is a failed result that says what to do", async () => {
  await withFetch(offline, async () => {
    const results = [];
    for await (const event of agent.stream("亚特兰蒂斯的天气怎么样？", { model })) {
      if (event.type === "tool_result") results.push(event);
    }
    assert.equal(results.length, 1);
    assert.equal(results[0].status, "failed");
    assert.match(results[0].text, /没有找到城市“亚特兰蒂斯”。请检查写法.*例如 北京/);
    const english = await agent.run("What's the weather in Atlantis?", { model, language: "en" });
    assert.match(english, /No city called "Atlantis".*Check the spelling/);
  });
});

Deno.test("Weather: after one failure the service is left alone for a minute", async () => {
  let calls = 0;
  const failing: Fetch = () => (calls++, Promise.reject(new TypeError("no route")));
  await withFetch(failing, async (time) => {
    const service = new OpenMeteo();
    const { signal } = new AbortController();
    const find = () => service.find("Berlin", "en", signal);
    assert.equal(await find(), "unreachable");
    assert.equal(await find(), "unreachable");
    assert.equal(calls, 1);
    await time.pass(59_999);
    assert.equal(await find(), "unreachable");
    assert.equal(calls, 1);
    await time.pass(1);
    await find();
    assert.equal(calls, 2);
  });
});

Deno.test("Weather: with a network today's weather is reported, with its source", async () => {
  const asked: URL[] = [];
  await withFetch(openMeteo(asked), async (time) => {
    await time.pass(60_000); // past the pause that the offline tests may have left behind
    const answer = await agent.run("What is the weather in Berlin?", { model, language: "en" });
    assert.match(
      answer,
      /^Berlin today: rain, 3\.4°C at 14:00 local time \(feels like 0\.2°C\), high 4\.8°C, low 1\.1°C/,
    );
    assert.match(answer, /Open-Meteo/);
    assert.equal(asked[0].searchParams.get("name"), "berlin");
    assert.equal(asked[1].searchParams.get("latitude"), "52.5");
  });
});

Deno.test("Weather: a live report can be had in Chinese", async () => {
  const asked: URL[] = [];
  await withFetch(openMeteo(asked, [{ ...places[0], name: "柏林", country: "德国" }]), async (time) => {
    await time.pass(60_000);
    const answer = await agent.run("柏林今天天气怎么样？", { model });
    assert.match(answer, /^柏林今天有雨，当地时间 14:00 气温 3\.4°C.*降水 2\.6 毫米/);
    assert.equal(asked[0].searchParams.get("language"), "zh");
  });
});

Deno.test("Weather: a place beside a comma decides between places of the same name", async () => {
  await withFetch(openMeteo([]), async () => {
    const service = new OpenMeteo();
    const { signal } = new AbortController();
    const find = async (name: string) => {
      const place = await service.find(name, "en", signal);
      return place === "unreachable" ? place : place?.country;
    };
    assert.equal(await find("Berlin, New Hampshire"), "United States");
    assert.equal(await find("Berlin, Germany"), "Germany");
    assert.equal(await find("Berlin, Atlantis"), undefined);
  });
});

Deno.test("Weather: a city that only the service knows has facts too", async () => {
  const potsdam = { name: "Potsdam", country: "Germany", latitude: 52.4, longitude: 13, population: 145292 };
  await withFetch(openMeteo([], [potsdam]), async (time) => {
    await time.pass(60_000);
    const answer = await agent.run("Tell me about Potsdam", { model, language: "en" });
    assert.match(answer, /^Potsdam \(Germany\): population about 0\.145 million\. \(Source: Open-Meteo/);
  });
});

Deno.test("Weather: an answer of another shape, an error status and silence all count as unreachable", async () => {
  const { signal } = new AbortController();
  const answers: Fetch[] = [
    () => Promise.resolve(Response.json({ results: [{ name: 5 }] })),
    () => Promise.resolve(new Response("<html>", { status: 503 })),
  ];
  for (const fetch of answers) {
    await withFetch(fetch, async () => {
      assert.equal(await new OpenMeteo().find("Berlin", "en", signal), "unreachable");
    });
  }
  await withFetch(silent, async (time) => {
    const found = new OpenMeteo().find("Berlin", "en", signal);
    await time.pass(2_000);
    assert.equal(await found, "unreachable");
  });
});

/** A service that never answers: only an abort ends the request. */
const silent: Fetch = (_, init) =>
  new Promise((_, reject) => {
    const signal = init?.signal;
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

Deno.test("Weather: a cancelled run ends the request and is no failure of the service", async () => {
  await withFetch(silent, async () => {
    const abort = new AbortController();
    const service = new OpenMeteo();
    const found = service.find("Berlin", "en", abort.signal);
    abort.abort(new Error("stopped by the user"));
    await assert.rejects(found, /stopped by the user/);
    globalThis.fetch = openMeteo([]);
    assert.notEqual(await service.find("Berlin", "en", new AbortController().signal), "unreachable");
  });
});

Deno.test("Climate table: every city is complete and its figures are those of this planet", () => {
  assert.ok(cities.length >= 60);
  for (const city of cities) {
    const name = city.en[0];
    assert.equal(city.celsius.length, 12, name);
    assert.equal(city.rainMm.length, 12, name);
    for (const value of city.celsius) assert.ok(value >= -30 && value <= 40, name);
    for (const value of city.rainMm) assert.ok(value >= 0 && value <= 1000, name);
    const steps = city.celsius.map((value, month) => Math.abs(value - city.celsius[(month + 1) % 12]));
    assert.ok(Math.max(...steps) <= 12, name);
    assert.ok(city.population >= 100_000 && city.population < 40_000_000, name);
    assert.ok(city.populationYear >= 2010 && city.populationYear <= 2025, name);
    assert.match(city.zh[0], /^\p{Script=Han}+$/u);
    assert.match(city.fact.zh, /。$/);
    assert.match(city.fact.en, /\.$/);
  }
});

Deno.test("Climate table: no two cities share a name, and names are found however they are written", () => {
  const names = cities.flatMap(({ zh, en }) => [...zh, ...en]);
  for (const name of names) assert.ok(findCity(name)?.zh.concat(findCity(name)!.en).includes(name), name);
  const same: Record<string, string> = {
    "北京市": "Beijing",
    "sao paulo": "Sao Paulo",
    "São Paulo": "Sao Paulo",
    "Paris, France": "Paris",
    "巴黎，法国": "Paris",
    "london, uk": "London",
    "Washington, D.C.": "Washington",
    "西贡": "Ho Chi Minh City",
    "xian": "Xi'an",
  };
  for (const [written, name] of Object.entries(same)) assert.equal(findCity(written)?.en[0], name, written);
  assert.equal(findCity("Paris, Texas"), undefined);
  assert.equal(findCity("Atlantis"), undefined);
  assert.equal(findCity(""), undefined);
});

Deno.test("Weather codes have words in both languages", () => {
  const words = [0, 2, 3, 45, 63, 75, 81, 95].map((code) => condition(code, "en"));
  assert.equal(new Set(words).size, words.length);
  assert.equal(condition(0, "zh"), "晴");
  assert.equal(condition(99, "zh"), "雷暴");
});

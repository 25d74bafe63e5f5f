/** The server's own measure of "command received → first frame", read from /metrics. */

export interface Bucket {
  /** Upper bound in seconds; the last one is Infinity. */
  readonly upTo: number;
  /** Observations up to that bound. */
  readonly count: number;
}
export type Histogram = readonly Bucket[];

export async function routeHistogram(port: number): Promise<Histogram> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.matchAll(/^myagent_route_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm);
  return [...lines].map(([, bound, count]) => ({
    upTo: bound === "+Inf" ? Infinity : Number(bound),
    count: Number(count),
  }));
}

/** What was observed between two readings. */
export function subtract(later: Histogram, earlier: Histogram): Histogram {
  return later.map(({ upTo, count }, index) => ({ upTo, count: count - (earlier[index]?.count ?? 0) }));
}

export function add(histograms: readonly Histogram[]): Histogram {
  return histograms[0].map(({ upTo }, index) => ({
    upTo,
    count: histograms.reduce((sum, one) => sum + one[index].count, 0),
  }));
}

/** Upper bound in seconds of the bucket that holds this share of all observations. */
export function boundOf(histogram: Histogram, share: number): number {
  const total = histogram.at(-1)!.count;
  return histogram.find(({ count }) => count >= total * share)?.upTo ?? NaN;
}

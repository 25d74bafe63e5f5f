/** Medians, and the table they are printed in. */

/** The value below which a share of all values lies; 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Rows as a Markdown table, padded so that it also reads well in a terminal. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

/** Three significant digits, thousands with commas. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value.toLocaleString("en-US", {
    maximumSignificantDigits: value >= 100 ? undefined : 3,
    maximumFractionDigits: value >= 100 ? 0 : undefined,
  });
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Values of tools for people: JSON laid out, rows as a table. */
// @ts-check
import { el } from "./dom.js";

const mostRows = 50;
const mostColumns = 12;
/** More text than this slows the page and helps nobody. */
const mostCharacters = 50_000;

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} value @returns {string} */
export function pretty(value) {
  if (typeof value === "string") return prettyText(value);
  return JSON.stringify(value, null, 2) ?? "";
}

/** JSON that a tool wrote on one line is laid out; any other text stays as it is. @param {string} text */
function prettyText(text) {
  if (text.length > mostCharacters || !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * Arguments on one short line: `city: 北京, days: 3`.
 *
 * @param {unknown} args
 * @returns {string}
 */
export function brief(args) {
  if (!isObject(args)) return args === undefined ? "" : cellText(args);
  return Object.entries(args).slice(0, 6).map(([key, value]) => `${key}: ${cellText(value)}`).join(", ")
    .slice(0, 200);
}

/** @param {unknown} value @returns {string} */
function cellText(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

/** @param {string} text @param {string} [kind] */
export function block(text, kind = "plain") {
  const shown = text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
  return el("pre", { class: kind, dir: "auto", tabindex: "0" }, el("code", {}, shown));
}

/** Rows of any usual form as lists of cells under column names. @param {unknown} data */
function grid(data) {
  const list = Array.isArray(data) ? data : isObject(data) && Array.isArray(data.rows) ? data.rows : [];
  if (list.length === 0) return undefined;
  const rows = list.slice(0, mostRows);
  if (rows.every(isObject)) {
    const columns = [...new Set(rows.flatMap(Object.keys))].slice(0, mostColumns);
    return {
      columns,
      cells: rows.map((row) => columns.map((name) => row[name])),
      more: list.length - rows.length,
    };
  }
  const named = isObject(data) && Array.isArray(data.columns) ? data.columns.map(cellText) : [];
  const cells = rows.map((row) => (Array.isArray(row) ? row : [row]).slice(0, mostColumns));
  return { columns: named.slice(0, mostColumns), cells, more: list.length - rows.length };
}

/**
 * The `data` of a tool result: a table if it is rows, else JSON.
 *
 * @param {unknown} data
 * @param {import("./texts.js").Texts} texts
 * @returns {HTMLElement[]}
 */
export function dataView(data, texts) {
  const found = grid(data);
  if (!found) return [block(pretty(data))];
  /** @param {unknown} value */
  const kind = (value) => ({ class: typeof value === "number" ? "number" : undefined });
  const head = found.columns.map((name, at) => el("th", { scope: "col", ...kind(found.cells[0][at]) }, name));
  const body = found.cells.map((row) =>
    el("tr", {}, ...row.map((value) => el("td", kind(value), cellText(value))))
  );
  const table = el("table", {}, ...(head.length ? [el("thead", {}, el("tr", {}, ...head))] : []));
  table.append(el("tbody", {}, ...body));
  const view = el("div", { class: "table", tabindex: "0" }, table);
  return found.more > 0
    ? [view, texts.put(el("p", { class: "more" }), "moreRows", { count: found.more })]
    : [view];
}

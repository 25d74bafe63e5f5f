/** A small, safe Markdown: blocks of text → elements. What it does not know stays text. */
// @ts-check
import { el } from "./dom.js";
import { inline } from "./inline.js";

/**
 * @typedef {object} Block
 * @property {string} source - the lines it came from; equal sources are rendered once
 * @property {() => Node} render
 */

/** @typedef {(lines: readonly string[], at: number) => { length: number, render: () => Node } | undefined} Rule */

const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]{0,40})/;
const item = /^( {0,20})(?:[-*+]\s+|(\d{1,9})(?:[.)]\s+|、\s*))(.*)$/;
const divider = /^ {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$/;
const ruler = /^ *\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$/;

/** How many lines from `at` satisfy the test. @param {readonly string[]} lines @param {number} at */
function run(lines, at, /** @type {(line: string) => boolean} */ test) {
  let end = at;
  while (end < lines.length && test(lines[end])) end++;
  return end - at;
}

/** @type {Rule} */
function codeBlock(lines, at) {
  const open = fence.exec(lines[at]);
  if (!open) return undefined;
  const inside = run(lines, at + 1, (line) => !line.trimStart().startsWith(open[1]));
  const text = lines.slice(at + 1, at + 1 + inside).join("\n");
  const language = open[2] || undefined;
  const render = () => el("pre", { "data-language": language, tabindex: "0" }, el("code", {}, text));
  return { length: Math.min(inside + 2, lines.length - at), render };
}

/** @type {Rule} */
function heading(lines, at) {
  const match = /^ {0,3}(#{1,6})\s+(.*)$/.exec(lines[at]);
  if (!match) return undefined;
  // The page has its own h1 and h2: those of an answer come below.
  const tag = /** @type {"h3" | "h4" | "h5"} */ (`h${Math.min(match[1].length + 2, 5)}`);
  return { length: 1, render: () => el(tag, {}, inline(match[2].replace(/\s#+$/, ""))) };
}

/** @type {Rule} */
function horizontalRule(lines, at) {
  return divider.test(lines[at]) ? { length: 1, render: () => el("hr") } : undefined;
}

/** @type {Rule} */
function quote(lines, at) {
  const length = run(lines, at, (line) => /^ {0,3}>/.test(line));
  if (length === 0) return undefined;
  const inner = lines.slice(at, at + length).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return { length, render: () => el("blockquote", {}, inline(inner.join("\n"))) };
}

/** @type {Rule} */
function list(lines, at) {
  const first = item.exec(lines[at]);
  if (!first) return undefined;
  const length = run(lines, at, (line) => item.test(line) || /^ {2,}\S/.test(line));
  return { length, render: () => renderList(lines.slice(at, at + length)) };
}

/** @param {readonly string[]} lines @returns {HTMLElement} */
function renderList(lines) {
  const [, indent, number] = /** @type {RegExpExecArray} */ (item.exec(lines[0]));
  const root = number ? el("ol", { start: number }) : el("ul");
  for (let at = 0; at < lines.length;) {
    const inner = run(lines, at + 1, (line) => !startsItem(line, indent.length));
    const own = item.exec(lines[at])?.[3] ?? lines[at];
    const below = lines.slice(at + 1, at + 1 + inner);
    const nested = below.findIndex((line) => item.test(line));
    const words = [own, ...(nested < 0 ? below : below.slice(0, nested)).map((line) => line.trim())];
    const child = nested < 0 ? undefined : renderList(below.slice(nested));
    root.append(el("li", {}, inline(words.join("\n")), child));
    at += inner + 1;
  }
  return root;
}

/** @param {string} line @param {number} indent */
function startsItem(line, indent) {
  const match = item.exec(line);
  return match !== null && match[1].length <= indent + 1;
}

/** @param {string} line @returns {string[]} */
function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

/** @type {Rule} */
function table(lines, at) {
  const under = lines[at + 1] ?? "";
  if (!lines[at].includes("|") || under.length > 2000 || !ruler.test(under)) return undefined;
  const body = run(lines, at + 2, (line) => line.includes("|"));
  const render = () => {
    const head = el("tr", {}, cells(lines[at]).map((cell) => el("th", { scope: "col" }, inline(cell))));
    const rows = lines.slice(at + 2, at + 2 + body).map((line) =>
      el("tr", {}, cells(line).map((cell) => el("td", {}, inline(cell))))
    );
    const grid = el("table", {}, el("thead", {}, head), el("tbody", {}, rows));
    return el("div", { class: "table", tabindex: "0" }, grid);
  };
  return { length: body + 2, render };
}

const rules = [codeBlock, heading, horizontalRule, quote, list, table];

/** @type {Rule} */
function paragraph(lines, at) {
  const more = run(lines, at + 1, (line) => line.trim() !== "" && !fence.test(line) && !starts(line));
  const text = lines.slice(at, at + 1 + more).join("\n");
  return { length: more + 1, render: () => el("p", {}, inline(text)) };
}

/** Whether a line ends the paragraph before it. @param {string} line */
function starts(line) {
  return [heading, horizontalRule, quote, list].some((rule) => rule([line], 0) !== undefined);
}

/** @param {string} text @returns {Block[]} */
function parse(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  /** @type {Block[]} */
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at].trim() === "") {
      at++;
      continue;
    }
    const found = rules.map((rule) => rule(lines, at)).find(Boolean) ?? paragraph(lines, at);
    if (!found) break;
    blocks.push({ source: lines.slice(at, at + found.length).join("\n"), render: found.render });
    at += found.length;
  }
  return blocks;
}

/** Shows a text that grows: only the blocks that changed are made anew, so that a selection survives. */
export class MarkdownView {
  /** @type {string[]} */
  #sources = [];
  #root;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {string} text */
  show(text) {
    const blocks = parse(text);
    const same = blocks.findIndex((block, index) => block.source !== this.#sources[index]);
    const keep = same < 0 ? blocks.length : same;
    while (this.#root.childNodes.length > keep) this.#root.lastChild?.remove();
    for (const block of blocks.slice(keep)) this.#root.append(block.render());
    this.#sources = blocks.map((block) => block.source);
  }
}

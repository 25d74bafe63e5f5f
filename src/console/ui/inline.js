/** Marked-up words → nodes: bold, emphasis, code and links, built as elements, never as markup. */
// @ts-check
import { el } from "./dom.js";

/** A longer paragraph is shown as it is: nobody writes one, and looking for pairs in it costs time. */
const longest = 20_000;
const deepest = 3;

// Every alternative is bounded by a character it may not contain, so that no text makes the search slow.
const marks = new RegExp(
  [
    "(?<ticks>`{1,3})(?<code>[^`]+)\\k<ticks>",
    "\\*\\*(?<strong>[^*]+(?:\\*(?!\\*)[^*]+)*)\\*\\*",
    "\\*(?<em>[^*\\s][^*\\n]*)\\*",
    "!?\\[(?<label>[^\\[\\]\\n]{1,500})\\]\\((?<href>[^()\\s]{1,2000})\\)",
    "(?<bare>https?:\\/\\/[^\\s<>\"'`*|（）「」《》，。；！？、]{1,2000})",
  ].join("|"),
  "g",
);

/**
 * A link, if the address is an absolute http or https one; else its text.
 *
 * @param {string} href
 * @param {Node[]} label
 * @returns {Node[]}
 */
function link(href, label) {
  if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return label;
  const attributes = { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow" };
  return [el("a", attributes, label)];
}

/** @param {string} text @returns {Node[]} */
function bareLink(text) {
  const href = text.replace(/[.,;:!?)\]}]+$/, "");
  return [...link(href, [document.createTextNode(href)]), document.createTextNode(text.slice(href.length))];
}

/**
 * @param {string} text
 * @param {number} [depth]
 * @returns {Node[]}
 */
export function inline(text, depth = 0) {
  if (text.length > longest || depth > deepest) return [document.createTextNode(text)];
  /** @type {Node[]} */
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(marks)) {
    nodes.push(document.createTextNode(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const { code, strong, em, label, href, bare } = match.groups ?? {};
    if (code !== undefined) nodes.push(el("code", {}, code));
    else if (strong !== undefined) nodes.push(el("strong", {}, inline(strong, depth + 1)));
    else if (em !== undefined) nodes.push(el("em", {}, inline(em, depth + 1)));
    else if (href !== undefined) nodes.push(...link(href, inline(label, deepest)));
    else nodes.push(...bareLink(bare));
  }
  nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

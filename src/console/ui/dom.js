/** Elements from data. Text always goes in as text: no function here takes markup. */
// @ts-check

const svgNamespace = "http://www.w3.org/2000/svg";

/** Icons on a 24-unit grid, drawn with strokes. */
const paths = {
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  stop: "M6.5 6.5h11v11h-11z",
  plus: "M12 5v14M5 12h14",
  down: "M12 5v14M5.5 12.5 12 19l6.5-6.5",
  sun:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.5v2M12 19.5v2M4.6 4.6 6 6M18 18l1.4 1.4M2.5 12h2M19.5 12h2M4.6 19.4 6 18M18 6l1.4-1.4",
  moon: "M20 14.2A8.2 8.2 0 0 1 9.8 4 8.2 8.2 0 1 0 20 14.2Z",
  tool:
    "M14.5 6.2a4.2 4.2 0 0 0-5.4 5.4L3.8 17a2.2 2.2 0 0 0 3.1 3.1l5.4-5.3a4.2 4.2 0 0 0 5.4-5.4l-2.6 2.6-2.5-.6-.6-2.5 2.5-2.7Z",
  thought:
    "M12 3.5a6 6 0 0 0-3.6 10.8c.7.6 1.1 1.3 1.1 2.2h5c0-.9.4-1.6 1.1-2.2A6 6 0 0 0 12 3.5ZM9.8 20h4.4",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "m6.5 6.5 11 11M17.5 6.5l-11 11",
  question: "M9 9.2a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1.1-1.4 2.1M12 17.5v.1",
  note: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.8v5M12 16v.1",
  chevron: "m9 6 6 6-6 6",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  shield: "M12 3.5 5 6v5.5c0 4.2 2.9 7.4 7 9 4.1-1.6 7-4.8 7-9V6l-7-2.5Z",
  spark: "M12 4.5 13.8 10 19.5 12l-5.7 2-1.8 5.5L10.2 14l-5.7-2 5.7-2L12 4.5Z",
};

/** @typedef {keyof typeof paths} IconName */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean | ((event: any) => void) | undefined>} [attributes] - a function is a
 *   listener for the event of that name; true stands for an empty attribute, false and undefined for none
 * @param {...(Node | string | undefined | readonly (Node | string)[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  // One by one: an answer may have more parts than a call may have arguments.
  for (const child of children.flat()) if (child !== undefined) element.append(child);
  return element;
}

/**
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svgNamespace, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/**
 * The element of the page with this id.
 *
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @returns {E}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`Cannot find #${id} in the page`);
  return /** @type {E} */ (element);
}

/** What the page remembers; language and theme are what the browser prefers until the reader chooses. */
// @ts-check

/** @param {"tab" | "browser"} scope @returns {Storage} */
const storageOf = (scope) => scope === "tab" ? sessionStorage : localStorage;

/**
 * @param {"tab" | "browser"} scope - how long the value lives, and who shares it
 * @param {string} name
 * @returns {string | undefined}
 */
export function recall(scope, name) {
  try {
    return storageOf(scope).getItem(`myagent.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {"tab" | "browser"} scope
 * @param {string} name
 * @param {string | undefined} value - undefined forgets it
 */
export function remember(scope, name, value) {
  try {
    if (value === undefined) storageOf(scope).removeItem(`myagent.${name}`);
    else storageOf(scope).setItem(`myagent.${name}`, value);
  } catch {
    // Storage may be switched off: the value then lasts as long as the page.
  }
}

/** @returns {import("./texts.js").Language} */
export function preferredLanguage() {
  const chosen = recall("browser", "language");
  if (chosen === "zh" || chosen === "en") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** @param {import("./texts.js").Language} language */
export function rememberLanguage(language) {
  remember("browser", "language", language);
}

/** @returns {"dark" | "light"} */
export function shownTheme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "dark" || chosen === "light") return chosen;
  return systemTheme();
}

function systemTheme() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * Shows the other theme. Back at the system's own theme the choice is forgotten, so that the page follows it again.
 *
 * @returns {"dark" | "light"}
 */
export function switchTheme() {
  const theme = shownTheme() === "dark" ? "light" : "dark";
  if (theme === systemTheme()) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  remember("browser", "theme", theme === systemTheme() ? undefined : theme);
  return theme;
}

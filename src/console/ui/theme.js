/** The chosen theme, set by a classic script in the head: before the first paint. */
try {
  const theme = localStorage.getItem("myagent.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off: the system's preference then decides.
}

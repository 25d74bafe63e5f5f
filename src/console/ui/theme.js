// A classic script in the head, so that the chosen theme is there before the first paint.
try {
  const theme = localStorage.getItem("myagent.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off: the system's preference then decides.
}

// Runs before the first paint, so that a chosen theme never flashes. "system" leaves it to the CSS.
try {
  const chosen = localStorage.getItem("fallow.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be blocked; the system's theme is a fine answer.
}

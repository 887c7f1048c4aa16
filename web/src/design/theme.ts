/** Light, dark, or as the system says. public/theme.js applies it before the first paint. */
export type Theme = "system" | "light" | "dark";

export function theme(): Theme {
  const kept = localStorage.getItem("o2o.theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function chooseTheme(next: Theme): void {
  if (next === "system") localStorage.removeItem("o2o.theme");
  else localStorage.setItem("o2o.theme", next);
  dispatchEvent(new Event("o2o.theme"));
}

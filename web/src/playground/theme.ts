// Light or dark: what the system prefers, until the user chooses.
import { read, write } from "./storage";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

export type Theme = "light" | "dark";

export function theme(): Theme {
  const chosen = read("theme");
  return chosen === "light" || chosen === "dark" ? chosen : prefersDark.matches ? "dark" : "light";
}

/** Apply the theme now, and whenever it changes. */
export function watchTheme(toggle: HTMLElement, onChange: () => void): void {
  const apply = () => (document.documentElement.dataset.theme = theme());
  apply();
  prefersDark.addEventListener("change", () => (apply(), onChange()));
  toggle.addEventListener("click", () => {
    write("theme", theme() === "dark" ? "light" : "dark");
    apply();
    onChange();
  });
}

/** Light or dark: the system's, unless chosen otherwise on this device. */
import { signal } from "@preact/signals";

const KEPT_AS = "unified-scheduler.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** "light", "dark", or null for what the system says. */
export const chosenTheme = signal(localStorage.getItem(KEPT_AS));
/** Grows when the colours change, for what is drawn on a canvas. */
export const themeChanges = signal(0);

export const isDark = () => (chosenTheme.value ?? (dark.matches ? "dark" : "light")) === "dark";

export function applyTheme() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  themeChanges.value += 1;
}

export function toggleTheme() {
  chosenTheme.value = isDark() ? "light" : "dark";
  localStorage.setItem(KEPT_AS, chosenTheme.value);
  applyTheme();
}

dark.addEventListener("change", applyTheme);

/**
 * The theme's switch: `<form data-theme-switch method="post">` with one button, whose value is the theme that comes next.
 *
 * The server keeps the choice in a cookie and renders it, so that no page flashes; this applies it to the page at hand
 * without loading it anew.
 */

import { say } from "./say.js";

/** @typedef {"system" | "light" | "dark"} Theme */

/** What each theme is called, and which comes after it: as on the server. @type {Record<Theme, [string, Theme, string]>} */
const THEMES = {
  system: ["as the system", "light", "light"],
  light: ["light", "dark", "dark"],
  dark: ["dark", "system", "the system's"],
};

/** Starts listening. */
export function startTheme() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.themeSwitch === undefined || event.defaultPrevented) return;
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement) || !(button.value in THEMES)) return;
    event.preventDefault();
    const data = new FormData(form, button);
    const theme = /** @type {Theme} */ (button.value);
    document.documentElement.dataset.theme = theme;
    document
      .querySelector("meta[name=color-scheme]")
      ?.setAttribute("content", theme === "system" ? "light dark" : theme);
    const [name, next, nextName] = THEMES[theme];
    button.value = next;
    button.title = `Theme: ${name}; change to ${nextName}`;
    button.setAttribute("aria-label", button.title);
    say(`Theme: ${name}`);
    const body = new URLSearchParams(/** @type {any} */ (data));
    const headers = { "x-fragment": "theme" };
    fetch(form.action, { method: "POST", body, headers }).catch(() => form.submit());
  });
}

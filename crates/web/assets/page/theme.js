/**
 * The theme's switch. The server keeps the choice in a cookie and renders it, so that no page flashes; this applies it to
 * the page at hand without loading it anew: `<form data-theme-form method="post">` with `name="theme"`, whose value is
 * `light`, `dark`, or anything else for the system's own.
 */

import { say } from "./say.js";

/** Starts listening. */
export function startTheme() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.themeForm === undefined || event.defaultPrevented) return;
    const data = new FormData(form, /** @type {HTMLElement | null} */ (event.submitter));
    const theme = String(data.get("theme") ?? "");
    event.preventDefault();
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const button of form.querySelectorAll("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    say(`Theme: ${theme === "light" || theme === "dark" ? theme : "as the system has it"}`);
    const body = new URLSearchParams(/** @type {any} */ (data));
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => form.submit());
  });
}

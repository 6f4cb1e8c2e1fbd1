/**
 * Buttons that copy: `data-copy="TEXT"` or `data-copy-from="ID"`.
 */

import { say } from "./say.js";

/** How long the button says that it worked, in milliseconds. */
const THANKS = 2000;

/** Starts listening. */
export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy], [data-copy-from]") : null;
    if (!(button instanceof HTMLElement)) return;
    const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = from ? textOf(from) : (button.dataset.copy ?? "");
    const done = (await copy(text)) ? "Copied" : "Could not copy";
    say(done);
    // A button that holds an icon keeps it.
    if (button.childElementCount > 0 || button.dataset.label) return;
    button.dataset.label = button.textContent ?? "";
    button.textContent = done;
    setTimeout(() => {
      button.textContent = button.dataset.label ?? "";
      delete button.dataset.label;
    }, THANKS);
  });
}

/** @param {HTMLElement} element */
function textOf(element) {
  return element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement
    ? element.value
    : (element.textContent ?? "");
}

/**
 * Copies a text. Browsers have the clipboard on https and localhost alone; a catalog on plain http in a company's own
 * network falls back to the older way.
 *
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden";
    const active = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (active instanceof HTMLElement) active.focus();
    return done;
  }
}

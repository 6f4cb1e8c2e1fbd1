/**
 * Keys that work anywhere on a page: `/` searches, `?` lists them all. They are single keys, so they can be switched off
 * (WCAG 2.1.4): `<html data-shortcuts="off">`, a setting of the reader.
 */

import { make } from "./make.js";

/** @typedef {[keys: string, meaning: string]} Row */

/** What the list shows: a heading, the element without which it says nothing, and its keys. @type {[string, string, Row[]][]} */
const KEYS = [
  [
    "Everywhere",
    "body",
    [
      ["/", "search"],
      ["?", "this list"],
      ["Esc", "close"],
    ],
  ],
  [
    "In the lineage picture",
    "tw-lineage",
    [
      ["← →", "along a link, upstream or downstream"],
      ["↑ ↓", "in the column"],
      ["Enter", "open the page; open a group in place"],
      ["Space", "details"],
      ["f", "focus here"],
      ["u", "upstream only"],
      ["d", "downstream only"],
      ["[ ]", "one step less, one more"],
      ["+ - 0", "zoom in, out, show all"],
      ["t", "table view"],
      ["Esc", "back"],
    ],
  ],
];

/** Whether single keys do something. */
export function areShortcutsOn() {
  return document.documentElement.dataset.shortcuts !== "off";
}

/**
 * Whether a key is part of a text being written, or of a command of the browser.
 *
 * @param {KeyboardEvent} event
 */
export function isForText(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

/** Starts listening. */
export function startShortcuts() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isForText(event) || !areShortcutsOn()) return;
    if (event.key === "/") {
      const box = document.querySelector("[role=search] input[type=search]");
      if (!(box instanceof HTMLInputElement)) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "?") {
      event.preventDefault();
      showList();
    }
  });
}

/** Shows the list in a dialog, made anew each time: what is known depends on the page. */
function showList() {
  if (document.querySelector("dialog[open]")) return;
  const title = make("h2", { id: "shortcuts-title" }, "Keyboard shortcuts");
  const attributes = { class: "shortcuts", "aria-labelledby": title.id };
  const dialog = /** @type {HTMLDialogElement} */ (make("dialog", attributes, title));
  for (const [heading, place, rows] of KEYS) {
    if (!document.querySelector(place)) continue;
    const list = make("dl");
    for (const [keys, meaning] of rows) {
      const term = make("dt");
      for (const key of keys.split(" ")) term.append(make("kbd", {}, key), " ");
      list.append(term, make("dd", {}, meaning));
    }
    dialog.append(make("h3", {}, heading), list);
  }
  dialog.append(make("button", { "data-close": true }, "Close"));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * Keys that work anywhere on a page: `/` searches, `?` lists them all. They are single keys, so they can be switched off
 * (WCAG 2.1.4): `<html data-shortcuts="off">`, a setting of the reader.
 */

/** @typedef {[keys: string, meaning: string]} Row */

/** What the list shows, by heading. @type {Map<string, Row[]>} */
const known = new Map([
  [
    "Everywhere",
    [
      ["/", "search"],
      ["?", "this list"],
      ["Esc", "close"],
    ],
  ],
]);

/**
 * Adds keys to the list that `?` shows.
 *
 * @param {string} heading
 * @param {Row[]} rows
 */
export function describeShortcuts(heading, rows) {
  known.set(heading, rows);
}

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
  const dialog = document.createElement("dialog");
  dialog.className = "shortcuts";
  dialog.setAttribute("aria-labelledby", "shortcuts-title");
  const title = element("h2", "Keyboard shortcuts");
  title.id = "shortcuts-title";
  dialog.append(title);
  for (const [heading, rows] of known) {
    const list = document.createElement("dl");
    for (const [keys, meaning] of rows) {
      const term = document.createElement("dt");
      for (const key of keys.split(" ")) term.append(element("kbd", key), " ");
      list.append(term, element("dd", meaning));
    }
    dialog.append(element("h3", heading), list);
  }
  const close = element("button", "Close");
  close.dataset.close = "";
  dialog.append(close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * @param {string} name
 * @param {string} text
 */
function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

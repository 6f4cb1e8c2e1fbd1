/**
 * What can be done with a node: its context menu, and the panel beside the picture.
 */

import { load } from "../page/fragment.js";
import { make } from "../page/make.js";

/**
 * Opens a menu of links at a place, with the focus on the first; it closes by Esc, Tab or a click elsewhere, and gives
 * the focus back.
 *
 * @param {HTMLElement} place what the menu is put into
 * @param {string} label
 * @param {{ text: string, href?: string, act?: () => void }[]} items
 * @param {{ x: number, y: number }} at
 */
export function openMenu(place, label, items, { x, y }) {
  const before = document.activeElement;
  // Not "auto": the button that opened the menu by being pressed would close it by being let go.
  const menu = make("div", { class: "lineage-menu", role: "menu", "aria-label": label, popover: "manual" });
  const close = () => {
    if (menu.contains(document.activeElement) && before instanceof HTMLElement) before.focus({ preventScroll: true });
    menu.remove();
  };
  for (const { text, href = "#", act } of items) {
    const item = make("a", { role: "menuitem", tabindex: "-1", href }, text);
    if (act) {
      item.addEventListener("click", (event) => {
        event.preventDefault();
        close();
        act();
      });
    }
    menu.append(item);
  }
  menu.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const all = /** @type {HTMLElement[]} */ ([...menu.children]);
    const index = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) all.at(next % all.length)?.focus();
    else if (event.key === "Tab" || event.key === "Escape") close();
    else if (event.key === " ") all[index]?.click();
    else return;
    event.preventDefault();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && menu.contains(relatedTarget))) menu.remove();
  });
  place.append(menu);
  menu.showPopover();
  menu.style.left = `${Math.max(0, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(0, Math.min(y, innerHeight - menu.offsetHeight - 8))}px`;
  /** @type {HTMLElement | null} */ (menu.firstElementChild)?.focus();
}

/** The panel beside the picture. Its content is a fragment of the server's. */
export class Panel {
  /**
   * @param {HTMLElement} place
   * @param {() => void} closed what is done when it was closed
   */
  constructor(place, closed) {
    this.closed = closed;
    const close = make("button", { type: "button", class: "icon", "aria-label": "Close details" }, "×");
    close.addEventListener("click", () => this.close());
    this.content = make("div", { id: "lineage-panel", "aria-live": "polite" });
    this.element = make(
      "aside",
      { class: "lineage-panel", "aria-label": "Details", hidden: true },
      close,
      this.content,
    );
    place.append(this.element);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** @param {URL} url */
  show(url) {
    this.element.hidden = false;
    load(this.content, { url });
  }

  close() {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.closed();
  }
}

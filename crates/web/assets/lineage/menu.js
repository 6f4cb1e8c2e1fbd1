/**
 * What can be done with a node: its context menu, and the panel beside the picture.
 */

import { load } from "../page/fragment.js";

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
  const menu = document.createElement("div");
  menu.className = "lineage-menu";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", label);
  // Not "auto": the button that opened the menu by being pressed would close it by being let go.
  menu.popover = "manual";
  const close = () => {
    if (menu.contains(document.activeElement) && before instanceof HTMLElement) before.focus({ preventScroll: true });
    menu.remove();
  };
  for (const { text, href, act } of items) {
    const item = document.createElement("a");
    item.setAttribute("role", "menuitem");
    item.tabIndex = -1;
    item.textContent = text;
    item.href = href ?? "#";
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
  /** @param {HTMLElement} place */
  constructor(place) {
    this.element = document.createElement("aside");
    this.element.className = "lineage-panel";
    this.element.setAttribute("aria-label", "Details");
    this.element.hidden = true;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "icon";
    close.textContent = "×";
    close.setAttribute("aria-label", "Close details");
    close.addEventListener("click", () => this.close());
    this.content = document.createElement("div");
    this.content.id = "lineage-panel";
    this.content.setAttribute("aria-live", "polite");
    this.element.append(close, this.content);
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
    this.element.hidden = true;
    this.element.dispatchEvent(new CustomEvent("closed", { bubbles: true }));
  }
}

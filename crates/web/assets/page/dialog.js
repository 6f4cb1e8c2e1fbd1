/**
 * Dialogs and menus: `<dialog>` is opened by `data-dialog="ID"` and closed by `data-close`, by Esc, or by a click beside
 * it; `<details class="menu">` closes when the reader goes elsewhere.
 */

/** Starts listening. */
export function startDialogs() {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest("[data-dialog]");
    if (opener instanceof HTMLElement) {
      const dialog = document.getElementById(opener.dataset.dialog ?? "");
      if (dialog instanceof HTMLDialogElement && !dialog.open) {
        event.preventDefault();
        dialog.showModal();
      }
      return;
    }
    // A click on the dialog itself, not on what it holds, is a click on the veil around it.
    const isVeil = event.target instanceof HTMLDialogElement && isOutside(event.target, event);
    if (isVeil || event.target.closest("[data-close]")) {
      const dialog = event.target.closest("dialog");
      if (dialog) {
        event.preventDefault();
        dialog.close();
      }
    }
    closeMenus(event.target);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target instanceof Element) closeMenus(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !(event.target instanceof Element)) return;
    const menu = event.target.closest("details.menu[open]");
    if (!(menu instanceof HTMLDetailsElement)) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
}

/** @param {Element} place the menu that stands there stays open */
function closeMenus(place) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(place)) /** @type {HTMLDetailsElement} */ (menu).open = false;
  }
}

/**
 * @param {HTMLElement} element
 * @param {MouseEvent} event
 */
function isOutside(element, event) {
  const box = element.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

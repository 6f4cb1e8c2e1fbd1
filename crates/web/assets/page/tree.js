/**
 * A tree of check boxes, such as the collections of a site.
 *
 * | attribute | on | does |
 * | --- | --- | --- |
 * | `data-tree` | the outermost list, with an id | a box checks all boxes below its `<li>`; a box whose boxes below differ is half checked |
 * | `data-count="12"` | a check box | how many things it stands for |
 * | `data-tree-all="ID"`, `data-tree-none="ID"` | buttons | check all that are shown, or none |
 * | `data-tree-filter="ID"` | a search box | hides the rows that do not hold what is typed |
 * | `data-tree-count="ID"` | an element | shows how many boxes are checked, and of how many things |
 *
 * Without script each box stands for itself, and the server understands the same form.
 */

import { SWAPPED } from "./fragment.js";

/** Starts listening, and brings the half-checked boxes of every tree in order. */
export function startTrees() {
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    const tree = box.closest("[data-tree]");
    if (!tree) return;
    for (const below of boxesBelow(box)) below.checked = box.checked;
    settle(tree);
  });
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-tree-all], [data-tree-none]") : null;
    if (!(button instanceof HTMLElement)) return;
    const tree = document.getElementById(button.dataset.treeAll ?? button.dataset.treeNone ?? "");
    if (!tree) return;
    for (const box of boxes(tree)) {
      if (!box.closest("[hidden]")) box.checked = button.dataset.treeAll !== undefined;
    }
    settle(tree);
  });
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.dataset.treeFilter) return;
    const tree = document.getElementById(field.dataset.treeFilter);
    if (tree) filter(tree, field.value);
  });
  document.addEventListener(SWAPPED, settleAll);
  settleAll();
}

function settleAll() {
  for (const tree of document.querySelectorAll("[data-tree]")) settle(tree);
}

/**
 * @param {Element} tree
 * @returns {HTMLInputElement[]}
 */
function boxes(tree) {
  return [...tree.querySelectorAll("input[type=checkbox]")].filter((box) => box instanceof HTMLInputElement);
}

/** @param {HTMLInputElement} box */
function boxesBelow(box) {
  const row = box.closest("li");
  return row ? boxes(row).filter((below) => below !== box) : [];
}

/**
 * Brings what depends on the boxes in order: half-checked parents, and the count.
 *
 * @param {Element} tree
 */
function settle(tree) {
  const all = boxes(tree);
  // Deepest first, so that a parent sees the state of those below it.
  for (const box of all.toReversed()) {
    const below = boxesBelow(box);
    if (below.length === 0) continue;
    const checked = below.filter((one) => one.checked).length;
    box.indeterminate = !(box.checked && checked === below.length) && (checked > 0 || box.checked);
  }
  const chosen = all.filter((box) => box.checked);
  const things = chosen.reduce((sum, box) => sum + Number(box.dataset.count ?? 0), 0);
  for (const place of document.querySelectorAll(`[data-tree-count="${CSS.escape(tree.id)}"]`)) {
    const unit = place.getAttribute("data-unit");
    place.textContent = `${chosen.length} of ${all.length} chosen${unit ? `, ${things} ${unit}` : ""}`;
  }
}

/**
 * @param {Element} tree
 * @param {string} text
 */
function filter(tree, text) {
  const wanted = text.trim().toLowerCase();
  for (const row of tree.querySelectorAll("li")) {
    // A row stays when it, one below it, or one above it holds the text.
    const holds = (row.textContent ?? "").toLowerCase().includes(wanted);
    const above = row.parentElement?.closest("li");
    const isBelowMatch = above && ownText(above).includes(wanted);
    row.hidden = !(holds || isBelowMatch);
  }
}

/** @param {Element} row */
function ownText(row) {
  const copy = /** @type {Element} */ (row.cloneNode(true));
  for (const list of copy.querySelectorAll("ul")) list.remove();
  return (copy.textContent ?? "").toLowerCase();
}

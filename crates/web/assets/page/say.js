/**
 * One line for screen readers, shared by everything on the page that has something to say.
 *
 * A live region must stand in the page before its text changes, so there is one for the page's whole life.
 */

import { make } from "./make.js";

/** @type {HTMLElement | undefined} */
let line;

/**
 * Speaks a text politely. The same text twice in a row is spoken once.
 *
 * @param {string} text
 */
export function say(text) {
  if (!line) {
    line = make("p", { role: "status", class: "hidden" });
    (document.querySelector("main") ?? document.body).append(line);
  }
  if (line.textContent !== text) line.textContent = text;
}

/**
 * Makes elements in one line.
 */

/**
 * @param {string} name
 * @param {Record<string, string | boolean>} [attributes] true stands for an attribute without a value, false for none
 * @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

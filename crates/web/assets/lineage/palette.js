/**
 * The style sheet's colours for a canvas, which knows no custom properties.
 *
 * An element is given each token as its colour and asked what came of it: so `light-dark()`, the reader's theme and
 * forced colours have all been answered by the browser.
 */

/**
 * @typedef {object} Palette
 * @property {string} ground
 * @property {string} raised
 * @property {string} line
 * @property {string} text
 * @property {string} accent
 * @property {(name: string) => string} tone
 */

/**
 * @param {HTMLElement} place where the colours are used
 * @returns {Palette}
 */
export function readPalette(place) {
  const probe = document.createElement("span");
  probe.hidden = true;
  place.append(probe);
  /** @param {string} value */
  const ask = (value) => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const isForced = matchMedia("(forced-colors: active)").matches;
  // The browser forces no colours onto a canvas: here it is told the system's.
  probe.style.setProperty("forced-color-adjust", "none");
  /** @type {Map<string, string>} */
  const tones = new Map();
  const text = ask(isForced ? "CanvasText" : "var(--text)");
  for (const name of TONES) tones.set(name, isForced ? text : ask(`var(--tone-${name}, var(--tone-unknown))`));
  const palette = {
    ground: ask(isForced ? "Canvas" : "var(--ground)"),
    raised: ask(isForced ? "Canvas" : "var(--raised)"),
    line: ask(isForced ? "GrayText" : "color-mix(in srgb, var(--line-strong) 60%, var(--ground))"),
    text,
    accent: ask(isForced ? "Highlight" : "var(--accent)"),
    tone: (/** @type {string} */ name) => tones.get(name) ?? text,
  };
  probe.remove();
  return palette;
}

const TONES = [
  ..."source seed model snapshot metric semantic_model saved_query exposure test macro data_source".split(" "),
  ..."dashboard sheet group pill healthy caution degraded unknown t1 t2 t3 t4 t5 t6 t7 t8".split(" "),
];

/**
 * Calls back whenever colours may have changed.
 *
 * @param {() => void} changed
 * @param {AbortSignal} signal
 */
export function watchColors(changed, signal) {
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", changed, { signal });
  }
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme", "class"] });
  signal.addEventListener("abort", () => observer.disconnect());
}

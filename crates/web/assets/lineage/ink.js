/**
 * What the picture is drawn with: the style sheet's colours, and the kinds' own small drawings.
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
 * The colours for a canvas, which knows no custom properties.
 *
 * An element is given each token as its colour and asked what came of it, always `rgb(…)`: so `light-dark()`, the
 * reader's theme and forced colours have all been answered by the browser.
 *
 * @param {HTMLElement} place where the colours are used
 * @returns {Palette}
 */
export function readPalette(place) {
  // The browser forces no colours onto a canvas: here it is told the system's.
  const isForced = matchMedia("(forced-colors: active)").matches;
  /** @type {(forced: string, token: string) => string} */
  const pick = (forced, token) => {
    const probe = document.createElement("span");
    probe.style.color = isForced ? forced : `var(--${token})`;
    probe.style.setProperty("forced-color-adjust", "none");
    place.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  /** @type {Map<string, string>} */
  const tones = new Map();
  return {
    ground: pick("Canvas", "ground"),
    raised: pick("Canvas", "raised"),
    line: pick("GrayText", "line-strong"),
    text: pick("CanvasText", "text"),
    accent: pick("Highlight", "accent"),
    tone: (name) => {
      const color = tones.get(name) ?? pick("CanvasText", `tone-${name}`);
      tones.set(name, color);
      return color;
    },
  };
}

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

/** In a box of 16 by 16, the same as in the pages. @type {Record<string, string>} */
const SHAPES = {
  source:
    "M2.5 4v8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2V4M2.5 4c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2-2.5-2-5.5-2-5.5.9-5.5 2zM2.5 8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2",
  seed: "M8 14V8M8 9C8 6 6 4 2.5 4 2.5 7 4.5 9 8 9zM8 7.5C8 5 9.7 3 13.5 3c0 3-2 4.5-5.5 4.5z",
  model: "M8 1.8 13.5 4.8v6.4L8 14.2l-5.5-3V4.8zM2.5 4.8 8 7.9l5.5-3.1M8 7.9v6.3",
  snapshot: "M2 5h9v9H2zM4 5V3.5h8.5V12H11M6 3.5V2h8v8.5h-1.5",
  metric: "M2 12a6 6 0 1 1 12 0M8 12l3-4.5M2 12h2M12 12h2",
  semantic_model: "M5 2.5h6L14 8l-3 5.5H5L2 8z",
  saved_query: "M2.5 4h6M2.5 8h6M2.5 12h6M10.5 2.5h3V10L12 8.7 10.5 10z",
  exposure: "M2 2.5h12v11H2zM5 11V8M8 11V5.5M11 11V7",
  test: "M8 1.8 13.5 4v4c0 3-2.3 5.3-5.5 6.2C4.8 13.3 2.5 11 2.5 8V4zM5.5 8l2 2 3.5-3.8",
  macro: "M6 2.5C4 2.5 5 7.5 3 8c2 .5 1 5.5 3 5.5M10 2.5c2 0 1 5 3 5.5-2 .5-1 5.5-3 5.5",
  data_source: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1",
  dashboard: "M2 2.5h12v11H2zM2 7h12M8 7v6.5",
  sheet: "M3 2h7l3 3v9H3zM5.5 11.5l2-3 2 1.5 1.5-3",
  group: "M2 4h4.5L8 5.5h6V13H2z",
  caution: "M8 1.5 15 14H1z",
  degraded: "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z",
  healthy: "M14.5 8A6.5 6.5 0 1 1 1.5 8a6.5 6.5 0 0 1 13 0z",
  unknown: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
};

/** What is cut out of a filled mark. @type {Record<string, string>} */
const CUTS = {
  caution: "M8 6v4M8 12v.2",
  degraded: "M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
  healthy: "M5 8.2l2.2 2.2L11.2 6",
};

/** @type {Record<string, string>} */
const LETTERS = { tableau: "Tb", powerbi: "PB", superset: "Su" };

/** @type {Map<string, Path2D>} */
const paths = new Map();

/** @param {string} shape */
function path(shape) {
  const made = paths.get(shape) ?? new Path2D(shape);
  paths.set(shape, made);
  return made;
}

/**
 * Draws a kind's glyph with its left upper corner at the origin.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} kind
 * @param {string} color
 */
export function drawGlyph(context, kind, color) {
  context.strokeStyle = color;
  context.lineWidth = 1.4;
  context.stroke(path(SHAPES[kind] ?? SHAPES.macro));
}

/**
 * Draws a health mark. Each is a shape of its own, so that colour alone says nothing.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} health
 * @param {string} color
 * @param {string} ground
 */
export function drawHealth(context, health, color, ground) {
  const shape = path(SHAPES[health] ?? SHAPES.unknown);
  if (!CUTS[health]) {
    context.setLineDash([3, 2.3]);
    context.strokeStyle = color;
    context.lineWidth = 1.4;
    context.stroke(shape);
    context.setLineDash([]);
    return;
  }
  context.fillStyle = color;
  context.fill(shape);
  context.strokeStyle = ground;
  context.lineWidth = 1.8;
  context.stroke(path(CUTS[health]));
}

/**
 * Draws a BI tool's tile: two letters, no logo.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} tool
 * @param {string} color
 */
export function drawTool(context, tool, color) {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(0.5, 0.5, 15, 15, 3);
  context.stroke();
  context.fillStyle = color;
  context.font = "bold 9px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillText(LETTERS[tool] ?? "BI", 8, 8.5);
  context.textAlign = "left";
}

/**
 * Which part of the drawing is seen, and how large: a point of the drawing stands at `x * zoom + left` on the screen.
 */

/** @typedef {import("./graph.js").Box} Box */

/** Below this names are not drawn, and lines are drawn by pixel. */
export const NAMES = 0.28;
/** Below this a node is a coloured bar. */
export const BARS = 0.12;

const SMALLEST = 0.004;
const LARGEST = 3;
/** How much air stands around a drawing that is fitted, in pixels. */
const MARGIN = 24;

export class View {
  zoom = 1;
  left = 0;
  top = 0;
  width = 1;
  height = 1;

  /**
   * The part of the drawing that is seen, and so many pixels more around it.
   *
   * @param {number} [margin]
   * @returns {Box}
   */
  box(margin = 0) {
    return {
      left: (-this.left - margin) / this.zoom,
      top: (-this.top - margin) / this.zoom,
      right: (this.width - this.left + margin) / this.zoom,
      bottom: (this.height - this.top + margin) / this.zoom,
    };
  }

  /**
   * Zooms, and keeps what stands at a point of the screen where it is.
   *
   * @param {number} factor
   * @param {number} [x]
   * @param {number} [y]
   */
  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const zoom = Math.min(LARGEST, Math.max(SMALLEST, this.zoom * factor));
    this.left = x - ((x - this.left) * zoom) / this.zoom;
    this.top = y - ((y - this.top) * zoom) / this.zoom;
    this.zoom = zoom;
  }

  /** @param {Box} box */
  fit({ left, top, right, bottom }) {
    const zoom = Math.min((this.width - 2 * MARGIN) / (right - left), (this.height - 2 * MARGIN) / (bottom - top), 1);
    this.zoom = Math.max(SMALLEST, zoom);
    this.left = (this.width - (left + right) * this.zoom) / 2;
    this.top = (this.height - (top + bottom) * this.zoom) / 2;
  }

  /**
   * Puts a point of the drawing into the middle.
   *
   * @param {number} x
   * @param {number} y
   */
  center(x, y) {
    this.left = this.width / 2 - x * this.zoom;
    this.top = this.height / 2 - y * this.zoom;
  }

  /**
   * Keeps some of the drawing in sight.
   *
   * @param {Box} box
   */
  keep({ left, top, right, bottom }) {
    const rest = 60;
    this.left = Math.min(this.width - rest - left * this.zoom, Math.max(rest - right * this.zoom, this.left));
    this.top = Math.min(this.height - rest - top * this.zoom, Math.max(rest - bottom * this.zoom, this.top));
  }
}

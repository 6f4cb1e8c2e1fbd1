/**
 * Mouse, pen and fingers on the picture: drag and pinch move it, the wheel zooms, a click selects.
 */

/**
 * What is done with it.
 *
 * @typedef {object} Hands
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, x: number, y: number) => void} zoom
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(x: number, y: number) => void} click
 * @property {(x: number, y: number) => void} open
 * @property {(x: number, y: number) => void} menu
 */

/** A finger may tremble so many pixels and still mean a click. */
const TREMBLE = 4;
/** How much a notch of the wheel zooms; wheels count in pixels, lines or pages. */
const NOTCH = [0.0016, 0.045, 0.8];

/**
 * @param {HTMLElement} place
 * @param {Hands} hands
 * @param {AbortSignal} signal
 */
export function watchPointer(place, hands, signal) {
  /** Fingers on the picture, by their number. @type {Map<number, { x: number, y: number }>} */
  const fingers = new Map();
  let moved = 0;
  let wasPinched = false;

  /** @param {MouseEvent} event */
  const point = (event) => {
    const box = place.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  /**
   * @template {keyof HTMLElementEventMap} K
   * @param {K} name
   * @param {(event: HTMLElementEventMap[K]) => void} listener
   */
  const on = (name, listener) => place.addEventListener(name, listener, { signal, passive: false });

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (fingers.size === 0) {
      moved = 0;
      wasPinched = false;
    }
    fingers.set(event.pointerId, point(event));
    wasPinched ||= fingers.size > 1;
  });
  on("pointermove", (event) => {
    const now = point(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      hands.hover(now.x, now.y);
      return;
    }
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    moved += Math.hypot(dx, dy);
    if (moved <= TREMBLE) return;
    // Only now: a captured pointer's click would not reach the link below it.
    if (!place.hasPointerCapture(event.pointerId)) place.setPointerCapture(event.pointerId);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
      hands.pan(dx / 2, dy / 2);
      if (Number.isFinite(factor) && factor > 0) hands.zoom(factor, (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else {
      hands.pan(dx, dy);
    }
    fingers.set(event.pointerId, now);
  });
  const lift = (/** @type {PointerEvent} */ event) => fingers.delete(event.pointerId);
  on("pointerup", lift);
  on("pointercancel", lift);
  on("pointerleave", () => {
    if (fingers.size === 0) hands.leave();
  });
  on("click", (event) => {
    // A click of the keyboard on the link has no place, and opens the page.
    if (event.detail === 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (moved > TREMBLE || wasPinched) return;
    const { x, y } = point(event);
    if (event.detail === 1) hands.click(x, y);
    else hands.open(x, y);
  });
  on("wheel", (event) => {
    event.preventDefault();
    const { x, y } = point(event);
    if (event.shiftKey) hands.pan(-(event.deltaX || event.deltaY), 0);
    else hands.zoom(Math.exp(-event.deltaY * NOTCH[event.deltaMode] * (event.ctrlKey ? 4 : 1)), x, y);
  });
  // The focus stays where it is: a menu that opens while the button is held would lose it.
  on("mousedown", (event) => event.preventDefault());
  on("contextmenu", (event) => {
    event.preventDefault();
    const { x, y } = point(event);
    hands.menu(x, y);
  });
}

/**
 * The picture that a reader sees and moves in: what they do with keys and pointer, and what then happens.
 */

import { make } from "../page/make.js";
import { say } from "../page/say.js";
import { areShortcutsOn } from "../page/shortcut.js";
import * as address from "./address.js";
import { step } from "./graph.js";
import { readPalette, watchColors } from "./ink.js";
import { openMenu, Panel } from "./menu.js";
import { Painter } from "./paint.js";
import { watchPointer } from "./pointer.js";

/** @typedef {import("./graph.js").Graph} Graph */

/** How long after the last move the picture is drawn sharp, in milliseconds. */
const REST = 90;
/** How long the way to a node out of sight takes, in milliseconds. */
const WAY = 160;
/** How far a button or key zooms. */
const NOTCH = 1.4;
/** In this session the next picture takes the keyboard's focus at once: it was asked for by a key. */
const BY_KEY = "tailwater-lineage-by-key";

export class Picture {
  /** Where the link stands. */
  #current = 0;
  /** Where the reader came from, to find the way back. @type {number[]} */
  #trail = [];
  #isPlanned = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

  /**
   * @param {HTMLElement} place
   * @param {Graph} graph of one node at least
   * @param {string} base the product's base path: empty, or starting with a slash
   * @param {AbortSignal} signal ends it
   */
  constructor(place, graph, base, signal) {
    this.place = place;
    this.graph = graph;
    this.base = base;
    const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { "aria-hidden": "true" }));
    const keys = make(
      "p",
      { id: "lineage-keys", hidden: true },
      "Arrow keys follow links. Question mark lists all keys.",
    );
    this.link = /** @type {HTMLAnchorElement} */ (make("a", { class: "lineage-node", "aria-describedby": keys.id }));
    this.tip = make("div", { class: "lineage-tip", hidden: true });
    this.stage = make("div", { class: "lineage-stage" }, canvas, this.link, this.tip, this.#tools(), keys);
    const frame = make("div", { class: "lineage-frame" }, this.stage);
    place.replaceChildren(frame, this.#legend());
    this.panel = new Panel(frame, () => this.#focus());
    this.painter = new Painter(canvas, graph, readPalette(place));
    this.view = this.painter.view;

    this.#measure();
    this.#begin();
    this.painter.frame();
    watchColors(() => {
      this.painter.recolor(readPalette(place));
      this.#plan();
    }, signal);
    const observer = new ResizeObserver(() => this.#measure());
    observer.observe(this.stage);
    signal.addEventListener("abort", () => observer.disconnect());
    watchPointer(this.stage, this.#hands(), signal);
    this.stage.addEventListener("keydown", (event) => this.#key(event));
    this.link.addEventListener("focus", () => this.#show());
  }

  /** What is seen first: the whole when names can be read then, else the node that was asked about. */
  #begin() {
    const { view, graph } = this;
    const { focus } = this.painter;
    view.fit(graph.box);
    this.#stand(Math.max(0, focus));
    if (focus >= 0 && view.zoom < 0.6) {
      view.zoom = 0.8;
      this.#center();
    }
    if (sessionStorage.getItem(BY_KEY)) {
      sessionStorage.removeItem(BY_KEY);
      this.#focus();
      say(graph.words(this.#current));
    }
  }

  #tools() {
    const tools = make("div", { class: "lineage-tools", role: "group", "aria-label": "Picture" });
    /** @type {[string, string, () => void][]} */
    const buttons = [
      ["+", "Zoom in", () => this.#zoom(NOTCH)],
      ["−", "Zoom out", () => this.#zoom(1 / NOTCH)],
      ["⤢", "Show all", () => this.#fit()],
      ["PNG", "Save as a PNG picture", () => this.#save()],
    ];
    for (const [text, label, act] of buttons) {
      const button = make("button", { type: "button", title: label, "aria-label": label }, text);
      button.addEventListener("click", act);
      tools.append(button);
    }
    // What is done with the tools is not done with the picture below them.
    for (const name of ["pointerdown", "mousedown", "click", "keydown"]) {
      tools.addEventListener(name, (event) => event.stopPropagation());
    }
    return tools;
  }

  #legend() {
    const { lens, nodes } = this.graph.answer;
    const list = make("ul", { class: "lineage-legend", "aria-label": "Colours" });
    for (const [index, { label, tone }] of lens.legend.entries()) {
      const count = nodes.lens.filter((of) => of === index).length;
      if (count === 0) continue;
      list.append(make("li", { class: `tone-${tone}` }, label, make("span", { class: "muted" }, ` ${count}`)));
    }
    return list;
  }

  /** @returns {import("./pointer.js").Hands} */
  #hands() {
    const { view, graph } = this;
    /** @type {(x: number, y: number) => number} */
    const at = (x, y) => graph.at((x - view.left) / view.zoom, (y - view.top) / view.zoom, 3 / view.zoom);
    return {
      pan: (dx, dy) => this.#move(() => Object.assign(view, { left: view.left + dx, top: view.top + dy })),
      zoom: (factor, x, y) => this.#move(() => view.zoomBy(factor, x, y)),
      hover: (x, y) => this.#hover(at(x, y), x, y),
      leave: () => this.#hover(-1, 0, 0),
      click: (x, y) => {
        const node = at(x, y);
        if (node >= 0 && address.isClosed(graph, node)) this.#go(this.#pageOf(node));
        else this.#select(node);
        if (node < 0) return;
        this.#details();
        // From here on keys may go on walking.
        this.#focus();
      },
      open: (x, y) => {
        const node = at(x, y);
        if (node >= 0) this.#go(this.#pageOf(node));
      },
      menu: (x, y) => {
        const node = at(x, y);
        if (node >= 0) this.#menu(node);
      },
    };
  }

  #focus() {
    this.link.focus({ preventScroll: true });
  }

  get #here() {
    return new URL(location.href);
  }

  /** @param {number} node */
  #pageOf(node) {
    return address.pageOf(this.graph, node, this.#here, this.base);
  }

  /**
   * @param {URL} url
   * @param {boolean} [isByKey]
   */
  #go(url, isByKey = false) {
    if (isByKey) sessionStorage.setItem(BY_KEY, "1");
    location.assign(url);
  }

  /**
   * Changes the view, and draws.
   *
   * @param {() => void} change
   */
  #move(change) {
    change();
    this.view.keep(this.graph.box);
    this.painter.isMoving = true;
    this.tip.hidden = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.painter.isMoving = false;
      this.#plan();
    }, REST);
    this.#plan();
  }

  /** Plans a frame. */
  #plan() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.painter.frame();
      this.#place();
    });
  }

  #measure() {
    const { clientWidth, clientHeight } = this.stage;
    this.painter.resize(Math.max(1, clientWidth), Math.max(1, clientHeight), devicePixelRatio);
    // At once: a canvas that was resized is empty.
    this.painter.frame();
    this.#place();
  }

  /** @param {number} factor */
  #zoom(factor) {
    this.#move(() => this.view.zoomBy(factor));
  }

  #fit() {
    this.#move(() => this.view.fit(this.graph.box));
  }

  /** Puts the current node into the middle. */
  #center() {
    const { x, y, w, h } = this.graph;
    const node = this.#current;
    this.view.center(x[node] + w[node] / 2, y[node] + h / 2);
  }

  /** Where the current node stands on the screen. */
  #spot() {
    const { x, y, w, h } = this.graph;
    const { zoom, left, top } = this.view;
    const node = this.#current;
    return { x: x[node] * zoom + left, y: y[node] * zoom + top, width: w[node] * zoom, height: h * zoom };
  }

  /**
   * Makes a node the current one: the link stands on it.
   *
   * @param {number} node
   */
  #stand(node) {
    this.#current = node;
    this.link.href = this.#pageOf(node).href;
    this.link.setAttribute("aria-label", this.graph.words(node));
    this.#place();
  }

  /** Puts the link where its node is drawn. */
  #place() {
    const { x, y, width, height } = this.#spot();
    const { style } = this.link;
    style.width = `${Math.max(24, width)}px`;
    style.height = `${Math.max(24, height)}px`;
    style.transform = `translate(${x}px, ${y}px)`;
  }

  /** @param {number} node or −1 */
  #select(node) {
    this.painter.selected = node;
    if (node < 0) {
      this.panel.close();
    } else if (node !== this.#current) {
      this.#trail.push(this.#current);
      this.#stand(node);
    }
    this.#plan();
  }

  /** Shows the panel of the current node. */
  #details() {
    if (address.isClosed(this.graph, this.#current)) return;
    this.panel.show(address.panelOf(this.graph, this.#current, this.#here, this.base));
  }

  /**
   * @param {number} node
   * @param {number} x
   * @param {number} y
   */
  #hover(node, x, y) {
    const { tip, stage, graph, painter } = this;
    tip.hidden = node < 0;
    if (node >= 0) {
      tip.textContent = `${graph.answer.nodes.name[node]} · ${graph.kindWords(node)}`;
      const left = Math.max(0, Math.min(x + 14, stage.clientWidth - tip.offsetWidth - 4));
      tip.style.transform = `translate(${left}px, ${y + 18}px)`;
    }
    stage.classList.toggle("on-node", node >= 0);
    if (painter.hovered === node) return;
    painter.hovered = node;
    this.#plan();
  }

  /** @param {number} node */
  #menu(node) {
    const { graph } = this;
    this.#select(node);
    const href = this.#pageOf(node).href;
    const { id, name } = graph.answer.nodes;
    /** @type {(side: "both" | "up" | "down") => string} */
    const focus = (side) => address.focusOn(this.#here, id[node], side).href;
    const items = address.isClosed(graph, node)
      ? [{ text: "Open in place", href }]
      : [
          { text: "Open page", href },
          { text: "Details", act: () => this.#details() },
          { text: "Focus: both sides", href: focus("both") },
          { text: "Focus: upstream only", href: focus("up") },
          { text: "Focus: downstream only", href: focus("down") },
        ];
    const stage = this.stage.getBoundingClientRect();
    const spot = this.#spot();
    openMenu(this.place, name[node], items, { x: stage.left + spot.x, y: stage.top + spot.y + spot.height + 4 });
  }

  /** Brings the current node into sight, near enough to read its name. */
  #show() {
    const { view } = this;
    const node = this.#current;
    const { x, y, width, height } = this.#spot();
    const edge = 40;
    const isFar = view.zoom < 0.4;
    const isIn = x >= edge && y >= edge && x + width <= view.width - edge && y + height <= view.height - edge;
    if (isIn && !isFar) return;
    if (isFar) view.zoom = 0.8;
    const { left, top } = view;
    this.#center();
    const [toLeft, toTop] = [view.left, view.top];
    const isCalm = isFar || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const began = performance.now();
    const go = () => {
      const part = isCalm ? 1 : Math.min(1, (performance.now() - began) / WAY);
      const rest = (1 - part) ** 3;
      if (part < 1 && this.#current !== node) return;
      this.#move(() => {
        view.left = Math.round(toLeft + (left - toLeft) * rest);
        view.top = Math.round(toTop + (top - toTop) * rest);
      });
      if (part < 1) requestAnimationFrame(go);
    };
    go();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const node = this.#current;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.link) return;
    const id = this.graph.answer.nodes.id[node];
    const ask = (/** @type {URL} */ url) => this.#go(url, true);
    const here = this.#here;
    /** @type {Record<string, () => void>} */
    const always = {
      ArrowLeft: () => this.#walk("left"),
      ArrowRight: () => this.#walk("right"),
      ArrowUp: () => this.#walk("up"),
      ArrowDown: () => this.#walk("down"),
      Enter: () => this.#go(this.#pageOf(node), address.isClosed(this.graph, node)),
      Escape: () => this.#back(),
      ContextMenu: () => this.#menu(node),
      " ": () => this.#details(),
    };
    /** @type {Record<string, () => void>} */
    const single = {
      f: () => ask(address.focusOn(here, id, "both")),
      u: () => ask(address.focusOn(here, id, "up")),
      d: () => ask(address.focusOn(here, id, "down")),
      "[": () => ask(address.deeper(here, -1, shownDepth)),
      "]": () => ask(address.deeper(here, 1, shownDepth)),
      "+": () => this.#zoom(NOTCH),
      "=": () => this.#zoom(NOTCH),
      "-": () => this.#zoom(1 / NOTCH),
      0: () => this.#fit(),
      t: () => this.#go(address.table(here)),
    };
    const name = event.key === "F10" && event.shiftKey ? "ContextMenu" : event.key;
    const act = always[name] ?? (areShortcutsOn() ? single[name] : undefined);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** @param {import("./graph.js").Direction} direction */
  #walk(direction) {
    const before = this.#current;
    const node = step(this.graph, before, direction, this.#trail.at(-1));
    if (node === before) {
      const nothing = {
        left: "Nothing upstream",
        right: "Nothing downstream",
        up: "Top of the column",
        down: "End of the column",
      };
      say(`${nothing[direction]} of ${this.graph.answer.nodes.name[node]}`);
      return;
    }
    if (this.#trail.at(-1) === node) this.#trail.pop();
    else this.#trail.push(before);
    this.#arrive(node);
  }

  /** @param {number} node */
  #arrive(node) {
    this.painter.selected = node;
    this.#stand(node);
    this.#show();
    if (this.panel.isOpen) this.#details();
    this.#plan();
    say(this.graph.words(node));
  }

  /** Esc: closes the panel, then goes back the way the reader came, then lets go of the selection. */
  #back() {
    if (this.panel.isOpen) {
      this.panel.close();
      return;
    }
    const before = this.#trail.pop();
    if (before === undefined) this.#select(-1);
    else this.#arrive(before);
  }

  #save() {
    this.painter.image().toBlob((blob) => {
      if (!blob) {
        say("The picture is too large to save");
        return;
      }
      const href = URL.createObjectURL(blob);
      make("a", { href, download: "lineage.png" }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10_000);
    });
  }
}

/**
 * What the page's boxes of depth say.
 *
 * @param {"up" | "down"} name
 */
function shownDepth(name) {
  const box = document.querySelector(`input[name=${name}]`);
  return box instanceof HTMLInputElement ? box.value : undefined;
}

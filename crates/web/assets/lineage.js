/**
 * The lineage picture: `<tw-lineage src="/api/v1/lineage?…" base="/catalog">`.
 *
 * ```text
 * src ─▶ Graph ─▶ Painter ─▶ canvas            keys, pointer ─▶ select, move ─▶ Painter, link, panel
 *                                                             └▶ another picture: another address
 * ```
 *
 * The canvas is hidden from readers of the page's text. In its place one real link stands on the current node, with
 * name, kind and counts in its label, and what is walked to is spoken. The table view says all that the picture says.
 *
 * Without script the element shows what the server put into it.
 */

import * as address from "./lineage/address.js";
import { startCompletion } from "./lineage/complete.js";
import { Graph } from "./lineage/graph.js";
import { openMenu, Panel } from "./lineage/menu.js";
import { Painter } from "./lineage/paint.js";
import { readPalette, watchColors } from "./lineage/palette.js";
import { watchPointer } from "./lineage/pointer.js";
import { step } from "./lineage/walk.js";
import { showBar } from "./page/fragment.js";
import { say } from "./page/say.js";
import { areShortcutsOn, describeShortcuts } from "./page/shortcut.js";

/** How long after the last move the picture is drawn sharp, in milliseconds. */
const REST = 90;
/** How long the way to a node out of sight takes, in milliseconds. */
const WAY = 160;
/** In this session the next picture takes the keyboard's focus at once: it was asked for by a key. */
const BY_KEY = "tailwater-lineage-by-key";

class Lineage extends HTMLElement {
  /** @type {Graph | undefined} */
  #graph;
  /** @type {Painter | undefined} */
  #painter;
  /** Where the reader came from, to find the way back. @type {number[]} */
  #trail = [];
  #current = -1;
  #isPlanned = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;
  #away = new AbortController();

  connectedCallback() {
    this.#away = new AbortController();
    this.#load();
  }

  disconnectedCallback() {
    this.#away.abort();
  }

  get #base() {
    return this.getAttribute("base")?.replace(/\/$/, "") ?? "";
  }

  get #here() {
    return new URL(location.href);
  }

  async #load() {
    const bar = setTimeout(() => showBar(true), 150);
    this.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(this.getAttribute("src") ?? "", {
        headers: { accept: "application/json" },
        signal: this.#away.signal,
      });
      const data = await answer.json();
      performance.mark("lineage-data");
      if (!answer.ok) this.#refuse(data.detail ?? data.title ?? `The server answered ${answer.status}.`);
      else if (data.nodes.id.length === 0) this.#refuse("Nothing to draw: no resource matches.");
      else this.#build(new Graph(data));
    } catch (error) {
      if (this.#away.signal.aborted) return;
      console.warn("the lineage could not be loaded", error);
      this.#refuse("The picture could not be loaded. Reload the page to try again; the table view may work.");
    } finally {
      clearTimeout(bar);
      showBar(false);
      this.removeAttribute("aria-busy");
    }
  }

  /** @param {string} text */
  #refuse(text) {
    const line = make("p", "notice caution", text);
    line.setAttribute("role", "alert");
    this.replaceChildren(line);
  }

  /** @param {Graph} graph */
  #build(graph) {
    this.#graph = graph;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    this.stage = make("div", "lineage-stage");
    this.link = document.createElement("a");
    this.link.className = "lineage-node";
    this.link.setAttribute("aria-describedby", "lineage-keys");
    this.tip = make("div", "lineage-tip");
    this.tip.hidden = true;
    const keys = make("p", "", "Arrow keys follow links. Question mark lists all keys.");
    keys.id = "lineage-keys";
    keys.hidden = true;
    this.stage.append(canvas, this.link, this.tip, this.#tools(), keys);
    const frame = make("div", "lineage-frame");
    frame.append(this.stage);
    this.replaceChildren(frame, this.#legend(graph));
    this.panel = new Panel(frame);
    const { signal } = this.#away;
    this.panel.element.addEventListener("closed", () => this.link?.focus({ preventScroll: true }), { signal });

    this.#painter = new Painter(canvas, graph, readPalette(this));
    const painter = this.#painter;
    this.#measure();
    this.#begin(graph, painter);
    painter.frame();
    performance.mark("lineage-painted");
    this.dispatchEvent(new CustomEvent("painted", { bubbles: true }));

    watchColors(() => {
      painter.recolor(readPalette(this));
      this.#plan();
    }, signal);
    const observer = new ResizeObserver(() => this.#measure());
    observer.observe(this.stage);
    signal.addEventListener("abort", () => observer.disconnect());
    watchPointer(this.stage, this.#hands(graph, painter), signal);
    this.stage.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.link.addEventListener("focus", () => this.#show(this.#current), { signal });
  }

  /**
   * What is seen first: the whole when names can be read then, else the node that was asked about.
   *
   * @param {Graph} graph
   * @param {Painter} painter
   */
  #begin(graph, painter) {
    const { view, focus } = painter;
    view.fit(graph.box);
    const start = Math.max(0, focus);
    if (focus >= 0 && view.zoom < 0.6) {
      view.zoom = 0.8;
      view.center(graph.x[start] + graph.w[start] / 2, graph.y[start] + graph.h / 2);
    }
    this.#stand(start);
    if (sessionStorage.getItem(BY_KEY)) {
      sessionStorage.removeItem(BY_KEY);
      this.link?.focus({ preventScroll: true });
      say(graph.words(start));
    }
  }

  #tools() {
    const tools = make("div", "lineage-tools");
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", "Picture");
    /** @type {[string, string, () => void][]} */
    const buttons = [
      ["+", "Zoom in", () => this.#zoom(1.4)],
      ["−", "Zoom out", () => this.#zoom(1 / 1.4)],
      ["⤢", "Show all", () => this.#fit()],
      ["PNG", "Save as a PNG picture", () => this.#save()],
    ];
    for (const [text, label, act] of buttons) {
      const button = /** @type {HTMLButtonElement} */ (make("button", "", text));
      button.type = "button";
      button.title = label;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        act();
      });
      tools.append(button);
    }
    // What is done with the tools is not done with the picture below them.
    for (const name of ["pointerdown", "mousedown", "keydown"])
      tools.addEventListener(name, (event) => event.stopPropagation());
    return tools;
  }

  /** @param {Graph} graph */
  #legend(graph) {
    const { legend } = graph.answer.lens;
    const list = make("ul", "lineage-legend");
    list.setAttribute("aria-label", "Colours");
    const counts = new Array(legend.length).fill(0);
    for (const lens of graph.answer.nodes.lens) counts[lens] += 1;
    for (const [index, { label, tone }] of legend.entries()) {
      if (counts[index] === 0) continue;
      const row = make("li", `tone-${tone}`, label);
      row.append(make("span", "muted", ` ${counts[index]}`));
      list.append(row);
    }
    return list;
  }

  /**
   * @param {Graph} graph
   * @param {Painter} painter
   * @returns {import("./lineage/pointer.js").Hands}
   */
  #hands(graph, painter) {
    const { view } = painter;
    /**
     * @param {number} x
     * @param {number} y
     */
    const at = (x, y) => graph.at((x - view.left) / view.zoom, (y - view.top) / view.zoom, 3 / view.zoom);
    return {
      pan: (dx, dy) => this.#move(() => Object.assign(view, { left: view.left + dx, top: view.top + dy })),
      zoom: (factor, x, y) => this.#move(() => view.zoomBy(factor, x, y)),
      hover: (x, y) => this.#hover(at(x, y), x, y),
      leave: () => this.#hover(-1, 0, 0),
      click: (x, y) => {
        const node = at(x, y);
        if (node < 0) this.#select(-1);
        else if (address.isClosed(graph, node)) this.#go(this.#pageOf(node));
        else {
          this.#select(node);
          this.#details(node);
          // From here on keys may go on walking.
          this.link?.focus({ preventScroll: true });
        }
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

  /** @param {number} node */
  #pageOf(node) {
    return address.pageOf(/** @type {Graph} */ (this.#graph), node, this.#here, this.#base);
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
    const painter = this.#painter;
    if (!painter || !this.#graph) return;
    change();
    painter.view.keep(this.#graph.box);
    painter.isMoving = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      painter.isMoving = false;
      this.#plan();
    }, REST);
    if (this.tip) this.tip.hidden = true;
    this.#plan();
  }

  /** Plans a frame. */
  #plan() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#painter?.frame();
      this.#place();
    });
  }

  #measure() {
    const { stage } = this;
    if (!stage || !this.#painter) return;
    const { clientWidth, clientHeight } = stage;
    this.#painter.resize(Math.max(1, clientWidth), Math.max(1, clientHeight), devicePixelRatio || 1);
    // At once: a canvas that was resized is empty.
    this.#painter.frame();
    this.#place();
  }

  /** @param {number} factor */
  #zoom(factor) {
    this.#move(() => this.#painter?.view.zoomBy(factor));
  }

  #fit() {
    this.#move(() => this.#graph && this.#painter?.view.fit(this.#graph.box));
  }

  /**
   * Makes a node the current one: the link stands on it.
   *
   * @param {number} node
   */
  #stand(node) {
    const { link } = this;
    if (!link || !this.#graph || node < 0) return;
    this.#current = node;
    link.href = this.#pageOf(node).href;
    link.setAttribute("aria-label", this.#graph.words(node));
    this.#place();
  }

  /** Puts the link where its node is drawn. */
  #place() {
    const { link } = this;
    const [graph, painter, node] = [this.#graph, this.#painter, this.#current];
    if (!link || !graph || !painter || node < 0) return;
    const { zoom, left, top } = painter.view;
    link.style.width = `${Math.max(24, graph.w[node] * zoom)}px`;
    link.style.height = `${Math.max(24, graph.h * zoom)}px`;
    link.style.transform = `translate(${graph.x[node] * zoom + left}px, ${graph.y[node] * zoom + top}px)`;
  }

  /** @param {number} node */
  #select(node) {
    if (!this.#painter) return;
    this.#painter.selected = node;
    if (node >= 0) {
      if (node !== this.#current) this.#trail.push(this.#current);
      this.#stand(node);
    } else {
      this.panel?.close();
    }
    this.#plan();
  }

  /** @param {number} node */
  #details(node) {
    const url = new URL(`${this.#base}/lineage/panel`, location.href);
    const environment = this.#here.searchParams.get("env");
    if (environment) url.searchParams.set("env", environment);
    url.searchParams.set("id", this.#graph?.answer.nodes.id[node] ?? "");
    this.panel?.show(url);
  }

  /**
   * @param {number} node
   * @param {number} x
   * @param {number} y
   */
  #hover(node, x, y) {
    const { tip, stage } = this;
    if (!this.#painter || !this.#graph || !tip || !stage) return;
    if (node >= 0) {
      const { name } = this.#graph.answer.nodes;
      tip.textContent = `${name[node]} · ${this.#graph.kind(node).replaceAll("_", " ")}`;
      tip.hidden = false;
      tip.style.transform = `translate(${Math.min(x + 14, Math.max(0, stage.clientWidth - tip.offsetWidth - 4))}px, ${y + 18}px)`;
    } else {
      tip.hidden = true;
    }
    stage.classList.toggle("on-node", node >= 0);
    if (this.#painter.hovered === node) return;
    this.#painter.hovered = node;
    this.#plan();
  }

  /** @param {number} node */
  #menu(node) {
    const graph = this.#graph;
    if (!graph || !this.stage || !this.#painter) return;
    this.#select(node);
    const id = graph.answer.nodes.id[node];
    const focus = (/** @type {"both" | "up" | "down"} */ side) => address.focusOn(this.#here, id, side).href;
    const box = this.stage.getBoundingClientRect();
    const { zoom, left, top } = this.#painter.view;
    const at = { x: box.left + graph.x[node] * zoom + left, y: box.top + (graph.y[node] + graph.h) * zoom + top + 4 };
    const open = { text: address.isClosed(graph, node) ? "Open in place" : "Open page", href: this.#pageOf(node).href };
    const items = address.isClosed(graph, node)
      ? [open]
      : [
          open,
          { text: "Details", act: () => this.#details(node) },
          { text: "Focus: both sides", href: focus("both") },
          { text: "Focus: upstream only", href: focus("up") },
          { text: "Focus: downstream only", href: focus("down") },
        ];
    openMenu(this, graph.answer.nodes.name[node], items, at);
  }

  /**
   * Brings a node into sight.
   *
   * @param {number} node
   */
  #show(node) {
    const [graph, painter] = [this.#graph, this.#painter];
    if (!graph || !painter || node < 0) return;
    const { view } = painter;
    const edge = 40;
    const [x, y] = [graph.x[node] * view.zoom + view.left, graph.y[node] * view.zoom + view.top];
    const [wide, tall] = [graph.w[node] * view.zoom, graph.h * view.zoom];
    const target = Object.assign(Object.create(Object.getPrototypeOf(view)), view);
    // From afar a name cannot be read: walking brings the reader near.
    const isFar = view.zoom < 0.4;
    if (isFar) target.zoom = 0.8;
    else if (x >= edge && y >= edge && x + wide <= view.width - edge && y + tall <= view.height - edge) return;
    target.center(graph.x[node] + graph.w[node] / 2, graph.y[node] + graph.h / 2);
    const [left, top] = [view.left, view.top];
    const isCalm = isFar || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const began = performance.now();
    const go = () => {
      const part = isCalm ? 1 : Math.min(1, (performance.now() - began) / WAY);
      const eased = 1 - (1 - part) ** 3;
      if (part < 1 && this.#current !== node) return;
      this.#move(() => {
        view.zoom = target.zoom;
        view.left = Math.round(left + (target.left - left) * eased);
        view.top = Math.round(top + (target.top - top) * eased);
      });
      if (part < 1) requestAnimationFrame(go);
    };
    go();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const [graph, node] = [this.#graph, this.#current];
    if (!graph || event.ctrlKey || event.metaKey || event.altKey || event.target !== this.link) return;
    const id = graph.answer.nodes.id[node];
    const here = this.#here;
    /** @type {Record<string, () => void>} */
    const always = {
      ArrowLeft: () => this.#walk("left"),
      ArrowRight: () => this.#walk("right"),
      ArrowUp: () => this.#walk("up"),
      ArrowDown: () => this.#walk("down"),
      Enter: () => this.#go(this.#pageOf(node), address.isClosed(graph, node)),
      Escape: () => this.#back(),
      ContextMenu: () => this.#menu(node),
      " ": () => this.#details(node),
    };
    /** @type {Record<string, () => void>} */
    const single = {
      f: () => this.#go(address.focusOn(here, id, "both"), true),
      u: () => this.#go(address.focusOn(here, id, "up"), true),
      d: () => this.#go(address.focusOn(here, id, "down"), true),
      "[": () => this.#go(address.deeper(here, -1, shownDepth), true),
      "]": () => this.#go(address.deeper(here, 1, shownDepth), true),
      "+": () => this.#zoom(1.4),
      "=": () => this.#zoom(1.4),
      "-": () => this.#zoom(1 / 1.4),
      0: () => this.#fit(),
      t: () => this.#go(address.table(here)),
    };
    const act =
      event.key === "F10" && event.shiftKey
        ? always.ContextMenu
        : (always[event.key] ?? (areShortcutsOn() ? single[event.key] : undefined));
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** @param {import("./lineage/walk.js").Direction} direction */
  #walk(direction) {
    const graph = this.#graph;
    if (!graph) return;
    const before = this.#current;
    const node = step(graph, before, direction, this.#trail.at(-1));
    if (node === before) {
      const nothing = {
        left: "Nothing upstream",
        right: "Nothing downstream",
        up: "Top of the column",
        down: "End of the column",
      };
      say(`${nothing[direction]} of ${graph.answer.nodes.name[node]}`);
      return;
    }
    if (this.#trail.at(-1) === node) this.#trail.pop();
    else this.#trail.push(before);
    this.#arrive(node);
  }

  /** @param {number} node */
  #arrive(node) {
    const [graph, painter] = [this.#graph, this.#painter];
    if (!graph || !painter) return;
    painter.selected = node;
    this.#stand(node);
    this.#show(node);
    if (this.panel?.isOpen && !address.isClosed(graph, node)) this.#details(node);
    this.#plan();
    say(graph.words(node));
  }

  /** Esc: closes the panel, then goes back the way the reader came, then lets go of the selection. */
  #back() {
    if (this.panel?.isOpen) {
      this.panel.close();
      return;
    }
    const before = this.#trail.pop();
    if (before !== undefined && before >= 0) this.#arrive(before);
    else this.#select(-1);
  }

  #save() {
    this.#painter?.image().toBlob((blob) => {
      if (!blob) {
        say("The picture is too large to save");
        return;
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "lineage.png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
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

/**
 * @param {string} name
 * @param {string} classes
 * @param {string} [text]
 */
function make(name, classes, text = "") {
  const element = document.createElement(name);
  element.className = classes;
  element.textContent = text;
  return element;
}

/** The style sheet of the picture stands beside this file. */
function addStyle() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("lineage.css", import.meta.url).href;
  return new Promise((done) => {
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
}

describeShortcuts("In the lineage picture", [
  ["← →", "along a link, upstream or downstream"],
  ["↑ ↓", "in the column"],
  ["Enter", "open the page; open a group in place"],
  ["Space", "details"],
  ["f", "focus here"],
  ["u", "upstream only"],
  ["d", "downstream only"],
  ["[ ]", "one step less, one more"],
  ["+ - 0", "zoom in, out, show all"],
  ["t", "table view"],
  ["Esc", "back"],
]);
startCompletion();
// The picture's size is the style sheet's.
addStyle().then(() => customElements.define("tw-lineage", Lineage));

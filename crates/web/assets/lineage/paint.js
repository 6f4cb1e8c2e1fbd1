/**
 * Draws a view of the graph on a canvas.
 *
 * ```text
 * graph ──slow──▶ sheet (a canvas larger than the screen's, without selection) ──fast──▶ screen, with what is selected on top
 * ```
 *
 * While the reader moves, the sheet is shifted and stretched; it is drawn anew when they rest, or when it no longer
 * covers the screen. Small graphs are drawn anew for every frame.
 */

import { drawGlyph, drawHealth, drawTool } from "./glyph.js";
import { drawPixels } from "./pixels.js";
import { BARS, NAMES, View } from "./view.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./palette.js").Palette} Palette */

/** How much of the rest is left when something is selected. */
const DIMMED = 0.4;
/** A sheet that took longer than this, in milliseconds, is not drawn for every frame. */
const CHEAP = 6;
/** With more links than this that leave the screen, each is a stub. */
const MANY = 150;
/** How long a stub is, in the drawing's units. */
const STUB = 26;
/** Links drawn in one go: long paths are slow. */
const BATCH = 64;
const FONT = '11.5px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

export class Painter {
  view = new View();
  /** The selected node, or −1: its links are thick, the rest is dimmed. */
  selected = -1;
  /** The node below the pointer, or −1. */
  hovered = -1;
  /** The node that the address is about, or −1. */
  focus = -1;
  /** Whether the reader is moving. */
  isMoving = false;

  /** The view that the sheet shows, from its own left upper corner. */
  #drawn = new View();
  #isStale = true;
  #cost = 0;
  #scale = 1;
  /** Names as they fit, by node. @type {string[]} */
  #labels = [];

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Graph} graph
   * @param {Palette} palette
   */
  constructor(canvas, graph, palette) {
    this.graph = graph;
    this.palette = palette;
    this.focus = graph.answer.focus;
    this.screen = contextOf(canvas);
    this.sheet = contextOf(document.createElement("canvas"));
  }

  /**
   * @param {number} width of the screen's part, in its pixels
   * @param {number} height
   * @param {number} scale pixels of the device to one of the screen
   */
  resize(width, height, scale) {
    Object.assign(this.view, { width, height });
    this.#scale = scale;
    const { canvas } = this.screen;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    this.#isStale = true;
  }

  /** @param {Palette} palette */
  recolor(palette) {
    this.palette = palette;
    this.#isStale = true;
  }

  /**
   * Draws a frame. Says whether it was drawn from an old sheet, so that a better one is due once the reader rests.
   *
   * @returns {boolean}
   */
  frame() {
    if (this.#isStale || (!this.#isCurrent() && !(this.isMoving && this.#mayShift()))) this.#drawSheet();
    const { screen, view, palette } = this;
    const { canvas } = screen;
    const ratio = view.zoom / this.#drawn.zoom;
    const left = Math.round((view.left - this.#drawn.left * ratio) * this.#scale);
    const top = Math.round((view.top - this.#drawn.top * ratio) * this.#scale);
    screen.setTransform(1, 0, 0, 1, 0, 0);
    screen.fillStyle = palette.ground;
    const hasSelection = this.selected >= 0;
    screen.fillRect(0, 0, canvas.width, canvas.height);
    screen.globalAlpha = hasSelection ? DIMMED : 1;
    const sheet = this.sheet.canvas;
    screen.imageSmoothingEnabled = !this.isMoving;
    screen.drawImage(sheet, left, top, sheet.width * ratio, sheet.height * ratio);
    screen.globalAlpha = 1;
    this.#drawTop();
    return !this.#isCurrent();
  }

  /** The whole graph as a picture, at a zoom at which names can be read, or as large as browsers make pictures. */
  image() {
    const { graph } = this;
    const canvas = document.createElement("canvas");
    const [wide, tall] = [graph.box.right - graph.box.left + 48, graph.box.bottom - graph.box.top + 48];
    const scale = Math.min(2, 12_000 / wide, 12_000 / tall, Math.sqrt(25e6 / (wide * tall)));
    const painter = new Painter(canvas, graph, this.palette);
    painter.resize(wide * scale, tall * scale, 1);
    Object.assign(painter.view, {
      zoom: scale,
      left: (24 - graph.box.left) * scale,
      top: (24 - graph.box.top) * scale,
    });
    painter.frame();
    return canvas;
  }

  #isCurrent() {
    return !this.#isStale && this.view.zoom === this.#drawn.zoom && this.#covers();
  }

  /** Whether the sheet, shifted and stretched, is good enough for a frame. */
  #mayShift() {
    const ratio = this.view.zoom / this.#drawn.zoom;
    return this.#cost > CHEAP && ratio > 0.6 && ratio < 1.8 && (this.#covers() || this.#holdsAll());
  }

  /** Whether the sheet covers the screen. */
  #covers() {
    const seen = this.view.box();
    const drawn = this.#drawn.box();
    return (
      drawn.left <= seen.left + 1e-6 &&
      drawn.top <= seen.top + 1e-6 &&
      drawn.right >= seen.right - 1e-6 &&
      drawn.bottom >= seen.bottom - 1e-6
    );
  }

  /** Whether all that there is stands on the sheet. */
  #holdsAll() {
    const { box } = this.graph;
    const drawn = this.#drawn.box();
    const seen = this.view.box();
    return (
      drawn.left <= Math.max(box.left, seen.left) &&
      drawn.top <= Math.max(box.top, seen.top) &&
      drawn.right >= Math.min(box.right, seen.right) &&
      drawn.bottom >= Math.min(box.bottom, seen.bottom)
    );
  }

  #drawSheet() {
    const start = performance.now();
    const { view, sheet, graph, palette } = this;
    // What costs little is drawn for every frame, and needs nothing beside the screen.
    const margin = this.isMoving && this.#cost > CHEAP ? Math.round(Math.min(view.width, view.height) / 4) : 0;
    const drawn = this.#drawn;
    Object.assign(drawn, {
      zoom: view.zoom,
      left: view.left + margin,
      top: view.top + margin,
      width: view.width + 2 * margin,
      height: view.height + 2 * margin,
    });
    const { canvas } = sheet;
    const [wide, tall] = [Math.round(drawn.width * this.#scale), Math.round(drawn.height * this.#scale)];
    if (canvas.width !== wide || canvas.height !== tall) Object.assign(canvas, { width: wide, height: tall });
    if (view.zoom < NAMES) {
      drawPixels(sheet, graph, drawn, this.#scale, palette);
    } else {
      sheet.setTransform(1, 0, 0, 1, 0, 0);
      sheet.fillStyle = palette.ground;
      sheet.fillRect(0, 0, wide, tall);
      this.#place(sheet, drawn);
      const nodes = graph.inside(drawn.box());
      this.#drawLinks(nodes, drawn.box());
      for (const node of nodes) this.#drawNode(sheet, node, false);
    }
    this.#isStale = false;
    this.#cost = performance.now() - start;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {View} view
   */
  #place(context, view) {
    const zoom = view.zoom * this.#scale;
    context.setTransform(zoom, 0, 0, zoom, view.left * this.#scale, view.top * this.#scale);
    context.font = FONT;
    context.textBaseline = "middle";
    context.lineCap = "round";
    context.lineJoin = "round";
  }

  /**
   * The links of the nodes in sight: a link of which one end is out of sight is a stub when there are many such.
   *
   * @param {number[]} nodes
   * @param {Box} box
   */
  #drawLinks(nodes, box) {
    const { graph, sheet } = this;
    const seen = new Uint8Array(graph.count);
    for (const node of nodes) seen[node] = 1;
    /** @type {number[]} */
    const whole = [];
    /** @type {number[]} */
    const cut = [];
    for (const node of nodes) {
      for (const below of graph.below.of(node)) (seen[below] ? whole : cut).push(node, below);
      for (const above of graph.above.of(node)) if (!seen[above]) cut.push(above, node);
    }
    sheet.strokeStyle = this.palette.line;
    sheet.lineWidth = Math.max(1, 0.8 / this.view.zoom);
    const isMany = cut.length / 2 > MANY;
    this.#inBatches(whole, (from, to) => this.#curve(sheet, from, to));
    this.#inBatches(cut, (from, to) => {
      if (!isMany) this.#curve(sheet, from, to);
      else if (seen[from]) this.#stub(sheet, from, to, 1);
      else this.#stub(sheet, to, from, -1);
    });
    // A small drawing also shows the links that only pass by.
    if (graph.from.length > 2000) return;
    for (let edge = 0; edge < graph.from.length; edge++) {
      const [from, to] = [graph.from[edge], graph.to[edge]];
      if (seen[from] || seen[to] || !mayCross(graph, from, to, box)) continue;
      sheet.beginPath();
      this.#curve(sheet, from, to);
      sheet.stroke();
    }
  }

  /**
   * @param {number[]} pairs
   * @param {(from: number, to: number) => void} draw
   */
  #inBatches(pairs, draw) {
    for (let index = 0; index < pairs.length; ) {
      this.sheet.beginPath();
      for (let count = 0; count < BATCH && index < pairs.length; count++, index += 2) {
        draw(pairs[index], pairs[index + 1]);
      }
      this.sheet.stroke();
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} from
   * @param {number} to
   */
  #curve(context, from, to) {
    const { x, y, w, h } = this.graph;
    const [x0, y0] = [x[from] + w[from], y[from] + h / 2];
    const [x1, y1] = [x[to], y[to] + h / 2];
    const bend = Math.max(24, Math.abs(x1 - x0) / 2);
    context.moveTo(x0, y0);
    context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} node
   * @param {number} other
   * @param {1 | -1} side
   */
  #stub(context, node, other, side) {
    const { x, y, w, h } = this.graph;
    const left = side === 1 ? x[node] + w[node] : x[node];
    const top = y[node] + h / 2;
    const lean = Math.max(-12, Math.min(12, (y[other] - y[node]) / 8));
    context.moveTo(left, top);
    context.lineTo(left + side * STUB, top + lean);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} node
   * @param {boolean} isStrong
   */
  #drawNode(context, node, isStrong) {
    const { graph, palette } = this;
    const { nodes, tools } = graph.answer;
    const [x, y, w, h] = [graph.x[node], graph.y[node], graph.w[node], graph.h];
    const kind = graph.kind(node);
    const color = palette.tone(graph.tone(node));
    const isPill = kind === "pill";
    context.fillStyle = palette.raised;
    context.strokeStyle = color;
    context.lineWidth = (isStrong ? 2.6 : 1.4) / Math.min(1, this.view.zoom * 1.2);
    context.beginPath();
    if (kind === "group") {
      // More than one: a second sheet looks out behind the first.
      context.roundRect(x + 4, y - 4, w, h, 5);
      context.fill();
      context.stroke();
      context.beginPath();
    }
    context.roundRect(x, y, w, h, isPill ? h / 2 : 5);
    context.fill();
    context.stroke();
    const middle = y + h / 2;
    if (!isPill) {
      context.save();
      context.translate(x + 8, middle - 8);
      const tool = tools[nodes.tool[node]];
      if (kind === "exposure" && tool) drawTool(context, tool, color);
      else drawGlyph(context, kind, color);
      context.restore();
    }
    context.font = FONT;
    context.fillStyle = palette.text;
    const hasHealth = !isPill && nodes.health[node] >= 0 && hasMark(kind);
    context.fillText(
      this.#label(context, node, w - (isPill ? 20 : 34) - (hasHealth ? 18 : 0)),
      x + (isPill ? 12 : 30),
      middle,
    );
    if (hasHealth) {
      context.save();
      context.translate(x + w - 18, middle - 6);
      context.scale(0.75, 0.75);
      const health = graph.health(node);
      drawHealth(context, health, palette.tone(health), palette.raised);
      context.restore();
    }
  }

  /**
   * A node's name, cut to its width.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {number} node
   * @param {number} width
   */
  #label(context, node, width) {
    let label = this.#labels[node];
    if (label === undefined) {
      const { name } = this.graph.answer.nodes;
      // No box is wider than a few dozen letters, and a name may have ten thousand.
      label = name[node].slice(0, 80);
      while (label.length > 1 && context.measureText(label).width > width) {
        const fits = Math.floor((label.length * width) / context.measureText(label).width);
        label = `${label.slice(0, Math.min(fits, label.length - 1) - 1)}…`;
      }
      this.#labels[node] = label;
    }
    return label;
  }

  /** What is selected, hovered and asked about, over the sheet. */
  #drawTop() {
    const { screen, graph, palette, view } = this;
    this.#place(screen, view);
    for (const node of new Set([this.hovered, this.selected])) {
      if (node < 0) continue;
      const above = graph.above.of(node);
      const below = graph.below.of(node);
      screen.strokeStyle = palette.accent;
      screen.lineWidth = 2.2 / Math.min(1, view.zoom * 1.4);
      screen.beginPath();
      for (const other of above) this.#curve(screen, other, node);
      for (const other of below) this.#curve(screen, node, other);
      screen.stroke();
      for (const other of [...above, ...below]) this.#drawStrong(other);
      this.#drawStrong(node);
    }
    for (const node of new Set([this.focus, this.selected])) {
      if (node < 0) continue;
      const gap = 4 / Math.min(1, view.zoom);
      screen.strokeStyle = palette.accent;
      screen.lineWidth = 2.4 / Math.min(1, view.zoom);
      screen.beginPath();
      screen.roundRect(
        graph.x[node] - gap,
        graph.y[node] - gap,
        graph.w[node] + 2 * gap,
        graph.h + 2 * gap,
        graph.kind(node) === "pill" ? graph.h / 2 + gap : 5 + gap,
      );
      screen.stroke();
    }
  }

  /** @param {number} node */
  #drawStrong(node) {
    const { screen, graph, view, palette } = this;
    const { left, top, right, bottom } = view.box();
    const [x, y] = [graph.x[node], graph.y[node]];
    if (x > right || x + graph.w[node] < left || y > bottom || y + graph.h < top) return;
    if (view.zoom >= NAMES) {
      this.#drawNode(screen, node, true);
      return;
    }
    // From afar a node must still be seen.
    const least = (view.zoom < BARS ? 3 : 5) / view.zoom;
    screen.fillStyle = palette.tone(graph.tone(node));
    screen.fillRect(x, y, Math.max(graph.w[node], least), Math.max(graph.h, least));
  }
}

/** @param {string} kind */
function hasMark(kind) {
  return !["group", "dashboard", "sheet", "data_source", "macro"].includes(kind);
}

/**
 * @param {Graph} graph
 * @param {number} from
 * @param {number} to
 * @param {Box} box
 */
function mayCross({ x, y, w, h }, from, to, { left, top, right, bottom }) {
  const [x0, x1] = [x[from] + w[from], x[to]];
  const [y0, y1] = [y[from] + h / 2, y[to] + h / 2];
  return Math.max(x0, x1) >= left && Math.min(x0, x1) <= right && Math.max(y0, y1) >= top && Math.min(y0, y1) <= bottom;
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("this browser draws no canvas");
  return context;
}

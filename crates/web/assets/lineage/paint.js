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

import { drawGlyph, drawHealth, drawTool } from "./ink.js";
import { drawPixels } from "./pixels.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./ink.js").Palette} Palette */

/** Below this names are not drawn, and lines are drawn by pixel. */
const NAMES = 0.28;
/** Below this a node is a coloured bar. */
const BARS = 0.12;

const SMALLEST = 0.004;
const LARGEST = 3;
/** How much air stands around a drawing that is fitted, in pixels. */
const MARGIN = 24;

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
const EVERYWHERE = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
const FONT = '11.5px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

/** Which part of the drawing is seen, and how large: a point of it stands at `x * zoom + left` on the screen. */
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

  /** Draws a frame. */
  frame() {
    const isCurrent = this.view.zoom === this.#drawn.zoom && this.#covers();
    if (this.#isStale || !(isCurrent || (this.isMoving && this.#mayShift()))) this.#drawSheet();
    const { screen, view, palette } = this;
    const { canvas } = screen;
    const ratio = view.zoom / this.#drawn.zoom;
    const left = Math.round((view.left - this.#drawn.left * ratio) * this.#scale);
    const top = Math.round((view.top - this.#drawn.top * ratio) * this.#scale);
    screen.setTransform(1, 0, 0, 1, 0, 0);
    screen.fillStyle = palette.ground;
    screen.fillRect(0, 0, canvas.width, canvas.height);
    screen.globalAlpha = this.selected >= 0 ? DIMMED : 1;
    const sheet = this.sheet.canvas;
    screen.imageSmoothingEnabled = !this.isMoving;
    screen.drawImage(sheet, left, top, sheet.width * ratio, sheet.height * ratio);
    screen.globalAlpha = 1;
    this.#drawTop();
  }

  /** The whole graph as a picture, at a zoom at which names can be read, or as large as browsers make pictures. */
  image() {
    const { left, top, right, bottom } = this.graph.box;
    const [wide, tall] = [right - left + 2 * MARGIN, bottom - top + 2 * MARGIN];
    const scale = Math.min(2, 12_000 / wide, 12_000 / tall, Math.sqrt(25e6 / (wide * tall)));
    const zoom = Math.min(1, scale);
    const canvas = document.createElement("canvas");
    const painter = new Painter(canvas, this.graph, this.palette);
    painter.resize(wide * zoom, tall * zoom, scale / zoom);
    painter.view.fit(this.graph.box);
    painter.frame();
    return canvas;
  }

  /** Whether the sheet, shifted and stretched, is good enough for a frame. */
  #mayShift() {
    const ratio = this.view.zoom / this.#drawn.zoom;
    return this.#cost > CHEAP && ratio > 0.6 && ratio < 1.8 && this.#covers(this.graph.box);
  }

  /**
   * Whether the sheet covers what is seen of a part of the drawing.
   *
   * @param {Box} [part]
   */
  #covers({ left, top, right, bottom } = EVERYWHERE) {
    const seen = this.view.box();
    const drawn = this.#drawn.box(1e-6);
    return (
      drawn.left <= Math.max(left, seen.left) &&
      drawn.top <= Math.max(top, seen.top) &&
      drawn.right >= Math.min(right, seen.right) &&
      drawn.bottom >= Math.min(bottom, seen.bottom)
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
      drawPixels(sheet, graph, drawn, this.#scale, palette, view.zoom >= BARS);
    } else {
      sheet.setTransform(1, 0, 0, 1, 0, 0);
      sheet.fillStyle = palette.ground;
      sheet.fillRect(0, 0, wide, tall);
      this.#place(sheet, drawn);
      const nodes = graph.inside(drawn.box());
      this.#drawLinks(nodes);
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
   */
  #drawLinks(nodes) {
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
    sheet.globalAlpha = 0.6;
    sheet.lineWidth = Math.max(1, 0.8 / this.view.zoom);
    const isMany = cut.length / 2 > MANY;
    this.#inBatches(whole, (from, to) => this.#curve(sheet, from, to));
    this.#inBatches(cut, (from, to) => {
      if (!isMany) this.#curve(sheet, from, to);
      else if (seen[from]) this.#stub(sheet, from, to, 1);
      else this.#stub(sheet, to, from, -1);
    });
    sheet.globalAlpha = 1;
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
      screen.roundRect(graph.x[node] - gap, graph.y[node] - gap, graph.w[node] + 2 * gap, graph.h + 2 * gap, 5 + gap);
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

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("this browser draws no canvas");
  return context;
}

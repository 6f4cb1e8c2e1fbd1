/**
 * The graph as the server sends it, in arrays that can be asked quickly: who stands next to whom, what lies in a
 * rectangle, and where an arrow key leads. Nothing here knows of a screen.
 */

/**
 * The server's answer: columns, already laid out. An entry of `nodes.kind` is an index into `kinds`, and so on.
 *
 * @typedef {object} Answer
 * @property {string[]} kinds
 * @property {string[]} healths
 * @property {string[]} tools
 * @property {{ name: string, legend: { key: string, label: string, tone: string }[] }} lens
 * @property {Record<string, string>} paths
 * @property {{ id: string[], name: string[], kind: number[], health: number[], lens: number[], tool: number[],
 *   x: number[], y: number[], w: number[], h: number, members: number[], up: number[], down: number[] }} nodes
 * @property {{ from: number[], to: number[] }} edges
 * @property {number} focus
 */

/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box in the drawing's own units */

/** Neighbours of all nodes in one array: those of `i` stand from `start[i]` to `start[i + 1]`. */
class Neighbours {
  /**
   * @param {number} count of nodes
   * @param {ArrayLike<number>} of
   * @param {ArrayLike<number>} are
   */
  constructor(count, of, are) {
    this.start = new Uint32Array(count + 1);
    for (let edge = 0; edge < of.length; edge++) this.start[of[edge] + 1]++;
    for (let node = 0; node < count; node++) this.start[node + 1] += this.start[node];
    const next = this.start.slice();
    this.all = new Uint32Array(of.length);
    for (let edge = 0; edge < of.length; edge++) this.all[next[of[edge]]++] = are[edge];
  }

  /** @param {number} node */
  of(node) {
    return this.all.subarray(this.start[node], this.start[node + 1]);
  }
}

/** How large a cell of the grid is at least, in the drawing's units. */
const CELL = 320;

export class Graph {
  /** @param {Answer} answer */
  constructor(answer) {
    const { nodes, edges } = answer;
    this.answer = answer;
    this.count = nodes.id.length;
    this.x = Int32Array.from(nodes.x);
    this.y = Int32Array.from(nodes.y);
    this.w = Int32Array.from(nodes.w);
    this.h = nodes.h;
    this.from = Uint32Array.from(edges.from);
    this.to = Uint32Array.from(edges.to);
    this.below = new Neighbours(this.count, this.from, this.to);
    this.above = new Neighbours(this.count, this.to, this.from);
    /** @type {Box} */
    this.box = { left: 0, top: 0, right: 1, bottom: 1 };
    for (let node = 0; node < this.count; node++) {
      const { box } = this;
      if (node === 0) Object.assign(box, { left: this.x[0], top: this.y[0] });
      box.left = Math.min(box.left, this.x[node]);
      box.top = Math.min(box.top, this.y[node]);
      box.right = Math.max(box.right, this.x[node] + this.w[node]);
      box.bottom = Math.max(box.bottom, this.y[node] + this.h);
    }

    // The nodes in the cells of a grid, by their left upper corner.
    const { left, top, right, bottom } = this.box;
    // A few nodes in a large drawing shall not need millions of cells.
    this.cell = Math.max(CELL, Math.sqrt(((right - left) * (bottom - top)) / (4 * this.count + 64)));
    this.columns = Math.floor((right - left) / this.cell) + 1;
    this.rows = Math.floor((bottom - top) / this.cell) + 1;
    const cells = Uint32Array.from(
      { length: this.count },
      (_, node) => this.#row(this.y[node]) * this.columns + this.#column(this.x[node]),
    );
    this.cells = new Neighbours(
      this.columns * this.rows,
      cells,
      cells.map((_, node) => node),
    );
    this.widest = this.w.reduce((widest, width) => Math.max(widest, width), 0);
  }

  /** @param {number} x */
  #column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.box.left) / this.cell)));
  }

  /** @param {number} y */
  #row(y) {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.box.top) / this.cell)));
  }

  /**
   * The nodes that touch a rectangle.
   *
   * @param {Box} box
   * @returns {number[]}
   */
  inside({ left, top, right, bottom }) {
    const found = [];
    const [first, last] = [this.#column(left - this.widest), this.#column(right)];
    for (let row = this.#row(top - this.h), end = this.#row(bottom); row <= end; row++) {
      for (let column = first; column <= last; column++) {
        for (const node of this.cells.of(row * this.columns + column)) {
          const x = this.x[node];
          const y = this.y[node];
          if (x <= right && x + this.w[node] >= left && y <= bottom && y + this.h >= top) found.push(node);
        }
      }
    }
    return found;
  }

  /**
   * The node at a point.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} reach how far beside it still counts
   */
  at(x, y, reach = 0) {
    const found = this.inside({ left: x - reach, top: y - reach, right: x + reach, bottom: y + reach });
    return found.at(-1) ?? -1;
  }

  /** @param {string} id */
  find(id) {
    return this.answer.nodes.id.indexOf(id);
  }

  /** @param {number} node */
  kind(node) {
    return this.answer.kinds[this.answer.nodes.kind[node]];
  }

  /** @param {number} node */
  kindWords(node) {
    return this.kind(node).replaceAll("_", " ");
  }

  /** @param {number} node */
  health(node) {
    return this.answer.healths[this.answer.nodes.health[node]];
  }

  /** @param {number} node */
  tone(node) {
    return this.answer.lens.legend[this.answer.nodes.lens[node]]?.tone ?? this.kind(node);
  }

  /**
   * What a reader who does not see the picture is told.
   *
   * @param {number} node
   */
  words(node) {
    const { nodes } = this.answer;
    const kind = this.kind(node);
    const parts = [nodes.name[node]];
    if (kind === "group") parts.push(`group of ${nodes.members[node]}`);
    else if (kind === "pill") parts.push("collapsed");
    else parts.push(this.kindWords(node), this.health(node));
    parts.push(`${nodes.up[node]} upstream`, `${nodes.down[node]} downstream`);
    return parts.filter(Boolean).join(", ");
  }
}

/** @typedef {"left" | "right" | "up" | "down"} Direction */

/**
 * The node that comes next, or `node` itself where there is none.
 *
 * @param {Graph} graph
 * @param {number} node
 * @param {Direction} direction
 * @param {number} [before] where the reader came from: the way back leads there
 */
export function step(graph, node, direction, before = -1) {
  if (node < 0) return graph.count > 0 ? 0 : -1;
  if (direction === "left" || direction === "right") {
    const next = (direction === "left" ? graph.above : graph.below).of(node);
    if (next.includes(before)) return before;
    return nearest(next, (other) => Math.abs(middle(graph, other) - middle(graph, node))) ?? node;
  }
  const sign = direction === "up" ? -1 : 1;
  return nearestOf(graph, node, sign) ?? node;
}

/**
 * The next one above or below in the same column: of all nodes whose width overlaps, the nearest.
 *
 * @param {Graph} graph
 * @param {number} node
 * @param {1 | -1} sign
 */
function nearestOf(graph, node, sign) {
  const [left, right] = [graph.x[node], graph.x[node] + graph.w[node]];
  let found;
  let shortest = Infinity;
  for (let other = 0; other < graph.count; other++) {
    const distance = (graph.y[other] - graph.y[node]) * sign;
    if (distance <= 0 || distance >= shortest) continue;
    if (graph.x[other] >= right || graph.x[other] + graph.w[other] <= left) continue;
    shortest = distance;
    found = other;
  }
  return found;
}

/**
 * @param {Iterable<number>} nodes
 * @param {(node: number) => number} distance
 */
function nearest(nodes, distance) {
  let found;
  let shortest = Infinity;
  for (const node of nodes) {
    const length = distance(node);
    if (length < shortest) [found, shortest] = [node, length];
  }
  return found;
}

/**
 * @param {Graph} graph
 * @param {number} node
 */
function middle(graph, node) {
  return graph.y[node] + graph.h / 2;
}

/**
 * Walking the graph by arrow keys: left and right follow links, up and down the column.
 */

/** @typedef {import("./graph.js").Graph} Graph */
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

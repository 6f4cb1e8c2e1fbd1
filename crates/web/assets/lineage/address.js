/**
 * Where things of the graph lead. Every state of the picture is an address, so that it can be sent to a colleague.
 */

/** @typedef {import("./graph.js").Graph} Graph */

/**
 * The picture around one node.
 *
 * @param {URL} here
 * @param {string} id
 * @param {"both" | "up" | "down"} side
 */
export function focusOn(here, id, side) {
  const url = new URL(here);
  // What was asked before gives way; how it is looked at stays.
  for (const name of ["select", "exclude", "open", "all", "preset", "up", "down"]) url.searchParams.delete(name);
  url.searchParams.set("focus", id);
  if (side !== "both") {
    url.searchParams.set("up", side === "up" ? "all" : "0");
    url.searchParams.set("down", side === "down" ? "all" : "0");
  }
  return url;
}

/**
 * The same picture with one more group or pill opened.
 *
 * @param {URL} here
 * @param {string} id
 */
export function open(here, id) {
  const url = new URL(here);
  if (!url.searchParams.getAll("open").includes(id)) url.searchParams.append("open", id);
  return url;
}

/** What "all" becomes when it shall be less. */
const BELOW_ALL = 3;

/**
 * One step more or less on both sides.
 *
 * @param {URL} here
 * @param {1 | -1} change
 * @param {(name: "up" | "down") => string | undefined} shown what the page's boxes say, for what the address leaves open
 */
export function deeper(here, change, shown = () => undefined) {
  const url = new URL(here);
  for (const name of /** @type {const} */ (["up", "down"])) {
    const text = url.searchParams.get(name) || shown(name) || "1";
    const depth = Number.parseInt(text, 10);
    const less = text === "all" && change < 0 ? String(BELOW_ALL) : text;
    url.searchParams.set(name, Number.isNaN(depth) ? less : String(Math.max(0, depth + change)));
  }
  return url;
}

/**
 * The same as a table.
 *
 * @param {URL} here
 */
export function table(here) {
  const url = new URL(here);
  url.searchParams.set("view", "table");
  return url;
}

/**
 * The page of a node; for a group or a pill, the picture with it opened.
 *
 * @param {Graph} graph
 * @param {number} node
 * @param {URL} here
 * @param {string} base the product's base path: empty, or starting with a slash
 * @returns {URL}
 */
export function pageOf(graph, node, here, base) {
  const id = graph.answer.nodes.id[node];
  const path = graph.answer.paths[graph.kind(node)];
  if (!path || isClosed(graph, node)) return open(here, id);
  return inEnvironment(new URL(base + path + encodeURIComponent(id), here), here);
}

/**
 * What is shown of a node beside the picture.
 *
 * @param {Graph} graph
 * @param {number} node
 * @param {URL} here
 * @param {string} base
 */
export function panelOf(graph, node, here, base) {
  const url = new URL(`${base}/lineage/panel`, here);
  url.searchParams.set("id", graph.answer.nodes.id[node]);
  return inEnvironment(url, here);
}

/**
 * @param {URL} url
 * @param {URL} here
 */
function inEnvironment(url, here) {
  const environment = here.searchParams.get("env");
  if (environment) url.searchParams.set("env", environment);
  return url;
}

/**
 * Whether a node stands for others, and opens in place.
 *
 * @param {Graph} graph
 * @param {number} node
 */
export function isClosed(graph, node) {
  return ["group", "pill"].includes(graph.kind(node));
}

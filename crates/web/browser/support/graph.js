/**
 * Made-up lineage of any size, shaped like that of a dbt project: sources, staging, layers of intermediate models, marts
 * and the dashboards on them, already laid out. The same size gives the same graph.
 */

/** @typedef {import("../../assets/lineage/graph.js").Answer} Answer */

const KINDS = ["source", "model", "exposure"];
const WORDS = "order customer payment session event invoice region store device product plan ticket lead visit".split(
  " ",
);

/**
 * Numbers between 0 and 1 that only look random.
 *
 * @param {number} seed
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @param {number} size how many nodes
 * @returns {Answer & Record<string, unknown>}
 */
export function makeAnswer(size) {
  const next = random(size);
  const layers = 9;
  const share = [0.16, 0.16, 0.12, 0.1, 0.1, 0.08, 0.08, 0.06, 0.14];
  /** @type {number[][]} */
  const columns = [];
  /** @type {number[]} */
  const layer = [];
  for (let index = 0; index < layers; index++) {
    const end = index === layers - 1 ? size : Math.min(size, layer.length + Math.ceil(size * share[index]));
    const column = [];
    while (layer.length < end) {
      column.push(layer.length);
      layer.push(index);
    }
    columns.push(column);
  }
  /** @type {[number, number][]} */
  const edges = [];
  for (let node = columns[0].length; node < size; node++) {
    const mine = columns[layer[node]];
    const place = mine.indexOf(node) / mine.length;
    const count = 1 + Math.floor(next() ** 2 * 4);
    for (let link = 0; link < count; link++) {
      // Mostly from the layer before, and from about the same place: projects have domains.
      const above = columns[Math.max(0, layer[node] - 1 - Math.floor(next() ** 4 * 5))];
      const spread = place + (next() - 0.5) * (next() < 0.15 ? 1 : 0.06);
      edges.push([above[Math.min(above.length - 1, Math.max(0, Math.floor(spread * above.length)))], node]);
    }
  }
  const unique = [...new Set(edges.map(([from, to]) => from * size + to))].map((key) => [
    Math.floor(key / size),
    key % size,
  ]);
  const tallest = Math.max(...columns.map((column) => column.length)) * 44;
  const nodes = {
    /** @type {string[]} */ id: [],
    /** @type {string[]} */ name: [],
    /** @type {number[]} */ kind: [],
    /** @type {number[]} */ health: [],
    /** @type {number[]} */ lens: [],
    /** @type {number[]} */ tool: [],
    /** @type {number[]} */ x: [],
    /** @type {number[]} */ y: [],
    /** @type {number[]} */ w: [],
    h: 28,
    members: new Array(size).fill(0),
    up: new Array(size).fill(0),
    down: new Array(size).fill(0),
  };
  for (let node = 0; node < size; node++) {
    const kind = layer[node] === 0 ? 0 : layer[node] === layers - 1 ? 2 : 1;
    const [first, second] = [WORDS[Math.floor(next() * 14)], WORDS[Math.floor(next() * 14)]];
    const name = `${["raw.", "fct_", ""][kind]}${first}_${second}_${node}`;
    const column = columns[layer[node]];
    nodes.id.push(`${KINDS[kind]}.shop.${name}`);
    nodes.name.push(name);
    nodes.kind.push(kind);
    nodes.lens.push(kind);
    nodes.health.push(Math.floor(next() * 4));
    nodes.tool.push(kind === 2 ? 0 : -1);
    nodes.w.push(Math.min(220, Math.max(80, name.length * 7 + 40)));
    nodes.x.push(layer[node] * 300);
    nodes.y.push(Math.round(((column.indexOf(node) + 0.5) * tallest) / column.length));
  }
  for (const [from, to] of unique) {
    nodes.down[from] += 1;
    nodes.up[to] += 1;
  }
  return {
    title: "Made up",
    echo: "everything",
    select: "",
    exclude: "",
    counts: { nodes: size, edges: unique.length, resources: size },
    grouped: false,
    width: (layers - 1) * 300 + 200,
    height: tallest,
    kinds: KINDS,
    healths: ["unknown", "healthy", "caution", "degraded"],
    tools: ["tableau"],
    lens: {
      name: "type",
      legend: [
        { key: "source", label: "Source", tone: "source" },
        { key: "model", label: "Model", tone: "model" },
        { key: "exposure", label: "Exposure", tone: "exposure" },
      ],
    },
    paths: { model: "/models/", source: "/sources/", exposure: "/exposures/" },
    nodes,
    edges: { from: unique.map(([from]) => from), to: unique.map(([, to]) => to) },
    focus: -1,
    notes: [],
  };
}

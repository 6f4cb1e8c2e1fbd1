/**
 * The parts of the lineage picture that need no browser: the graph, the walk, the view, addresses, words to complete.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as address from "../../assets/lineage/address.js";
import { Graph, step } from "../../assets/lineage/graph.js";
import { View } from "../../assets/lineage/paint.js";
import { wordAt } from "../../assets/page/complete.js";
import { makeAnswer, random } from "../support/graph.js";

test("what lies in a rectangle is what a look at every node finds", () => {
  for (const size of [1, 7, 500, 3000]) {
    const graph = new Graph(makeAnswer(size));
    const next = random(size + 1);
    const { box } = graph;
    for (let round = 0; round < 60; round++) {
      const left = box.left - 200 + next() * (box.right - box.left + 400);
      const top = box.top - 200 + next() * (box.bottom - box.top + 400);
      const seen = { left, top, right: left + next() * 900, bottom: top + next() * 900 };
      const expected = [];
      for (let node = 0; node < graph.count; node++) {
        const [x, y] = [graph.x[node], graph.y[node]];
        const isIn = x <= seen.right && x + graph.w[node] >= seen.left && y <= seen.bottom && y + graph.h >= seen.top;
        if (isIn) expected.push(node);
      }
      assert.deepEqual(
        graph.inside(seen).toSorted((a, b) => a - b),
        expected,
      );
    }
    for (let node = 0; node < graph.count; node += 13) {
      assert.equal(graph.at(graph.x[node] + 1, graph.y[node] + 1), node);
    }
    assert.equal(graph.at(box.right + 500, box.bottom + 500, 3), -1);
  }
});

test("neighbours are those of the links", () => {
  const graph = new Graph(makeAnswer(300));
  const { from, to } = graph.answer.edges;
  for (let node = 0; node < 300; node++) {
    const below = to.filter((_, edge) => from[edge] === node);
    assert.deepEqual([...graph.below.of(node)].toSorted(), below.toSorted());
    assert.equal(graph.answer.nodes.up[node], graph.above.of(node).length);
  }
});

test("a walk follows links, finds its way back, and stays in the column", () => {
  // a ─▶ b, a ─▶ c; b stands above c, both right of a.
  const answer = makeAnswer(3);
  Object.assign(answer.nodes, { x: [0, 300, 300], y: [100, 0, 200], w: [100, 100, 100] });
  answer.edges = { from: [0, 0], to: [1, 2] };
  const graph = new Graph(answer);
  assert.equal(step(graph, -1, "right"), 0, "a walk begins somewhere");
  assert.equal(step(graph, 0, "left"), 0, "nothing is upstream");
  const right = step(graph, 0, "right");
  assert.ok(right === 1 || right === 2);
  assert.equal(step(graph, 0, "right", 2), 2, "the way back leads to where the reader was");
  assert.equal(step(graph, 1, "left"), 0);
  assert.equal(step(graph, 1, "down"), 2);
  assert.equal(step(graph, 2, "up"), 1);
  assert.equal(step(graph, 2, "down"), 2, "the column has an end");
  assert.equal(step(graph, 0, "down"), 0, "another column is no neighbour");
});

test("zooming keeps the point under the pointer, and something always stays in sight", () => {
  const view = Object.assign(new View(), { width: 800, height: 600 });
  view.fit({ left: 0, top: 0, right: 4000, bottom: 1000 });
  assert.ok(view.left >= 0 && view.left + 4000 * view.zoom <= 800);
  const before = (300 - view.left) / view.zoom;
  view.zoomBy(1.7, 300, 200);
  assert.ok(Math.abs((300 - view.left) / view.zoom - before) < 1e-9);
  view.zoomBy(1e9);
  assert.equal(view.zoom, 3);
  view.left = -1e7;
  view.top = 1e7;
  view.keep({ left: 0, top: 0, right: 4000, bottom: 1000 });
  const seen = view.box();
  assert.ok(seen.left < 4000 && seen.right > 0 && seen.top < 1000 && seen.bottom > 0);
});

test("every state of the picture is an address", () => {
  const here = new URL("http://x/catalog/lineage?select=%2Ba%2B&lens=health&env=dev&open=g1&up=2");
  const id = "model.shop.a b/c?";
  assert.equal(address.focusOn(here, id, "both").search, "?lens=health&env=dev&focus=model.shop.a+b%2Fc%3F");
  assert.equal(address.focusOn(here, "m", "up").search, "?lens=health&env=dev&focus=m&up=all&down=0");
  assert.equal(address.focusOn(here, "m", "down").search, "?lens=health&env=dev&focus=m&up=0&down=all");
  assert.deepEqual(address.open(here, "g2").searchParams.getAll("open"), ["g1", "g2"]);
  assert.deepEqual(address.open(here, "g1").searchParams.getAll("open"), ["g1"]);
  const deeper = address.deeper(here, 1, (name) => (name === "down" ? "all" : "7"));
  assert.deepEqual([deeper.searchParams.get("up"), deeper.searchParams.get("down")], ["3", "all"]);
  const less = address.deeper(new URL("http://x/lineage?up=0&down=all"), -1);
  assert.deepEqual([less.searchParams.get("up"), less.searchParams.get("down")], ["0", "3"]);
  assert.equal(address.table(here).searchParams.get("view"), "table");

  const answer = makeAnswer(3);
  answer.nodes.id[0] = "source.shop.raw.a b/ü?";
  const graph = new Graph({ ...answer, kinds: ["source", "group", "exposure"] });
  const source = graph.answer.nodes.kind.indexOf(0);
  assert.equal(
    address.pageOf(graph, source, here, "/catalog").href,
    "http://x/catalog/sources/source.shop.raw.a%20b%2F%C3%BC%3F?env=dev",
  );
  const group = graph.answer.nodes.kind.indexOf(1);
  assert.ok(
    address.pageOf(graph, group, here, "/catalog").searchParams.getAll("open").includes(answer.nodes.id[group]),
  );
});

test("the word at the cursor stands without its operators", () => {
  // The bar is the cursor.
  for (const [text, word, rest] of [
    ["fct_|", "fct_", ""],
    ["+fct_|", "fct_", ""],
    ["2+fct_or|ders+3", "fct_or", "fct_orders"],
    ["tag:nightly,@stg_|", "stg_", ""],
    ["a b c|", "c", ""],
    ["a |", "", ""],
    ["+|", "", ""],
    ["|", "", ""],
    ["1+fct+|", "fct", ""],
  ]) {
    const cursor = text.indexOf("|");
    const plain = text.replace("|", "");
    const found = wordAt(plain, cursor);
    assert.equal(found.word, word, text);
    if (rest) assert.equal(plain.slice(found.start, found.end), rest);
  }
});

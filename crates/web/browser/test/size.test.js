/**
 * The weight of what a page loads, as it goes over the wire.
 */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ASSETS = fileURLToPath(new URL("../../assets/", import.meta.url));

/**
 * A module and all that it imports.
 *
 * @param {string} path
 * @param {Set<string>} [found]
 */
function closure(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, name] of readFileSync(path, "utf8").matchAll(/^(?:import|export)\b[^;]*?from "(\..*?)";/gms)) {
    closure(join(dirname(path), name), found);
  }
  return found;
}

/** @param {Iterable<string>} paths */
const weight = (paths) => [...paths].reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);

test("an ordinary page's script weighs at most 20 KB", () => {
  const bytes = weight(closure(join(ASSETS, "page.js")));
  assert.ok(bytes <= 20 * 1024, `${bytes} bytes`);
});

test("the style sheets weigh at most 12 KB", { skip: !existsSync(join(ASSETS, "app.css")) }, () => {
  const sheets = ["app.css", "lineage.css"].map((name) => join(ASSETS, name)).filter((path) => existsSync(path));
  const bytes = weight(sheets);
  assert.ok(bytes <= 12 * 1024, `${bytes} bytes`);
});

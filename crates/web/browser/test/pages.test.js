/**
 * Every page of the real program on the demo: no mistakes in the console, nothing for axe to find in either theme, no
 * sideways scrolling on a narrow screen or with text at twice its size, links that lead somewhere, light scripts.
 */

import assert from "node:assert/strict";
import { get } from "node:http";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { launch, openPage } from "../support/browser.js";
import { connect, startCatalog } from "../support/catalog.js";
import { crawl } from "../support/crawl.js";
import { collectFindings, inspect } from "../support/inspect.js";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../support/catalog.js").Catalog} */
let catalog;

before(async () => {
  browser = await launch();
  // Below a path, as behind a proxy: an address that forgets it leads nowhere.
  catalog = await startCatalog({ basePath: "/catalog", args: ["--insecure-local"], prepare: connect });
});
after(async () => {
  await browser?.close();
  await catalog?.stop();
});

test("every page is in order: console, axe in both themes, narrow screens, large text", async () => {
  const { page, mistakes, close } = await openPage(browser, {
    reducedMotion: "reduce",
    // What is not there, or was asked wrongly, is answered by a page all the same.
    expects: [/status of 40[04]/],
  });
  const found = collectFindings();
  const kinds = await crawl(
    page,
    catalog.url,
    async (kind) => {
      await page.locator("tw-lineage[aria-busy]").waitFor({ state: "detached" });
      const name = kind.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "");
      await inspect(page, name, (lines, how) => {
        // A tile shows a state, and holds nothing that a reader would lose when it loads anew.
        const own = kind.startsWith("embed") ? lines.filter((line) => !line.startsWith("meta-refresh")) : lines;
        found.note(own, `${page.url()} (${how})`);
      });
      found.note(mistakes.splice(0), `${page.url()} (console)`);
    },
    {
      more: [
        "/nowhere",
        "/models/model.shop.nowhere",
        "/lineage?select=orders%2B%2B%2B",
        "/lineage?select=%2B*",
        "/lineage?select=*&view=table",
      ],
    },
  );
  await close();
  assert.equal(found.report(), "");
  console.log(`pages: ${kinds.join(", ")}`);
});

/**
 * What a browser that takes gzip gets: the bytes that go over the wire, and the text.
 *
 * @param {string} url
 * @returns {Promise<{ bytes: number, text: string }>}
 */
function fetchZipped(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      /** @type {Buffer[]} */
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const body = Buffer.concat(chunks);
        const text = answer.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
        resolve({ bytes: body.length, text: text.toString() });
      });
    }).on("error", reject);
  });
}

/**
 * The modules that a page loads, and how much each weighs.
 *
 * @param {string} path
 */
async function weigh(path) {
  const { text } = await fetchZipped(catalog.url + path);
  const queue = [...text.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, src]) => new URL(src, catalog.url).href);
  const sheets = [...text.matchAll(/<link[^>]* rel="stylesheet"[^>]* href="([^"]+)"/g)].map(
    ([, href]) => new URL(href, catalog.url).href,
  );
  /** @type {Map<string, number>} */
  const weights = new Map();
  for (let url = queue.shift(); url; url = queue.shift()) {
    if (weights.has(url)) continue;
    const { bytes, text: code } = await fetchZipped(url);
    weights.set(url, bytes);
    for (const [, name] of code.matchAll(/\bfrom "(\.[^"]+)"/g)) queue.push(new URL(name, url).href);
  }
  let style = 0;
  for (const sheet of sheets) style += (await fetchZipped(sheet)).bytes;
  return { scripts: weights, style };
}

test("scripts and styles are as light as promised, as they go over the wire", async () => {
  const sum = (/** @type {Iterable<number>} */ weights) => [...weights].reduce((total, weight) => total + weight, 0);
  const ordinary = await weigh("/");
  assert.ok(ordinary.scripts.size > 5, "the modules were found");
  assert.ok(sum(ordinary.scripts.values()) <= 20 * 1024, `an ordinary page: ${sum(ordinary.scripts.values())} bytes`);
  const lineage = await weigh("/lineage");
  const added = [...lineage.scripts].filter(([url]) => !ordinary.scripts.has(url));
  assert.ok(added.length > 5, "the modules of the picture were found");
  const weight = sum(added.map(([, bytes]) => bytes));
  assert.ok(weight <= 15 * 1024, `lineage adds ${weight} bytes: ${JSON.stringify(added)}`);
  assert.ok(lineage.style <= 12 * 1024, `style: ${lineage.style} bytes`);
  // For docs/performance.md.
  const kilobytes = (/** @type {number} */ bytes) => `${(bytes / 1024).toFixed(1)} KB`;
  const page = kilobytes(sum(ordinary.scripts.values()));
  console.log(`gzip: an ordinary page ${page}, lineage adds ${kilobytes(weight)}, styles ${kilobytes(lineage.style)}`);
});

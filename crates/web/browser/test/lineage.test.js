/**
 * The lineage picture in a browser, on made-up graphs: drawn, walked by keys, asked by mouse, completed, coloured.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings } from "../support/axe.js";
import { launch, openPage } from "../support/browser.js";
import { makeAnswer } from "../support/graph.js";
import { htmlPage, serve } from "../support/site.js";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof serve>>} */
let site;

/** Five nodes: two sources, a model on both, a group and a dashboard below it. */
function small() {
  const answer = makeAnswer(5);
  answer.kinds = ["source", "model", "exposure", "group"];
  answer.lens.legend = [
    { key: "source", label: "Source", tone: "source" },
    { key: "model", label: "Model", tone: "model" },
    { key: "exposure", label: "Exposure", tone: "exposure" },
  ];
  Object.assign(answer.nodes, {
    id: ["source.shop.raw.a", "source.shop.raw.b", "model.shop.fct", "group:folder:marts", "exposure.shop.board"],
    name: ["raw.a", "raw.b", 'fct <b>"orders"', "marts", "x".repeat(10_000)],
    kind: [0, 0, 1, 3, 2],
    lens: [0, 0, 1, 1, 2],
    health: [1, 2, 3, 0, 0],
    tool: [-1, -1, -1, -1, 0],
    x: [0, 0, 300, 600, 600],
    y: [0, 80, 40, 0, 80],
    w: [100, 100, 160, 120, 220],
    members: [0, 0, 0, 7, 0],
    up: [0, 0, 2, 1, 1],
    down: [1, 1, 2, 0, 0],
  });
  answer.edges = { from: [0, 1, 2, 2], to: [2, 2, 3, 4] };
  return { ...answer, focus: 2 };
}

before(async () => {
  browser = await launch();
  site = await serve((_, url) => {
    const { pathname, searchParams } = url;
    if (pathname === "/data") {
      const size = Number(searchParams.get("size") ?? 0);
      return { type: "application/json", body: JSON.stringify(size ? makeAnswer(size) : small()) };
    }
    if (pathname === "/none")
      return { type: "application/json", body: JSON.stringify({ ...small(), nodes: { id: [] } }) };
    if (pathname === "/refused") {
      return {
        status: 422,
        type: "application/problem+json",
        body: JSON.stringify({ detail: "no node is named `fctt`" }),
      };
    }
    if (pathname === "/catalog/lineage/panel")
      return { body: `<h2>Panel of ${searchParams.get("id")}</h2><a href="/x">x</a>` };
    if (pathname === "/complete") {
      const q = searchParams.get("q") ?? "";
      const all = [
        { value: "fct_orders", kind: "model" },
        { value: "fct_payments", kind: "model" },
        { value: "tag:", kind: "method" },
        { value: "tag:nightly", kind: "tag" },
      ];
      return {
        type: "application/json",
        body: JSON.stringify({ items: all.filter(({ value }) => value.startsWith(q)) }),
      };
    }
    if (pathname.startsWith("/catalog/")) {
      const src = searchParams.get("src") ?? "/data";
      return {
        body: htmlPage(
          `<h1>Lineage</h1><form><label for="select">Select</label>
<input id="select" name="select" data-complete="/complete"><input name="up" value="1" aria-label="Up"><input name="down" value="2" aria-label="Down"></form>
<tw-lineage src="${src}" base="/catalog"><p>The table view</p></tw-lineage>`,
          {
            head: '<link rel="stylesheet" href="/assets/lineage.css"><script type="module" src="/assets/lineage.js"></script>',
            attributes: searchParams.has("off") ? 'data-shortcuts="off"' : "",
          },
        ),
      };
    }
    return undefined;
  });
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/**
 * @param {string} query
 * @param {(page: import("playwright-core").Page) => Promise<void>} story
 * @param {Parameters<typeof openPage>[1]} [options]
 */
async function on(query, story, options) {
  const { page, mistakes, close } = await openPage(browser, options);
  try {
    await page.goto(`${site.url}/catalog/lineage${query}`);
    await page.locator("tw-lineage[aria-busy], tw-lineage > *").first().waitFor();
    await story(page);
    assert.deepEqual(mistakes, []);
  } finally {
    await close();
  }
}

/** @param {import("playwright-core").Page} page */
const node = (page) => page.locator(".lineage-node");

/**
 * How many colours the canvas shows.
 *
 * @param {import("playwright-core").Page} page
 */
const colors = (page) =>
  page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("tw-lineage canvas"));
    const { data } = /** @type {any} */ (canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let index = 0; index < data.length; index += 4)
      seen.add((data[index] << 16) | (data[index + 1] << 8) | data[index + 2]);
    return { count: seen.size, ground: [data[0], data[1], data[2]] };
  });

test("keys walk the graph; each node is a real link, and each step is spoken", async () => {
  await on("?lens=health", async (page) => {
    await node(page).focus();
    assert.equal(
      await node(page).getAttribute("aria-label"),
      'fct <b>"orders", model, degraded, 2 upstream, 2 downstream',
    );
    const status = page.locator("[role=status]");
    for (const [key, words, href] of [
      ["ArrowRight", /^(marts, group of 7|x+, exposure, unknown), 1 upstream, 0 downstream$/, /./],
      ["ArrowLeft", /^fct/, /\/catalog\/models\/model\.shop\.fct$/],
      ["ArrowLeft", /^raw\.[ab], source/, /\/catalog\/sources\/source\.shop\.raw\.[ab]$/],
      ["ArrowLeft", /^Nothing upstream of raw\./, /./],
      ["Escape", /^fct/, /./],
    ]) {
      await page.keyboard.press(/** @type {string} */ (key));
      await page.waitForFunction(
        ({ source }) => new RegExp(source, "s").test(document.querySelector("[role=status]")?.textContent ?? ""),
        { source: /** @type {RegExp} */ (words).source },
      );
      assert.match((await node(page).getAttribute("href")) ?? "", /** @type {RegExp} */ (href));
      assert.ok(await node(page).evaluate((link) => link === document.activeElement), "the focus stays");
    }
    assert.equal(await page.locator("canvas").getAttribute("aria-hidden"), "true");
    await page.keyboard.press("ArrowLeft");
    const first = await status.textContent();
    await page.keyboard.press(first?.startsWith("raw.a") ? "ArrowDown" : "ArrowUp");
    await page.waitForFunction((text) => document.querySelector("[role=status]")?.textContent !== text, first);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/catalog\/sources\/source\.shop\.raw\.[ab]$/);
  });
});

test("single keys ask for another picture, unless switched off", async () => {
  for (const [key, expected] of [
    ["f", "?lens=health&focus=model.shop.fct"],
    ["u", "?lens=health&focus=model.shop.fct&up=all&down=0"],
    ["d", "?lens=health&focus=model.shop.fct&up=0&down=all"],
    ["]", "?lens=health&up=2&down=3"],
    ["[", "?lens=health&up=0&down=1"],
    ["t", "?lens=health&view=table"],
  ]) {
    await on("?lens=health", async (page) => {
      await node(page).focus();
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.search === expected);
      if (key === "t") return;
      await node(page).waitFor();
      await page.waitForFunction(() => document.activeElement?.className === "lineage-node");
    });
  }
  await on("?off", async (page) => {
    await node(page).focus();
    await page.keyboard.press("f");
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("status").filter({ hasText: "raw." }).waitFor({ state: "attached" });
    assert.equal(new URL(page.url()).search, "?off", "arrows are no letters: they stay");
  });
});

test("a click shows details, a double click opens the page, a group opens in place", async () => {
  await on("", async (page) => {
    const stage = page.locator(".lineage-stage");
    const box = /** @type {NonNullable<Awaited<ReturnType<typeof stage.boundingBox>>>} */ (await stage.boundingBox());
    /** The middle of a node: the link stands on the model, which shows where the drawing's origin is. */
    const model = await node(page).boundingBox();
    assert.ok(model && box);
    const at = (/** @type {number} */ x, /** @type {number} */ y) =>
      /** @type {[number, number]} */ ([model.x - 300 + x, model.y - 40 + y]);
    await page.mouse.move(...at(50, 14));
    await page.locator(".lineage-tip", { hasText: "raw.a · source" }).waitFor();
    await page.mouse.click(...at(380, 54));
    await page.getByRole("heading", { name: "Panel of model.shop.fct" }).waitFor();
    await page.getByRole("button", { name: "Close details" }).click();
    await page.getByRole("complementary", { name: "Details" }).waitFor({ state: "hidden" });
    await page.mouse.click(...at(380, 54), { button: "right" });
    const menu = page.getByRole("menu");
    await menu.waitFor();
    assert.deepEqual(await menu.getByRole("menuitem").allTextContents(), [
      "Open page",
      "Details",
      "Focus: both sides",
      "Focus: upstream only",
      "Focus: downstream only",
    ]);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Panel of model.shop.fct" }).waitFor();
    await page.mouse.click(...at(650, 14));
    await page.waitForURL((url) => url.searchParams.get("open") === "group:folder:marts");
    await node(page).waitFor();
    await page.mouse.dblclick(...at(380, 54));
    await page.waitForURL(/models\/model\.shop\.fct$/);
  });
});

test("the wheel zooms, a drag moves, and neither selects", async () => {
  await on("?src=%2Fdata%3Fsize%3D400", async (page) => {
    const box = await page.locator(".lineage-stage").boundingBox();
    assert.ok(box);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const transform = () => node(page).evaluate((link) => link.style.transform);
    const before = await transform();
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, -600);
    await page.waitForFunction(
      (old) => /** @type {any} */ (document.querySelector(".lineage-node")).style.transform !== old,
      before,
    );
    const zoomed = await transform();
    await page.mouse.down();
    await page.mouse.move(x + 90, y + 50, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(
      (old) => /** @type {any} */ (document.querySelector(".lineage-node")).style.transform !== old,
      zoomed,
    );
    assert.ok(!(await page.locator(".lineage-panel").isVisible()));
    await page.getByRole("button", { name: "Show all" }).click();
    await page.waitForFunction(
      (old) => /** @type {any} */ (document.querySelector(".lineage-node")).style.transform === old,
      before,
    );
  });
});

test("large and small graphs are drawn in both themes, at any density of pixels", async () => {
  for (const [size, deviceScaleFactor, colorScheme] of /** @type {const} */ ([
    [0, 1, "light"],
    [400, 2, "dark"],
    [20_000, 1, "dark"],
    [20_000, 2, "light"],
  ])) {
    await on(
      size ? `?src=${encodeURIComponent(`/data?size=${size}`)}` : "",
      async (page) => {
        await page.locator("canvas").waitFor();
        const { count, ground } = await colors(page);
        assert.ok(count > 3, `${size} nodes show ${count} colours`);
        const isDark = ground[0] < 128;
        assert.equal(isDark, colorScheme === "dark", `ground ${ground}`);
        await page.evaluate((dark) => {
          document.documentElement.dataset.theme = dark ? "light" : "dark";
        }, isDark);
        await page.waitForFunction((dark) => {
          const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("tw-lineage canvas"));
          const [red] = /** @type {any} */ (canvas.getContext("2d")).getImageData(0, 0, 1, 1).data;
          return red < 128 !== dark;
        }, isDark);
      },
      { deviceScaleFactor, colorScheme },
    );
  }
});

test("forced colours and calm readers are respected", async () => {
  await on(
    "",
    async (page) => {
      await page.locator("canvas").waitFor();
      assert.ok((await colors(page)).count > 2);
      await node(page).focus();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("status").filter({ hasText: "1 upstream" }).waitFor({ state: "attached" });
    },
    { forcedColors: "active", reducedMotion: "reduce" },
  );
});

test("a refusal and an empty picture say so", async () => {
  await on(
    "?src=/refused",
    async (page) => {
      await page.getByRole("alert").filter({ hasText: "no node is named `fctt`" }).waitFor();
    },
    { expects: [/422/] },
  );
  await on("?src=/none", async (page) => {
    await page.getByRole("alert").filter({ hasText: "Nothing to draw" }).waitFor();
  });
});

test("the picture can be saved", async () => {
  await on("", async (page) => {
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a PNG picture" }).click();
    assert.equal((await saved).suggestedFilename(), "lineage.png");
  });
});

test("the select box completes names, methods and tags", async () => {
  await on("", async (page) => {
    const box = page.getByRole("combobox", { name: "Select" });
    await box.pressSequentially("+fct");
    await page.getByRole("option", { name: "fct_payments" }).waitFor();
    assert.equal(await box.getAttribute("aria-expanded"), "true");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const active = await box.getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${active}`).getAttribute("aria-selected"), "true");
    await page.keyboard.press("Enter");
    assert.equal(await box.inputValue(), "+fct_payments");
    await box.pressSequentially("+ ta");
    await page.getByRole("option", { name: "tag: method" }).click();
    assert.equal(await box.inputValue(), "+fct_payments+ tag:");
    await page.getByRole("option", { name: "tag:nightly" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("listbox").waitFor({ state: "hidden" });
    assert.equal(await box.inputValue(), "+fct_payments+ tag:");
  });
});

test("axe finds nothing", async () => {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    await on(
      "",
      async (page) => {
        await node(page).focus();
        await page.keyboard.press(" ");
        await page.getByRole("heading", { name: "Panel of" }).waitFor();
        assert.deepEqual(await findings(page), []);
      },
      { colorScheme },
    );
  }
});

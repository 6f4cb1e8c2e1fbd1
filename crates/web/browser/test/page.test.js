/**
 * The script of every page: swapping, polling, copying, shortcuts, themes, trees, dialogs.
 */

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { launch, openPage } from "../support/browser.js";
import { htmlPage, serve } from "../support/site.js";

/** @typedef {import("../support/site.js").Handler} Handler */

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof serve>>} */
let site;
/** What the site answers in the test at hand. @type {Handler} */
let handler;

before(async () => {
  browser = await launch();
  site = await serve((request, url, body) => {
    return handler(request, url, body);
  });
});
after(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(() => {
  handler = () => undefined;
});

/**
 * Runs a test on a page, and fails it on any mistake of the page.
 *
 * @param {string} path
 * @param {(page: import("playwright-core").Page) => Promise<void>} story
 * @param {Parameters<typeof openPage>[1]} [options]
 */
async function on(path, story, options) {
  const { page, mistakes, close } = await openPage(browser, options);
  try {
    await page.goto(site.url + path);
    await page.waitForSelector("html[data-script=on]");
    await story(page);
    assert.deepEqual(mistakes, []);
  } finally {
    await close();
  }
}

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const SEARCH = `<form action="/search" data-live="results"><label>Words <input name="q" type="search"></label>
<select name="kind" aria-label="Kind"><option value="">all<option>model</select></form><div id="results"><p>nothing yet</div>`;

describe("live search", () => {
  test("swaps the results as the reader types, and the address follows", async () => {
    /** @type {string[]} */
    const asked = [];
    handler = (request, url) => {
      const q = url.searchParams.get("q");
      if (q === null) return { body: htmlPage(SEARCH) };
      asked.push(url.search);
      assert.equal(request.headers["x-fragment"], "results");
      // A whole page is as good as the fragment alone.
      return { body: htmlPage(`<h1>Search</h1><div id="results"><p data-say>found ${escaped(q)}</div>`) };
    };
    await on("/search", async (page) => {
      const box = page.getByLabel("Words");
      await box.pressSequentially("<b>fct", { delay: 5 });
      await page.getByText("found <b>fct", { exact: true }).first().waitFor();
      assert.equal(new URL(page.url()).searchParams.get("q"), "<b>fct");
      assert.equal(await page.locator("#results b").count(), 0, "what was typed is text");
      assert.equal(await box.inputValue(), "<b>fct");
      assert.ok(await box.evaluate((element) => element === document.activeElement), "the box keeps the focus");
      assert.equal(await page.locator("h1").count(), 0, "the rest of the page stays");
      assert.equal(await page.locator("[role=status]").textContent(), "found <b>fct");
      assert.ok(asked.length < 6, `a pause in typing is waited for, yet it asked ${asked.length} times`);
      await page.getByLabel("Kind").selectOption("model");
      await page.waitForURL(/kind=model/);
    });
  });

  test("an older answer never replaces a newer one", async () => {
    /** @type {() => void} */
    let release = () => {};
    handler = async (_, url) => {
      const q = url.searchParams.get("q");
      if (q === null) return { body: htmlPage(SEARCH) };
      if (q === "a") await new Promise((resolve) => (release = () => resolve(undefined)));
      return { body: `<div id="results">answer to ${q}</div>` };
    };
    await on("/search", async (page) => {
      const first = page.waitForRequest(/q=a$/);
      await page.getByLabel("Words").fill("a");
      await first;
      await page.locator("#results[aria-busy=true]").waitFor();
      assert.equal(await page.locator("#results").textContent(), "nothing yet", "the old content stays meanwhile");
      await page.locator(".progress-bar").waitFor({ state: "attached" });
      await page.getByLabel("Words").fill("ab");
      await page.getByText("answer to ab").waitFor();
      release();
      await page.locator(".progress-bar").waitFor({ state: "detached" });
      assert.equal(await page.locator("#results").textContent(), "answer to ab");
      assert.equal(await page.locator("#results").getAttribute("aria-busy"), null);
    });
  });

  test("a refusal is shown in place, and so is silence", async () => {
    let isGone = false;
    handler = (request, url) => {
      const q = url.searchParams.get("q");
      if (q === null) return { body: htmlPage(SEARCH) };
      if (isGone) request.socket.destroy();
      return { status: 422, body: "<p>a quote is not closed</p>" };
    };
    await on(
      "/search",
      async (page) => {
        await page.getByLabel("Words").fill('"a');
        await page.getByText("a quote is not closed").waitFor();
        isGone = true;
        await page.getByLabel("Words").fill("b");
        await page.getByRole("alert").waitFor();
        assert.equal(await page.locator("#results").textContent(), "a quote is not closed", "the old content stays");
      },
      { expects: [/422/, /ERR_EMPTY_RESPONSE/] },
    );
  });
});

describe("swapping", () => {
  test("a form is sent in place, and one that leads elsewhere goes there", async () => {
    handler = (request, url, body) => {
      if (url.pathname === "/test") {
        assert.equal(request.method, "POST");
        assert.equal(body, "csrf=t%26t&server=http%3A%2F%2Fx&act=test");
        return { body: '<section id="checks"><p>reachable</p></section>' };
      }
      if (url.pathname === "/save") return { location: "/done" };
      if (url.pathname === "/done") return { body: htmlPage("<h1>Saved</h1>") };
      return {
        body: htmlPage(`<form method="post" action="/save" data-swap="none"><input type="hidden" name="csrf" value="t&amp;t">
<input name="server" aria-label="Server" value="http://x"><button formaction="/test" name="act" value="test" data-swap="checks">Test</button>
<button data-swap="checks">Save</button></form><section id="checks"></section>`),
      };
    };
    await on("/", async (page) => {
      await page.getByRole("button", { name: "Test" }).click();
      await page.getByText("reachable").waitFor();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("heading", { name: "Saved" }).waitFor();
      assert.equal(new URL(page.url()).pathname, "/done");
    });
  });

  test("a link swaps, and going back brings what was there", async () => {
    handler = (_, url) => ({
      body: htmlPage(
        `<a href="/?page=2" data-swap="list">Next</a><div id="list">page ${url.searchParams.get("page") ?? 1}</div>`,
      ),
    });
    await on("/", async (page) => {
      await page.getByRole("link", { name: "Next" }).click();
      await page.getByText("page 2").waitFor();
      assert.equal(new URL(page.url()).search, "?page=2");
      await page.goBack();
      await page.getByText("page 1").waitFor();
    });
  });

  test("polls until the answer no longer asks for it; focus and unfolded parts stay", async () => {
    let asked = 0;
    handler = (_, url) => {
      if (url.pathname !== "/progress") {
        return {
          body: htmlPage(
            '<div id="live" data-load data-poll="250" data-fragment-url="/progress"><p>starting</p></div>',
          ),
        };
      }
      asked += 1;
      const isDone = asked >= 4;
      return {
        body: `<div id="live" ${isDone ? "" : 'data-poll="250"'} data-fragment-url="/progress"><p data-say>step ${asked}</p>
<details id="log"><summary>Log</summary>lines ${asked}</details><button id="stop">Stop</button></div>`,
      };
    };
    await on("/", async (page) => {
      await page.getByText("step 1").first().waitFor();
      await page.getByText("Log").click();
      await page.getByRole("button", { name: "Stop" }).focus();
      await page.getByText("step 4").first().waitFor();
      assert.ok(await page.locator("#log").evaluate((log) => /** @type {HTMLDetailsElement} */ (log).open));
      assert.equal(await page.evaluate(() => document.activeElement?.id), "stop");
      // Nothing is planned any more: the element no longer says so.
      assert.equal(await page.locator("#live").getAttribute("data-poll"), null);
      assert.equal(asked, 4);
    });
  });

  test("what is pressed, marked, scrolled or beside it is not lost to a poll", async () => {
    let asked = 0;
    handler = (_, url) => {
      if (url.pathname === "/there") return { body: htmlPage("<h1>There</h1>") };
      asked += 1;
      const row = `<tr><td class="nowrap">${"wide ".repeat(80)}${asked}</td></tr>`;
      const live = `<div id="live" data-poll="250"><p id="step">step ${asked}</p><a href="/there">Go there</a>
<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>${row}</table></div></div>`;
      const actions = `<div id="actions" data-along><button>${asked < 6 ? "Cancel" : "Run again"}</button></div>`;
      return { body: htmlPage(`${actions}${live}`) };
    };
    await on("/", async (page) => {
      /** Waits until it was asked again, and the answer came. */
      const nextPoll = async () => {
        await page.waitForResponse((answer) => answer.request().headers()["x-fragment"] === "live");
        await page.waitForTimeout(100);
      };
      const region = page.getByRole("region", { name: "Table" });
      await region.focus();
      await region.evaluate((element) => {
        element.scrollLeft = 120;
      });
      const before = await page.locator("#step").textContent();
      await nextPoll();
      await page.waitForFunction((text) => document.querySelector("#step")?.textContent !== text, before);
      assert.equal(await region.evaluate((element) => element.scrollLeft), 120);
      assert.ok(await region.evaluate((element) => element === document.activeElement));
      await page.getByRole("button", { name: "Run again" }).waitFor();

      // A text that is marked stays until it is no longer.
      await page.evaluate(() =>
        getSelection()?.selectAllChildren(/** @type {Node} */ (document.querySelector("#step"))),
      );
      const marked = await page.evaluate(() => String(getSelection()));
      assert.match(marked, /^step/);
      await nextPoll();
      await nextPoll();
      assert.equal(await page.evaluate(() => String(getSelection())), marked);
      await page.evaluate(() => getSelection()?.removeAllRanges());
      await page.waitForFunction((text) => document.querySelector("#step")?.textContent !== text, marked);

      const spot = await page.getByRole("link", { name: "Go there" }).boundingBox();
      assert.ok(spot);
      await page.mouse.move(spot.x + spot.width / 2, spot.y + spot.height / 2);
      await page.mouse.down();
      await nextPoll();
      await page.mouse.up();
      await page.getByRole("heading", { name: "There" }).waitFor();
    });
  });

  test("scripts in an answer do not run", async () => {
    handler = (_, url) =>
      url.search
        ? { body: '<div id="list"><script>document.title = "run"</script><script src="/evil.js"></script>ok</div>' }
        : { body: htmlPage('<a href="/?x=1" data-swap="list">Go</a><div id="list"></div>') };
    await on("/", async (page) => {
      await page.getByRole("link", { name: "Go" }).click();
      await page.getByText("ok").waitFor();
      assert.equal(await page.title(), "Test");
    });
  });
});

test("keys go to the search box and list themselves, unless switched off", async () => {
  handler = (_, url) => ({
    body: htmlPage("<p>page</p>", { attributes: url.search ? 'data-shortcuts="off"' : "" }),
  });
  await on("/", async (page) => {
    await page.keyboard.press("/");
    assert.ok(await page.getByLabel("Search", { exact: true }).evaluate((box) => box === document.activeElement));
    await page.keyboard.type("/?");
    assert.equal(await page.getByLabel("Search", { exact: true }).inputValue(), "/?", "in a box a key is a letter");
    await page.getByLabel("Search", { exact: true }).blur();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });
  await on("/?off", async (page) => {
    await page.keyboard.press("?");
    await page.keyboard.press("/");
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement?.localName), "body");
  });
});

test("a button copies, and says so", async () => {
  handler = () => ({
    body: htmlPage(
      '<button data-copy="a@x, b@x">Copy</button><pre id="yaml">name: x\n</pre><button data-copy-from="yaml">Copy YAML</button>',
    ),
  });
  await on(
    "/",
    async (page) => {
      await page.getByRole("button", { name: "Copy", exact: true }).click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "a@x, b@x");
      assert.equal(await page.locator("[role=status]").textContent(), "Copied");
      await page.getByRole("button", { name: "Copy YAML" }).click();
      await page.waitForFunction(async () => (await navigator.clipboard.readText()) === "name: x\n");
    },
    { permissions: ["clipboard-read", "clipboard-write"] },
  );
});

test("the theme changes at once and is sent to the server", async () => {
  /** @type {string[]} */
  const sent = [];
  handler = (request, _, body) => {
    if (request.method === "POST") {
      sent.push(body);
      return { status: 204 };
    }
    return {
      body: htmlPage(
        `<form data-theme-switch method="post" action="/theme"><input type="hidden" name="csrf" value="c">
<button name="theme" value="light" aria-label="Theme: as the system; change to light">T</button></form>`,
        { attributes: 'data-theme="system"' },
      ),
    };
  };
  await on("/", async (page) => {
    const theme = () => page.locator("html").getAttribute("data-theme");
    for (const [name, applied] of [
      ["change to light", "light"],
      ["change to dark", "dark"],
      ["change to the system's", "system"],
    ]) {
      const posted = page.waitForResponse((response) => response.request().method() === "POST");
      await page.getByRole("button", { name }).click();
      assert.equal(await theme(), applied);
      await posted;
    }
    assert.deepEqual(sent, ["csrf=c&theme=light", "csrf=c&theme=dark", "csrf=c&theme=system"]);
  });
});

test("a tree's boxes follow one another, and are counted and filtered", async () => {
  handler = () => ({
    body: htmlPage(`<input type="search" aria-label="Filter" data-tree-filter="tree"><button data-tree-all="tree">All</button>
<button data-tree-none="tree">None</button><p data-tree-count="tree" data-unit="workbooks" id="count"></p><ul id="tree" data-tree>
<li><label><input type="checkbox" name="c" value="1" data-count="3">Finance</label><ul>
<li><label><input type="checkbox" name="c" value="2" data-count="1">Revenue</label></li>
<li><label><input type="checkbox" name="c" value="3" data-count="2" checked>Costs</label></li></ul></li>
<li><label><input type="checkbox" name="c" value="4" data-count="10">Sales</label></li></ul>`),
  });
  await on("/", async (page) => {
    const count = page.locator("#count");
    /** @param {string} name */
    const isHalf = (name) =>
      page.getByLabel(name).evaluate((box) => /** @type {HTMLInputElement} */ (box).indeterminate);
    assert.equal(await count.textContent(), "1 of 4 chosen, 2 workbooks");
    assert.ok(await isHalf("Finance"));
    await page.getByLabel("Finance").check();
    assert.equal(await count.textContent(), "3 of 4 chosen, 6 workbooks");
    await page.getByLabel("Revenue").uncheck();
    assert.ok(await isHalf("Finance"));
    await page.getByLabel("Filter").fill("sal");
    assert.ok(await page.getByLabel("Sales").isVisible());
    assert.ok(!(await page.getByLabel("Costs").isVisible()));
    await page.getByRole("button", { name: "None" }).click();
    assert.equal(await count.textContent(), "2 of 4 chosen, 5 workbooks", "what is hidden stays as it is");
    await page.getByLabel("Filter").fill("finance");
    assert.ok(await page.getByLabel("Costs").isVisible(), "what is below a match is shown");
    await page.getByLabel("Filter").fill("");
    await page.getByRole("button", { name: "All" }).click();
    assert.equal(await count.textContent(), "4 of 4 chosen, 16 workbooks");
  });
});

test("dialogs and menus close as expected", async () => {
  handler = () => ({
    body: htmlPage(`<button data-dialog="sure">Disconnect</button><dialog id="sure" aria-label="Sure"><button data-close>Keep</button></dialog>
<details class="menu"><summary>Menu</summary><a href="/x">X</a></details><p>elsewhere</p>`),
  });
  await on("/", async (page) => {
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("dialog").waitFor();
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByText("Menu").click();
    await page.getByRole("link", { name: "X" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "X" }).waitFor({ state: "hidden" });
    await page.getByText("Menu").click();
    await page.getByText("elsewhere").click();
    await page.getByRole("link", { name: "X" }).waitFor({ state: "hidden" });
  });
});

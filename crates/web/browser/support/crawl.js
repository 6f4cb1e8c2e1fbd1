/**
 * Finds the pages of the catalog by following its links, some of each kind: a page that is added is tested too.
 */

/** @typedef {import("playwright-core").Page} Page */

/** Not pages, or not ours to look at. */
const NO_PAGES =
  /\/(?:api|assets|graphql|metrics|healthz|readyz|set-up|invite|sign-out)(?:\/|$)|\/export\.|[?&]format=/;

/**
 * The kind of a page: its address without names of resources and values of parameters.
 *
 * @param {URL} url
 * @param {string} base
 */
export function kindOf(url, base) {
  const [place = "", name, ...rest] = url.pathname.slice(base.length).split("/").filter(Boolean);
  const isFixed = ["tree", "settings", "lineage"].includes(place) || name === "new";
  const path = [
    place,
    name === undefined ? "" : isFixed ? name : "*",
    ...rest.map((part) => (/^\d+$/.test(part) ? "*" : part)),
  ];
  // A few parameters make another page of it.
  const marks = ["view", "step", "q", "select", "focus"].filter((mark) => url.searchParams.has(mark));
  return `${path.filter(Boolean).join("/")}${marks.length ? `?${marks.join("&")}` : ""}` || "home";
}

/**
 * Visits pages, starting at the home page, and calls back on each.
 *
 * @param {Page} page signed in
 * @param {string} start the catalog's address, without a slash at its end
 * @param {(kind: string, url: URL) => Promise<void>} visit
 * @param {{ more?: string[], each?: number }} [options] `more`: addresses that no page links; `each`: pages of one kind
 * @returns {Promise<string[]>} the kinds that were found
 */
export async function crawl(page, start, visit, { more = [], each = 1 } = {}) {
  const base = new URL(start).pathname.replace(/\/$/, "");
  /** @type {Map<string, number>} */
  const visits = new Map();
  const queue = [`${start}/`, ...more.map((path) => start + path)];
  const seen = new Set(queue);
  for (let address = queue.shift(); address; address = queue.shift()) {
    const url = new URL(address);
    const kind = kindOf(url, base);
    const count = visits.get(kind) ?? 0;
    if (count >= each) continue;
    visits.set(kind, count + 1);
    const answer = await page.goto(address);
    if (!answer?.headers()["content-type"]?.startsWith("text/html")) continue;
    // A tile for other sites has no script.
    if ((await page.locator("script").count()) > 0) await page.waitForSelector("html[data-script=on]");
    await visit(kind, url);
    // Links of drawings too, whose `href` is no text.
    const found = await page.evaluate(() =>
      [...document.querySelectorAll("a[href]")].map(
        (link) => new URL(link.getAttribute("href") ?? "", document.baseURI).href.split("#")[0],
      ),
    );
    for (const link of found) {
      if (seen.has(link) || !link.startsWith(`${start}/`) || NO_PAGES.test(link.slice(start.length))) continue;
      seen.add(link);
      queue.push(link);
    }
  }
  return [...visits.keys()].sort();
}

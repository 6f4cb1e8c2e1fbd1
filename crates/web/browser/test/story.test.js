/**
 * The catalog's whole story in a browser, as a data team lives it: the first start, connecting Tableau, the sync, the
 * search, a dashboard, its lineage by mouse and by keyboard, a table that is not matched, a tile in another page.
 *
 * The steps follow one another: each begins where the one before ended.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage } from "../support/browser.js";
import { startCatalog, TOKEN } from "../support/catalog.js";
import { tabTo } from "../support/keyboard.js";
import { serve } from "../support/site.js";

const PASSWORD = "correct horse battery staple";
/** A sync on a machine that builds other things may take a while, in milliseconds. */
const PATIENCE = 60_000;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../support/catalog.js").Catalog} */
let catalog;
/** Another site, on which a dashboard's tile is embedded. @type {Awaited<ReturnType<typeof serve>>} */
let portal;
/** What the portal shows. */
let embedded = "";
/** @type {Awaited<ReturnType<typeof openPage>>} */
let visit;
/** @type {import("playwright-core").Page} */
let page;

before(async () => {
  browser = await launch();
  portal = await serve((_, url) =>
    url.pathname === "/"
      ? {
          body: `<!doctype html><html lang="en"><title>Portal</title><link rel="icon" href="data:,"><h1>Portal</h1>${embedded}</html>`,
          policy: "default-src 'self'; frame-src *; style-src 'unsafe-inline'; img-src data:",
        }
      : undefined,
  );
  catalog = await startCatalog({
    settings: `[serve]\nframe_ancestors = [${JSON.stringify(portal.url.replace("127.0.0.1", "localhost"))}]\n`,
  });
  visit = await openPage(browser);
  page = visit.page;
});
after(async () => {
  await visit?.close();
  await browser?.close();
  await catalog?.stop();
  await portal?.close();
});

/**
 * A step: nothing may have gone wrong on any page of it.
 *
 * @param {string} name
 * @param {() => Promise<void>} story
 */
function step(name, story) {
  test(name, async () => {
    await story();
    assert.deepEqual(visit.mistakes.splice(0), []);
  });
}

step("the first start: a link that is good once makes the first administrator", async () => {
  await page.goto(`${catalog.url}/exposures`);
  await page.waitForURL(/\/sign-in/);
  assert.ok(catalog.setUpLink, "a link is printed while there is no user");
  await page.goto(catalog.setUpLink);
  await page.getByLabel("Name to sign in with").fill("ada");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same again").fill(PASSWORD);
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await page.waitForURL(`${catalog.url}/`);
  const again = await fetch(catalog.setUpLink);
  assert.equal(again.status, 410, "the link is used up");
});

step("the wizard, by keyboard alone: connection, live test, collections, review", async () => {
  await page.goto(`${catalog.url}/integrations/new`);
  await tabTo(page, page.getByRole("link", { name: "Connect Tableau" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("link", { name: "I have the token" }));
  await page.keyboard.press("Enter");

  await tabTo(page, page.getByLabel("Address"));
  await page.keyboard.type(catalog.tableau);
  await tabTo(page, page.getByLabel("Token name"));
  await page.keyboard.type(TOKEN.name);
  await tabTo(page, page.getByLabel("Secret", { exact: true }));
  await page.keyboard.type("not the secret");
  await page.keyboard.press("Enter");
  const lines = page.getByRole("region", { name: "Test of the connection" });
  await lines
    .getByText(/token|sign/i)
    .first()
    .waitFor();
  await page.locator("#onward:not([data-poll])").waitFor({ state: "attached", timeout: PATIENCE });
  assert.equal(
    await page.getByRole("link", { name: "Choose collections" }).count(),
    0,
    "a wrong secret leads no further",
  );

  await tabTo(page, page.getByLabel("Secret", { exact: true }));
  assert.equal(await page.getByLabel("Secret", { exact: true }).inputValue(), "", "a secret never comes back");
  await page.keyboard.type(TOKEN.secret);
  await page.keyboard.press("Enter");
  const onward = page.getByRole("link", { name: "Choose collections" });
  await onward.waitFor({ timeout: PATIENCE });
  await tabTo(page, onward);
  await page.keyboard.press("Enter");

  const count = page.locator("[data-tree-count]");
  await tabTo(page, page.getByLabel("Search the collections"));
  await page.keyboard.type("finance");
  await page.getByLabel("Sales", { exact: false }).first().waitFor({ state: "hidden" });
  await tabTo(page, page.getByRole("button", { name: "Select all" }));
  await page.keyboard.press("Enter");
  const some = await count.textContent();
  await page.getByLabel("Search the collections").fill("");
  await page.getByRole("button", { name: "Select all" }).click();
  assert.notEqual(await count.textContent(), some, "the filter limits what is selected");
  await tabTo(page, page.getByRole("button", { name: "Go on" }));
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { name: "Review" }).waitFor();
  assert.ok(!(await page.content()).includes(TOKEN.secret), "a secret never comes back");
  await page.getByLabel("Name in Tailwater").fill("main");
  await tabTo(page, page.getByRole("button", { name: "Save and sync now" }));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/integrations\/main\/syncs\//);
});

step("the sync is live, and ends with what it found", async () => {
  const result = page.getByRole("link", { name: /See its lineage/ });
  await result.waitFor({ timeout: PATIENCE });
  await page
    .getByText(/dashboards? now stand/)
    .first()
    .waitFor();
  await page.getByRole("heading", { name: /tables? (was|were) not matched/ }).waitFor();
  assert.equal(await page.locator("#sync").getAttribute("data-poll"), null, "nothing is asked any more");
});

step("a search finds as one types, and opens a dashboard", async () => {
  await page.goto(`${catalog.url}/`);
  await page.keyboard.press("/");
  await page.keyboard.type("orders");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search\?/);
  const box = page.locator("main input[name=q]");
  await box.fill("");
  await box.pressSequentially("logist");
  const hit = page
    .locator("#results")
    .getByRole("link", { name: /logistics/i })
    .first();
  await hit.waitFor();
  await page.waitForURL(/q=logist/);
  await hit.click();
  await page.waitForURL(/\/exposures\/exposure\./);
  await page.getByRole("heading", { level: 1, name: /logistics/i }).waitFor();
});

step("a mapping rule is previewed and applied, and the gap closes", async () => {
  const exposure = page.url();
  const gaps = page.getByRole("link", { name: /tables? not matched/ }).first();
  await gaps.waitFor();
  await page.goto(`${catalog.url}/integrations/main/unmatched`);
  const rule = page.locator("form", { has: page.locator("input[name=database][value=shop_prod]") });
  const apply = rule.getByRole("button", { name: "Apply this rule" }).first();
  await apply.waitFor();
  const before = await page.locator("main").textContent();
  await apply.click();
  await page.locator("#rules").getByRole("button", { name: "Remove" }).first().waitFor({ timeout: PATIENCE });
  assert.notEqual(await page.locator("main").textContent(), before);
  await page.goto(exposure);
  await page.getByRole("heading", { level: 1, name: /logistics/i }).waitFor();
  assert.equal(await gaps.count(), 0, "its tables are linked now");
});

step("lineage by mouse: from the dashboard into the picture, a model, its panel, its page", async () => {
  await page.getByRole("link", { name: "Open lineage" }).click();
  const link = page.locator(".lineage-node");
  await link.waitFor();
  assert.match((await link.getAttribute("aria-label")) ?? "", /logistics, exposure/i);
  await page.goto(`${catalog.url}/lineage?select=fct_orders%2B&focus=model.shop.fct_orders`);
  await link.waitFor();
  const spot = await link.boundingBox();
  assert.ok(spot);
  await page.mouse.click(spot.x + spot.width / 2, spot.y + spot.height / 2);
  const panel = page.getByRole("complementary", { name: "Details" });
  await panel.getByRole("heading", { name: "fct_orders" }).waitFor();
  await panel.getByRole("link", { name: "Impact" }).click();
  await page.waitForURL(/preset=impact/);
  await link.waitFor();
  await page.getByRole("link", { name: "Table", exact: true }).click();
  await page.getByRole("region", { name: "Lineage as a table" }).waitFor();
});

step("lineage by keyboard: select with completion, walk, refocus, open", async () => {
  await page.goto(`${catalog.url}/lineage`);
  const box = page.getByRole("combobox", { name: "Select" });
  await tabTo(page, box);
  await page.keyboard.type("+fct_ord");
  await page.getByRole("option", { name: /^fct_orders/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await box.inputValue(), "+fct_orders");
  await page.keyboard.press("Enter");
  await page.waitForURL(/select=%2Bfct_orders/);
  const link = page.locator(".lineage-node");
  await tabTo(page, link);
  const start = await link.getAttribute("aria-label");
  await page.keyboard.press(start?.includes(" 0 upstream") ? "ArrowRight" : "ArrowLeft");
  await page.waitForFunction(
    (label) => document.querySelector(".lineage-node")?.getAttribute("aria-label") !== label,
    start,
  );
  const spoken = await link.getAttribute("aria-label");
  await page.waitForFunction(
    (label) => [...document.querySelectorAll("[role=status]")].some((line) => line.textContent === label),
    spoken,
  );
  await page.keyboard.press("f");
  await page.waitForURL(/focus=/);
  await page.waitForFunction(() => document.activeElement?.className === "lineage-node");
  assert.equal((await link.getAttribute("aria-label"))?.split(",")[0], spoken?.split(",")[0]);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).getByText("downstream only").waitFor();
  await page.keyboard.press("Escape");
  await link.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/(models|sources|seeds|snapshots)\//);
});

step("a selector that cannot be read says where, and what is near", async () => {
  const wrong = await page.goto(`${catalog.url}/lineage?select=fct_orderz`);
  assert.ok(wrong && wrong.status() >= 400 && wrong.status() < 500);
  await page.getByRole("alert").filter({ hasText: "fct_orders" }).waitFor();
  visit.mistakes.splice(0);
});

step("the tile stands in another site's page, and in none that is not named", async () => {
  await page.goto(`${catalog.url}/exposures`);
  await page.getByRole("link", { name: "Logistics", exact: true }).click();
  const code = await page.locator("#embed-code").textContent();
  embedded = code ?? "";
  const other = await openPage(browser, { expects: [/frame-ancestors/i, /refused/i, /Framing/i] });
  await other.page.goto(portal.url.replace("127.0.0.1", "localhost"));
  const tile = other.page.frameLocator("iframe");
  await tile
    .getByText(/Logistics/)
    .first()
    .waitFor();
  await tile.getByRole("link", { name: /in the catalog/ }).waitFor();
  assert.deepEqual(other.mistakes, []);
  // The same page under another name is another origin.
  await other.page.goto(portal.url);
  await other.page.waitForLoadState("networkidle");
  assert.equal(await tile.getByText(/Logistics/).count(), 0);
  await other.close();
});

step("signing out ends it", async () => {
  await page.goto(`${catalog.url}/`);
  await page.locator("details.menu > summary", { hasText: "ada" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${catalog.url}/exposures`);
  await page.waitForURL(/\/sign-in/);
});

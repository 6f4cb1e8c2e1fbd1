/**
 * Building and refreshing in a browser: a job made by its form, run, watched while it builds, cancelled and run again; a
 * refresh asked for by hand and cancelled; a policy that is changed and says where it comes from. Then every page of it,
 * filled, by axe, on a narrow screen and with large text.
 *
 * The steps follow one another: each begins where the one before ended.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, openPage } from "../support/browser.js";
import { connect, startCatalog } from "../support/catalog.js";
import { makeProject } from "../support/dbt.js";
import { collectFindings, inspect } from "../support/inspect.js";
import { tabTo } from "../support/keyboard.js";

/** What a machine that builds other things may take for, in milliseconds. */
const PATIENCE = 60_000;

/** A workbook with an extract on a table. @type {(name: string, table: string, refresh?: string) => string} */
const workbook = (name, table, refresh = '{ outcome = "success" }') => `
[[site.workbook]]
name = ${JSON.stringify(name)}
project = "Sales"
owner = "carlos@shop.example"
datasources = [{ name = "Extract", connection = "warehouse", tables = ["${table}"], extract = true }]
refresh = ${refresh}
`;
const LONG = `Orders ${"of everything that was ever sold ".repeat(6)}<script>alert("x")</script>`;
const SITE = [
  workbook("Orders by day", "marts.fct_orders"),
  workbook(LONG, "marts.fct_orders"),
  workbook("Price list", "marts.dim_products", '{ outcome = "failed", notes = "Login failed for user \'tableau\'." }'),
  workbook("Stock by shelf", "marts.dim_products", '{ outcome = "cancelled" }'),
  workbook("Customer health", "insight.customer_360"),
].join("");

/** What does not end well in the first build. */
const BROKEN = {
  "test.shop.not_null_fct_revenue_order_id.eda7981ea3": {
    status: "fail",
    message: "Got 3 results, configured to fail if != 0",
  },
  "test.shop.margins_are_positive.8c16f3eec3": { status: "warn", message: "Got 2 results, configured to warn if != 0" },
  "model.shop.customer_360": {
    status: "error",
    message:
      'Database Error in model customer_360 (models/insight/customer_360.sql)\n  column "lifetime_value_in_euros" does not exist',
  },
};

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../support/catalog.js").Catalog} */
let catalog;
/** @type {import("../support/dbt.js").Project} */
let project;
/** @type {Awaited<ReturnType<typeof openPage>>} */
let visit;
/** @type {import("playwright-core").Page} */
let page;
const found = collectFindings();
/** The addresses of pages to be looked at, by the name of their pictures. @type {Map<string, string>} */
const pages = new Map();

before(async () => {
  browser = await launch();
  catalog = await startCatalog({
    args: ["--insecure-local"],
    settings: "[refresh]\nenabled = true\n",
    site: SITE,
    prepare: async (run, tableau, home) => {
      await connect(run, tableau);
      await run("sync");
      project = makeProject(join(home, "shop"));
      project.plan(BROKEN);
      await run(
        ...[
          "job",
          "add",
          "nightly",
          "--project",
          "shop",
          "--directory",
          project.directory,
          "--program",
          project.program,
        ],
        ...["--step", "dbt deps", "--step", "dbt build", "--step", "dbt docs generate"],
        ...["--cron", "0 5 * * *", "--time-zone", "Europe/Berlin", "--env", "REGION=eu", "--retries", "2"],
        ...["--retry-delay", "86400"],
      );
      await run("job", "run", "nightly", "--here");
      project.plan({});
    },
  });
  visit = await openPage(browser, { reducedMotion: "reduce" });
  page = visit.page;
});
after(async () => {
  project?.release();
  await visit?.close();
  await browser?.close();
  await catalog?.stop();
});

/**
 * A step: nothing may have gone wrong on any page of it.
 *
 * @param {string} name
 * @param {() => Promise<void>} story
 */
function step(name, story) {
  test(name, async () => {
    page.setDefaultTimeout(PATIENCE);
    await story();
    assert.deepEqual(visit.mistakes.splice(0), []);
  });
}

/** Looks at the page that is open. @param {string} name */
async function look(name) {
  await page.waitForSelector("html[data-script=on]");
  await inspect(page, `orchestration-${name}`, (lines, how) => found.note(lines, `${page.url()} (${how})`), {
    isWhole: true,
  });
}

/** An answer of the API. @param {string} path */
async function api(path) {
  const answer = await page.request.get(`${catalog.url}/api/v1${path}`);
  assert.ok(answer.ok(), `${path}: ${answer.status()}`);
  return answer.json();
}

/** What came of every refresh, by name. */
async function outcomes() {
  const { items } = await api("/refreshes?limit=500");
  return new Map(items.map((/** @type {any} */ refresh) => [`${refresh.name} ${refresh.outcome}`, refresh]));
}

/**
 * Waits until something is so, and lets time pass for the site meanwhile.
 *
 * @param {() => Promise<boolean>} isSo
 * @param {string} what
 */
async function until(isSo, what) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    if (await isSo()) return;
    await catalog.pass(20);
    await page.waitForTimeout(250);
  }
  assert.fail(`${what}: ${catalog.log()}`);
}

step("a run's page fills with what it built and what it refreshed, and comes to rest by itself", async () => {
  await page.goto(`${catalog.url}/runs`);
  await page.getByRole("link", { name: "nightly" }).last().click();
  await page.getByRole("heading", { level: 1, name: /nightly/ }).waitFor();
  await page
    .getByRole("region", { name: "Refreshes", exact: true })
    .getByRole("link", { name: "Orders by day" })
    .first()
    .waitFor();
  await until(async () => (await page.locator("#run[data-poll]").count()) === 0, "the refreshes come to an end");
  const text = (await page.getByRole("region", { name: "Refreshes", exact: true }).textContent()) ?? "";
  for (const word of ["Refreshed", "Failed", "Held", "Cancelled", "Login failed", "not_null_fct_revenue_order_id"]) {
    assert.ok(text.includes(word), `${word}: ${text}`);
  }
  const first = page.getByRole("region", { name: "Nodes that need a look" }).getByRole("row").nth(1);
  assert.match((await first.textContent()) ?? "", /lifetime_value|Got 3 results/, "what failed comes first");
  for (const lane of ["Steps", "Nodes", "Refreshes"]) {
    assert.ok((await page.locator("svg text.lane", { hasText: lane }).count()) > 0, `${lane} are drawn`);
  }
  pages.set("run", page.url());
  await look("run");
});

step("a job is made by its form, by keyboard alone", async () => {
  await page.goto(`${catalog.url}/jobs`);
  await tabTo(page, page.getByRole("link", { name: "New job" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "New job" }).waitFor();
  await tabTo(page, page.getByLabel("Name", { exact: true }));
  await page.keyboard.type("hourly");
  await tabTo(page, page.getByLabel("Directory", { exact: true }));
  await page.keyboard.type(project.directory);
  await tabTo(page, page.getByLabel("Steps", { exact: true }));
  await page.keyboard.press("Control+A");
  await page.keyboard.type("dbt build | tee log");
  await tabTo(page, page.getByLabel("Program", { exact: true }));
  await page.keyboard.type(project.program);
  await tabTo(page, page.getByRole("button", { name: "Make the job" }));
  await page.keyboard.press("Enter");
  const refusal = page.getByRole("alert");
  await refusal.filter({ hasText: "|" }).waitFor();
  await look("job-form-refused");
  assert.equal(await page.getByLabel("Steps", { exact: true }).inputValue(), "dbt build | tee log", "it stays typed");
  // The refusal is told by the browser as an error of the network.
  visit.mistakes.splice(0);
  await page.getByLabel("Steps", { exact: true }).fill("dbt deps\ndbt build");
  await page.getByRole("button", { name: "Make the job" }).press("Enter");
  await page.waitForURL(/\/jobs\/hourly$/);
  await page.getByText("It has not run yet.").waitFor();
});

step("it is run, watched while it builds, cancelled, and run again", async () => {
  project.hold();
  await tabTo(page, page.getByRole("button", { name: /^Run now/ }));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\/[^/]+$/);
  const log = page.locator("#log");
  await log.getByText("Running with dbt=1.11.16: deps").waitFor();
  const early = ((await log.textContent()) ?? "").length;
  // By now it waits in its middle.
  const half = await page.waitForFunction(() => /3[6-9] of 73/.test(document.querySelector("#log")?.textContent ?? ""));
  assert.ok(half);
  assert.ok(((await log.textContent()) ?? "").length > early, "the log grows");
  const badge = page.locator("#run .status-line .badge");
  assert.equal(await badge.textContent(), "Running");
  await page.getByText(/nodes that went well/).waitFor();
  await look("run-live");

  // Who reads the log further up, or a wide table further right, stays there while the page goes on.
  const timeline = page.getByRole("region", { name: /^Timeline/ });
  await page.setViewportSize({ width: 480, height: 800 });
  await page.waitForFunction(() => {
    const picture = document.querySelector(".timeline");
    if (picture) picture.scrollLeft = 100;
    return picture?.scrollLeft === 100;
  });
  const end = page.getByRole("region", { name: "The end of the log" });
  await end.focus();
  await page.waitForResponse(
    (answer) => answer.url() === page.url() && answer.request().headers()["x-fragment"] === "run",
  );
  await page.waitForResponse((answer) => answer.url().endsWith("/log"));
  assert.ok(await end.evaluate((element) => element === document.activeElement), "the focus stays");
  assert.equal(await timeline.evaluate((element) => element.scrollLeft), 100);
  await page.setViewportSize({ width: 1280, height: 800 });

  await tabTo(page, page.getByRole("button", { name: "Cancel" }));
  await page.keyboard.press("Enter");
  await badge.filter({ hasText: "Cancelled" }).waitFor();
  const again = page.getByRole("button", { name: "Run again", exact: true });
  await again.waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel" }).count(), 0, "what is over cannot be cancelled");
  pages.set("run-cancelled", page.url());
  const cancelled = page.url();
  project.release();
  await again.press("Enter");
  await page.waitForURL((url) => url.href !== cancelled);
  await badge.filter({ hasText: "Succeeded" }).waitFor();
  await page.getByRole("link", { name: "run again" }).waitFor();
  await again.waitFor();
  assert.equal(await page.locator(`a[href="${new URL(cancelled).pathname}"]`).count(), 1, "it names the run before it");
  await until(async () => (await page.locator("#run[data-poll]").count()) === 0, "its refreshes come to an end");
});

step("what was refreshed a moment ago is skipped, and the reason is told", async () => {
  const { items } = await api("/refreshes?outcome=skipped");
  assert.ok(items.length > 0, "the second build skips what the first refreshed");
  assert.match(items[0].words, /^skipped \(refreshed .*interval 24 h\)/);
});

step("an extract is refreshed by hand, all the same, and cancelled", async () => {
  await page.goto(`${catalog.url}/exposures`);
  await page.getByRole("link", { name: "Orders by day", exact: true }).click();
  await page.getByRole("link", { name: "Refresh history" }).click();
  pages.set("exposure-refreshes", page.url());
  await tabTo(page, page.getByRole("button", { name: "Refresh now" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Refresh now?" }).waitFor();
  await page.getByText(/interval 24 h/).waitFor();
  await look("refresh-refused");
  await tabTo(page, page.getByRole("button", { name: "Refresh all the same" }));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/refreshes\/[^/]+$/);
  const one = page.url();
  await page.goto(`${catalog.url}/refreshes?state=open`);
  await page.getByRole("link", { name: "Orders by day" }).first().click();
  assert.equal(page.url(), one);
  const badge = page.locator("#refresh .status-line .badge");
  await badge.filter({ hasText: "Running" }).waitFor();
  await look("refresh-running");
  await tabTo(page, page.getByRole("button", { name: "Cancel" }));
  await page.keyboard.press("Enter");
  await badge.filter({ hasText: "Cancelled" }).waitFor();
  await page.getByRole("button", { name: "Refresh again" }).waitFor();
  await page.goto(`${catalog.url}/refreshes?state=cancelled`);
  await page.locator(`a[href="${new URL(one).pathname}"]`).waitFor();
});

step("a policy is changed, and says where it comes from", async () => {
  await page.goto(`${catalog.url}/settings/refresh`);
  await tabTo(page, page.getByRole("link", { name: "integration main" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Policy of the integration main" }).waitFor();
  await page.getByLabel("Shortest interval, minutes").fill("ninety");
  await page.getByLabel("Quiet from").fill("22:00");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await page.getByRole("alert").filter({ hasText: "ninety" }).waitFor();
  assert.equal(await page.getByLabel("Quiet from").inputValue(), "22:00", "what was typed stays");
  visit.mistakes.splice(0);
  await page.getByLabel("Shortest interval, minutes").fill("90");
  await page.getByLabel("Quiet until").fill("06:00");
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  await page.getByLabel("Hold when a test of error severity failed").selectOption("no");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await page.getByText("The policy holds from now on.").waitFor();
  await page.getByRole("searchbox", { name: "Dashboard" }).fill("Orders by day");
  await page.keyboard.press("Enter");
  const holds = page.getByRole("region", { name: "What holds" });
  const interval = holds.getByRole("row", { name: /Shortest interval/ });
  assert.match((await interval.textContent()) ?? "", /90.*integration main/);
  assert.match(
    (await holds.getByRole("row", { name: /Refreshed after builds/ }).textContent()) ?? "",
    /tailwater\.toml/,
  );
  assert.match((await holds.getByRole("row", { name: /Priority/ }).textContent()) ?? "", /built in/);
  pages.set("policy-explained", page.url());
});

step("every page of it is in order: axe in both themes, narrow screens, large text", async () => {
  const at = (/** @type {string} */ path) => catalog.url + path;
  for (const [name, path] of [
    ["home", "/"],
    ["runs", "/runs"],
    ["jobs", "/jobs"],
    ["job-new", "/jobs/new"],
    ["job", "/jobs/nightly"],
    ["job-edit", "/jobs/nightly/edit"],
    ["refreshes", "/refreshes"],
    ["policy", "/settings/refresh"],
    ["policy-form", "/settings/refresh?scope=integration/main"],
    ["policy-unknown", "/settings/refresh?of=nothing"],
  ]) {
    pages.set(name, at(path));
  }
  for (const [key, refresh] of await outcomes()) {
    const { outcome, id } = refresh;
    if (!pages.has(`refresh-${outcome}`) || key.startsWith(LONG))
      pages.set(`refresh-${outcome}`, at(`/refreshes/${id}`));
  }
  for (const outcome of ["succeeded", "failed", "held", "cancelled", "skipped"]) {
    assert.ok(pages.has(`refresh-${outcome}`), `a refresh that ${outcome}`);
  }
  pages.delete("run");
  for (const [name, address] of pages) {
    await page.goto(address);
    await look(name);
  }
  assert.equal(found.report(), "");
});

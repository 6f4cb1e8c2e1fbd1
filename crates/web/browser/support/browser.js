/**
 * Debian's Chromium under playwright-core, and a page on which every mistake of ours is a failure: an error in the
 * console, an exception, a violation of the content security policy, a request that leaves the machine.
 */

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** @typedef {import("playwright-core").Browser} Browser */
/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").BrowserContextOptions} ContextOptions */

const EXECUTABLE = process.env.TAILWATER_CHROMIUM ?? "/usr/bin/chromium";

/** @returns {Promise<Browser>} */
export async function launch() {
  if (!existsSync(EXECUTABLE)) {
    throw new Error(`there is no Chromium at ${EXECUTABLE}; run scripts/setup-browser, or set TAILWATER_CHROMIUM`);
  }
  return chromium.launch({
    executablePath: EXECUTABLE,
    // There is no GPU on a build machine, and no sandbox for root.
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
  });
}

/**
 * Opens a page in a fresh context, and collects what went wrong on it.
 *
 * @param {Browser} browser
 * @param {ContextOptions & { expects?: RegExp[] }} [options] `expects`: messages that this test provokes
 * @returns {Promise<{ page: Page, mistakes: string[], close: () => Promise<void> }>}
 */
export async function openPage(browser, { expects = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  /** @type {string[]} */
  const mistakes = [];
  /** @param {string} text */
  const note = (text) => {
    if (!expects.some((expected) => expected.test(text))) mistakes.push(text);
  };
  context.on("page", (opened) => watch(opened, note));
  watch(page, note);
  return {
    page,
    mistakes,
    close: () => context.close(),
  };
}

/**
 * @param {Page} page
 * @param {(text: string) => void} note
 */
function watch(page, note) {
  page.on("pageerror", (error) => note(`exception: ${error.message}`));
  page.on("console", (message) => {
    // A violated content security policy is told in the console as an error.
    if (message.type() === "error") note(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    const isLocal = ["127.0.0.1", "localhost"].includes(url.hostname) || ["data:", "blob:"].includes(url.protocol);
    if (!isLocal) note(`request to another host: ${request.url()}`);
  });
}

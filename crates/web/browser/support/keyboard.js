/**
 * Going over a page by keyboard.
 */

import assert from "node:assert/strict";

/**
 * Presses Tab until the focus is where it should be: what a keyboard cannot reach is not there for many people.
 *
 * @param {import("playwright-core").Page} page
 * @param {import("playwright-core").Locator} target
 */
export async function tabTo(page, target) {
  await target.waitFor();
  for (let presses = 0; presses < 250; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${target}`);
}

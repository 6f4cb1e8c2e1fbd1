/**
 * Accessibility findings of axe on the page as it is.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * One line for each finding.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function findings(page) {
  await page.evaluate(SOURCE);
  return page.evaluate(async (tags) => {
    const { axe } = /** @type {any} */ (globalThis);
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
    /** @type {string[]} */
    const lines = [];
    for (const { id, help, nodes } of violations) {
      for (const { target, any, all, none } of nodes.slice(0, 5)) {
        const why = [...any, ...all, ...none].map((/** @type {any} */ check) => check.message).join("; ");
        lines.push(`${id}: ${help} — ${target.join(" ")} — ${why}`);
      }
    }
    return lines;
  }, TAGS);
}

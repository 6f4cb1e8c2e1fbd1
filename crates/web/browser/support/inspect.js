/**
 * Looks at a page as every page must be: nothing for axe to find in either theme, no sideways scrolling on a narrow
 * screen or with text at twice its size. Leaves pictures of it.
 */

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { findings } from "./axe.js";

/** @typedef {import("playwright-core").Page} Page */

/** Where pictures of pages are left. */
export const SCREENSHOTS = fileURLToPath(new URL("../../../../target/screenshots/", import.meta.url));

/** Whether something stands out sideways, and what does. @param {Page} page */
async function wideParts(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const all = document.documentElement.scrollWidth;
    const wide = [...document.querySelectorAll("body *")].filter((element) => {
      if (element.getBoundingClientRect().right <= width + 1) return false;
      for (let above = element.parentElement; above; above = above.parentElement) {
        if (!["visible", "clip"].includes(getComputedStyle(above).overflowX)) return false;
      }
      return true;
    });
    const parts = wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
    return parts.length > 0 ? parts : [`the page is ${all} pixels wide on a screen of ${width}`];
  });
}

/**
 * @param {Page} page as wide as a screen
 * @param {string} name of the pictures
 * @param {(lines: string[], how: string) => void} note told what is wrong
 * @param {{ isWhole?: boolean }} [options] `isWhole`: pictures show the whole page, and one of a narrow screen is left too
 */
export async function inspect(page, name, note, { isWhole = false } = {}) {
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme });
    note(await findings(page), colorScheme);
    await page.screenshot({ path: `${SCREENSHOTS}${name}-${colorScheme}.png`, fullPage: isWhole });
  }
  await page.emulateMedia({ colorScheme: "light" });
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  await page.setViewportSize({ width: 320, height: 640 });
  note(await wideParts(page), "320 px wide");
  if (isWhole) await page.screenshot({ path: `${SCREENSHOTS}${name}-narrow.png`, fullPage: true });
  await page.setViewportSize(size);
  await page.evaluate(() => {
    document.documentElement.style.fontSize = "200%";
  });
  note(await wideParts(page), "text at 200 %");
  await page.evaluate(() => {
    document.documentElement.style.fontSize = "";
  });
}

/**
 * Collects what is wrong, each thing with the places where it was met.
 */
export function collectFindings() {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  return {
    /** @param {string[]} lines @param {string} where */
    note(lines, where) {
      for (const line of lines) found.set(line, (found.get(line) ?? new Set()).add(where));
    },
    /** What was found, as text; empty when all is well. */
    report() {
      const lines = [...found].map(([line, places]) => `${line}\n    ${[...places].slice(0, 4).join("\n    ")}`);
      return lines.slice(0, 40).join("\n");
    },
  };
}

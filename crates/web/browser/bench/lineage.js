/**
 * How long the lineage picture takes in Chromium, on made-up graphs of 500, 5,000 and 20,000 nodes: from data to seen,
 * and the pace of frames while a mouse pans and zooms.
 *
 * Usage: npm run bench [-- SIZE...]
 */

import { launch, openPage } from "../support/browser.js";
import { makeAnswer } from "../support/graph.js";
import { htmlPage, serve } from "../support/site.js";

const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(500, 5000, 20_000);
const browser = await launch();

/** @param {number[]} gaps between frames, in milliseconds */
function pace(gaps) {
  const sorted = gaps.toSorted((a, b) => a - b);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
  return `${((gaps.length * 1000) / total).toFixed(1)} fps (gap p50 ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)} ms)`;
}

for (const size of sizes) {
  const answer = makeAnswer(size);
  const data = JSON.stringify(answer);
  const site = await serve((_, url) =>
    url.pathname === "/data"
      ? { type: "application/json", body: data }
      : {
          body: htmlPage('<h1>Lineage</h1><tw-lineage src="/data" base=""></tw-lineage>', {
            head: '<link rel="stylesheet" href="/assets/lineage.css"><script type="module" src="/assets/lineage.js"></script>',
          }),
        },
  );
  const { page, mistakes, close } = await openPage(browser, { viewport: { width: 1440, height: 900 } });
  // What is drawn is on the screen with the frame after the next.
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      if (!list.getEntriesByName("lineage-painted").length) return;
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("lineage-seen")));
    }).observe({ type: "mark" });
  });
  // One visit warms the compiler's cache, as a second page of a visit does.
  const painted = [];
  for (let visit = 0; visit < 4; visit++) {
    await page.goto(`${site.url}/`);
    await page.waitForFunction(() => performance.getEntriesByName("lineage-seen").length > 0);
    painted.push(
      await page.evaluate(() => {
        const at = (/** @type {string} */ name) => performance.getEntriesByName(name)[0].startTime;
        return at("lineage-seen") - at("lineage-data");
      }),
    );
  }
  console.log(`${size} nodes: data to seen ${painted.map((time) => time.toFixed(0)).join(", ")} ms`);
  for (const zoom of ["all", "mid", "near"]) {
    await page.locator("button[aria-label='Show all']").click();
    const wanted = zoom === "all" ? 0 : zoom === "mid" ? 0.2 : 0.45;
    for (const motion of ["pan", "zoom"]) {
      const gaps = await page.evaluate(
        async ({ motion, wanted, width, height }) => {
          const stage = /** @type {HTMLElement} */ (document.querySelector(".lineage-stage"));
          const box = stage.getBoundingClientRect();
          const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
          const wheel = (/** @type {number} */ deltaY) =>
            stage.dispatchEvent(new WheelEvent("wheel", { deltaY, clientX: x, clientY: y, cancelable: true }));
          if (motion === "pan" && wanted > 0) {
            const fit = Math.min((box.width - 48) / width, (box.height - 48) / height, 1);
            for (let turn = 0; turn < 10; turn++) wheel(-Math.log(wanted / fit) / 0.016);
          }
          await new Promise((rested) => setTimeout(rested, 400));
          const gaps = [];
          let last = await new Promise((frame) => requestAnimationFrame(frame));
          const pointer = (/** @type {string} */ name, /** @type {number} */ dx, /** @type {number} */ dy) =>
            stage.dispatchEvent(
              new PointerEvent(name, { pointerId: 1, button: 0, clientX: x + dx, clientY: y + dy, bubbles: true }),
            );
          stage.setPointerCapture = () => {};
          if (motion === "pan") pointer("pointerdown", 0, 0);
          for (let index = 0; index < 180; index++) {
            const turn = index / 30;
            if (motion === "pan") pointer("pointermove", Math.sin(turn) * 500, Math.sin(turn * 1.7) * 350);
            else wheel(Math.sin(turn) * 40);
            const now = await new Promise((frame) => requestAnimationFrame(frame));
            gaps.push(now - last);
            last = now;
          }
          if (motion === "pan") pointer("pointerup", 0, 0);
          return gaps;
        },
        { motion, wanted, width: Number(answer.width), height: Number(answer.height) },
      );
      console.log(`  ${zoom.padEnd(4)} ${motion.padEnd(4)} ${pace(gaps)}`);
    }
    if (process.env.TAILWATER_PICTURES)
      await page.screenshot({ path: `${process.env.TAILWATER_PICTURES}/bench-${size}-${zoom}.png` });
  }
  if (mistakes.length > 0) console.log("mistakes:", mistakes);
  await close();
  await site.close();
}
await browser.close();

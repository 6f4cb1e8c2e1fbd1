/**
 * The lineage picture: `<tw-lineage src="/api/v1/lineage?…" base="/catalog">`.
 *
 * ```text
 * src ─▶ Graph ─▶ Picture ─▶ Painter ─▶ canvas
 *                    │ keys, pointer ─▶ select, move ─▶ Painter, link, panel
 *                    └────────────────▶ another picture: another address
 * ```
 *
 * The canvas is hidden from readers of the page's text. In its place one real link stands on the current node, with
 * name, kind and counts in its label, and what is walked to is spoken. The table view says all that the picture says.
 *
 * The page links `lineage.css`, which gives the picture its size. Without script the element shows what the server put into it.
 */

import { Graph } from "./lineage/graph.js";
import { Picture } from "./lineage/picture.js";
import { showBar } from "./page/fragment.js";
import { make } from "./page/make.js";

class Lineage extends HTMLElement {
  #away = new AbortController();

  async connectedCallback() {
    this.#away = new AbortController();
    const { signal } = this.#away;
    const bar = setTimeout(() => showBar(true), 150);
    this.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(this.getAttribute("src") ?? "", { headers: { accept: "application/json" }, signal });
      const data = await answer.json();
      performance.mark("lineage-data");
      if (!answer.ok) this.#refuse(data.detail ?? data.title);
      else if (data.nodes.id.length === 0) this.#refuse("Nothing to draw: no resource matches.");
      else new Picture(this, new Graph(data), this.getAttribute("base")?.replace(/\/$/, "") ?? "", signal);
      performance.mark("lineage-painted");
    } catch (error) {
      if (signal.aborted) return;
      console.warn("the lineage could not be loaded", error);
      this.#refuse("The picture could not be loaded. Reload the page to try again; the table view may work.");
    } finally {
      clearTimeout(bar);
      showBar(false);
      this.removeAttribute("aria-busy");
    }
  }

  disconnectedCallback() {
    this.#away.abort();
  }

  /** @param {string} text */
  #refuse(text) {
    this.replaceChildren(make("p", { class: "notice caution", role: "alert" }, text));
  }
}

customElements.define("tw-lineage", Lineage);

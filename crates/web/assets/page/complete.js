/**
 * Completion in a box that takes dbt's selector syntax: `<input data-complete="/api/v1/complete">`.
 *
 * The word at the cursor is asked for, without its operators (`+`, `2+`, `@`); choosing a name replaces that word alone.
 * A combobox as ARIA describes it: the focus stays in the box, `aria-activedescendant` names the option.
 */

import { make } from "./make.js";
import { say } from "./say.js";

/** How long a reader may pause between two letters before names are asked for, in milliseconds. */
const PAUSE = 120;

/** @typedef {{ value: string, kind?: string, label?: string }} Item */

/**
 * Where the word at the cursor begins and ends, without operators around it.
 *
 * @param {string} text
 * @param {number} cursor
 * @returns {{ start: number, end: number, word: string }}
 */
export function wordAt(text, cursor) {
  let start = cursor;
  while (start > 0 && !/[\s,]/.test(text[start - 1])) start--;
  let end = cursor;
  while (end < text.length && !/[\s,]/.test(text[end])) end++;
  start += /^(?:@|\d*\+)?/.exec(text.slice(start, end))?.[0].length ?? 0;
  end -= /(?:\+\d*)?$/.exec(text.slice(start, end))?.[0].length ?? 0;
  // A cursor among the operators stands at the word's edge.
  const inside = Math.min(Math.max(cursor, start), end);
  return { start, end, word: text.slice(start, inside) };
}

/** Starts listening in every box of the page that asks for it. */
export function startCompletion() {
  for (const box of document.querySelectorAll("input[data-complete]")) {
    if (box instanceof HTMLInputElement) new Completion(box);
  }
}

class Completion {
  /** @type {Item[]} */
  #items = [];
  #active = -1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;
  /** @type {AbortController | undefined} */
  #underWay;

  /** @param {HTMLInputElement} box */
  constructor(box) {
    this.box = box;
    const id = `${box.id || "selector"}-options`;
    this.list = make("ul", { id, class: "completions", role: "listbox", "aria-label": "Names", hidden: true });
    const frame = make("span", { class: "completing" });
    box.replaceWith(frame);
    frame.append(box, this.list);
    const roles = { role: "combobox", "aria-autocomplete": "list", "aria-controls": id, "aria-expanded": "false" };
    for (const [name, value] of Object.entries(roles)) box.setAttribute(name, value);
    box.autocomplete = "off";
    box.spellcheck = false;
    box.addEventListener("input", () => this.#ask(PAUSE));
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("blur", () => this.#close());
    // The focus stays in the box.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (option) this.#choose([...this.list.children].indexOf(option));
    });
  }

  /** @param {number} pause */
  #ask(pause) {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(async () => {
      const { word } = wordAt(this.box.value, this.box.selectionStart ?? 0);
      this.#underWay?.abort();
      if (!word && pause > 0) {
        this.#close();
        return;
      }
      this.#underWay = new AbortController();
      const url = new URL(this.box.dataset.complete ?? "", location.href);
      url.searchParams.set("q", word);
      const environment = new URL(location.href).searchParams.get("env");
      if (environment) url.searchParams.set("env", environment);
      try {
        const answer = await fetch(url, { signal: this.#underWay.signal, headers: { accept: "application/json" } });
        if (answer.ok) this.#show((await answer.json()).items);
      } catch {
        // Typed over, or the server is away: names are a help, and the form says what is wrong.
      }
    }, pause);
  }

  /** @param {Item[]} items */
  #show(items) {
    if (document.activeElement !== this.box || items.length === 0) {
      this.#close();
      return;
    }
    this.#items = items;
    this.list.replaceChildren(
      ...items.map(({ value, kind, label }, index) => {
        const attributes = { id: `${this.list.id}-${index}`, role: "option", "aria-selected": "false" };
        const option = make("li", attributes, label ?? value);
        if (kind) option.append(make("span", { class: "muted" }, ` ${kind.replaceAll("_", " ")}`));
        return option;
      }),
    );
    this.#activate(-1);
    this.list.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    say(`${items.length} ${items.length === 1 ? "name" : "names"}`);
  }

  #close() {
    this.#underWay?.abort();
    clearTimeout(this.#pause);
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.#activate(-1);
  }

  /** @param {number} index */
  #activate(index) {
    this.list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const option = this.list.children[index];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.box.setAttribute("aria-activedescendant", option.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  #choose(index) {
    const { start, end } = wordAt(this.box.value, this.box.selectionStart ?? 0);
    const { value } = this.#items[index];
    this.box.setRangeText(value, start, end, "end");
    this.#close();
    // A method wants its value next.
    if (value.endsWith(":")) this.#ask(0);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const isOpen = !this.list.hidden;
    const count = this.#items.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) this.#ask(0);
      else this.#activate((this.#active + (event.key === "ArrowDown" ? 1 : this.#active < 0 ? 0 : -1) + count) % count);
    } else if (isOpen && event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      this.#choose(this.#active);
    } else if (isOpen && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }
}

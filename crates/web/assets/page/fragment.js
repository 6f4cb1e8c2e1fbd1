/**
 * Fetches a piece of a page from the server and swaps it in. The attributes are listed in `../page.js`.
 */

import { make } from "./make.js";
import { say } from "./say.js";

/** Told on `document` after a swap; `detail` is the element whose content is new. */
export const SWAPPED = "tailwater:swapped";

/** How long a reader may pause between two letters before the search goes out, in milliseconds. */
const TYPING_PAUSE = 180;
/** How long an answer may take before the bar shows, in milliseconds. */
const BAR_DELAY = 150;
/** What scrolls by itself. */
const REGION = "[role=region][aria-label]";
/** The longest pause between two tries of a poll while the server does not answer, in milliseconds. */
const LONGEST_PAUSE = 30_000;

/** What is under way, by the element it is for: a newer request ends an older one. @type {Map<Element, AbortController>} */
const underWay = new Map();
/** The answer that an element shows, to leave it alone when nothing changed. @type {WeakMap<Element, string>} */
const shown = new WeakMap();
/** Elements whose next poll is planned. @type {WeakSet<Element>} */
const planned = new WeakSet();

/** Settled while nothing is pressed: what is swapped under a finger would lose the press. */
let pressed = Promise.resolve();

// Where a site demands trusted types, this is the one place that makes HTML of text; it is parsed apart from the page,
// where scripts do not run, and comes from our own server.
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("tailwater-fragment", {
  createHTML: (/** @type {string} */ text) => text,
});

/**
 * @typedef {object} Request
 * @property {string | URL} url
 * @property {"GET" | "POST"} [method]
 * @property {BodyInit} [body]
 * @property {boolean} [yields] whether a reader who marks a text in it is not disturbed
 * @property {"push" | "replace"} [address] what to do with the address bar once the answer is there
 */

/**
 * Fetches and swaps. Resolves to whether the server answered, with whatever.
 *
 * @param {HTMLElement} target
 * @param {Request} request
 * @returns {Promise<boolean>}
 */
export async function load(target, { url, method = "GET", body, yields, address }) {
  underWay.get(target)?.abort();
  const control = new AbortController();
  underWay.set(target, control);
  // A quick answer comes without a flicker.
  const bar = setTimeout(() => {
    target.setAttribute("aria-busy", "true");
    showBar(true);
  }, BAR_DELAY);
  try {
    const answer = await fetch(url, {
      method,
      body,
      headers: { "x-fragment": target.id, accept: "text/html" },
      signal: control.signal,
    });
    const text = await answer.text();
    await pressed;
    if (control.signal.aborted) return false;
    // A form that did its work leads to another page; a session that ended leads to the sign-in page.
    if (answer.redirected && (method === "POST" || !text.includes(`id="${target.id}"`))) {
      location.assign(answer.url);
      return true;
    }
    forgetFailure(target);
    // Whoever marks a text to copy it keeps it.
    if (yields && isMarked(target)) return true;
    if (shown.get(target) !== text) swap(target, text);
    shown.set(target, text);
    if (address === "push") history.pushState({ isSwap: true }, "", url);
    if (address === "replace") history.replaceState(history.state, "", url);
    return true;
  } catch (error) {
    if (control.signal.aborted) return false;
    showFailure(target);
    console.warn(`${url} could not be fetched`, error);
    return false;
  } finally {
    clearTimeout(bar);
    if (underWay.get(target) === control) {
      underWay.delete(target);
      target.removeAttribute("aria-busy");
      if (underWay.size === 0) showBar(false);
    }
  }
}

/** @param {HTMLElement} target */
function isMarked(target) {
  const marked = getSelection();
  return marked?.type === "Range" && marked.containsNode(target, true);
}

/**
 * Puts an answer into an element: attributes and content, so that it stays the element that live regions watch.
 *
 * @param {HTMLElement} target
 * @param {string} text
 */
function swap(target, text) {
  const page = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
  const same = page.getElementById(target.id);
  const fresh = same ?? page.querySelector("main") ?? page.body;
  const before = spoken(target);
  const restore = rememberPlace(target);
  if (same) {
    for (const { name } of [...target.attributes]) {
      if (name !== "aria-busy" && !same.hasAttribute(name)) target.removeAttribute(name);
    }
    for (const { name, value } of same.attributes) {
      if (target.getAttribute(name) !== value) target.setAttribute(name, value);
    }
  } else {
    // Another page, or a refusal: nothing that says "ask again".
    delete target.dataset.poll;
  }
  target.replaceChildren(...document.importNode(fresh, true).childNodes);
  restore();
  for (const more of page.querySelectorAll("[data-along]")) {
    const old = document.getElementById(more.id);
    // Tokens of forms differ each time, and say nothing new.
    if (!old || old.textContent === more.textContent) continue;
    const back = rememberPlace(old);
    old.replaceChildren(...document.importNode(more, true).childNodes);
    back();
  }
  const now = spoken(target);
  if (now && now !== before) say(now);
  document.dispatchEvent(new CustomEvent(SWAPPED, { detail: target }));
}

/**
 * What an element has for screen readers.
 *
 * @param {Element} target
 */
function spoken(target) {
  return [...target.querySelectorAll("[data-say]")].map((element) => element.textContent?.trim()).join(" ");
}

/**
 * Remembers what had the focus, what was unfolded and how far was scrolled; the answer puts them back.
 *
 * @param {HTMLElement} target
 * @returns {() => void}
 */
function rememberPlace(target) {
  const active = document.activeElement;
  const unfolded = [...target.querySelectorAll("details[id]")].map((details) => ({
    id: details.id,
    open: /** @type {HTMLDetailsElement} */ (details).open,
  }));
  const scrolled = [...target.querySelectorAll(REGION)].map((region) => ({
    label: region.getAttribute("aria-label"),
    left: region.scrollLeft,
    top: region.scrollTop,
    height: region.scrollHeight,
  }));
  const focused = active instanceof HTMLElement && active !== target && target.contains(active) ? active : undefined;
  const value = focused instanceof HTMLInputElement ? focused.value : undefined;
  const selection = value === undefined ? undefined : selectionOf(/** @type {HTMLInputElement} */ (focused));
  return () => {
    for (const { id, open } of unfolded) {
      const details = target.querySelector(`details#${CSS.escape(id)}`);
      if (details instanceof HTMLDetailsElement) details.open = open;
    }
    for (const region of target.querySelectorAll(REGION)) {
      const was = scrolled.find(({ label }) => label === region.getAttribute("aria-label"));
      if (!was) continue;
      region.scrollLeft = was.left;
      // One that begins at its end counts from there, and what came since pushed it up.
      region.scrollTop = was.top < 0 ? was.top - (region.scrollHeight - was.height) : was.top;
    }
    if (!focused) return;
    const again = findAgain(target, focused);
    if (!again) {
      // What had the focus is gone: the reader stays where they were, not at the top of the page.
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
      return;
    }
    if (again instanceof HTMLInputElement && value !== undefined && isText(again)) {
      again.value = value;
      if (selection) again.setSelectionRange(selection[0], selection[1]);
    }
    again.focus({ preventScroll: true });
  };
}

/** @param {HTMLInputElement} input */
function isText(input) {
  return ["text", "search", "url", "tel", "password"].includes(input.type);
}

/**
 * @param {HTMLInputElement} input
 * @returns {[number, number] | undefined}
 */
function selectionOf(input) {
  return isText(input) ? [input.selectionStart ?? 0, input.selectionEnd ?? 0] : undefined;
}

/**
 * The element of the new content that stands for one of the old.
 *
 * @param {HTMLElement} target
 * @param {HTMLElement} old
 * @returns {HTMLElement | null}
 */
function findAgain(target, old) {
  for (const name of ["id", "name", "href", "data-copy", "aria-label"]) {
    const value = old.getAttribute(name);
    if (!value) continue;
    const rest = name === "name" && old.hasAttribute("value") && old.matches("[type=checkbox], [type=radio], button");
    const tail = rest ? `[value="${CSS.escape(old.getAttribute("value") ?? "")}"]` : "";
    return target.querySelector(`${old.localName}[${name}="${CSS.escape(value)}"]${tail}`);
  }
  return null;
}

/** @param {boolean} isWaiting */
export function showBar(isWaiting) {
  const bar = document.querySelector(".progress-bar");
  if (!isWaiting) bar?.remove();
  else if (!bar) document.body.append(make("div", { class: "progress-bar" }));
}

/** @param {HTMLElement} target */
function showFailure(target) {
  forgetFailure(target);
  const attributes = { class: "notice degraded", role: "alert", "data-failure-of": target.id };
  const line = make("p", attributes, "The server did not answer. What you see is what was there before.");
  target.before(line);
}

/** @param {HTMLElement} target */
function forgetFailure(target) {
  document.querySelector(`[data-failure-of="${CSS.escape(target.id)}"]`)?.remove();
}

/** @param {string | undefined} id */
function find(id) {
  return id ? document.getElementById(id) : null;
}

/**
 * Plans the next fetch of everything that asks to be polled.
 */
function planPolls() {
  for (const target of document.querySelectorAll("[data-poll]")) {
    if (target instanceof HTMLElement && target.id && !planned.has(target)) plan(target, Number(target.dataset.poll));
  }
}

/**
 * @param {HTMLElement} target
 * @param {number} pause milliseconds
 */
function plan(target, pause) {
  planned.add(target);
  setTimeout(
    async () => {
      // A page that nobody sees need not be kept fresh; the moment it is seen again it is.
      if (document.hidden) {
        await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
      }
      planned.delete(target);
      if (!target.isConnected || target.dataset.poll === undefined) return;
      const answered = underWay.has(target) || (await load(target, { url: addressOf(target), yields: true }));
      if (!target.isConnected || target.dataset.poll === undefined || planned.has(target)) return;
      plan(target, answered ? Number(target.dataset.poll) : Math.min(pause * 2, LONGEST_PAUSE));
    },
    Math.max(250, pause || 2000),
  );
}

/** @param {HTMLElement} target */
function addressOf(target) {
  return new URL(target.dataset.fragmentUrl ?? location.href, location.href);
}

/**
 * A `GET` form's address, without the fields that are empty.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} [submitter]
 */
export function queryOf(form, submitter) {
  const url = new URL(form.getAttribute("action") || location.pathname, location.href);
  url.search = "";
  for (const [name, value] of new FormData(form, submitter)) {
    if (typeof value === "string" && value !== "") url.searchParams.append(name, value);
  }
  return url;
}

/** Starts listening. */
export function startFragments() {
  /** @type {WeakMap<HTMLFormElement, ReturnType<typeof setTimeout>>} */
  const pauses = new WeakMap();

  /** @param {HTMLFormElement} form */
  const search = (form) => {
    clearTimeout(pauses.get(form));
    const target = find(form.dataset.live);
    if (target) load(target, { url: queryOf(form), address: "replace" });
  };
  /** @param {Event} event */
  const liveForm = (event) => {
    const form = event.target instanceof Element ? event.target.closest("form") : null;
    return form?.dataset.live ? form : undefined;
  };

  document.addEventListener("pointerdown", () => {
    pressed = new Promise((released) => {
      // The click comes right behind. A menu or another window takes the end of a press with it.
      for (const end of ["pointerup", "pointercancel", "contextmenu", "blur"]) {
        addEventListener(end, () => setTimeout(released), { once: true });
      }
    });
  });
  document.addEventListener("input", (event) => {
    const form = liveForm(event);
    if (!form || /** @type {InputEvent} */ (event).isComposing) return;
    clearTimeout(pauses.get(form));
    pauses.set(
      form,
      setTimeout(() => search(form), TYPING_PAUSE),
    );
  });
  document.addEventListener("change", (event) => {
    const form = liveForm(event);
    // What is typed has been searched for by then.
    if (form && !(event.target instanceof HTMLInputElement && isText(event.target))) search(form);
  });
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const submitter = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (event.defaultPrevented) return;
    if (form.dataset.live && find(form.dataset.live)) {
      event.preventDefault();
      search(form);
      return;
    }
    const target = find(submitter?.dataset.swap ?? form.dataset.swap);
    if (!target) return;
    event.preventDefault();
    if (form.method !== "post") {
      load(target, { url: queryOf(form, submitter), address: "push" });
      return;
    }
    const data = new FormData(form, submitter);
    const isPlain = form.enctype === "application/x-www-form-urlencoded";
    const body = isPlain ? new URLSearchParams(/** @type {any} */ (data)) : data;
    load(target, { url: submitter?.getAttribute("formaction") ?? form.action, method: "POST", body });
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-swap]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented) return;
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = find(link.dataset.swap);
    if (!target) return;
    event.preventDefault();
    load(target, { url: link.href, address: "push" });
  });
  // Going back over a swap: the server knows what stood there.
  addEventListener("popstate", () => location.reload());
  document.addEventListener(SWAPPED, planPolls);
  for (const target of document.querySelectorAll("[data-load][data-fragment-url]")) {
    if (target instanceof HTMLElement) load(target, { url: addressOf(target) });
  }
  planPolls();
}

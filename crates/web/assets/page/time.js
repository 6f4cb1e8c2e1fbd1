/**
 * Keeps "12 min ago" true on a page that stays open: `<time datetime="…" data-relative>`.
 */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * The words for an instant, as the server writes them; none where it writes the date.
 *
 * @param {number} seconds how long ago; negative in the future
 */
export function relativeWords(seconds) {
  const length = Math.abs(seconds);
  if (length < MINUTE) return "just now";
  if (length >= 60 * DAY) return undefined;
  const words =
    length < HOUR
      ? `${Math.floor(length / MINUTE)} min`
      : length < 2 * DAY
        ? `${Math.floor(length / HOUR)} h`
        : `${Math.floor(length / DAY)} days`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const when = Date.parse(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(when)) continue;
    const words = relativeWords((Date.now() - when) / 1000);
    if (words && time.textContent !== words) time.textContent = words;
  }
}

/** Starts refreshing, once a minute while the page is seen. */
export function startTimes() {
  setInterval(() => {
    if (!document.hidden) refresh();
  }, MINUTE * 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
}

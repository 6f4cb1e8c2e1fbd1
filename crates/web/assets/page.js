/**
 * What every page's script does. A page works without it: forms are sent, links are followed, and the server answers
 * whole pages. With it, the parts of a page that change are swapped in place.
 *
 * Pages ask for what they want by attributes; none of them needs script of its own:
 *
 * | attribute | on | does |
 * | --- | --- | --- |
 * | `data-live="ID"` | a `GET` form | fetches its address while the reader types or chooses, and swaps `#ID`; the address bar follows |
 * | `data-swap="ID"` | a form, a link | sends it without leaving the page, and swaps `#ID` with the answer |
 * | `data-fragment-url="URL"` | an element with an id | where its content is fetched from; without it, the page's own address |
 * | `data-load` | the same | fetched once, when the page opens |
 * | `data-poll="2000"` | the same | fetched again every so many milliseconds, for as long as the new content says so too |
 * | `data-along` | an element with an id beside swapped content | swapped too when the answer has it and its text changed |
 * | `data-say` | an element in swapped content | its text is spoken to screen readers when it changed |
 * | `data-copy="TEXT"`, `data-copy-from="ID"` | a button | copies the text, or the text of `#ID` |
 * | `data-dialog="ID"`, `data-close` | a button | opens `<dialog id=ID>`; closes the dialog it stands in |
 * | `data-theme-switch` | the form that sets the theme | applies its button's value at once and sends it without leaving the page |
 * | `data-tree`, … | a list of check boxes | see `page/tree.js` |
 * | `data-complete="URL"` | a box for a selector | offers names while it is typed in |
 * | `data-relative` | `<time datetime>` | keeps "12 min ago" true |
 *
 * A fetch carries the header `x-fragment: ID`. The server may answer the whole page or that element alone:
 * the element with the id is taken from the answer, and when there is none, all of it. An answer of 4xx or 5xx is
 * shown in place as well: it says what failed. The old content stays meanwhile; after 150 ms it is marked
 * `aria-busy`, and a thin `.progress-bar` shows.
 *
 * `/` goes to the search box of the page's head. `<html data-shortcuts="off">` switches single-key shortcuts off.
 */

import { startCompletion } from "./page/complete.js";
import { startCopying } from "./page/copy.js";
import { startDialogs } from "./page/dialog.js";
import { startFragments } from "./page/fragment.js";
import { startShortcuts } from "./page/shortcut.js";
import { startTheme } from "./page/theme.js";
import { startTimes } from "./page/time.js";
import { startTrees } from "./page/tree.js";

startFragments();
startCompletion();
startCopying();
startDialogs();
startShortcuts();
startTheme();
startTimes();
startTrees();
// For styles that must not hide what only script can show.
document.documentElement.dataset.script = "on";

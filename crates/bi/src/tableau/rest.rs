//! Paged lists of the REST API, each counted against what Tableau says it holds.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::stream;
use serde_json::Value;

use super::session::Gate;
use super::tree::Node;
use crate::connector::{Progress, Step};
use crate::error::Error;

/// The largest page that Tableau allows, the one that it sends unasked, and smaller ones by halves for
/// servers that are set to less.
const PAGE_SIZES: [usize; 8] = [1000, 100, 50, 25, 12, 6, 3, 1];
/// Pages asked for at once; the gate holds the real limit.
const PAGES_AT_ONCE: usize = 4;
/// After so many pages in a row that failed, each after its repeats, or that held nothing
/// or nothing new, the rest is not asked for.
const MOST_FAILED_PAGES: usize = 3;

/// A list to read.
pub(crate) struct ListCall<'a, T> {
    /// What the list holds, for progress and messages, such as `workbooks`.
    pub(crate) phase: &'static str,
    /// Tableau's name of the call.
    pub(crate) what: &'static str,
    /// The path below the site.
    pub(crate) segments: &'a [&'a str],
    /// Parameters that Tableau may refuse for its version or for the user's rights; the last is given
    /// up first.
    pub(crate) wishes: &'a [(&'a str, &'a str)],
    /// The wrapper's and the entries' names.
    pub(crate) names: (&'a str, &'a str),
    /// Reads one entry.
    pub(crate) read: fn(Node<'_>) -> Option<T>,
    /// An entry's id.
    pub(crate) id: fn(&T) -> &str,
}

/// A list that was read.
#[derive(Debug)]
pub(crate) struct List<T> {
    /// The entries, by id.
    pub(crate) entries: BTreeMap<String, T>,
    /// Why there may be more, when there may.
    pub(crate) incomplete: Option<String>,
    /// The wishes that Tableau refused.
    pub(crate) refused: Vec<String>,
}

/// One page.
struct Page<T> {
    entries: Vec<T>,
    /// Entries without an id, or null.
    unreadable: usize,
    total: Option<usize>,
}

impl<T> Page<T> {
    fn length(&self) -> usize {
        self.entries.len() + self.unreadable
    }
}

/// What the pages told together.
struct Sums {
    /// The largest total.
    total: Option<usize>,
    /// Whether the pages told different ones, so that the list moved while it was read.
    moved: bool,
    unreadable: usize,
}

impl Sums {
    fn add<T>(&mut self, page: &Page<T>) {
        self.moved |= page.total.is_some() && self.total.is_some() && page.total != self.total;
        self.total = page.total.max(self.total);
        self.unreadable += page.unreadable;
    }
}

/// How the other pages of a list are asked for.
struct Pages<'a> {
    gate: &'a Gate,
    progress: &'a dyn Progress,
    page_size: usize,
    wishes: &'a [(&'a str, &'a str)],
}

impl<T> ListCall<'_, T> {
    /// Reads the whole list. Lists move while they are read, and their order is not always firm: a list
    /// that does not add up is read once more.
    ///
    /// # Errors
    /// Whatever keeps the first page from being read, and the end of the session.
    pub(crate) async fn fetch(&self, gate: &Gate, progress: &dyn Progress) -> Result<List<T>, Error> {
        let first = self.fetch_once(gate, progress).await?;
        if first.incomplete.is_none() {
            return Ok(first);
        }
        match self.fetch_once(gate, progress).await {
            Ok(second) if second.incomplete.is_none() || second.entries.len() >= first.entries.len() => {
                Ok(second)
            }
            Err(error) if error.ends_session() => Err(error),
            _ => Ok(first),
        }
    }

    async fn fetch_once(&self, gate: &Gate, progress: &dyn Progress) -> Result<List<T>, Error> {
        let (first, page_size, wishes) = self.fetch_first_page(gate).await?;
        let refused = self.wishes[wishes.len()..].iter();
        let mut list = List {
            entries: BTreeMap::new(),
            incomplete: None,
            refused: refused.map(|(name, _)| (*name).to_owned()).collect(),
        };
        let first_length = first.length();
        let mut sums = Sums {
            total: first.total,
            moved: false,
            unreadable: first.unreadable,
        };
        list.take(first.entries, self.id);
        self.report(progress, &list, &sums);
        let pages = Pages {
            gate,
            progress,
            page_size,
            wishes,
        };
        match sums.total {
            // What one page holds may be less than was asked for.
            Some(total) if total > first_length && first_length > 0 => {
                self.fetch_counted(&pages, total, &mut list, &mut sums).await?;
            }
            None if first_length >= page_size => {
                self.fetch_until_short(&pages, &mut list, &mut sums).await?;
            }
            _ => {}
        }
        if sums.unreadable > 0 {
            list.note(format!("{} entries hold no id", sums.unreadable));
        }
        if sums.moved {
            list.note(format!(
                "the number of {} changed while they were read",
                self.phase
            ));
        }
        let seen = list.entries.len();
        if let Some(total) = sums.total.filter(|total| seen < *total) {
            list.note(format!("{seen} of {total} {} were told", self.phase));
        }
        Ok(list)
    }

    /// Reads the other pages of a list whose length is told, a few at a time.
    async fn fetch_counted(
        &self,
        pages: &Pages<'_>,
        total: usize,
        list: &mut List<T>,
        sums: &mut Sums,
    ) -> Result<(), Error> {
        let mut answers = stream::iter(2..=total.div_ceil(pages.page_size))
            .map(|number| self.fetch_page(pages.gate, pages.page_size, number, pages.wishes))
            .buffered(PAGES_AT_ONCE);
        let mut failures = 0;
        while let Some(answer) = answers.next().await {
            match answer {
                // Past the end, whatever the total said, or a page that was left out.
                Ok(page) if page.length() == 0 => {
                    failures += 1;
                    if failures == MOST_FAILED_PAGES {
                        break;
                    }
                }
                Ok(page) => {
                    sums.add(&page);
                    let is_new = list.take_new(page.entries, self.id);
                    self.report(pages.progress, list, sums);
                    // A total that is not true must not keep the same page coming for ever.
                    failures = if is_new { 0 } else { failures + 1 };
                    if failures == MOST_FAILED_PAGES {
                        break;
                    }
                }
                Err(error) if error.ends_session() => return Err(error),
                Err(error) => {
                    list.note(format!("a page could not be read: {error}"));
                    failures += 1;
                    if failures == MOST_FAILED_PAGES {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the other pages of a list whose length is not told, until one is not full.
    async fn fetch_until_short(
        &self,
        pages: &Pages<'_>,
        list: &mut List<T>,
        sums: &mut Sums,
    ) -> Result<(), Error> {
        for number in 2.. {
            let page = match self
                .fetch_page(pages.gate, pages.page_size, number, pages.wishes)
                .await
            {
                Ok(page) => page,
                // A page past the end of a list that fills its last page.
                Err(Error::Tableau { code, .. }) if code == "400006" => break,
                Err(error) if error.ends_session() => return Err(error),
                Err(error) => {
                    list.note(format!("a page could not be read: {error}"));
                    break;
                }
            };
            let length = page.length();
            sums.add(&page);
            let is_new = list.take_new(page.entries, self.id);
            self.report(pages.progress, list, sums);
            if length < pages.page_size || !is_new {
                break;
            }
        }
        Ok(())
    }

    /// Finds out what the server grants: page size first, then the wishes, the last first.
    async fn fetch_first_page<'w>(
        &'w self,
        gate: &Gate,
    ) -> Result<(Page<T>, usize, &'w [(&'w str, &'w str)]), Error> {
        let mut sizes = PAGE_SIZES.iter().copied();
        let mut size = sizes.next().unwrap_or(100);
        let mut wishes = self.wishes;
        loop {
            let error = match self.fetch_page(gate, size, 1, wishes).await {
                Ok(page) => return Ok((page, size, wishes)),
                Err(error) => error,
            };
            let Error::Tableau { code, .. } = &error else {
                return Err(error);
            };
            if matches!(code.as_str(), "400007" | "403014") {
                size = sizes.next().ok_or(error)?;
            } else if code.starts_with("400") || code.starts_with("403") {
                let Some((refused, fewer)) = wishes.split_last() else {
                    return Err(error);
                };
                tracing::debug!(what = self.what, parameter = refused.0, %error, "a parameter was refused");
                wishes = fewer;
            } else {
                return Err(error);
            }
        }
    }

    async fn fetch_page(
        &self,
        gate: &Gate,
        size: usize,
        number: usize,
        wishes: &[(&str, &str)],
    ) -> Result<Page<T>, Error> {
        let mut query: Vec<(String, String)> = wishes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        query.push(("pageSize".to_owned(), size.to_string()));
        query.push(("pageNumber".to_owned(), number.to_string()));
        let tree = gate.get(self.what, self.segments, &query).await?;
        self.read_page(&tree)
    }

    fn read_page(&self, tree: &Value) -> Result<Page<T>, Error> {
        let node = Node::new(tree);
        let (plural, singular) = self.names;
        let pagination = node.member("pagination");
        if !node.member(plural).is_there() && !pagination.is_there() {
            return Err(Error::Malformed {
                what: self.what.to_owned(),
                reason: format!("the answer holds no `{plural}`"),
            });
        }
        let nodes = node.list(plural, singular);
        let length = nodes.len();
        let entries: Vec<T> = nodes.into_iter().filter_map(self.read).collect();
        Ok(Page {
            unreadable: length - entries.len(),
            entries,
            total: pagination
                .number("totalAvailable")
                .and_then(|total| usize::try_from(total).ok()),
        })
    }

    fn report(&self, progress: &dyn Progress, list: &List<T>, sums: &Sums) {
        progress.report(Step {
            phase: self.phase,
            done: list.entries.len(),
            total: sums.total,
        });
    }
}

impl<T> List<T> {
    fn take(&mut self, entries: Vec<T>, id: fn(&T) -> &str) -> usize {
        let before = self.entries.len();
        for entry in entries {
            self.entries.insert(id(&entry).to_owned(), entry);
        }
        self.entries.len() - before
    }

    /// Takes a later page; says whether it held anything new, and notes it when a full page did not.
    fn take_new(&mut self, entries: Vec<T>, id: fn(&T) -> &str) -> bool {
        let held_entries = !entries.is_empty();
        let is_new = self.take(entries, id) > 0;
        if held_entries && !is_new {
            self.note("a page came twice".to_owned());
        }
        is_new
    }

    fn note(&mut self, reason: String) {
        match &mut self.incomplete {
            Some(reasons) if reasons.contains(&reason) => {}
            Some(reasons) => {
                reasons.push_str("; ");
                reasons.push_str(&reason);
            }
            none => *none = Some(reason),
        }
    }
}

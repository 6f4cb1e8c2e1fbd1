//! Reading much from the Metadata API in pieces whose size adapts.
//!
//! Tableau cuts an answer at a number of nodes that nobody can count beforehand. So pieces shrink by
//! half when one was too much, down to a single item, and grow again after successes:
//!
//! ```text
//! 50 ─ too big ─▶ 25 ─ too big ─▶ 12 ─ fine ─ fine ─ fine ─▶ 24 …
//! ```
//!
//! A single item that is still too much is reported, not given up in silence.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::graph::{Around, Data, Page};
use super::metadata::{Flaw, Metadata, Reply};
use super::query::Query;
use crate::connector::{Progress, Step};
use crate::error::Error;

/// Tableau cuts pages that are larger, at times without a word.
const LARGEST: usize = 1000;
/// Successes after which a piece may grow again.
const SUCCESSES_TO_GROW: usize = 3;
/// Failures in a row after which the rest is not asked for: from 50 down to 1 takes six.
const MOST_FAILURES: usize = 12;
/// Single items in a row that were too much, after which the others are taken to be too: whoever asked has another way
/// for them.
const MOST_SINGLES: usize = 20;
/// Pages in a row that held nothing new, after which a cursor is not followed any more.
const MOST_OLD_PAGES: usize = 3;
/// Queries under way at once; the gate holds the real limit.
const AT_ONCE: usize = 2;

/// The size of the next piece.
#[derive(Debug, Clone, Copy)]
struct Size {
    now: usize,
    successes: usize,
}

impl Size {
    fn new(start: usize) -> Self {
        Self {
            now: start.clamp(1, LARGEST),
            successes: 0,
        }
    }

    /// A piece of the given size was answered whole.
    fn grow(&mut self, most: usize) {
        self.successes += 1;
        if self.successes >= SUCCESSES_TO_GROW {
            self.now = (self.now * 2).min(most.clamp(1, LARGEST));
            self.successes = 0;
        }
    }

    /// A piece of the given size was too much.
    fn shrink(&mut self, asked: usize) {
        self.now = self.now.min((asked / 2).max(1));
        self.successes = 0;
    }
}

/// What was read by ids.
#[derive(Debug)]
pub(crate) struct ById<T> {
    /// What came, by the id it was asked with.
    pub(crate) found: BTreeMap<String, T>,
    /// Ids whose answer may lack something, and why.
    pub(crate) flawed: BTreeMap<String, BTreeSet<Flaw>>,
    /// Ids that were too much for one answer even alone, and what Tableau said.
    pub(crate) failed: BTreeMap<String, Flaw>,
    /// Ids that were not asked for any more, and why.
    pub(crate) abandoned: BTreeMap<String, Flaw>,
    /// Items that came without being asked for.
    pub(crate) strangers: usize,
    /// Why no query was answered, when none was although each id was asked for alone.
    pub(crate) unanswered: Option<Error>,
}

/// What was read page by page.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    pub(crate) items: Vec<T>,
    /// Why there may be more.
    pub(crate) flaws: BTreeSet<Flaw>,
}

/// How a query is asked with ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByIdCall<T> {
    pub(crate) query: Query,
    /// How many ids to start with, and how many at most.
    pub(crate) start: usize,
    pub(crate) most: usize,
    /// The id of an item, of the kind that the query asks with.
    pub(crate) id: fn(&T) -> Option<&str>,
    /// For progress; `None` for small side questions.
    pub(crate) phase: Option<&'static str>,
}

impl<T: DeserializeOwned + Send> ByIdCall<T> {
    /// Asks for all ids, piece by piece.
    ///
    /// # Errors
    /// When no query was answered at all, and when no other call can go through either.
    pub(crate) async fn fetch(
        &self,
        metadata: &Metadata<'_>,
        ids: BTreeSet<String>,
        progress: &dyn Progress,
    ) -> Result<ById<T>, Error> {
        let total = ids.len();
        let mut queue: VecDeque<String> = ids.into_iter().collect();
        let mut read = ById {
            found: BTreeMap::new(),
            flawed: BTreeMap::new(),
            failed: BTreeMap::new(),
            abandoned: BTreeMap::new(),
            strangers: 0,
            unanswered: None,
        };
        let mut size = Size::new(self.start);
        let mut failures = 0;
        let mut first_error = None;
        let mut singles = 0;
        let mut has_reply = false;
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < AT_ONCE && !queue.is_empty() && failures < MOST_FAILURES {
                let piece: Vec<String> = queue.drain(..size.now.min(queue.len())).collect();
                under_way.push(self.ask(metadata, piece));
            }
            let Some((piece, outcome)) = under_way.next().await else {
                break;
            };
            has_reply |= outcome.is_ok();
            match outcome.map(|reply| cut_silently(reply, piece.len())) {
                Ok(Reply::Whole(data)) => {
                    (failures, singles) = (0, 0);
                    size.grow(self.most);
                    self.take(&mut read, &piece, data, &BTreeSet::new());
                }
                Ok(Reply::Flawed(data, flaws)) => {
                    (failures, singles) = (0, 0);
                    self.take(&mut read, &piece, data, &flaws);
                }
                Ok(Reply::TooBig(data, flaw)) => {
                    if let [id] = piece.as_slice() {
                        // What came of the single item is used, but never as all there is.
                        if let Some(data) = data {
                            self.take(&mut read, &piece, data, &BTreeSet::from([flaw.clone()]));
                        }
                        singles += 1;
                        if singles == MOST_SINGLES {
                            read.failed.extend(queue.drain(..).map(|id| (id, flaw.clone())));
                        }
                        read.failed.insert(id.clone(), flaw);
                    } else {
                        size.shrink(piece.len());
                        piece.into_iter().rev().for_each(|id| queue.push_front(id));
                    }
                }
                Err(error) if error.ends_session() => return Err(error),
                Err(error) => {
                    let is_about_size = is_about_size(&error);
                    failures += if is_about_size { 1 } else { MOST_FAILURES };
                    match piece.as_slice() {
                        [id] if is_about_size => {
                            read.failed.insert(id.clone(), Flaw::unknown(error.to_string()));
                        }
                        _ => {
                            size.shrink(piece.len());
                            piece.into_iter().rev().for_each(|id| queue.push_front(id));
                        }
                    }
                    // The first: of queries under way at once, a later one may only say that no more are asked.
                    first_error.get_or_insert(error);
                }
            }
            self.report(progress, total - queue.len().min(total), total);
        }
        match (first_error, queue.is_empty()) {
            (Some(error), true) if !has_reply => read.unanswered = Some(error),
            (Some(error), false) if !has_reply => return Err(error),
            (Some(error), false) => {
                let flaw = Flaw::unknown(format!("not asked for after {error}"));
                read.abandoned
                    .extend(queue.into_iter().map(|id| (id, flaw.clone())));
            }
            _ => {}
        }
        Ok(read)
    }

    async fn ask(
        &self,
        metadata: &Metadata<'_>,
        piece: Vec<String>,
    ) -> (Vec<String>, Result<Reply<Data<T>>, Error>) {
        let variables = json!({"first": piece.len(), "ids": piece});
        let reply = metadata.ask(self.query, &variables).await;
        (piece, reply)
    }

    fn take(&self, read: &mut ById<T>, piece: &[String], data: Data<T>, flaws: &BTreeSet<Flaw>) {
        let page = data.page.unwrap_or_default();
        let mut flaws = flaws.clone();
        if page.nodes.nulls > 0 {
            flaws.insert(Flaw::unknown("the answer holds empty entries"));
        }
        for item in page.nodes.items {
            match (self.id)(&item).map(str::to_owned) {
                Some(id) if piece.contains(&id) => {
                    read.found.insert(id, item);
                }
                _ => read.strangers += 1,
            }
        }
        if !flaws.is_empty() {
            for id in piece {
                read.flawed.entry(id.clone()).or_default().extend(flaws.clone());
            }
        }
    }

    fn report(&self, progress: &dyn Progress, done: usize, total: usize) {
        if let Some(phase) = self.phase {
            progress.report(Step {
                phase,
                done,
                total: Some(total),
            });
        }
    }
}

/// A page that goes on although it was to hold all ids was cut without a word.
fn cut_silently<T>(reply: Reply<Data<T>>, asked: usize) -> Reply<Data<T>> {
    let (Reply::Whole(data) | Reply::Flawed(data, _)) = &reply else {
        return reply;
    };
    let goes_on = data.page.as_ref().is_some_and(|page| {
        let has_next = page.info.as_ref().and_then(|info| info.has_next_page);
        has_next == Some(true) && page.nodes.items.len() < asked
    });
    match reply {
        Reply::Whole(data) | Reply::Flawed(data, _) if goes_on => Reply::TooBig(
            Some(data),
            Flaw {
                code: "MAX_PAGE_SIZE_EXCEEDED".to_owned(),
                message: "Tableau cut the page off".to_owned(),
            },
        ),
        reply => reply,
    }
}

/// Whether asking for less may help: a gateway gives up on long queries in many ways.
const fn is_about_size(error: &Error) -> bool {
    matches!(
        error,
        Error::TimedOut { .. }
            | Error::Server { .. }
            | Error::Interrupted { .. }
            | Error::TooLarge { .. }
            | Error::Malformed { .. }
            | Error::Metadata { .. }
    )
}

/// Reads a whole root collection by cursor.
pub(crate) async fn fetch_pages<T: DeserializeOwned + Send>(
    metadata: &Metadata<'_>,
    query: Query,
    start: usize,
    id: fn(&T) -> Option<&str>,
    report: &(dyn Fn(usize, Option<usize>) + Sync),
) -> Result<Pages<T>, Error> {
    let take = |data: Data<T>| data.page;
    walk(metadata, query, start, json!({}), take, id, report).await
}

/// Reads the collection inside one object by cursor.
pub(crate) async fn fetch_inner_pages<T: DeserializeOwned + Send>(
    metadata: &Metadata<'_>,
    query: Query,
    start: usize,
    object: &str,
    id: fn(&T) -> Option<&str>,
) -> Result<Pages<T>, Error> {
    let take = |data: Data<Around<T>>| {
        let around = data.page?.nodes.items.into_iter().next()?;
        around.inner
    };
    walk(
        metadata,
        query,
        start,
        json!({"id": object}),
        take,
        id,
        &|_, _| {},
    )
    .await
}

/// Follows cursors to the end, in pages whose size adapts. What stops it on the way is a flaw of what
/// was read, unless nothing was.
async fn walk<D: DeserializeOwned + Default + Send, T: Send>(
    metadata: &Metadata<'_>,
    query: Query,
    start: usize,
    fixed: Value,
    take: impl Fn(D) -> Option<Page<T>> + Send + Sync,
    id: fn(&T) -> Option<&str>,
    report: &(dyn Fn(usize, Option<usize>) + Sync),
) -> Result<Pages<T>, Error> {
    let mut pages = Pages {
        items: Vec::new(),
        flaws: BTreeSet::new(),
    };
    let mut seen = BTreeSet::new();
    let mut size = Size::new(start);
    let mut after: Option<String> = None;
    let mut failures = 0;
    let mut old_pages = 0;
    let mut total = None;
    loop {
        let asked = size.now;
        let mut variables = fixed.clone();
        variables["first"] = json!(asked);
        variables["after"] = json!(after);
        let flaw = match metadata.ask::<D>(query, &variables).await {
            Ok(Reply::Whole(data)) => {
                size.grow(LARGEST.min(start * 4));
                Ok((data, BTreeSet::new()))
            }
            Ok(Reply::Flawed(data, flaws)) => Ok((data, flaws)),
            Ok(Reply::TooBig(_, flaw)) => Err((flaw, None)),
            Err(error) if error.ends_session() => return Err(error),
            Err(error) => Err((Flaw::unknown(error.to_string()), Some(error))),
        };
        let (data, flaws) = match flaw {
            Ok(answered) => answered,
            Err((flaw, error)) => {
                failures += if error.as_ref().is_none_or(is_about_size) {
                    1
                } else {
                    MOST_FAILURES
                };
                if asked > 1 && failures < MOST_FAILURES {
                    size.shrink(asked);
                    continue;
                }
                if let (Some(error), true) = (error, pages.items.is_empty()) {
                    return Err(error);
                }
                pages.flaws.insert(flaw);
                return Ok(pages);
            }
        };
        failures = 0;
        pages.flaws.extend(flaws);
        let Some(page) = take(data) else {
            pages.note("the answer holds no page");
            return Ok(pages);
        };
        if page.nodes.nulls > 0 {
            pages.note("the answer holds empty entries");
        }
        total = page
            .total_count
            .and_then(|total| usize::try_from(total).ok())
            .or(total);
        let before = seen.len();
        for item in page.nodes.items {
            if id(&item).is_some_and(|id| seen.insert(id.to_owned())) {
                pages.items.push(item);
            }
        }
        report(seen.len(), total);
        let info = page.info.unwrap_or_default();
        if info.has_next_page != Some(true) {
            break;
        }
        if seen.len() == before {
            pages.note("a page came twice");
            old_pages += 1;
        } else {
            old_pages = 0;
        }
        if info.end_cursor.is_none() || info.end_cursor == after || old_pages == MOST_OLD_PAGES {
            pages.note("the pages do not go on");
            return Ok(pages);
        }
        after = info.end_cursor;
    }
    if total.is_some_and(|total| seen.len() < total) {
        pages.note("fewer entries came than were told");
    }
    Ok(pages)
}

impl<T> Pages<T> {
    fn note(&mut self, message: &str) {
        self.flaws.insert(Flaw::unknown(message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_halve_down_to_one_and_grow_after_successes() {
        let mut size = Size::new(50);
        let mut seen = Vec::new();
        for _ in 0..7 {
            size.shrink(size.now);
            seen.push(size.now);
        }
        assert_eq!(seen, [25, 12, 6, 3, 1, 1, 1]);
        for _ in 0..SUCCESSES_TO_GROW * 20 {
            size.grow(100);
        }
        assert_eq!(size.now, 100);
        assert_eq!(Size::new(5000).now, LARGEST);
    }
}

//! Asking the index: which documents match, in which order, and what is shown of each.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::document::Field;
use super::excerpt::Marked;
use super::facet::{Facet, FacetCounts, FacetValue, Filters};
use super::index::{Entry, Index};
use super::query::{Group, Query};
use super::scan::{Fit, scan};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What is looked for.
    pub query: Query,
    /// What it is narrowed by.
    pub filters: Filters,
    /// How many hits are wanted.
    pub first: usize,
    /// Behind which hit to go on: [`Answer::next`] of the answer before.
    pub after: Option<Cursor>,
    /// How many values of each facet are wanted; none leaves the counting out.
    pub facet_values: usize,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// How many documents match, on all pages.
    pub total: usize,
    /// This page's, best first.
    pub hits: Vec<Hit>,
    /// Where the next page goes on; `None` on the last.
    pub next: Option<Cursor>,
    /// The values that occur, by facet; facets without any are left out.
    pub facets: Vec<FacetCounts>,
}

/// A document that matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// The name for people, else the name, with the terms marked.
    pub title: Marked,
    /// The best place in which a term was found; `None` when nothing was looked for.
    pub field: Option<Field>,
    /// The best place outside of the title in which a term was found that the title does not show.
    pub excerpt: Option<Excerpt>,
}

/// A place in which a term was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The place.
    pub field: Field,
    /// The column's name, where the place is a column.
    pub column: Option<String>,
    /// The text around the terms.
    pub text: Marked,
}

/// A place in the order of hits. Opaque to callers; its text may stand in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    rank: u64,
    id: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:x}.{}", self.rank, self.id)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (rank, id) = text.split_once('.').ok_or(NotACursor)?;
        Ok(Self {
            rank: u64::from_str_radix(rank, 16).map_err(|_| NotACursor)?,
            id: id.to_owned(),
        })
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text is no cursor of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of a search")]
pub struct NotACursor;

impl Index {
    /// Searches. Every document that has the terms is found, wherever they stand in it.
    pub fn search(&self, request: &Request) -> Answer {
        let scores = self.scores(&request.query);
        let chosen = self.chosen(&request.filters);
        let mut counts = vec![0_usize; self.values.len()];
        let mut ranked: Vec<(u64, u32)> = Vec::new();
        for (at, (entry, score)) in self.entries.iter().zip(&scores).enumerate() {
            let Some(score) = score else {
                continue;
            };
            let values = &self.value_positions[entry.values.clone()];
            let missed = missed_facets(values, &chosen);
            if request.facet_values > 0 {
                self.count(values, &missed, &mut counts);
            }
            if missed.is_empty() {
                ranked.push((rank(*score, entry), u32::try_from(at).unwrap_or(u32::MAX)));
            }
        }
        let total = ranked.len();
        if let Some(after) = &request.after {
            // Documents are in the order of their ids, so that their places compare as the ids do.
            let place = self.entries.partition_point(|entry| entry.id <= after.id);
            ranked.retain(|&(rank, at)| rank > after.rank || (rank == after.rank && at as usize >= place));
        }
        let first = request.first.min(ranked.len());
        let has_more = ranked.len() > first;
        if has_more && first > 0 {
            ranked.select_nth_unstable(first - 1);
        }
        ranked.truncate(first);
        ranked.sort_unstable();
        let next = ranked.last().filter(|_| has_more).map(|&(rank, at)| Cursor {
            rank,
            id: self.entries[at as usize].id.clone(),
        });
        Answer {
            total,
            hits: ranked
                .into_iter()
                .map(|(_, at)| self.hit(&self.entries[at as usize], &request.query))
                .collect(),
            next,
            facets: self.facets(request, &counts),
        }
    }

    /// For each document how well it fits, 0 being best; `None` where it does not match.
    fn scores(&self, query: &Query) -> Vec<Option<u16>> {
        if query.is_empty() {
            return vec![Some(0); self.entries.len()];
        }
        let mut best = vec![None; self.entries.len()];
        for group in &query.groups {
            for (best, score) in best.iter_mut().zip(self.group_scores(group)) {
                *best = match (*best, score) {
                    (Some(best), Some(score)) => Some(score.min(best)),
                    (one, other) => one.or(other),
                };
            }
        }
        best
    }

    fn group_scores(&self, group: &Group) -> Vec<Option<u16>> {
        let mut scores: Vec<Option<u16>> = vec![Some(0); self.entries.len()];
        for term in &group.with {
            for (score, fit) in scores.iter_mut().zip(scan(self, term)) {
                *score = score
                    .zip(fit)
                    .map(|(score, fit): (u16, Fit)| score + u16::from(fit));
            }
        }
        for term in &group.without {
            for (score, fit) in scores.iter_mut().zip(scan(self, term)) {
                *score = score.filter(|_| fit.is_none());
            }
        }
        if group.with.len() > 1 {
            self.prefer_whole_titles(group, &mut scores);
        }
        scores
    }

    /// Who types all words of a name wants that one first.
    fn prefer_whole_titles(&self, group: &Group, scores: &mut [Option<u16>]) {
        let wanted = [group.with.join(" "), group.with.join("_")];
        for (entry, score) in self.entries.iter().zip(scores) {
            let is_whole = |text: &str| wanted.iter().any(|wanted| wanted == text);
            if score.is_some()
                && self
                    .fields_of(entry)
                    .take_while(|text| text.field.is_title())
                    .any(|text| is_whole(text.folded))
            {
                *score = Some(0);
            }
        }
    }

    /// The chosen values as positions, by facet; one that does not occur is left out, its facet is not.
    fn chosen(&self, filters: &Filters) -> Vec<(Facet, Vec<u32>)> {
        let position = |facet: Facet, value: &String| {
            let found = self
                .values
                .binary_search_by(|(other, text)| (other, text).cmp(&(&facet, value)));
            u32::try_from(found.ok()?).ok()
        };
        filters
            .iter()
            .map(|(facet, values)| {
                let positions = values.iter().filter_map(|value| position(facet, value));
                (facet, positions.collect())
            })
            .collect()
    }

    /// A document counts for a facet when the other facets' choices leave it.
    fn count(&self, values: &[u32], missed: &[Facet], counts: &mut [usize]) {
        for &value in values {
            let counts_here = match missed {
                [] => true,
                [only] => self
                    .values
                    .get(value as usize)
                    .is_some_and(|(facet, _)| facet == only),
                _ => return,
            };
            if let Some(count) = counts.get_mut(value as usize).filter(|_| counts_here) {
                *count += 1;
            }
        }
    }

    fn facets(&self, request: &Request, counts: &[usize]) -> Vec<FacetCounts> {
        if request.facet_values == 0 {
            return Vec::new();
        }
        let facet = |facet: Facet| {
            let chosen = request.filters.of(facet);
            let from = self.values.partition_point(|(other, _)| *other < facet);
            let to = self.values.partition_point(|(other, _)| *other <= facet);
            let known = (from..to).map(|at| (self.values[at].1.as_str(), counts[at]));
            let not_known = chosen
                .iter()
                .filter(|value| !self.values[from..to].iter().any(|(_, known)| known == *value))
                .map(|value| (value.as_str(), 0));
            let mut values: Vec<(bool, usize, &str)> = known
                .chain(not_known)
                .map(|(value, count)| (chosen.iter().any(|chosen| chosen == value), count, value))
                .filter(|&(is_chosen, count, _)| is_chosen || count > 0)
                .collect();
            values.sort_by(|left, right| {
                (right.0, right.1)
                    .cmp(&(left.0, left.1))
                    .then_with(|| left.2.cmp(right.2))
            });
            let shown = request.facet_values.max(chosen.len()).min(values.len());
            FacetCounts {
                facet,
                more: values.len() - shown,
                values: values[..shown]
                    .iter()
                    .map(|&(is_chosen, count, value)| FacetValue {
                        value: value.to_owned(),
                        count,
                        is_chosen,
                    })
                    .collect(),
            }
        };
        let mut facets: Vec<FacetCounts> = Facet::ALL.into_iter().map(facet).collect();
        facets.retain(|facet| !facet.values.is_empty());
        facets
    }

    fn hit(&self, entry: &Entry, query: &Query) -> Hit {
        let fields: Vec<_> = self.fields_of(entry).collect();
        let titles = || fields.iter().filter(|text| text.field.is_title());
        // The label, which comes after the name.
        let title = titles()
            .next_back()
            .map_or(entry.id.as_str(), |text| text.original);
        let in_title = |term: &str| titles().any(|text| text.folded.contains(term));
        let found = |term: &str| fields.iter().find(|text| text.folded.contains(term));
        let best = query.wanted().filter_map(found).map(|text| text.field).min();
        let outside: Vec<&str> = query.wanted().filter(|term| !in_title(term)).collect();
        let place = fields
            .iter()
            .find(|text| outside.iter().any(|term| text.folded.contains(term)));
        let column_name = |column: usize| {
            let named = fields
                .iter()
                .find(|text| text.field == Field::Column && text.column == Some(column));
            named.map(|text| text.original.to_owned())
        };
        Hit {
            id: entry.id.clone(),
            title: Marked::whole(title, query.wanted()),
            field: best,
            excerpt: place.map(|text| Excerpt {
                field: text.field,
                column: text.column.and_then(column_name),
                text: Marked::around(text.original, query.wanted()),
            }),
        }
    }
}

/// The facets of which a document has none of the chosen values.
fn missed_facets(values: &[u32], chosen: &[(Facet, Vec<u32>)]) -> Vec<Facet> {
    chosen
        .iter()
        .filter(|(_, wanted)| !wanted.iter().any(|wanted| values.contains(wanted)))
        .map(|&(facet, _)| facet)
        .collect()
}

/// The order of hits: how well they fit, then exposures and models, then what is used most.
fn rank(score: u16, entry: &Entry) -> u64 {
    u64::from(score) << 40 | u64::from(entry.precedence) << 32 | u64::from(u32::MAX - entry.usage)
}

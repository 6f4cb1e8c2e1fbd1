//! Narrowing a list: a box for words and one choice for each property, with how many would be left.
//!
//! ```text
//! rows ─▶ values of each property ─▶ those that match every choice but one count for that one
//!                                └▶ those that match all are shown
//! ```

use std::borrow::Cow;
use std::collections::HashMap;

use maud::{Markup, html};

use crate::context::Context;
use crate::view::name::cut;
use crate::view::number::{counted, grouped};

/// Puts a row's values of a property into the list.
type Values<'a, T> = Box<dyn Fn(&T, &mut Vec<Cow<'a, str>>) + 'a>;
type Matches<'a, T> = Box<dyn Fn(&T, &str) -> bool + 'a>;

/// More choices than these are of no help; the most frequent are offered.
const MOST_CHOICES: usize = 200;

/// A property by which a list is narrowed.
struct Facet<'a, T> {
    key: &'static str,
    title: &'static str,
    values: Values<'a, T>,
    chosen: Option<String>,
    choices: Vec<(Cow<'a, str>, usize)>,
}

/// The narrowing of one list.
pub struct Filter<'a, T> {
    context: &'a Context,
    words: String,
    matches: Matches<'a, T>,
    facets: Vec<Facet<'a, T>>,
    total: usize,
    left: usize,
}

impl<'a, T> Filter<'a, T> {
    /// By words: `matches` gets the row and what was typed, in lower case.
    pub fn new(context: &'a Context, matches: impl Fn(&T, &str) -> bool + 'a) -> Self {
        let words = context.parameter("q").unwrap_or_default();
        Self {
            context,
            words: words.trim().chars().take(400).collect::<String>().to_lowercase(),
            matches: Box::new(matches),
            facets: Vec::new(),
            total: 0,
            left: 0,
        }
    }

    /// By a property of which a row has one value or none.
    pub fn one(
        self,
        key: &'static str,
        title: &'static str,
        value: impl Fn(&T) -> Option<Cow<'a, str>> + 'a,
    ) -> Self {
        self.many(key, title, move |row, values| values.extend(value(row)))
    }

    /// By a property of which a row has any number of values.
    pub fn many(
        mut self,
        key: &'static str,
        title: &'static str,
        values: impl Fn(&T, &mut Vec<Cow<'a, str>>) + 'a,
    ) -> Self {
        self.facets.push(Facet {
            key,
            title,
            values: Box::new(values),
            chosen: self.context.parameter(key).filter(|chosen| !chosen.is_empty()),
            choices: Vec::new(),
        });
        self
    }

    /// Leaves the rows that match everything, and counts what each choice would leave.
    pub fn apply(&mut self, rows: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut counts: Vec<HashMap<Cow<'a, str>, usize>> = vec![HashMap::new(); self.facets.len()];
        let mut shown = Vec::new();
        let mut values: Vec<Vec<Cow<'a, str>>> = vec![Vec::new(); self.facets.len()];
        for row in rows {
            self.total += 1;
            if !self.words.is_empty() && !(self.matches)(&row, &self.words) {
                continue;
            }
            let mut missed = None;
            let mut misses = 0;
            for (at, facet) in self.facets.iter().enumerate() {
                values[at].clear();
                (facet.values)(&row, &mut values[at]);
                if facet
                    .chosen
                    .as_ref()
                    .is_some_and(|chosen| !values[at].iter().any(|value| value == chosen))
                {
                    misses += 1;
                    missed = Some(at);
                }
            }
            for (at, values) in values.iter_mut().enumerate() {
                if misses == 0 || (misses == 1 && missed == Some(at)) {
                    for value in values.drain(..) {
                        *counts[at].entry(value).or_default() += 1;
                    }
                }
            }
            if misses == 0 {
                shown.push(row);
            }
        }
        self.left = shown.len();
        for (facet, counts) in self.facets.iter_mut().zip(counts) {
            let mut choices: Vec<_> = counts.into_iter().collect();
            if choices.len() > MOST_CHOICES {
                choices
                    .sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
                choices.truncate(MOST_CHOICES);
            }
            choices.sort_unstable();
            facet.choices = choices;
        }
        shown
    }

    /// Whether anything is narrowed at all.
    pub fn is_used(&self) -> bool {
        !self.words.is_empty() || self.facets.iter().any(|facet| facet.chosen.is_some())
    }

    /// The form; its answer comes into the element with the id `list`.
    pub fn form(&self, what: &str) -> Markup {
        let path = self.context.uri.path();
        // What the form does not ask for stays as it is.
        let kept = ["sort", "desc", "size", "by", "env", "in"];
        html! {
            form.filters method="get" action=(path) data-live="list" role="search" aria-label={ "Filter " (what) } {
                @for name in kept {
                    @if let Some(value) = self.context.parameter(name) { input type="hidden" name=(name) value=(value); }
                }
                div.field {
                    label for="filter-q" { "Filter" }
                    input id="filter-q" type="search" name="q" value=(self.words) autocomplete="off" maxlength="400";
                }
                @for facet in self.facets.iter().filter(|facet| facet.is_useful()) {
                    div.field {
                        label for={ "filter-" (facet.key) } { (facet.title) }
                        select id={ "filter-" (facet.key) } name=(facet.key) {
                            option value="" { "Any" }
                            @if let Some(gone) = facet.chosen_without_count() { option value=(gone) selected { (cut(gone, 60)) " (0)" } }
                            @for (value, count) in &facet.choices {
                                option value=(value) selected[facet.chosen.as_deref() == Some(value.as_ref())] {
                                    (cut(value, 60)) " (" (grouped(*count as u64)) ")"
                                }
                            }
                        }
                    }
                }
                button type="submit" { "Filter" }
                @if self.is_used() { a.button href=(path) { "Clear" } }
            }
        }
    }

    /// "12 of 40 models", spoken when it changes.
    pub fn count(&self, one: &str, many: &str) -> Markup {
        html! {
            p.muted data-say {
                @if self.left == self.total { (counted(self.total, one, many)) }
                @else { (grouped(self.left as u64)) " of " (counted(self.total, one, many)) }
            }
        }
    }
}

impl<T> Facet<'_, T> {
    /// A choice of one is none, unless it was made.
    fn is_useful(&self) -> bool {
        self.chosen.is_some() || self.choices.len() > 1
    }

    fn chosen_without_count(&self) -> Option<&str> {
        let chosen = self.chosen.as_deref()?;
        let is_counted = self.choices.iter().any(|(value, _)| value == chosen);
        (!is_counted).then_some(chosen)
    }
}

impl<T> std::fmt::Debug for Filter<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Filter({} of {})", self.left, self.total)
    }
}

/// Whether a text holds what was typed, without regard to case. `words` is in lower case.
pub fn holds(text: &str, words: &str) -> bool {
    if text.is_ascii() && words.is_ascii() {
        let (text, words) = (text.as_bytes(), words.as_bytes());
        return words.is_empty()
            || text
                .windows(words.len())
                .any(|window| window.eq_ignore_ascii_case(words));
    }
    text.to_lowercase().contains(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter() {
        assert!(holds("fct_Orders", "orders") && holds("ÄRGER", "ärger") && holds("x", ""));
        assert!(!holds("fct", "orders") && !holds("", "a"));
    }
}

//! Excerpts: the piece of a text in which a term was found, with what to mark.

use serde::Serialize;

use super::fold::Traced;

/// How much of a text is shown, in characters.
const LONGEST_EXCERPT: usize = 160;
/// How much stands before the first mark.
const LEAD: usize = 40;
/// A text can be full of a short term; so many marks are enough.
const MOST_MARKS: usize = 32;

/// A text with places to mark. Untrusted: it is shown escaped, piece by piece.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Marked {
    /// The text, or a piece of it.
    pub text: String,
    /// Where the terms stand in it: bytes from and to, at borders of characters, rising, not overlapping.
    pub marks: Vec<(usize, usize)>,
    /// Whether something stands before.
    pub is_cut_before: bool,
    /// Whether something stands after.
    pub is_cut_after: bool,
}

impl Marked {
    /// The text in pieces, each with whether it is marked.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, bool)> {
        let mut at = 0;
        let mut pieces = Vec::with_capacity(self.marks.len() * 2 + 1);
        for &(from, to) in &self.marks {
            pieces.push((self.text.get(at..from).unwrap_or_default(), false));
            pieces.push((self.text.get(from..to).unwrap_or_default(), true));
            at = to;
        }
        pieces.push((self.text.get(at..).unwrap_or_default(), false));
        pieces.into_iter().filter(|(text, _)| !text.is_empty())
    }

    /// The whole text with the terms marked.
    pub(super) fn whole<'a>(text: &str, terms: impl Iterator<Item = &'a str>) -> Self {
        Self {
            text: text.to_owned(),
            marks: marks(text, terms),
            is_cut_before: false,
            is_cut_after: false,
        }
    }

    /// The piece around the first term.
    pub(super) fn around<'a>(text: &str, terms: impl Iterator<Item = &'a str>) -> Self {
        let marks = marks(text, terms);
        let first = marks.first().map_or(0, |mark| mark.0);
        let before = text[..first].char_indices().rev().nth(LEAD - 1);
        let start = before.map_or(0, |(at, _)| after_blank(text, at, first));
        let end = text[start..]
            .char_indices()
            .nth(LONGEST_EXCERPT)
            .map_or(text.len(), |(length, _)| start + length);
        Self {
            text: text[start..end].to_owned(),
            marks: marks
                .into_iter()
                .take_while(|mark| mark.0 < end)
                .map(|(from, to)| (from - start, to.min(end) - start))
                .collect(),
            is_cut_before: start > 0,
            is_cut_after: end < text.len(),
        }
    }
}

/// Where the next word begins, if one does before the limit.
fn after_blank(text: &str, from: usize, limit: usize) -> usize {
    let blank = text[from..limit]
        .char_indices()
        .find(|(_, character)| character.is_whitespace());
    blank.map_or(from, |(at, character)| from + at + character.len_utf8())
}

fn marks<'a>(text: &str, terms: impl Iterator<Item = &'a str>) -> Vec<(usize, usize)> {
    let traced = Traced::new(text);
    let mut found: Vec<(usize, usize)> = terms
        .flat_map(|term| {
            traced
                .folded
                .match_indices(term)
                .take(MOST_MARKS)
                .map(|(at, term)| traced.original(at, at + term.len()))
                .collect::<Vec<_>>()
        })
        .collect();
    found.sort_unstable();
    let mut marks: Vec<(usize, usize)> = Vec::with_capacity(found.len());
    for (from, to) in found {
        match marks.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => marks.push((from, to)),
        }
    }
    marks.truncate(MOST_MARKS);
    marks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(marked: &Marked) -> String {
        let piece = |(text, is_marked)| {
            if is_marked {
                format!("[{text}]")
            } else {
                String::from(text)
            }
        };
        let pieces: String = marked.pieces().map(piece).collect();
        let cut = |is_cut| if is_cut { "…" } else { "" };
        format!(
            "{}{pieces}{}",
            cut(marked.is_cut_before),
            cut(marked.is_cut_after)
        )
    }

    #[test]
    fn terms_are_marked_in_the_original() {
        let marked = Marked::whole("Große Straße, GROSSE", ["gross", "strasse"].into_iter());
        assert_eq!(shown(&marked), "[Groß]e [Straße], [GROSS]E");
        let joined = Marked::whole("fct_orders", ["orders", "fct_", "or"].into_iter());
        assert_eq!(shown(&joined), "[fct_orders]");
    }

    #[test]
    fn a_long_text_is_shown_around_the_first_mark() {
        let text = format!("{}the order of {}", "word ".repeat(100), "things ".repeat(100));
        let marked = Marked::around(&text, ["order"].into_iter());
        assert!(shown(&marked).starts_with("…word word word word word word word the [order] of things"));
        assert!(marked.is_cut_after);
        assert!(marked.text.chars().count() <= LONGEST_EXCERPT);
    }

    proptest! {
        #[test]
        fn any_text_can_be_cut_and_marked(text in any::<String>(), term in ".{1,3}") {
            let term = super::super::fold::fold(&term);
            prop_assume!(!term.is_empty());
            for marked in [Marked::whole(&text, [term.as_str()].into_iter()), Marked::around(&text, [term.as_str()].into_iter())] {
                let joined: String = marked.pieces().map(|piece| piece.0).collect();
                prop_assert_eq!(&joined, &marked.text);
                prop_assert!(marked.marks.iter().all(|&(from, to)| marked.text.get(from..to).is_some()));
            }
        }
    }
}

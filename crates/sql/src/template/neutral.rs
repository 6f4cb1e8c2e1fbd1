//! The stage as a whole: which of its parts have anything to do.

use std::borrow::Cow;

use crate::upstream::Note;

use super::{jinja, mquery, tableau};

/// The name that stands where a template would put one. The resolver takes it for no column and
/// no table.
pub(crate) const PLACEHOLDER: &str = "tailwater_template";

/// Text that is SQL as far as this stage can make it so.
#[derive(Debug)]
pub(crate) struct Neutral<'t> {
    /// The text to parse.
    pub(crate) text: Cow<'t, str>,
    /// Whether anything was replaced. A byte order mark does not count.
    pub(crate) templated: bool,
    /// The relations that templates name.
    pub(crate) notes: Vec<Note>,
}

/// Replaces everything in `sql` that is no SQL.
pub(crate) fn neutralise(sql: &str) -> Neutral<'_> {
    let mut neutral = Neutral {
        text: Cow::Borrowed(sql.trim_start_matches('\u{feff}')),
        templated: false,
        notes: Vec::new(),
    };
    if let Some(text) = mquery::without_escapes(&neutral.text) {
        neutral.put(text);
    }
    if let Some((text, notes)) = jinja::without_templates(&neutral.text) {
        neutral.put(text);
        neutral.notes = notes;
    }
    if let Some(text) = tableau::without_parameters(&neutral.text) {
        neutral.put(text);
    }
    neutral
}

impl Neutral<'_> {
    fn put(&mut self, text: String) {
        self.text = Cow::Owned(text);
        self.templated = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_not_copied() {
        let neutral = neutralise("\u{feff}select a << 2 from t where x like '{%'");
        assert!(matches!(neutral.text, Cow::Borrowed(text) if text.starts_with("select")));
        assert!(!neutral.templated);
    }

    #[test]
    fn all_three_kinds_can_meet_in_one_text() {
        let neutral = neutralise("select \"\"a\"\"#(lf)from {{ ref('o') }} where x <<= <[Parameters].[p]>");
        assert_eq!(neutral.text, "select \"a\"\nfrom tailwater_template where x <= 0");
        assert!(neutral.templated);
        assert_eq!(neutral.notes.len(), 1);
    }
}

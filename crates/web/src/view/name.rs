//! Names and texts by people whom nobody checked: cut to a length that a page can bear, and kept from turning
//! the writing direction of what stands around them.

use std::borrow::Cow;

use maud::{Markup, html};

/// Names are cut here in lists and headings, in characters. Their own page has them whole.
const LONGEST_NAME: usize = 160;

/// A name: escaped, cut, and isolated (`bdi`), so that marks of direction in it end where it ends.
pub fn name(text: &str) -> Markup {
    html! { bdi { (cut(text, LONGEST_NAME)) } }
}

/// The start of a text, with an ellipsis where something was left out.
pub fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text[..end].trim_end())),
    }
}

/// A sentence, cut, in which backticks mark code: `dbt build` ended with 1.
pub fn marked(text: &str, longest: usize) -> Markup {
    let text = cut(text, longest);
    let pieces: Vec<&str> = text.split('`').collect();
    // A backtick without its partner is one.
    let is_paired = pieces.len() % 2 == 1;
    html! {
        @if is_paired { @for (at, piece) in pieces.iter().enumerate() {
            @if at % 2 == 1 { code { (piece) } } @else if !piece.is_empty() { bdi { (piece) } }
        } } @else { bdi { (text) } }
    }
}

/// The first paragraph of a description on one line, cut: for lists, where Markdown has no place.
pub fn beginning(description: Option<&str>, longest: usize) -> String {
    let text = description.unwrap_or_default().trim();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    // What is cut off need not be put on one line first.
    let paragraph = cut(paragraph, longest * 2);
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&line, longest).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_isolated_and_cut() {
        assert_eq!(name("<b>").into_string(), "<bdi>&lt;b&gt;</bdi>");
        let long = name(&"é".repeat(10_000)).into_string();
        assert!(long.len() < 1_000 && long.contains('…'), "{} bytes", long.len());
    }

    #[test]
    fn backticks_mark_code_and_stay_escaped() {
        assert_eq!(
            marked("`dbt <b>` ended", 80).into_string(),
            "<code>dbt &lt;b&gt;</code><bdi> ended</bdi>"
        );
        assert_eq!(marked("it`s", 80).into_string(), "<bdi>it`s</bdi>");
        assert_eq!(marked("`dbt build` ended", 6).into_string(), "<bdi>`dbt b…</bdi>");
    }

    #[test]
    fn a_list_shows_the_first_paragraph_on_one_line() {
        let text = "  One row\nper order.\n\nMore of it.";
        assert_eq!(beginning(Some(text), 80), "One row per order.");
        assert_eq!(beginning(Some(text), 7), "One row…");
        assert_eq!(beginning(None, 80), "");
    }
}

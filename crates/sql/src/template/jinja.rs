//! Jinja, as dbt has it: `{{ … }}`, `{% … %}`, `{# … #}`.
//!
//! Expressions become a placeholder name, tags and comments vanish. Of an `if` with branches the
//! first stays: branches are alternatives, and one of them is what parses. The relations of `ref`
//! and `source` are kept as notes: dbt knows what they are, the text does not.

use crate::text::clipped;
use crate::upstream::Note;

use super::PLACEHOLDER;

/// The text without Jinja, and the relations that it names; `None` when it has none.
pub(super) fn without_templates(text: &str) -> Option<(String, Vec<Note>)> {
    if !(text.contains("{{") || text.contains("{%") || text.contains("{#")) {
        return None;
    }
    let mut output = Output::default();
    let mut rest = text;
    let mut found = false;
    // A kind that is not closed once is closed nowhere after: without this, text full of `{{`
    // would be searched to its end over and over.
    let mut unclosed = [false; 3];
    while let Some(open) = rest.find('{') {
        let (before, at) = rest.split_at(open);
        output.push(before);
        let Some((content, kind, after)) = template(at, &mut unclosed) else {
            output.push("{");
            rest = &at[1..];
            continue;
        };
        found = true;
        match kind {
            Kind::Comment => output.push(" "),
            Kind::Tag => output.tag(content),
            Kind::Expression => output.expression(content),
        }
        rest = after;
    }
    output.push(rest);
    found.then_some((output.text, output.notes))
}

enum Kind {
    Expression,
    Tag,
    Comment,
}

/// The template that `text` begins with: its content, its kind, and what follows.
fn template<'t>(text: &'t str, unclosed: &mut [bool; 3]) -> Option<(&'t str, Kind, &'t str)> {
    let (kind, close, index) = match text.as_bytes().get(1)? {
        b'{' => (Kind::Expression, "}}", 0),
        b'%' => (Kind::Tag, "%}", 1),
        b'#' => (Kind::Comment, "#}", 2),
        _ => return None,
    };
    if unclosed[index] {
        return None;
    }
    let inner = &text[2..];
    let Some(end) = inner.find(close) else {
        unclosed[index] = true;
        return None;
    };
    let content = inner[..end].trim_matches(['-', '+']).trim();
    Some((content, kind, &inner[end + 2..]))
}

#[derive(Default)]
struct Output {
    text: String,
    notes: Vec<Note>,
    /// For each open `if`, `for` or block: whether its text is left out.
    skipped: Vec<bool>,
    /// How many of them are.
    skipping: usize,
}

impl Output {
    fn is_skipping(&self) -> bool {
        self.skipping > 0
    }

    fn push(&mut self, text: &str) {
        if !self.is_skipping() {
            self.text.push_str(text);
        }
    }

    fn tag(&mut self, content: &str) {
        self.push(" ");
        let word = content
            .split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .next()
            .unwrap_or_default();
        match word {
            "if" | "for" | "call" | "filter" | "raw" | "block" | "snapshot" => self.open(false),
            // A macro's body runs only where it is called; a block `set` is a value.
            "macro" | "materialization" | "test" | "docs" => self.open(true),
            "set" if !content.contains('=') => self.open(true),
            "elif" | "else" => {
                if let Some(skipped) = self.skipped.last_mut()
                    && !std::mem::replace(skipped, true)
                {
                    self.skipping += 1;
                }
            }
            _ if word.starts_with("end") && self.skipped.pop() == Some(true) => {
                self.skipping -= 1;
            }
            _ => {}
        }
    }

    fn open(&mut self, skipped: bool) {
        self.skipped.push(skipped);
        self.skipping += usize::from(skipped);
    }

    fn expression(&mut self, content: &str) {
        if self.is_skipping() {
            return;
        }
        if content.starts_with("config(") || content.starts_with("log(") || content.starts_with("exceptions.")
        {
            self.push(" ");
            return;
        }
        let names_relation = ["ref(", "source(", "builtins.ref(", "builtins.source(", "metrics."]
            .iter()
            .any(|call| content.starts_with(call))
            || content == "this";
        if names_relation && self.notes.len() < crate::upstream::Upstream::MAX_NOTES {
            self.notes.push(Note::TemplateRelation {
                expression: clipped(content, 120),
            });
        }
        self.push(PLACEHOLDER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        without_templates(text).map_or_else(|| text.to_owned(), |(text, _)| text)
    }

    #[test]
    fn refs_become_placeholders_and_notes() {
        let (text, notes) =
            without_templates("select * from {{ ref('orders') }} o join {{source('a','b')}} s").unwrap();
        assert_eq!(
            text,
            "select * from tailwater_template o join tailwater_template s"
        );
        assert_eq!(
            notes,
            [
                Note::TemplateRelation {
                    expression: "ref('orders')".to_owned()
                },
                Note::TemplateRelation {
                    expression: "source('a','b')".to_owned()
                },
            ]
        );
    }

    #[test]
    fn tags_and_comments_vanish_and_the_first_branch_stays() {
        assert_eq!(plain("a{# note #}b"), "a b");
        assert_eq!(
            plain("{% if x %}one{% elif y %}two{% else %}three{% endif %}"),
            " one "
        );
        assert_eq!(plain("{% set q %}select 1{% endset %}select 2"), " select 2");
        assert_eq!(plain("{%- set x = 1 -%}select 2"), " select 2");
        assert_eq!(plain("{{ config(materialized='table') }} select 1"), "  select 1");
    }

    #[test]
    fn braces_that_close_nothing_stay() {
        assert_eq!(
            plain("select '{%' from t where j = '{\"a\": 1}'"),
            "select '{%' from t where j = '{\"a\": 1}'"
        );
        assert_eq!(plain("select {{ a from t"), "select {{ a from t");
    }
}

//! Texts of strangers as YAML that dbt reads back as they were.
//!
//! Two readers stand in the way. YAML: what is not plain stands in double quotes with JSON's escapes. And dbt,
//! which renders almost every text of a YAML file as a Jinja template (a description later than the rest):
//!
//! - `{{`, `{%` and `{#` begin something. They are written as `{{ '{{' }}`, which renders as `{{`.
//! - A template's carriage returns become line feeds, and one line feed at its end is dropped. They are written
//!   as `{{ '\r' }}` and `{{ '\n' }}`.
//! - A `{` just before one of these would join it, and is written as `{{ '{' }}`.

use std::fmt::Write as _;

/// A word that YAML takes for a text as it stands, else in quotes.
pub fn quoted_if_needed(word: &str) -> String {
    const MEANT_OTHERWISE: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_plain = word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !MEANT_OTHERWISE.contains(&word.to_ascii_lowercase().as_str());
    if is_plain { word.to_owned() } else { quoted(word) }
}

/// In double quotes, with what Jinja would act on wrapped so that dbt renders it as it is.
pub fn quoted(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let next = rest.clone().next();
        let is_last_but_one = || rest.as_str().len() == 1;
        match (character, next) {
            ('{', Some(next @ ('{' | '%' | '#'))) => {
                // Writing to a string cannot fail.
                let _ = write!(tamed, "{{{{ '{{{next}' }}}}");
                rest.next();
            }
            ('{', Some('\r')) => tamed.push_str("{{ '{' }}"),
            ('{', Some('\n')) if is_last_but_one() => tamed.push_str("{{ '{' }}"),
            ('\r', _) => tamed.push_str("{{ '\\r' }}"),
            ('\n', None) => tamed.push_str("{{ '\\n' }}"),
            _ => tamed.push(character),
        }
    }
    as_json(&tamed)
}

/// JSON's form of a text, in which nothing is left that a YAML reader takes for a line's end, a mark of order or a
/// character that cannot be printed.
pub fn as_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            // Marks of direction would turn the text around them; the others end lines or are not printable.
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            character if character.is_control() || matches!(u32::from(character), 0xfffe | 0xffff) => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            character => json.push(character),
        }
    }
    json.push('"');
    json
}

/// A text as a literal inside a Jinja expression, in single quotes, on one line.
pub fn as_jinja(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        match character {
            '\'' => literal.push_str("\\'"),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            character => literal.push(character),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn words_with_a_meaning_of_their_own_are_quoted() {
        assert_eq!(quoted_if_needed("null"), "\"null\"");
        assert_eq!(quoted_if_needed("_2024"), "\"_2024\"");
        assert_eq!(quoted_if_needed("orders"), "orders");
    }

    #[rstest]
    #[case("{{ wb }}", "{{ '{{' }} wb }}")]
    #[case("{{{", "{{ '{{' }}{")]
    #[case("{\r", "{{ '{' }}{{ '\\\\r' }}")]
    #[case("{\n", "{{ '{' }}{{ '\\\\n' }}")]
    #[case("{\na\n", "{\\na{{ '\\\\n' }}")]
    #[case("a\r\nb", "a{{ '\\\\r' }}\\nb")]
    fn jinja_is_wrapped(#[case] text: &str, #[case] wrapped: &str) {
        assert_eq!(quoted(text), format!("\"{wrapped}\""));
    }

    /// What Jinja makes of a text in which only our wrappings are expressions.
    fn rendered(template: &str) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some(at) = rest.find("{{ '") {
            text.push_str(&rest[..at]);
            let inner = &rest[at + 4..];
            let end = inner.find("' }}").expect("a closed wrapping");
            match &inner[..end] {
                "\\r" => text.push('\r'),
                "\\n" => text.push('\n'),
                other => text.push_str(other),
            }
            rest = &inner[end + 4..];
        }
        text + rest
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in prop_oneof![any::<String>(), "[{}%#\\-'\" \r\na]{0,9}"]) {
            let shown = quoted(&text);
            prop_assert_eq!(shown.lines().count(), 1);
            let read: String = serde_json::from_str(&shown).expect("a text in quotes");
            // Nothing is left that a template drops or changes.
            prop_assert!(!read.contains('\r') && !read.ends_with('\n'));
            let without_wrappings = ["{{ '{{' }}", "{{ '{%' }}", "{{ '{#' }}", "{{ '{' }}", "{{ '\\r' }}", "{{ '\\n' }}"]
                .iter()
                .fold(read.clone(), |left, wrapping| left.replace(wrapping, "\u{1}"));
            let begins = |opening: &&str| without_wrappings.contains(opening);
            let opening = ["{{", "{%", "{#"].into_iter().find(begins);
            prop_assert_eq!(opening, None);
            prop_assert_eq!(rendered(&read), text);
        }
    }
}

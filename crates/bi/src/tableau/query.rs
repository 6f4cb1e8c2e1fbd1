//! The queries to the Metadata API: one file each in `queries/`, checked against the schema by a test.
//!
//! Servers differ in age, and an older one refuses a whole query for one field that it does not know.
//! [`without_fields`] takes such fields out, so that the rest is still answered.

use std::collections::BTreeSet;

/// A query of the Metadata API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Query {
    /// Its name, for messages.
    pub(crate) name: &'static str,
    /// Its text.
    pub(crate) text: &'static str,
}

macro_rules! queries {
    ($($(#[$documentation:meta])* $constant:ident = $name:literal in $file:literal;)*) => {
        $($(#[$documentation])* pub(crate) const $constant: Query = Query {
            name: $name,
            text: include_str!(concat!("queries/", $file)),
        };)*

        /// Every query, for the test against the schema.
        #[cfg(test)]
        const ALL: &[Query] = &[$($constant),*];
    };
}

queries! {
    WORKBOOKS = "workbooks" in "workbooks.graphql";
    WORKBOOK_PARTS = "parts of a workbook" in "workbook_parts.graphql";
    WORKBOOK_SOURCES = "data sources of a workbook" in "workbook_sources.graphql";
    WORKBOOK_TABLES = "tables of a workbook" in "workbook_tables.graphql";
    EMBEDDED_TABLES = "tables of an embedded data source" in "embedded_tables.graphql";
    EMBEDDED_COLUMNS = "columns of embedded data sources" in "embedded_columns.graphql";
    EMBEDDED_FIELDS = "fields of an embedded data source" in "embedded_fields.graphql";
    PUBLISHED_FIELDS = "fields of a published data source" in "published_fields.graphql";
    PUBLISHED = "published data sources" in "published.graphql";
    PUBLISHED_COLUMNS = "columns of published data sources" in "published_columns.graphql";
    CUSTOM_SQL = "custom SQL" in "custom_sql.graphql";
    TABLES = "tables" in "tables.graphql";
    VIRTUAL_TABLES = "tables of virtual connections" in "virtual_tables.graphql";
    HOSTS = "hosts" in "hosts.graphql";
    PROBE = "probe" in "probe.graphql";
    SAMPLE = "sample of tables" in "sample.graphql";
    WORKBOOK_DATES = "dates of workbooks" in "workbook_dates.graphql";
    PUBLISHED_DATES = "dates of published data sources" in "published_dates.graphql";
}

/// Fields without which an answer says nothing; they are never taken out.
const ESSENTIAL: [&str; 8] = [
    "id",
    "luid",
    "nodes",
    "pageInfo",
    "hasNextPage",
    "endCursor",
    "upstreamTables",
    "embeddedDatasources",
];

/// Whether a query still makes sense without a field.
pub(crate) fn can_do_without(field: &str) -> bool {
    !ESSENTIAL.contains(&field)
}

/// The query's text without the named fields, wherever they stand, with their arguments and selections.
/// A field whose selection is left empty goes as well. `None` when nothing is left.
pub(crate) fn without_fields(text: &str, fields: &BTreeSet<String>) -> Option<String> {
    let tokens = tokens(text);
    let start = tokens.iter().position(|token| *token == "{")?;
    let mut walk = Walk {
        tokens: &tokens,
        at: start + 1,
        fields,
    };
    let selection = walk.selection()?;
    Some(format!("{} {{{selection}}}", tokens[..start].join(" ")))
}

struct Walk<'a> {
    tokens: &'a [&'a str],
    at: usize,
    fields: &'a BTreeSet<String>,
}

impl Walk<'_> {
    fn next(&mut self) -> Option<&str> {
        let token = self.tokens.get(self.at).copied();
        self.at += 1;
        token
    }

    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).copied()
    }

    /// The rest of a selection set up to its closing brace; `None` when no field is left.
    fn selection(&mut self) -> Option<String> {
        let mut kept = String::new();
        while let Some(token) = self.next() {
            if token == "}" {
                break;
            }
            let mut written = token.to_owned();
            let mut name = written.clone();
            if self.peek() == Some(":") {
                self.at += 1;
                self.next()?.clone_into(&mut name);
                written = format!("{written}: {name}");
            }
            if self.peek() == Some("(") {
                written.push_str(&self.arguments());
            }
            let mut is_kept = !self.fields.contains(&name);
            if self.peek() == Some("{") {
                self.at += 1;
                match self.selection() {
                    Some(inner) => written = format!("{written} {{{inner}}}"),
                    None => is_kept = false,
                }
            }
            if is_kept {
                kept.push(' ');
                kept.push_str(&written);
            }
        }
        (!kept.is_empty()).then(|| format!("{kept} "))
    }

    fn arguments(&mut self) -> String {
        let mut depth = 0_usize;
        let mut written = String::new();
        while let Some(token) = self.next() {
            match token {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            written.push_str(token);
            written.push(' ');
            if depth == 0 {
                break;
            }
        }
        written
    }
}

/// Splits our own query files: names, punctuation, no strings, no directives, no fragments.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for line in text.lines() {
        let mut rest = line.split('#').next().unwrap_or_default();
        loop {
            rest = rest.trim_start_matches(|character: char| character.is_whitespace() || character == ',');
            let Some(first) = rest.chars().next() else {
                break;
            };
            let is_word = |character: char| character.is_alphanumeric() || character == '_';
            let end = if is_word(first) || first == '$' {
                let after = rest
                    .char_indices()
                    .skip(1)
                    .find(|(_, character)| !is_word(*character));
                after.map_or(rest.len(), |(at, _)| at)
            } else {
                first.len_utf8()
            };
            tokens.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use apollo_compiler::validation::Valid;
    use apollo_compiler::{ExecutableDocument, Schema};

    use super::*;

    static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
        let text = include_str!("../../../tableau-sim/schema/tableau-metadata.graphql");
        Schema::parse_and_validate(text, "schema.graphql").expect("the schema is valid")
    });

    fn is_valid(text: &str) -> Result<(), String> {
        ExecutableDocument::parse_and_validate(&SCHEMA, text, "query.graphql")
            .map(drop)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_query_is_valid_against_the_schema() {
        for query in ALL {
            assert_eq!(is_valid(query.text), Ok(()), "{}", query.name);
        }
    }

    #[test]
    fn every_query_file_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tableau/queries");
        let texts: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        assert_eq!(texts.len(), ALL.len());
        assert!(
            texts
                .iter()
                .all(|text| ALL.iter().any(|query| query.text == text))
        );
    }

    /// Nested fragments inside "shortcut" fields are refused by Tableau, so there are none at all.
    #[test]
    fn no_query_uses_fragments_or_asks_for_too_large_pages() {
        for query in ALL {
            assert!(!query.text.contains("..."), "{}", query.name);
        }
    }

    #[test]
    fn queries_stay_valid_without_any_optional_field() {
        for query in ALL {
            let names: BTreeSet<String> = tokens(query.text)
                .into_iter()
                .filter(|token| token.starts_with(char::is_alphabetic) && can_do_without(token))
                .filter(|token| !token.ends_with("Connection"))
                .map(str::to_owned)
                .collect();
            for name in names {
                let fields = BTreeSet::from([name.clone()]);
                if let Some(text) = without_fields(query.text, &fields) {
                    assert_eq!(is_valid(&text), Ok(()), "{} without {name}", query.name);
                }
            }
        }
    }

    #[test]
    fn a_field_goes_with_its_arguments_and_selection() {
        let text = "query A($x: Int) {\n p: a(first: $x, filter: {b: [1]}) { id c { d } e(f: 1) { g } h } # note\n }";
        let without = |field: &str| without_fields(text, &BTreeSet::from([field.to_owned()])).unwrap();
        assert!(!without("e").contains('g') && without("e").contains('h'));
        assert!(!without("c").contains("{ d }"));
        // A selection that would be empty goes with its field.
        assert!(!without("d").contains("c {"));
        assert_eq!(without_fields(text, &BTreeSet::from(["a".to_owned()])), None);
    }
}

//! Names of relations: reading them as other systems write them, and comparing them.
//!
//! ```text
//! [PROD].[PUBLIC].[ORDERS]     Tableau's fullName           ─┐
//! "prod"."public"."orders"     dbt's relation_name           ├─▶ RelationName { prod, public, orders }
//! `proj.ds.events`             BigQuery, one quoted name    ─┘
//! ```
//!
//! Names are split on quotes and brackets first and on dots second: a bracketed name may hold dots.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A relation's name in up to three levels, unquoted and as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RelationName {
    /// The database, catalog or project; `None` when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The schema or dataset; `None` when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The table's or view's own name.
    pub name: String,
}

impl RelationName {
    /// Puts a name together; empty text counts as unknown.
    pub fn new(database: Option<&str>, schema: Option<&str>, name: &str) -> Self {
        let known = |part: Option<&str>| {
            part.map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Self {
            database: known(database),
            schema: known(schema),
            name: name.to_owned(),
        }
    }

    /// Puts a name together from parts, outermost first. `None` for no part or more than three.
    pub fn from_parts(parts: &[String]) -> Option<Self> {
        match parts {
            [name] => Some(Self::new(None, None, name)),
            [schema, name] => Some(Self::new(None, Some(schema), name)),
            [database, schema, name] => Some(Self::new(Some(database), Some(schema), name)),
            _ => None,
        }
    }

    /// The form in which two names are compared: every part in lower case.
    pub fn folded(&self) -> Self {
        Self {
            database: self.database.as_deref().map(fold),
            schema: self.schema.as_deref().map(fold),
            name: fold(&self.name),
        }
    }
}

impl fmt::Display for RelationName {
    /// The known parts, joined by dots.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.database, &self.schema].into_iter().flatten() {
            write!(formatter, "{part}.")?;
        }
        formatter.write_str(&self.name)
    }
}

/// Folds a name's part for comparison. Tableau reports Snowflake's names in upper case and dbt keeps
/// them as written, so case never tells two relations apart on its own.
pub fn fold(part: &str) -> String {
    part.to_lowercase()
}

/// Splits a written name into its parts, outermost first, unquoted.
///
/// Understands `[brackets]` (with `]]` for a bracket), `"double quotes"` and `` `backticks` `` (each
/// doubled to escape), and bare parts. A single back-ticked name that holds dots is split on them, as
/// BigQuery does. Text that is not a name, such as `read_csv('x.csv')`, comes back as one part.
pub fn split_name(text: &str) -> Vec<String> {
    let text = text.trim();
    let mut parts = Vec::with_capacity(3);
    let mut current = String::new();
    let mut was_quoted = false;
    let mut rest = text;
    while let Some(at) = rest.find(['[', '"', '`', '(', '.']) {
        let (before, special) = rest.split_at(at);
        current.push_str(before);
        rest = &special[1..];
        let (opening, closing) = match special.as_bytes()[0] {
            b'[' => ('[', ']'),
            b'"' => ('"', '"'),
            b'`' => ('`', '`'),
            b'(' => return vec![text.to_owned()],
            _ => {
                push_part(&mut parts, &mut current, &mut was_quoted);
                continue;
            }
        };
        if !current.trim().is_empty() {
            // A quote in the middle of a bare part belongs to the part.
            current.push(opening);
            continue;
        }
        current.clear();
        was_quoted = true;
        loop {
            let Some((inner, after)) = rest.split_once(closing) else {
                current.push_str(rest);
                rest = "";
                break;
            };
            current.push_str(inner);
            rest = after;
            let Some(after_doubled) = rest.strip_prefix(closing) else {
                break;
            };
            current.push(closing);
            rest = after_doubled;
        }
        if closing == '`' && current.contains('.') {
            let whole = std::mem::take(&mut current);
            let mut pieces = whole.split('.').map(str::to_owned);
            current = pieces.next().unwrap_or_default();
            for piece in pieces {
                push_part(&mut parts, &mut current, &mut was_quoted);
                current = piece;
            }
        }
    }
    current.push_str(rest);
    push_part(&mut parts, &mut current, &mut was_quoted);
    if parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    parts
}

/// Ends a part. An empty one is kept: `db..t` names a table in the default schema, not in a schema `db`.
fn push_part(parts: &mut Vec<String>, current: &mut String, was_quoted: &mut bool) {
    let part = std::mem::take(current);
    let trimmed = part.trim();
    parts.push(if std::mem::take(was_quoted) || trimmed.len() == part.len() {
        part
    } else {
        trimmed.to_owned()
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("[public].[actor]", &["public", "actor"])]
    #[case("[DB].[SCHEMA].[TABLE]", &["DB", "SCHEMA", "TABLE"])]
    #[case("[my.schema].[a.b]", &["my.schema", "a.b"])]
    #[case("[a]]b]", &["a]b"])]
    #[case("customer", &["customer"])]
    #[case("schema.table", &["schema", "table"])]
    #[case("\"db\".\"sch\".\"na\"\"me\"", &["db", "sch", "na\"me"])]
    #[case("`proj-1.ds.events_*`", &["proj-1", "ds", "events_*"])]
    #[case("`p`.`d`.`t`", &["p", "d", "t"])]
    #[case("[srv].[db].[dbo].[t]", &["srv", "db", "dbo", "t"])]
    #[case("db..t", &["db", "", "t"])]
    #[case("read_csv('a.csv')", &["read_csv('a.csv')"])]
    #[case("", &[])]
    #[case("[People$]", &["People$"])]
    #[case(" a . \"b c\" . d ", &["a", "b c ", "d"])]
    #[case("a\"b.c", &["a\"b", "c"])]
    #[case("[never.closed", &["never.closed"])]
    #[case("f(a).b", &["f(a).b"])]
    #[case("ä.[ö]]]", &["ä", "ö]"])]
    fn names_split_on_quotes_before_dots(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(split_name(text), expected);
    }

    #[test]
    fn empty_parts_are_unknown() {
        let name = RelationName::new(Some(""), Some(" "), "t");
        assert_eq!(
            name,
            RelationName {
                database: None,
                schema: None,
                name: "t".into()
            }
        );
    }

    proptest! {
        #[test]
        fn any_text_splits_without_panic(text in ".{0,60}") {
            let _ = split_name(&text);
        }

        #[test]
        fn bracketed_parts_come_back_whole(parts in prop::collection::vec("[^\\[\\]]*[^\\[\\]\\s][^\\[\\]]*", 1..4)) {
            let written = parts.iter().map(|part| format!("[{part}]")).collect::<Vec<_>>().join(".");
            prop_assert_eq!(split_name(&written), parts);
        }
    }
}

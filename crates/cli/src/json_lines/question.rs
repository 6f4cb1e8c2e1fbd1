//! What a line of `tailwater sql --jsonl` asks, or what is wrong with it in the words of who wrote it.
//!
//! The fields are read whatever they hold and judged afterwards: so a wrong one is named with what was found
//! and what was expected, and the `id` is known whatever else is wrong.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;
use tailwater_core::dialect::Dialect;

use super::Defaults;

/// What a line asks.
#[derive(Debug, PartialEq)]
pub struct Question<'a> {
    /// Whatever the asker calls the question.
    pub id: Value,
    /// The dialect, the line's own or the default.
    pub dialect: Dialect,
    /// The text.
    pub sql: Cow<'a, str>,
    /// The line's own database for names that have none.
    pub default_database: Option<Cow<'a, str>>,
    /// The line's own schema for names that have none.
    pub default_schema: Option<Cow<'a, str>>,
}

/// A line that asks nothing.
#[derive(Debug, PartialEq)]
pub struct Refused {
    /// The line's `id`; null when none was found.
    pub id: Value,
    /// What is wrong.
    pub why: String,
}

/// Reads a line, without its line break.
pub fn read<'a>(line: &'a [u8], defaults: &Defaults<'_>) -> Result<Question<'a>, Refused> {
    let refused = |why: String| Refused { id: id_of(line), why };
    let text = std::str::from_utf8(line).map_err(|error| {
        let column = error.valid_up_to() + 1;
        refused(format!("not text in UTF-8 at column {column}"))
    })?;
    let fields = match serde_json::from_str(text) {
        Ok(Found::Object(fields)) => fields,
        Ok(other) => {
            return Err(refused(format!(
                "not an object: the line is {}, expected an object with `id`, `dialect` and `sql`",
                other.in_words()
            )));
        }
        Err(error) => return Err(refused(not_json(&error))),
    };
    let id = fields.id.clone();
    fields.judge(defaults).map_err(|why| Refused { id, why })
}

/// The `id` of a line that may be broken anywhere behind it; null when none is found.
pub fn id_of(line: &[u8]) -> Value {
    let mut id = Value::Null;
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    // What is wrong with the line is said elsewhere.
    let _ = IdSeeker(&mut id).deserialize(&mut deserializer);
    id
}

/// What is wrong with text that is no JSON. Its line is not known to serde, which calls every line the first.
fn not_json(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "not JSON: the line ends before the value does".to_owned();
    }
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    format!("not JSON: {what} at column {}", error.column())
}

/// The fields of a line as they were found.
#[derive(Default)]
struct Fields<'a> {
    id: Value,
    has_id: bool,
    dialect: Option<Found<'a>>,
    sql: Option<Found<'a>>,
    default_database: Option<Found<'a>>,
    default_schema: Option<Found<'a>>,
    /// The first field that the line has twice.
    twice: Option<&'static str>,
}

/// A line, or a value in it, as it was found.
enum Found<'a> {
    /// What a line should be.
    Object(Box<Fields<'a>>),
    /// What most fields should be.
    Text(Cow<'a, str>),
    Null,
    /// Something else, in words.
    Other(&'static str),
}

impl Found<'_> {
    const fn in_words(&self) -> &'static str {
        match self {
            Self::Object(_) => "an object",
            Self::Text(_) => "text",
            Self::Null => "null",
            Self::Other(words) => words,
        }
    }
}

impl<'a> Fields<'a> {
    fn judge(self, defaults: &Defaults<'_>) -> Result<Question<'a>, String> {
        if let Some(name) = self.twice {
            return Err(format!("the field `{name}` is given twice"));
        }
        let sql = match self.sql {
            Some(Found::Text(sql)) => sql,
            None => return Err("the field `sql` is missing, expected SQL text".to_owned()),
            Some(other) => return Err(not_text("sql", &other)),
        };
        let dialect = match optional("dialect", self.dialect)? {
            Some(name) => name.parse().map_err(|_| {
                format!(
                    "the field `dialect` is `{name}`, which is not known; expected {}",
                    dialects()
                )
            })?,
            None => defaults
                .dialect
                .ok_or_else(|| format!("the field `dialect` is missing, expected {}", dialects()))?,
        };
        Ok(Question {
            id: self.id,
            dialect,
            sql,
            default_database: optional("default_db", self.default_database)?,
            default_schema: optional("default_schema", self.default_schema)?,
        })
    }
}

fn dialects() -> String {
    let names: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
    format!("one of {}", names.join(", "))
}

/// The text of a field that may be missing or null.
fn optional<'a>(name: &str, found: Option<Found<'a>>) -> Result<Option<Cow<'a, str>>, String> {
    match found {
        None | Some(Found::Null) => Ok(None),
        Some(Found::Text(text)) => Ok(Some(text)),
        Some(other) => Err(not_text(name, &other)),
    }
}

fn not_text(name: &str, found: &Found<'_>) -> String {
    format!("the field `{name}` is {}, expected text", found.in_words())
}

impl<'de> Deserialize<'de> for Found<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FoundVisitor)
    }
}

/// Takes whatever comes.
struct FoundVisitor;

impl<'de> Visitor<'de> for FoundVisitor {
    type Value = Found<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Box::<Fields<'_>>::default();
        while let Some(Key(key)) = map.next_key()? {
            let (name, slot) = match key.as_ref() {
                "id" if !fields.has_id => {
                    fields.id = map.next_value()?;
                    fields.has_id = true;
                    continue;
                }
                "dialect" => ("dialect", &mut fields.dialect),
                "sql" => ("sql", &mut fields.sql),
                "default_db" | "default_database" => ("default_db", &mut fields.default_database),
                "default_schema" => ("default_schema", &mut fields.default_schema),
                other => {
                    if other == "id" {
                        fields.twice.get_or_insert("id");
                    }
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.replace(map.next_value()?).is_some() {
                fields.twice.get_or_insert(name);
            }
        }
        Ok(Found::Object(fields))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Found::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Found::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Found::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Found::Other(if value { "true" } else { "false" }))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Other("an array"))
    }
}

/// A key, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Leaves the first `id` of an object in its place as soon as it is read, so that what is wrong behind it does
/// not matter. Other values are only skipped: neither UTF-8 nor escapes in them are looked at.
struct IdSeeker<'i>(&'i mut Value);

impl<'de> DeserializeSeed<'de> for IdSeeker<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for IdSeeker<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            if key == "id" {
                *self.0 = map.next_value()?;
                break;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn refused(line: &[u8]) -> (Value, String) {
        let refused = read(line, &Defaults::default()).unwrap_err();
        (refused.id, refused.why)
    }

    #[rstest]
    #[case(
        r#"{"id": 7, "sql": 5, "dialect": "duckdb"}"#,
        "the field `sql` is a number, expected text"
    )]
    #[case(
        r#"{"sql": null, "dialect": "duckdb", "id": 7}"#,
        "the field `sql` is null, expected text"
    )]
    #[case(r#"{"sql": ["a"], "id": 7}"#, "the field `sql` is an array, expected text")]
    #[case(
        r#"{"sql": {"a": {}}, "id": 7}"#,
        "the field `sql` is an object, expected text"
    )]
    #[case(r#"{"sql": true, "id": 7}"#, "the field `sql` is true, expected text")]
    #[case(
        r#"{"id": 7, "dialect": "duckdb"}"#,
        "the field `sql` is missing, expected SQL text"
    )]
    #[case(
        r#"{"id": 7, "sql": "", "dialect": -1.5}"#,
        "the field `dialect` is a number, expected text"
    )]
    #[case(
        r#"{"id": 7, "sql": "", "dialect": "duckdb", "default_database": 1}"#,
        "the field `default_db` is a number, expected text"
    )]
    #[case(
        r#"{"id": 7, "sql": "", "dialect": "duckdb", "default_schema": []}"#,
        "the field `default_schema` is an array, expected text"
    )]
    #[case(r#"{"id": 7, "sql": "a", "sql": "b"}"#, "the field `sql` is given twice")]
    #[case(r#"{"id": 7, "sql": "a", "id": 8}"#, "the field `id` is given twice")]
    #[case(r#"{"id": 7, "sql": "sel"#, "not JSON: the line ends before the value does")]
    #[case(r#"{"id": 7, "sql": x}"#, "not JSON: expected value at column 18")]
    fn the_field_what_was_found_and_what_was_expected_are_said(#[case] line: &str, #[case] why: &str) {
        assert_eq!(refused(line.as_bytes()), (json!(7), why.to_owned()));
    }

    #[rstest]
    #[case(r#"[1, "snowflake", "select 1 from x.y", null, null]"#, "an array")]
    #[case("[]", "an array")]
    #[case("null", "null")]
    #[case("5", "a number")]
    #[case("-5", "a number")]
    #[case("\"{}\"", "text")]
    #[case("false", "false")]
    fn what_is_no_object_is_called_so(#[case] line: &str, #[case] found: &str) {
        let why =
            format!("not an object: the line is {found}, expected an object with `id`, `dialect` and `sql`");
        assert_eq!(refused(line.as_bytes()), (Value::Null, why));
    }

    #[test]
    fn an_unknown_dialect_is_named_beside_the_known() {
        let (id, why) = refused(br#"{"id": "a", "sql": "", "dialect": "klingon"}"#);
        assert_eq!(id, "a");
        assert!(why.starts_with(
            "the field `dialect` is `klingon`, which is not known; expected one of snowflake, "
        ));
        let (_, why) = refused(br#"{"id": "a", "sql": ""}"#);
        assert!(why.starts_with("the field `dialect` is missing, expected one of snowflake, "));
    }

    #[rstest]
    #[case(b"{\"id\": 7, \"sql\": \"\xff\"}", "not text in UTF-8 at column 19")]
    #[case(b"{\"sql\": \"\xff\", \"id\": 7}", "not text in UTF-8 at column 10")]
    fn the_id_is_kept_where_the_text_is_no_text(#[case] line: &[u8], #[case] why: &str) {
        assert_eq!(refused(line), (json!(7), why.to_owned()));
    }

    #[test]
    fn the_id_is_kept_beside_half_a_character() {
        let (id, why) = refused(br#"{"sql": "\ud800", "dialect": "duckdb", "id": {"a": [1]}}"#);
        assert_eq!(id, json!({ "a": [1] }));
        assert!(why.starts_with("not JSON: "), "{why}");
    }

    #[rstest]
    #[case(b"{\"id\": \"\xff\"}")]
    #[case(b"{\"\xff\": 1, \"id\": 7}")]
    #[case(b"{{")]
    #[case(b"nonsense")]
    fn where_no_id_is_found_it_is_null(#[case] line: &[u8]) {
        assert_eq!(refused(line).0, Value::Null);
    }

    #[test]
    fn null_is_as_good_as_missing_where_a_default_may_stand() {
        let line = br#"{"sql": "select\n1", "dialect": null, "default_db": null, "default_schema": "s", "more": [{}]}"#;
        let defaults = Defaults {
            dialect: Some(Dialect::DuckDb),
            ..Defaults::default()
        };
        let question = Question {
            id: Value::Null,
            dialect: Dialect::DuckDb,
            sql: "select\n1".into(),
            default_database: None,
            default_schema: Some("s".into()),
        };
        assert_eq!(read(line, &defaults), Ok(question));
    }

    #[test]
    fn text_without_escapes_is_not_copied() {
        let line = br#"{"sql": "select 1", "dialect": "duckdb"}"#;
        let question = read(line, &Defaults::default()).unwrap();
        assert!(matches!(question.sql, Cow::Borrowed("select 1")));
    }
}

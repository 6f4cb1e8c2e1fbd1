//! What goes into a statement and comes out of it: texts and 64-bit integers, nothing else.
//!
//! With these two kinds both engines behave alike. A NUL character is the one thing in a Rust string
//! that PostgreSQL's texts cannot hold, so it is written as `␀0`, and `␀` (U+2400) itself as `␀␀`. All
//! other text is stored as it is, and every text is read back as it was.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type};

use super::layout::Kind;
use crate::error::{Error, Result, from_sqlx};

/// A parameter. `None` is SQL's null, which PostgreSQL wants to have a type too.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(escape(text).into_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        match escape(&text) {
            Cow::Owned(escaped) => Self::Text(Some(escaped)),
            Cow::Borrowed(_) => Self::Text(Some(text)),
        }
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Text(None), Self::from)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<bool> for Value {
    fn from(claim: bool) -> Self {
        Self::Integer(Some(i64::from(claim)))
    }
}

impl From<DateTime<Utc>> for Value {
    /// Microseconds since 1970.
    fn from(instant: DateTime<Utc>) -> Self {
        Self::Integer(Some(instant.timestamp_micros()))
    }
}

impl From<Option<DateTime<Utc>>> for Value {
    fn from(instant: Option<DateTime<Utc>>) -> Self {
        Self::Integer(instant.map(|instant| instant.timestamp_micros()))
    }
}

/// The JSON form of a value, the same for the same value.
pub(crate) fn to_json<T: Serialize>(action: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| Error::Unwritable { action, source })
}

/// SHA-256 of a body in hexadecimal digits: equal bodies are recognised without reading them.
pub(crate) fn digest(body: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(body) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A text as it stands in a column that is only searched, never read back. PostgreSQL refuses to index
/// texts beyond about 2,700 bytes, so long ones are cut and told apart by their digest.
pub(crate) fn search_key(text: &str) -> String {
    const LONGEST: usize = 255;
    const KEPT: usize = 180;
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    format!("{}…{}", &text[..text.floor_char_boundary(KEPT)], digest(text))
}

const NUL: char = '\0';
const STAND_IN: char = '␀';

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains([NUL, STAND_IN]) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            NUL => escaped.extend([STAND_IN, '0']),
            STAND_IN => escaped.extend([STAND_IN, STAND_IN]),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

pub(crate) fn unescape(text: String) -> String {
    if !text.contains(STAND_IN) {
        return text;
    }
    let mut unescaped = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != STAND_IN {
            unescaped.push(character);
            continue;
        }
        match characters.next() {
            Some('0') => unescaped.push(NUL),
            Some(other) => unescaped.push(other),
            // Never written by `escape`; kept as it is.
            None => unescaped.push(STAND_IN),
        }
    }
    unescaped
}

/// A row of an answer; columns are taken by position.
#[derive(Debug)]
pub(crate) struct Row<'db> {
    pub(crate) cells: Cells,
    pub(crate) action: &'static str,
    pub(crate) location: &'db str,
}

#[derive(Debug)]
pub(crate) enum Cells {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row<'_> {
    pub(crate) fn text(&self, column: usize) -> Result<String> {
        self.get::<String>(column).map(unescape)
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>> {
        Ok(self.get::<Option<String>>(column)?.map(unescape))
    }

    /// A cell as it stands, to be written elsewhere as it is.
    pub(crate) fn cell(&self, column: usize, kind: Kind) -> Result<Value> {
        Ok(match kind {
            Kind::Text => Value::Text(self.get(column)?),
            Kind::Integer => Value::Integer(self.get(column)?),
        })
    }

    pub(crate) fn integer(&self, column: usize) -> Result<i64> {
        self.get(column)
    }

    pub(crate) fn optional_integer(&self, column: usize) -> Result<Option<i64>> {
        self.get(column)
    }

    pub(crate) fn claim(&self, column: usize) -> Result<bool> {
        Ok(self.integer(column)? != 0)
    }

    pub(crate) fn instant(&self, column: usize) -> Result<DateTime<Utc>> {
        self.to_instant(self.get(column)?)
    }

    pub(crate) fn optional_instant(&self, column: usize) -> Result<Option<DateTime<Utc>>> {
        self.get::<Option<i64>>(column)?
            .map(|micros| self.to_instant(micros))
            .transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.damaged(error))
    }

    pub(crate) fn optional_json<T: DeserializeOwned>(&self, column: usize) -> Result<Option<T>> {
        self.optional_text(column)?
            .map(|text| serde_json::from_str(&text).map_err(|error| self.damaged(error)))
            .transpose()
    }

    /// The error for a cell whose content has no meaning here.
    pub(crate) fn damaged(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Damaged {
            action: self.action,
            location: self.location.to_owned(),
            source: source.into(),
        }
    }

    fn to_instant(&self, micros: i64) -> Result<DateTime<Utc>> {
        DateTime::from_timestamp_micros(micros)
            .ok_or_else(|| self.damaged(format!("{micros} is no instant that can be told")))
    }

    fn get<T>(&self, column: usize) -> Result<T>
    where
        T: for<'row> Decode<'row, Sqlite> + Type<Sqlite> + for<'row> Decode<'row, Postgres> + Type<Postgres>,
    {
        match &self.cells {
            Cells::Sqlite(row) => row.try_get(column),
            Cells::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| from_sqlx(self.action, self.location, error))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_and_holds_no_nul(text in r"([\x00␀0a]|\PC){0,40}") {
            let escaped = escape(&text).into_owned();
            prop_assert!(!escaped.contains('\0'));
            prop_assert_eq!(unescape(escaped), text);
        }

        #[test]
        fn a_search_key_is_short_and_tells_texts_apart(one in r"\PC{0,400}", two in r"\PC{0,400}") {
            prop_assert!(search_key(&one).len() <= 255);
            prop_assert_eq!(search_key(&one) == search_key(&two), one == two);
        }
    }

    #[test]
    fn ordinary_text_is_stored_as_it_is() {
        assert!(matches!(escape(r#"R\D "quoted" 💧 'x'"#), Cow::Borrowed(_)));
        assert_eq!(escape("a\0b␀c"), "a␀0b␀␀c");
    }

    #[test]
    fn digest_is_sha_256() {
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}

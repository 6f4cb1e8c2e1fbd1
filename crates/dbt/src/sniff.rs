//! Reading bytes as JSON, and when they are none, saying what they seem to be.
//!
//! People point at the wrong file, a proxy answers with a sign-in page, a copy is cut short. The
//! answer to each is different advice, so each is recognised.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::artifact::ArtifactKind;
use crate::error::Error;
use crate::lenient::Scalar;

/// The start of a file that is enough to recognise it.
const GLANCE_BYTES: usize = 4096;
/// How many keys of a foreign JSON object the error message names.
const NAMED_KEYS: usize = 5;

/// Reads the bytes with `read`, which must consume a whole JSON object; explains what it refuses.
///
/// Python writes `NaN` and `Infinity`, which JSON does not have; where they stand they are read as null.
pub(crate) fn read_object<T>(
    bytes: &[u8],
    origin: &str,
    wanted: ArtifactKind,
    read: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<T, Error> {
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => {
            return Err(Error::Empty {
                origin: origin.to_owned(),
            });
        }
        Some(b'{') => {}
        Some(_) => return Err(explain_other(json, origin, wanted)),
    }
    let error = match read(json) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if error.is_syntax()
        && let Some(mended) = without_special_numbers(json)
        && let Ok(value) = read(&mended)
    {
        return Ok(value);
    }
    Err(explain_object(json, error, origin, wanted))
}

/// Says what a JSON object without a schema version seems to be.
pub(crate) fn describe_object(bytes: &[u8]) -> String {
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let keys = serde_json::from_slice::<Keys>(json).map_or_else(|_| Vec::new(), |keys| keys.0);
    let has = |key: &str| keys.iter().any(|own| own == key);
    if has("project_configuration") && has("semantic_models") {
        return "it looks like dbt's semantic manifest".to_owned();
    }
    if has("linked") && has("with_test_edges") {
        return "it looks like dbt's graph summary".to_owned();
    }
    if keys.is_empty() {
        return "it is an empty JSON object".to_owned();
    }
    let named: Vec<String> = keys
        .iter()
        .take(NAMED_KEYS)
        .map(|key| format!("`{}`", shortened(key)))
        .collect();
    let more = if keys.len() > NAMED_KEYS { ", …" } else { "" };
    format!(
        "it is JSON with {}{more} and without `metadata.dbt_schema_version`",
        named.join(", ")
    )
}

/// Explains an object that the parser refused.
fn explain_object(json: &[u8], error: serde_json::Error, origin: &str, wanted: ArtifactKind) -> Error {
    // Cut inside a number: `1768456800.` is no number, but its end is missing, not its form wrong.
    let is_cut_number = json.last().is_some_and(|last| b"+-.eE".contains(last))
        && offset_of(json, error.line(), error.column()) + 1 >= json.len();
    if error.is_eof() || is_cut_number {
        return Error::Truncated {
            origin: origin.to_owned(),
            length: json.len(),
        };
    }
    if let Err(invalid) = std::str::from_utf8(json) {
        // Half a character at the very end is a cut, not another encoding.
        if invalid.error_len().is_none() {
            return Error::Truncated {
                origin: origin.to_owned(),
                length: json.len(),
            };
        }
        return other(origin, "text that is not UTF-8", wanted);
    }
    if looks_like_template(json) {
        return other(origin, "a Jinja template", wanted);
    }
    Error::Malformed {
        origin: origin.to_owned(),
        line: error.line(),
        offset: offset_of(json, error.line(), error.column()),
        source: error,
    }
}

/// Explains bytes that do not begin with an object.
fn explain_other(json: &[u8], origin: &str, wanted: ArtifactKind) -> Error {
    if let Some(seems) = recognise(json) {
        return other(origin, seems, wanted);
    }
    match serde_json::from_slice::<IgnoredAny>(json) {
        Ok(_) => Error::NotAnArtifact {
            origin: origin.to_owned(),
            seems: match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
                Some(b'[') => "it is a JSON list, not an object".to_owned(),
                _ => "it is a single JSON value, not an object".to_owned(),
            },
            wanted,
        },
        Err(error) if error.is_eof() && json.trim_ascii_start().starts_with(b"[") => Error::Truncated {
            origin: origin.to_owned(),
            length: json.len(),
        },
        Err(_) => other(origin, "plain text", wanted),
    }
}

fn other(origin: &str, seems: &'static str, wanted: ArtifactKind) -> Error {
    Error::OtherFormat {
        origin: origin.to_owned(),
        seems,
        wanted,
    }
}

/// Recognises what is not JSON, by its first bytes.
fn recognise(bytes: &[u8]) -> Option<&'static str> {
    let glance = &bytes[..bytes.len().min(GLANCE_BYTES)];
    for (magic, name) in [
        (b"\x1f\x8b".as_slice(), "compressed with gzip"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
        (b"BZh", "compressed with bzip2"),
        (b"\xfd7zXZ", "compressed with xz"),
        (b"PK\x03\x04", "a zip archive"),
        (b"PAR1", "a Parquet file"),
        (b"SQLite format 3", "a SQLite database"),
        (b"%PDF", "a PDF document"),
        (b"\xff\xfe", "text in UTF-16"),
        (b"\xfe\xff", "text in UTF-16"),
        (b"version https://git-lfs", "a Git LFS pointer"),
    ] {
        if glance.starts_with(magic) {
            return Some(name);
        }
    }
    let text = String::from_utf8_lossy(glance);
    let text = text.trim_start();
    if text.starts_with('<') {
        let lower = text.to_ascii_lowercase();
        let is_html = ["<!doctype html", "<html", "<head", "<body"]
            .iter()
            .any(|tag| lower.contains(tag));
        return Some(if is_html {
            "an HTML page"
        } else {
            "an XML document"
        });
    }
    if glance.contains(&0) {
        return Some("binary data");
    }
    if std::str::from_utf8(glance).is_err_and(|error| error.error_len().is_some()) {
        return Some(if glance[0] >= 0x80 {
            "binary data"
        } else {
            "text that is not UTF-8"
        });
    }
    looks_like_yaml(text).then_some("a YAML file")
}

/// Whether the first line that says something is a YAML key, list item or document start.
fn looks_like_yaml(text: &str) -> bool {
    text.lines()
        .map(str::trim_end)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| {
            let key = line
                .trim_start_matches("- ")
                .split(": ")
                .next()
                .unwrap_or_default();
            let key = key
                .strip_suffix(':')
                .map_or_else(|| line.contains(": ").then_some(key), Some);
            line.starts_with("---")
                || key.is_some_and(|key| {
                    !key.is_empty()
                        && key
                            .chars()
                            .all(|character| character.is_alphanumeric() || "_-.".contains(character))
                })
        })
}

/// `{{ … }}` and `{% … %}` begin like an object.
fn looks_like_template(json: &[u8]) -> bool {
    let start = json.trim_ascii_start();
    start.starts_with(b"{{") || start.starts_with(b"{%") || start.starts_with(b"{#")
}

/// A name for an error message: escaped and of bounded length, since the file is not trusted.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}

/// Where in the bytes serde_json's line and column are. Its column counts bytes from 1, and is 0 at a line's
/// start.
fn offset_of(json: &[u8], line: usize, column: usize) -> usize {
    let line_start = json
        .split_inclusive(|&byte| byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum::<usize>();
    (line_start + column.saturating_sub(1)).min(json.len())
}

/// Replaces `NaN`, `Infinity` and `-Infinity` outside of texts by `null`; `None` when there is none.
fn without_special_numbers(json: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
    let mut mended = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    let mut is_in_text = false;
    while at < json.len() {
        match json[at] {
            b'\\' if is_in_text => at += 1,
            b'"' => is_in_text = !is_in_text,
            b'N' | b'I' | b'-' if !is_in_text => {
                if let Some(word) = WORDS.into_iter().find(|word| json[at..].starts_with(word)) {
                    mended.extend_from_slice(&json[copied..at]);
                    mended.extend_from_slice(b"null");
                    at += word.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if copied == 0 {
        return None;
    }
    mended.extend_from_slice(&json[copied..]);
    Some(mended)
}

/// The keys of an object, without its values.
struct Keys<'a>(Vec<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Keys<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry::<Scalar<'de>, IgnoredAny>()? {
                    if let Scalar::Text(text) = key {
                        keys.push(text);
                    }
                }
                Ok(Keys(keys))
            }
        }

        deserializer.deserialize_map(KeysVisitor)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::Value;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Value, Error> {
        read_object(bytes, "x.json", ArtifactKind::Manifest, |json| {
            serde_json::from_slice(json)
        })
    }

    #[rstest]
    #[case(b"", "TW-DBT-EMPTY", "empty")]
    #[case(b" \n", "TW-DBT-EMPTY", "empty")]
    #[case(b"{\"a\": [1, 2", "TW-DBT-TRUNCATED", "after 11 bytes")]
    #[case(b"{\"a\": \"\xc3", "TW-DBT-TRUNCATED", "after 8 bytes")]
    #[case(b"{\"a\": 12.", "TW-DBT-TRUNCATED", "after 9 bytes")]
    #[case(b"{\"a\": 1,\n \"b\": x}", "TW-DBT-MALFORMED", "line 2, byte 15")]
    #[case(b"{\"a\": 1} {}", "TW-DBT-MALFORMED", "line 1, byte 9")]
    #[case(b"{\"a\": \"\xe9t\xe9\"}", "TW-DBT-OTHER-FORMAT", "text that is not UTF-8")]
    #[case(b"<!DOCTYPE html><html>", "TW-DBT-OTHER-FORMAT", "an HTML page")]
    #[case(b"<?xml version=\"1.0\"?><a/>", "TW-DBT-OTHER-FORMAT", "an XML document")]
    #[case(b"\x1f\x8b\x08\x00\x00", "TW-DBT-OTHER-FORMAT", "compressed with gzip")]
    #[case(b"PK\x03\x04\x14", "TW-DBT-OTHER-FORMAT", "a zip archive")]
    #[case(b"\xff\xfe{\x00", "TW-DBT-OTHER-FORMAT", "text in UTF-16")]
    #[case(b"# a comment\nversion: 2\n", "TW-DBT-OTHER-FORMAT", "a YAML file")]
    #[case(b"models:\n  - name: a\n", "TW-DBT-OTHER-FORMAT", "a YAML file")]
    #[case(b"\x83\xa5nodes\x00", "TW-DBT-OTHER-FORMAT", "binary data")]
    #[case(b"select 1 as a", "TW-DBT-OTHER-FORMAT", "plain text")]
    #[case(
        b"{{ config(materialized='table') }}",
        "TW-DBT-OTHER-FORMAT",
        "a Jinja template"
    )]
    #[case(b"[1, 2]", "TW-DBT-NOT-AN-ARTIFACT", "JSON list")]
    #[case(b"17", "TW-DBT-NOT-AN-ARTIFACT", "single JSON value")]
    #[case(b"[1, 2", "TW-DBT-TRUNCATED", "after 5 bytes")]
    fn what_is_no_json_object_is_named(#[case] bytes: &[u8], #[case] code: &str, #[case] part: &str) {
        let error = read(bytes).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn a_byte_order_mark_is_no_obstacle() {
        assert_eq!(read(b"\xef\xbb\xbf{\"a\": 1}").unwrap()["a"], 1);
    }

    #[test]
    fn numbers_that_only_python_writes_are_null_and_texts_stay() {
        let read = read(br#"{"a": NaN, "b": [-Infinity, Infinity, -1], "c": "NaN \" NaN"}"#).unwrap();
        assert_eq!(
            read.to_string(),
            r#"{"a":null,"b":[null,null,-1],"c":"NaN \" NaN"}"#
        );
    }

    #[rstest]
    #[case(b"{}", "an empty JSON object")]
    #[case(b"{\"name\": 1, \"version\": 2}", "`name`, `version`")]
    #[case(
        b"{\"semantic_models\": [], \"project_configuration\": {}}",
        "semantic manifest"
    )]
    fn foreign_objects_are_described(#[case] bytes: &[u8], #[case] part: &str) {
        let description = describe_object(bytes);
        assert!(description.contains(part), "{description}");
    }
}

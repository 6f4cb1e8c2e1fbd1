//! The code of one node or macro, read from the manifest when it is asked for.
//!
//! Code is most of a manifest's bytes, and a page shows that of one node. So it is not held: the file is read
//! as a stream, everything but the wanted entry is skipped, and reading ends where that was found.

use std::fmt;
use std::fs::File;
use std::io::BufReader;

use camino::Utf8Path;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::artifact::ArtifactKind;
use crate::error::Error;

/// The code of a node or macro.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeCode {
    /// As its authors wrote it, with Jinja.
    pub raw: Option<String>,
    /// As dbt sent it to the warehouse; `None` where it was not compiled.
    pub compiled: Option<String>,
    /// `sql` or `python`.
    pub language: String,
}

/// Read from the file in blocks of this many bytes.
const BUFFER: usize = 256 * 1024;

/// Reads the code of a node or macro from a manifest. `None` when the manifest does not have it, or it has no
/// code.
///
/// # Errors
/// When the file cannot be read, or is damaged before the place where the node stands.
pub fn load_node_code(manifest: &Utf8Path, unique_id: &str) -> Result<Option<NodeCode>, Error> {
    let unreadable = |source| Error::Unreadable {
        path: manifest.to_owned(),
        source,
    };
    let file = match File::open(manifest) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::NotFound {
                path: manifest.to_owned(),
                wanted: ArtifactKind::Manifest,
            });
        }
        Err(error) => return Err(unreadable(error)),
    };
    if !file.metadata().map_err(unreadable)?.is_file() {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file");
        return Err(unreadable(source));
    }
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::with_capacity(BUFFER, file));
    let mut found = None;
    let document = Document {
        unique_id,
        found: &mut found,
    };
    let read = deserializer.deserialize_map(document);
    match (read, found) {
        // Reading stopped on purpose.
        (_, Some(entry)) => Ok(entry.into_code()),
        (Ok(()), None) => Ok(None),
        (Err(error), None) => Err(Error::Malformed {
            origin: manifest.to_string(),
            line: error.line(),
            offset: 0,
            source: error,
        }),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    raw_code: Value,
    raw_sql: Value,
    compiled_code: Value,
    compiled_sql: Value,
    macro_sql: Value,
    language: Value,
}

impl Entry {
    fn into_code(self) -> Option<NodeCode> {
        let text = |value: Value| match value {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        };
        let raw = text(self.raw_code)
            .or_else(|| text(self.raw_sql))
            .or_else(|| text(self.macro_sql));
        let compiled = text(self.compiled_code).or_else(|| text(self.compiled_sql));
        if raw.is_none() && compiled.is_none() {
            return None;
        }
        Some(NodeCode {
            raw,
            compiled,
            language: text(self.language).unwrap_or_else(|| "sql".to_owned()),
        })
    }
}

struct Document<'a> {
    unique_id: &'a str,
    found: &'a mut Option<Entry>,
}

/// Ends the reading once the entry was found; never shown.
fn enough<E: de::Error>() -> E {
    E::custom("found")
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a manifest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(section) = map.next_key::<String>()? {
            if matches!(section.as_str(), "nodes" | "macros" | "unit_tests" | "functions") {
                map.next_value_seed(Section {
                    unique_id: self.unique_id,
                    found: &mut *self.found,
                })?;
                if self.found.is_some() {
                    return Err(enough());
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Section<'a> {
    unique_id: &'a str,
    found: &'a mut Option<Entry>,
}

impl<'de> DeserializeSeed<'de> for Section<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Section<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a section of a manifest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(id) = map.next_key::<String>()? {
            if id == self.unique_id {
                *self.found = Some(map.next_value()?);
                return Err(enough());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    fn manifest(text: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().join("manifest.json")).unwrap();
        std::fs::write(&path, text).unwrap();
        (directory, path)
    }

    #[test]
    fn code_is_found_and_what_follows_is_not_read() {
        let text = r#"{"metadata": {}, "nodes": {
            "model.s.a": {"raw_code": "select {{ 1 }}", "compiled_code": "select 1", "language": "sql"},
            "model.s.old": {"raw_sql": "select 2", "compiled_sql": null},
            "seed.s.c": {"raw_code": ""}},
            "macros": {"macro.s.m": {"macro_sql": "{% macro m() %}", "raw_code": 7}},
            "docs": {"cut": "#;
        let (_guard, path) = manifest(text);
        let code = |id: &str| load_node_code(&path, id);
        let found = code("model.s.a").unwrap().unwrap();
        assert_eq!(found.raw.as_deref(), Some("select {{ 1 }}"));
        assert_eq!(found.compiled.as_deref(), Some("select 1"));
        let old = code("model.s.old").unwrap().unwrap();
        assert_eq!((old.raw.as_deref(), old.compiled), (Some("select 2"), None));
        assert_eq!(code("seed.s.c").unwrap(), None);
        let found = code("macro.s.m").unwrap().unwrap();
        assert_eq!(found.raw.as_deref(), Some("{% macro m() %}"));
        // Only what is not there makes the damage at the end matter.
        assert!(matches!(code("model.s.z"), Err(Error::Malformed { .. })));
    }

    #[test]
    fn what_is_missing_is_told() {
        let (_guard, path) = manifest("{}");
        assert_eq!(load_node_code(&path, "model.s.a").unwrap(), None);
        let nowhere = path.with_file_name("nowhere.json");
        assert!(matches!(
            load_node_code(&nowhere, "model.s.a"),
            Err(Error::NotFound { .. })
        ));
    }
}

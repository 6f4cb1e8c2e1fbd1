//! A node's `config`, parsed once for all nodes that have the same.
//!
//! In a project with ten thousand tests most of them have, byte for byte, one of a few configurations.
//! The text of each is looked up before it is parsed, and the result is shared.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tailwater_core::project::Severity;

/// What a `config` says, with the parts that nodes keep in fields of their own taken out beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// As resolved by dbt, without nulls, empty lists and maps, and hooks.
    pub values: Arc<Map<String, Value>>,
    /// `tags`, a list or one text.
    pub tags: Vec<String>,
    /// `enabled: false` was said.
    pub is_disabled: bool,
    /// Of tests.
    pub severity: Severity,
}

impl Config {
    /// A text of the configuration, such as `group`.
    pub fn text(&self, key: &str) -> Option<String> {
        self.values
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// `meta`, when it is a map.
    pub fn meta(&self) -> Option<&Map<String, Value>> {
        self.values.get("meta").and_then(Value::as_object)
    }

    fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let mut values = match serde_json::from_str(json)? {
            Value::Object(values) => values,
            _ => Map::new(),
        };
        values.retain(|key, value| !is_idle(key, value));
        let tags = match values.get("tags") {
            Some(Value::Array(tags)) => tags.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(tag)) => vec![tag.clone()],
            _ => Vec::new(),
        };
        let is_warning = values
            .get("severity")
            .and_then(Value::as_str)
            .is_some_and(|severity| severity.eq_ignore_ascii_case("warn"));
        Ok(Self {
            tags,
            is_disabled: values.get("enabled") == Some(&Value::Bool(false)),
            severity: if is_warning {
                Severity::Warn
            } else {
                Severity::Error
            },
            values: Arc::new(values),
        })
    }
}

/// Whether a value can be no one's interest: nothing selects by it, and hooks are SQL.
fn is_idle(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty() || key.ends_with("-hook") || key.ends_with("_hook"),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// The texts that are known again are this long together: thousands of configurations. Where each node has one of
/// its own, holding them all would help nobody.
const MOST_TEXT: usize = 2 << 20;

/// The configurations met so far, by their text.
#[derive(Debug, Default)]
pub(crate) struct Configs {
    by_text: HashMap<Box<str>, Config>,
    /// The length of all texts together.
    held: usize,
}

impl Configs {
    /// The configuration that the text says; the empty one for no text.
    pub fn find_or_parse(&mut self, raw: Option<&RawValue>) -> Result<Config, serde_json::Error> {
        let Some(text) = raw.map(RawValue::get) else {
            return Ok(Config::default());
        };
        if let Some(known) = self.by_text.get(text) {
            return Ok(known.clone());
        }
        let config = Config::parse(text)?;
        if self.held + text.len() <= MOST_TEXT {
            self.held += text.len();
            self.by_text.insert(text.into(), config.clone());
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn equal_texts_share_one_map() {
        let mut configs = Configs::default();
        let first = configs
            .find_or_parse(Some(raw(r#"{"severity": "WARN", "limit": null}"#)))
            .unwrap();
        let second = configs
            .find_or_parse(Some(raw(r#"{"severity": "WARN", "limit": null}"#)))
            .unwrap();
        assert!(Arc::ptr_eq(&first.values, &second.values));
        assert_eq!(first.severity, Severity::Warn);
    }

    #[test]
    fn texts_are_held_up_to_a_bound_and_read_beyond_it() {
        let mut configs = Configs::default();
        let long = "x".repeat(1 << 20);
        for number in 0..4 {
            let json = format!("{{\"note\": \"{number}{long}\"}}");
            let config = configs.find_or_parse(Some(raw(&json))).unwrap();
            assert!(
                config
                    .text("note")
                    .is_some_and(|note| note.starts_with(&number.to_string()))
            );
        }
        assert!(configs.held <= MOST_TEXT);
        assert_eq!(configs.by_text.len(), 1);
    }

    #[test]
    fn idle_values_are_dropped_and_others_kept() {
        let json =
            r#"{"a": null, "b": [], "c": {}, "pre-hook": [{"sql": "x"}], "d": false, "e": 0, "tags": "t"}"#;
        let config = Config::parse(json).unwrap();
        let keys: Vec<_> = config.values.keys().map(String::as_str).collect();
        assert_eq!(keys, ["d", "e", "tags"]);
        assert_eq!(config.tags, ["t"]);
    }

    #[test]
    fn a_config_that_is_no_map_is_empty() {
        assert!(Config::parse("[1]").unwrap().values.is_empty());
        assert!(Config::parse("null").unwrap().values.is_empty());
    }
}

//! The one edit in a file that people keep: `meta.tailwater.id` of an exposure, put in where it is missing.
//!
//! It is made as a person would make it: some lines are added, no other byte changes, so that comments,
//! quoting and order stay. The lines are found by their indentation, and the result is believed only when both
//! texts, read by a YAML reader, are equal but for the new key. Where that does not come out (flow style,
//! anchors, tabs), the edit is refused, with the lines to put in by hand.
//!
//! A lossless syntax tree would edit more styles of YAML, but the proof would be needed all the same, and with
//! it these hundred lines are enough.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value, json};
use tailwater_core::exposure_yaml::DbtVersion;
use tailwater_core::exposure_yaml::mark::{ID, META};
use tailwater_core::exposure_yaml::scalar::quoted;
use tailwater_core::id::AssetId;

use super::read;

/// Why a file was not edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What stands in the way.
    pub reason: String,
    /// The lines to put into the exposure by hand, without indentation.
    pub lines: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

/// The text with `meta.tailwater.id` in the exposure of this name; everything else is as it was.
pub fn with_asset_id(text: &str, name: &str, asset: &AssetId, dbt: DbtVersion) -> Result<String, Refusal> {
    let id = quoted(asset.as_str());
    let refuse = |reason: &str| Refusal {
        reason: reason.to_owned(),
        lines: if dbt.has_config() {
            format!("config:\n  meta:\n    {META}:\n      {ID}: {id}\n")
        } else {
            format!("meta:\n  {META}:\n    {ID}: {id}\n")
        },
    };
    let before: Value = read(text, "").map_err(|_| refuse("it is not read as YAML"))?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let entry = Entry::find(&lines, name).ok_or_else(|| refuse("its lines were not found"))?;
    let (at, indent, opened) = entry
        .place(&lines, dbt)
        .ok_or_else(|| refuse("its meta is not in block style"))?;
    let line_break = if lines[at].ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut added = String::new();
    if !lines[at].ends_with('\n') {
        added.push_str(line_break);
    }
    let mut depth = indent;
    for key in opened.iter().chain([&META]) {
        // Writing to a string cannot fail.
        let _ = write!(added, "{:depth$}{key}:{line_break}", "");
        depth += 2;
    }
    let _ = write!(added, "{:depth$}{ID}: {id}{line_break}", "");
    let mut edited = String::with_capacity(text.len() + added.len());
    edited.extend(lines[..=at].iter().copied());
    edited.push_str(&added);
    edited.extend(lines[at + 1..].iter().copied());
    let after: Value =
        read(&edited, "").map_err(|_| refuse("with the lines added it would not be YAML any more"))?;
    if is_only_the_id_new(&before, &after, name, asset) {
        Ok(edited)
    } else {
        Err(refuse(
            "the lines could not be added without changing something else",
        ))
    }
}

/// An item of the list `exposures`, by its lines.
struct Entry {
    /// Its first line.
    start: usize,
    /// The line behind its last.
    end: usize,
    /// The column of its keys.
    indent: usize,
}

impl Entry {
    /// Finds the item with this name.
    fn find(lines: &[&str], name: &str) -> Option<Self> {
        let opening = lines.iter().position(|line| is_key(line, 0, "exposures"))?;
        let is_end = |line: &&str| {
            let text = line.trim_end();
            !text.is_empty() && !text.starts_with([' ', '#', '-', '\t'])
        };
        let end = lines[opening + 1..]
            .iter()
            .position(is_end)
            .map_or(lines.len(), |at| opening + 1 + at);
        let dash = lines[opening + 1..end]
            .iter()
            .find(|line| line.trim_start().starts_with("- "))
            .map(|line| indent_of(line))?;
        let is_start = |line: &&str| indent_of(line) == dash && line[dash..].starts_with("- ");
        let starts: Vec<usize> = (opening + 1..end).filter(|&at| is_start(&lines[at])).collect();
        let ends = starts.iter().skip(1).copied().chain([end]);
        let mut entries = starts.iter().zip(ends).map(|(&start, end)| {
            let behind_dash = &lines[start][dash + 1..];
            let indent = dash + 1 + indent_of(behind_dash);
            Self { start, end, indent }
        });
        entries.find(|entry| {
            let value = entry.value(lines, "name");
            value.is_some_and(|value| word(value).as_deref() == Some(name))
        })
    }

    /// The line of one of the item's own keys.
    fn line_of(&self, lines: &[&str], key: &str) -> Option<usize> {
        (self.start..self.end).find(|&at| {
            if at == self.start {
                key_at(lines[at], self.indent, key)
            } else {
                is_key(lines[at], self.indent, key)
            }
        })
    }

    fn value<'l>(&self, lines: &[&'l str], key: &str) -> Option<&'l str> {
        let line = lines[self.line_of(lines, key)?];
        line.split_once(':').map(|(_, value)| value.trim())
    }

    /// Behind which line, at which column, and below which new keys the id is put.
    fn place(&self, lines: &[&str], dbt: DbtVersion) -> Option<(usize, usize, Vec<&'static str>)> {
        if let Some(config) = self.line_of(lines, "config") {
            let (indent, children) = self.children(lines, config, self.indent)?;
            let meta = children.clone().find(|&at| is_key(lines[at], indent, "meta"));
            if let Some(meta) = meta {
                let (indent, _) = self.children(lines, meta, indent)?;
                return Some((meta, indent, vec![]));
            }
            if self.line_of(lines, "meta").is_none() && dbt.has_config() {
                return Some((config, indent, vec!["meta"]));
            }
        }
        if let Some(meta) = self.line_of(lines, "meta") {
            let (indent, _) = self.children(lines, meta, self.indent)?;
            return Some((meta, indent, vec![]));
        }
        let name = self.line_of(lines, "name")?;
        let opened = if dbt.has_config() {
            vec!["config", "meta"]
        } else {
            vec!["meta"]
        };
        Some((name, self.indent, opened))
    }

    /// The lines below a key that opens a block, and their column; `None` for a key with a value of its own.
    fn children(&self, lines: &[&str], key: usize, indent: usize) -> Option<(usize, std::ops::Range<usize>)> {
        let behind = lines[key].split_once(':')?.1.trim();
        if !(behind.is_empty() || behind.starts_with('#')) {
            return None;
        }
        let is_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let first = (key + 1..self.end).find(|&at| is_content(lines[at]))?;
        let column = indent_of(lines[first]);
        if column <= indent {
            return None;
        }
        let is_outside = |&at: &usize| is_content(lines[at]) && indent_of(lines[at]) < column;
        let end = (first..self.end).find(is_outside).unwrap_or(self.end);
        Some((column, first..end))
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_key(line: &str, indent: usize, key: &str) -> bool {
    indent_of(line) == indent && key_at(line, indent, key)
}

fn key_at(line: &str, column: usize, key: &str) -> bool {
    let rest = line.get(column..).and_then(|text| text.strip_prefix(key));
    rest.is_some_and(|rest| rest.trim_end() == ":" || rest.starts_with(": ") || rest.starts_with(":\t"))
}

/// A scalar on one line, read.
fn word(value: &str) -> Option<String> {
    let value: Value = read(value, "").ok()?;
    value.as_str().map(str::to_owned)
}

/// Whether the texts say the same but for the new id.
fn is_only_the_id_new(before: &Value, after: &Value, name: &str, asset: &AssetId) -> bool {
    let mut after = after.clone();
    let mut before = before.clone();
    let id = json!({ ID: asset.as_str() });
    let mut has_id = 0;
    for entry in exposures(&mut after) {
        if entry.get("name").and_then(Value::as_str) != Some(name) {
            continue;
        }
        let config_meta = entry
            .get_mut("config")
            .and_then(|config| config.get_mut("meta"))
            .and_then(Value::as_object_mut);
        has_id += usize::from(take_own(config_meta, &id));
        has_id += usize::from(take_own(
            entry.get_mut("meta").and_then(Value::as_object_mut),
            &id,
        ));
    }
    for root in [&mut before, &mut after] {
        for entry in exposures(root) {
            drop_empty(entry);
        }
    }
    has_id == 1 && before == after
}

fn exposures(root: &mut Value) -> &mut [Value] {
    root.get_mut("exposures")
        .and_then(Value::as_array_mut)
        .map(Vec::as_mut_slice)
        .unwrap_or_default()
}

/// Takes our key out of a map; whether it was there and says what it should.
fn take_own(meta: Option<&mut Map<String, Value>>, id: &Value) -> bool {
    let Some(meta) = meta else { return false };
    if meta.get(META) != Some(id) {
        return false;
    }
    meta.remove(META);
    true
}

/// Takes maps out that hold nothing: they may be new.
fn drop_empty(entry: &mut Value) {
    let is_empty = |value: Option<&Value>| matches!(value, Some(Value::Object(map)) if map.is_empty());
    let Some(entry) = entry.as_object_mut() else {
        return;
    };
    if let Some(config) = entry.get_mut("config").and_then(Value::as_object_mut)
        && is_empty(config.get("meta"))
    {
        config.remove("meta");
    }
    for key in ["meta", "config"] {
        if is_empty(entry.get(key)) {
            entry.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const NEW: DbtVersion = DbtVersion::new(1, 11);
    const OLD: DbtVersion = DbtVersion::new(1, 9);

    #[rstest]
    #[case::nothing_there(
        NEW,
        "exposures:\n  # ours\n  - name: x   # why\n    type: dashboard\n",
        "exposures:\n  # ours\n  - name: x   # why\n    config:\n      meta:\n        tailwater:\n          id: \"a1\"\n    type: dashboard\n"
    )]
    #[case::old_dbt(
        OLD,
        "exposures:\n- type: dashboard\n  name: 'x'",
        "exposures:\n- type: dashboard\n  name: 'x'\n  meta:\n    tailwater:\n      id: \"a1\"\n"
    )]
    #[case::meta_at_the_top(
        NEW,
        "exposures:\n  - name: x\n    meta:\n      # team\n      team: bi\n",
        "exposures:\n  - name: x\n    meta:\n      tailwater:\n        id: \"a1\"\n      # team\n      team: bi\n"
    )]
    #[case::config_without_meta(
        NEW,
        "exposures:\n  - name: x\n    config:\n        enabled: true\n",
        "exposures:\n  - name: x\n    config:\n        meta:\n          tailwater:\n            id: \"a1\"\n        enabled: true\n"
    )]
    #[case::config_with_meta(
        OLD,
        "exposures:\n  - name: x\n    config:\n      meta:\n        a: 1\n    url: u\n",
        "exposures:\n  - name: x\n    config:\n      meta:\n        tailwater:\n          id: \"a1\"\n        a: 1\n    url: u\n"
    )]
    #[case::windows(
        NEW,
        "exposures:\r\n  - name: x\r\nmodels: []\r\n",
        "exposures:\r\n  - name: x\r\n    config:\r\n      meta:\r\n        tailwater:\r\n          id: \"a1\"\r\nmodels: []\r\n"
    )]
    #[case::among_others(
        OLD,
        "models:\n  - name: x\nexposures:\n  - name: w\n    description: |\n      - name: x\n  - name: x\n  - name: y\n",
        "models:\n  - name: x\nexposures:\n  - name: w\n    description: |\n      - name: x\n  - name: x\n    meta:\n      tailwater:\n        id: \"a1\"\n  - name: y\n"
    )]
    fn the_id_is_put_in_and_nothing_else_changes(
        #[case] dbt: DbtVersion,
        #[case] before: &str,
        #[case] after: &str,
    ) {
        assert_eq!(
            with_asset_id(before, "x", &"a1".into(), dbt).as_deref(),
            Ok(after)
        );
    }

    #[rstest]
    #[case::flow_meta("exposures:\n  - name: x\n    meta: {a: 1}\n")]
    #[case::flow_config("exposures:\n  - name: x\n    config: {enabled: true}\n")]
    #[case::flow_list("exposures: [{name: x}]\n")]
    #[case::flow_item("exposures:\n  - {name: x}\n")]
    #[case::anchor("exposures:\n  - name: x\n    meta: &m\n      a: 1\n")]
    #[case::has_another_id("exposures:\n  - name: x\n    meta:\n      tailwater:\n        id: b\n")]
    #[case::many_lines("exposures:\n  - name:\n      x\n")]
    #[case::not_there("exposures:\n  - name: y\n")]
    #[case::no_yaml("exposures: [\n")]
    #[case::twice("exposures:\n  - name: x\n  - name: x\n    meta:\n      tailwater:\n        id: a1\n")]
    fn what_cannot_be_proven_is_refused_with_advice(#[case] text: &str) {
        let refusal = with_asset_id(text, "x", &"a1".into(), NEW).unwrap_err();
        assert!(refusal.lines.contains("id: \"a1\""), "{refusal:?}");
    }

    proptest! {
        #[test]
        fn an_edit_only_adds_lines(text in "(exposures:\n|  - name: x\n|    config:\n|      meta:\n|        a: 1 # b\n|    meta:\n|      t: [1]\n|    description: >\n|      x: y\n|\n|# c\n|models:\n){0,12}") {
            if let Ok(edited) = with_asset_id(&text, "x", &"a1".into(), NEW) {
                let mut added: Vec<&str> = edited.lines().collect();
                for line in text.lines() {
                    let at = added.iter().position(|other| *other == line);
                    prop_assert!(at.is_some(), "{line:?} is gone");
                    added.remove(at.unwrap());
                }
                prop_assert!((2..=4).contains(&added.len()), "{added:?}");
            }
        }

        #[test]
        fn no_text_makes_it_panic(text: String, name: String) {
            let _ = with_asset_id(&format!("exposures:\n{text}"), &name, &"a1".into(), OLD);
        }
    }
}

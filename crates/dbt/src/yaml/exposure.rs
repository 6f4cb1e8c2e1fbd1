//! The exposures that a YAML file declares: their names, and the assets that they say they stand for.

use serde::Deserialize;
use serde_json::{Map, Value};
use tailwater_core::exposure_yaml::file::blocks;
use tailwater_core::exposure_yaml::mark::{GENERATED, ID, INTEGRATION, META, Mark, claimed_asset};
use tailwater_core::id::AssetId;

use super::read;
use crate::error::Error;

/// An exposure as a file declares it, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredExposure {
    /// Its name.
    pub name: String,
    /// The asset that it says it stands for.
    pub asset: Option<AssetId>,
    /// The mark that an export left.
    pub mark: Option<Mark>,
}

#[derive(Deserialize)]
struct WireFile {
    #[serde(default)]
    exposures: Option<Vec<WireExposure>>,
}

#[derive(Deserialize)]
struct WireExposure {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    meta: Value,
    #[serde(default)]
    config: Value,
}

/// Reads the exposures of a YAML file. `origin` names it in errors.
pub fn read_exposures(text: &str, origin: &str) -> Result<Vec<DeclaredExposure>, Error> {
    let file: Option<WireFile> = read(text, origin)?;
    let entries = file.and_then(|file| file.exposures).unwrap_or_default();
    Ok(entries.into_iter().filter_map(declared).collect())
}

fn declared(wire: WireExposure) -> Option<DeclaredExposure> {
    let Value::String(name) = wire.name else {
        return None;
    };
    let mut meta = match wire.meta {
        Value::Object(meta) => meta,
        _ => Map::new(),
    };
    if let Some(Value::Object(own)) = wire.config.get("meta") {
        meta.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Some(DeclaredExposure {
        name,
        asset: claimed_asset(&meta),
        mark: Mark::of(&meta),
    })
}

/// The same of a generated file that is no YAML any more, for example with the marks of a merge in it: what
/// its lines still say.
pub fn scan_exposures(text: &str) -> Vec<DeclaredExposure> {
    let exposure = |block: &str| {
        let value = |key: &str| {
            let prefix = format!("{key}: ");
            let line = block
                .lines()
                .find_map(|line| line.trim_start().strip_prefix(&prefix))?;
            let line = line.trim_end();
            let text: Option<String> = serde_json::from_str(line).ok();
            Some(text.unwrap_or_else(|| line.to_owned()))
        };
        let mut own = Map::new();
        for key in [ID, INTEGRATION] {
            if let Some(text) = value(key) {
                own.insert(key.to_owned(), Value::String(text));
            }
        }
        own.insert(GENERATED.to_owned(), Value::Bool(true));
        let meta: Map<String, Value> = [(META.to_owned(), Value::Object(own))].into_iter().collect();
        Some(DeclaredExposure {
            name: value("- name")?,
            asset: claimed_asset(&meta),
            mark: Mark::of(&meta),
        })
    };
    blocks(text).into_iter().filter_map(exposure).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tailwater_core::exposure_yaml::scalar::quoted;
    use tailwater_core::id::IntegrationName;

    use super::*;

    const FILE: &str = "version: 2\n\nexposures:\n  - name: \"null\"\n    label: \"- name: x\"\n    config:\n      meta:\n        \
                        tailwater:\n          integration: main\n          id: \"a1\"\n          generated: true\n\n  - name: b\n    \
                        meta:\n      tailwater: {id: a2}\n\n  - name: c\n";

    #[test]
    fn names_and_claims_are_read() {
        let found = read_exposures(FILE, "x.yml").unwrap();
        let mark = Mark {
            asset: "a1".into(),
            integration: Some(IntegrationName::from("main")),
        };
        let row = |name: &str, asset: Option<&str>, mark: Option<&Mark>| DeclaredExposure {
            name: name.to_owned(),
            asset: asset.map(AssetId::from),
            mark: mark.cloned(),
        };
        assert_eq!(
            found,
            [
                row("null", Some("a1"), Some(&mark)),
                row("b", Some("a2"), None),
                row("c", None, None)
            ]
        );
    }

    #[test]
    fn what_is_no_yaml_is_scanned() {
        let broken = FILE.replace("\n  - name: b", "\n<<<<<<< HEAD\n  - name: b");
        assert!(read_exposures(&broken, "x.yml").is_err());
        let found = scan_exposures(&broken);
        let pair = |one: &DeclaredExposure| (one.name.clone(), one.asset.as_ref().map(ToString::to_string));
        assert_eq!(pair(&found[0]), ("null".to_owned(), Some("a1".to_owned())));
        assert_eq!(found[0].mark.as_ref().unwrap().integration, Some("main".into()));
    }

    #[test]
    fn odd_files_declare_nothing() {
        for text in [
            "",
            "exposures:\n",
            "version: 2\n",
            "exposures: []\n",
            "exposures:\n  - name: 12\n",
        ] {
            assert_eq!(read_exposures(text, "x.yml").unwrap(), [], "{text:?}");
        }
        for text in ["exposures: x\n", "[", "- a\n", "a: 1\na: 2\n"] {
            assert!(read_exposures(text, "x.yml").is_err(), "{text:?}");
        }
    }

    #[test]
    fn aliases_that_stand_for_millions_are_refused() {
        use std::fmt::Write as _;

        let mut laughs = "a0: &a0 [x]\n".to_owned();
        for at in 1..9 {
            let aliases = vec![format!("*a{}", at - 1); 9].join(", ");
            let _ = writeln!(laughs, "a{at}: &a{at} [{aliases}]");
        }
        let error = read_exposures(&format!("{laughs}exposures: *a8\n"), "x.yml").unwrap_err();
        assert!(error.to_string().contains("alias"), "{error}");
        // What teams share among their exposures is no attack.
        let mut shared =
            "shared: &shared {team: bi, tier: 1, contact: x, pager: y, cost: z}\nexposures:\n".to_owned();
        for at in 0..10_000 {
            let _ = writeln!(shared, "  - {{name: e{at}, meta: *shared}}");
        }
        assert_eq!(read_exposures(&shared, "x.yml").unwrap().len(), 10_000);
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_read_back_by_a_yaml_reader(text in prop_oneof![any::<String>(), "[{}%#'\"\\\\: \r\n\t-]{0,12}"]) {
            // What our JSON reader makes of the quotes, a YAML reader makes too; dbt's rendering is tested with dbt.
            let shown = quoted(&text);
            let as_json: String = serde_json::from_str(&shown).unwrap();
            let read: Map<String, Value> = super::super::read(&format!("label: {shown}\n"), "x.yml").unwrap();
            prop_assert_eq!(read["label"].as_str(), Some(as_json.as_str()));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = read_exposures(&text, "x.yml");
            scan_exposures(&text);
        }
    }
}

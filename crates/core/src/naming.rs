//! Names of automatic exposures: dbt's alphabet, unique, and stable for the asset's life.
//!
//! `Sales Überblick (EU)` becomes `sales_uberblick_eu`. Of several assets with one label the first
//! published keeps the plain name and the others get the start of their id: `sales_overview_9df3`.
//! A name once given is never changed, whatever the asset is called later.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::id::AssetId;

/// Longer names are cut: some warehouses and file systems refuse more, and nobody types it.
const LONGEST_NAME: usize = 80;
/// How much of an id is put behind a name that is taken.
const SHORTEST_SUFFIX: usize = 4;

/// Turns a label into dbt's alphabet for names: letters, digits and `_`, not starting with a digit.
/// A label without a letter or digit becomes `dashboard`.
pub fn snake_case(label: &str) -> String {
    let mut name = String::new();
    for character in deunicode::deunicode(label).chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if character != '\'' && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        if name.len() == LONGEST_NAME {
            break;
        }
    }
    let name = name.trim_end_matches('_');
    match name.chars().next() {
        None => "dashboard".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{name}"),
        Some(_) => name.to_owned(),
    }
}

/// An asset that needs a name.
#[derive(Debug, Clone)]
pub struct Unnamed<'a> {
    /// The asset.
    pub asset: &'a AssetId,
    /// Its label.
    pub label: &'a str,
    /// When it was first published: the older one keeps the plain name.
    pub created_at: Option<DateTime<Utc>>,
}

/// Gives a name to each asset that has none. `known` are the names given earlier, `taken` those that
/// stand for something else: manual exposures, other integrations.
///
/// The answer does not depend on the order of `unnamed`.
pub fn assign_names(
    unnamed: &[Unnamed<'_>],
    known: &BTreeMap<AssetId, String>,
    taken: &BTreeSet<String>,
) -> BTreeMap<AssetId, String> {
    let mut used: BTreeSet<String> = taken.iter().chain(known.values()).cloned().collect();
    let mut waiting: Vec<&Unnamed<'_>> = unnamed
        .iter()
        .filter(|asset| !known.contains_key(asset.asset))
        .collect();
    waiting.sort_by_key(|asset| (asset.created_at.is_none(), asset.created_at, asset.asset));
    let mut names = BTreeMap::new();
    for asset in waiting {
        let name = free_name(&snake_case(asset.label), asset.asset, |name| used.contains(name));
        used.insert(name.clone());
        names.insert(asset.asset.clone(), name);
    }
    names
}

/// The plain name, else with as much of the id as makes it unique.
pub(crate) fn free_name(base: &str, asset: &AssetId, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(base) {
        return base.to_owned();
    }
    let id: String = asset
        .as_str()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    (SHORTEST_SUFFIX.min(id.len())..=id.len())
        .map(|length| format!("{base}_{}", &id[..length]))
        .chain((2..=u32::MAX).map(|number| format!("{base}_{id}_{number}")))
        .find(|name| !is_taken(name))
        .unwrap_or_else(|| base.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Sales Overview", "sales_overview")]
    #[case("  Q1/Q2 — Übersicht (EU)  ", "q1_q2_ubersicht_eu")]
    #[case("Bob's \"best\" <b>{{ wb }}</b>", "bobs_best_b_wb_b")]
    #[case("2024 plan", "_2024_plan")]
    #[case("売上", "mai_shang")]
    #[case("!!!", "dashboard")]
    #[case("", "dashboard")]
    fn labels_become_names(#[case] label: &str, #[case] expected: &str) {
        assert_eq!(snake_case(label), expected);
    }

    fn unnamed<'a>(asset: &'a AssetId, label: &'a str, day: u32) -> Unnamed<'a> {
        Unnamed {
            asset,
            label,
            created_at: format!("2026-01-{day:02}T00:00:00Z").parse().ok(),
        }
    }

    #[test]
    fn the_older_asset_keeps_the_plain_name_in_any_order() {
        let (older, newer) = (AssetId::from("ffff-1"), AssetId::from("9df3-aaaa"));
        let mut assets = vec![unnamed(&newer, "Sales", 2), unnamed(&older, "Sales", 1)];
        let expected = BTreeMap::from([
            (older.clone(), "sales".to_owned()),
            (newer.clone(), "sales_9df3".to_owned()),
        ]);
        assert_eq!(
            assign_names(&assets, &BTreeMap::new(), &BTreeSet::new()),
            expected
        );
        assets.reverse();
        assert_eq!(
            assign_names(&assets, &BTreeMap::new(), &BTreeSet::new()),
            expected
        );
    }

    #[test]
    fn a_known_name_outlives_a_rename_and_stays_taken() {
        let (renamed, new) = (AssetId::from("a1"), AssetId::from("b2"));
        let known = BTreeMap::from([(renamed.clone(), "sales".to_owned())]);
        let assets = [unnamed(&renamed, "Revenue", 1), unnamed(&new, "Sales", 2)];
        let names = assign_names(&assets, &known, &BTreeSet::new());
        assert_eq!(names, BTreeMap::from([(new, "sales_b2".to_owned())]));
    }

    #[test]
    fn a_manual_exposure_keeps_its_name() {
        let asset = AssetId::from("c3d4e5");
        let taken = BTreeSet::from(["sales".to_owned(), "sales_c3d4".to_owned()]);
        let names = assign_names(&[unnamed(&asset, "Sales", 1)], &BTreeMap::new(), &taken);
        assert_eq!(names[&asset], "sales_c3d4e");
    }

    proptest! {
        #[test]
        fn every_name_is_dbts_alphabet(label in "\\PC{0,300}") {
            let name = snake_case(&label);
            prop_assert!(name.len() <= LONGEST_NAME + 1);
            prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
            prop_assert!(name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_'));
        }

        #[test]
        fn names_are_unique(labels in prop::collection::vec("[ab ]{0,3}", 0..20)) {
            let ids: Vec<AssetId> = (0..labels.len()).map(|at| AssetId::new(format!("{at}"))).collect();
            let assets: Vec<_> = ids.iter().zip(&labels).map(|(id, label)| unnamed(id, label, 1)).collect();
            let names = assign_names(&assets, &BTreeMap::new(), &BTreeSet::new());
            let distinct: BTreeSet<_> = names.values().collect();
            prop_assert_eq!(distinct.len(), labels.len());
        }
    }
}

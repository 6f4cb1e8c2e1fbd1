//! The names that generated files have, which are the names that everybody uses.
//!
//! `dbt ls --select +exposure:weekly_sales` and links in documents are made with the names in the YAML. A store
//! that is new, or was made beside it, follows them; one that has always been there has given them out itself,
//! and there is nothing to follow, unless somebody changed a name in the file.

use std::collections::{BTreeMap, BTreeSet};

use tailwater_core::id::AssetId;
use tailwater_core::project::Project;
use tailwater_store::ExposureName;

use super::Renamed;
use super::group::Automatic;
use super::survey::Survey;

/// Longer names are refused by some warehouses' tools, and nobody types them.
const LONGEST_NAME: usize = 200;

/// All that is looked at.
#[derive(Debug)]
pub(super) struct NameInput<'a> {
    /// The exposures that are exported.
    pub exposures: &'a [Automatic<'a>],
    /// The integrations that there are.
    pub known: &'a BTreeSet<&'a str>,
    /// The files that there are.
    pub survey: &'a Survey,
    /// The project.
    pub project: &'a Project,
    /// Every name that the store gave out.
    pub stored: &'a [ExposureName],
}

/// The exposures that have another name in the generated files, in the order of exposures. A name that is no name
/// for dbt, or that something else has, is not taken over.
pub(super) fn names_in_files(input: &NameInput<'_>) -> Vec<Renamed> {
    let mut claims: BTreeMap<&AssetId, BTreeSet<&str>> = BTreeMap::new();
    for exposure in input.survey.generated.iter().flat_map(|file| &file.exposures) {
        if let Some(mark) = &exposure.mark {
            claims.entry(&mark.asset).or_default().insert(&exposure.name);
        }
    }
    // Which integration a claim means only matters where two of them have imported one asset.
    let mut meant: BTreeMap<(&AssetId, &str), Option<&str>> = BTreeMap::new();
    for exposure in input.survey.generated.iter().flat_map(|file| &file.exposures) {
        if let Some(mark) = &exposure.mark {
            let integration = mark
                .integration
                .as_ref()
                .map(tailwater_core::id::IntegrationName::as_str);
            let integration = integration.filter(|name| input.known.contains(name));
            meant.insert((&mark.asset, &exposure.name), integration);
        }
    }
    let mut used: BTreeSet<&str> = input.exposures.iter().map(|found| found.name.as_str()).collect();
    used.extend(input.project.exposures().map(|node| node.name.as_str()));
    used.extend(input.survey.names_by_hand.iter().map(String::as_str));
    let mut renamed = Vec::new();
    for found in input.exposures {
        let Some(names) = claims.get(found.asset) else {
            continue;
        };
        let is_meant = |name: &&&str| {
            let integration = meant.get(&(found.asset, **name)).copied().flatten();
            integration.is_none_or(|integration| integration == found.integration.as_str())
        };
        let names: Vec<&str> = names.iter().filter(is_meant).copied().collect();
        if names.contains(&found.name.as_str()) {
            continue;
        }
        let is_others = |name: &str| {
            let of_other = |row: &&ExposureName| {
                row.name == name && (&row.integration, &row.asset) != (found.integration, found.asset)
            };
            used.contains(name) || input.stored.iter().any(|row| of_other(&row))
        };
        if let Some(name) = names.into_iter().find(|name| is_name(name) && !is_others(name)) {
            used.insert(name);
            renamed.push(Renamed {
                integration: found.integration.clone(),
                asset: found.asset.clone(),
                from: found.name.clone(),
                to: name.to_owned(),
            });
        }
    }
    renamed
}

/// dbt's alphabet for names, without the hyphen that only some versions allow.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

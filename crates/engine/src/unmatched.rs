//! What could not be linked, grouped by reason, and the mapping rules that would close most of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use tailwater_core::exposure::Exposure;
use tailwater_core::gap::{Candidate, Gap, GapReason};
use tailwater_core::id::IntegrationName;
use tailwater_core::mapping::MappingRule;
use tailwater_core::project::Project;
use tailwater_core::proposal::{Proposal, preview, propose};
use tailwater_core::relation::RelationName;
use tailwater_core::resolve::{Input, resolve};

use crate::curation::curated_exposures;
use crate::error::Error;
use crate::sql_reader::read_custom_sql;
use crate::sync::ExposureTitle;
use crate::workspace::Workspace;

/// One integration's gaps.
#[derive(Debug, Serialize)]
pub struct Unmatched {
    /// The integration.
    pub integration: IntegrationName,
    /// The gaps by reason, in the order of [`GapReason::ALL`]; reasons without a gap are left out.
    pub groups: Vec<GapGroup>,
    /// Mapping rules that would close gaps, best first.
    pub proposals: Vec<Proposal>,
    /// Why nothing could be proposed: the manifests of now cannot be read.
    #[serde(skip)]
    pub unproposed: Option<Error>,
}

/// The gaps of one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapGroup {
    /// The reason.
    pub reason: GapReason,
    /// What it means.
    pub title: &'static str,
    /// The tables, those of most exposures first.
    pub tables: Vec<UnmatchedTable>,
}

/// A table that has no link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnmatchedTable {
    /// The name, as the BI tool or the SQL text has it.
    pub table: String,
    /// The nearest nodes.
    pub candidates: Vec<Candidate>,
    /// What would make the link.
    pub remedy: String,
    /// How many tables this stands for.
    pub count: usize,
    /// The exposures that read it, sorted.
    pub exposures: BTreeSet<ExposureTitle>,
    /// The name's known parts after mapping; `None` where there is no name.
    #[serde(skip)]
    pub compared: Option<RelationName>,
}

impl Unmatched {
    /// The tables that are unknown to dbt as a dbt sources file, to be copied into the project; `None` when
    /// there are none with a schema. Names are quoted as JSON does it, which is YAML too.
    pub fn source_yaml(&self) -> Option<String> {
        let mut sources: BTreeMap<(Option<&str>, &str), BTreeSet<&str>> = BTreeMap::new();
        let unknown = self
            .groups
            .iter()
            .filter(|group| group.reason == GapReason::UnknownToDbt);
        for name in unknown
            .flat_map(|group| &group.tables)
            .filter_map(|table| table.compared.as_ref())
        {
            if let Some(schema) = &name.schema {
                let tables = sources.entry((name.database.as_deref(), schema)).or_default();
                tables.insert(&name.name);
            }
        }
        if sources.is_empty() {
            return None;
        }
        let mut yaml = String::from("version: 2\n\nsources:\n");
        let mut names = BTreeSet::new();
        for ((database, schema), tables) in sources {
            // Two databases may have a schema of one name, and names of sources are unique.
            let name = match database {
                Some(database) if names.contains(schema) => format!("{database}_{schema}"),
                _ => schema.to_owned(),
            };
            let _ = writeln!(yaml, "  - name: {}", quoted(&name));
            if let Some(database) = database {
                let _ = writeln!(yaml, "    database: {}", quoted(database));
            }
            let _ = writeln!(yaml, "    schema: {}\n    tables:", quoted(schema));
            for table in tables {
                let _ = writeln!(yaml, "      - name: {}", quoted(table));
            }
            names.insert(schema);
        }
        Some(yaml)
    }
}

/// A text in YAML: plain where nothing in it means anything, else in double quotes as in JSON.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        && !matches!(
            text,
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

impl Workspace {
    /// The integration's gaps as the last sync left them, with proposals by the manifests of now.
    pub async fn unmatched(&self, name: &IntegrationName) -> Result<Unmatched, Error> {
        let stored = self.store().load_exposures(Some(name)).await?;
        let curations = self.store().load_curations(Some(name)).await?;
        let curated = curated_exposures(stored, &curations, &[], false).exposures;
        let groups = group(curated.iter().map(|row| &row.exposure));
        let proposed = self
            .with_input(name, |input| propose(input, &resolve(input)))
            .await;
        let (proposals, unproposed) = match proposed {
            Ok(proposals) => (proposals, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        Ok(Unmatched {
            integration: name.clone(),
            groups,
            proposals,
            unproposed,
        })
    }

    /// What a mapping rule would link, were it added behind the present ones.
    pub async fn preview_mapping(
        &self,
        name: &IntegrationName,
        rule: MappingRule,
    ) -> Result<Proposal, Error> {
        self.with_input(name, |input| preview(input, &resolve(input), rule))
            .await
    }

    /// Runs a pure rule on the inventory that the last sync left.
    async fn with_input<T>(
        &self,
        name: &IntegrationName,
        rule: impl FnOnce(&Input<'_>) -> T,
    ) -> Result<T, Error> {
        let integration = self.find_integration(name).await?;
        let projects = self.load_projects(&integration.projects).await?;
        let inventory = self.store().load_inventory(name).await?.inventory;
        let readings = read_custom_sql(&inventory);
        Ok(rule(&Input {
            integration: &integration.name,
            inventory: &inventory,
            readings: &readings,
            projects: &projects.iter().map(AsRef::as_ref).collect::<Vec<&Project>>(),
            mapping: &integration.mapping,
            names: &BTreeMap::new(),
        }))
    }
}

fn group<'a>(exposures: impl Iterator<Item = &'a Exposure>) -> Vec<GapGroup> {
    let mut by_reason: BTreeMap<GapReason, BTreeMap<String, UnmatchedTable>> = BTreeMap::new();
    for exposure in exposures {
        for gap in &exposure.gaps {
            let tables = by_reason.entry(gap.reason).or_default();
            let table = tables
                .entry(key(gap, exposure))
                .or_insert_with(|| unmatched_table(gap));
            table.exposures.insert(ExposureTitle::of(exposure));
        }
    }
    let ranked = |tables: BTreeMap<String, UnmatchedTable>| {
        let mut tables: Vec<UnmatchedTable> = tables.into_values().collect();
        tables.sort_by(|left, right| {
            right
                .exposures
                .len()
                .cmp(&left.exposures.len())
                .then_with(|| left.table.cmp(&right.table))
        });
        tables
    };
    GapReason::ALL
        .into_iter()
        .filter_map(|reason| Some((reason, by_reason.remove(&reason)?)))
        .map(|(reason, tables)| GapGroup {
            reason,
            title: reason.title(),
            tables: ranked(tables),
        })
        .collect()
}

/// A named table is one thing for all exposures; what has no name is each exposure's own.
pub(crate) fn key(gap: &Gap, exposure: &Exposure) -> String {
    match &gap.compared {
        Some(name) => name.folded().to_string(),
        None => format!(
            "{} {} {}",
            gap.table,
            gap.data_source.as_deref().unwrap_or_default(),
            exposure.unique_id
        ),
    }
}

fn unmatched_table(gap: &Gap) -> UnmatchedTable {
    UnmatchedTable {
        table: gap.table.clone(),
        candidates: gap.candidates.clone(),
        remedy: gap.remedy.clone(),
        count: gap.count,
        exposures: BTreeSet::new(),
        compared: gap.compared.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_tables_become_a_sources_file() {
        let table = |database: &str, schema: &str, name: &str| UnmatchedTable {
            table: String::new(),
            candidates: Vec::new(),
            remedy: String::new(),
            count: 1,
            exposures: BTreeSet::new(),
            compared: Some(RelationName::new(Some(database), Some(schema), name)),
        };
        let mut unmatched = Unmatched {
            integration: "main".into(),
            groups: vec![GapGroup {
                reason: GapReason::UnknownToDbt,
                title: "",
                tables: vec![
                    table("shop", "raw", "b"),
                    table("shop", "raw", "a"),
                    table("Arch: \"x\"", "raw", "yes"),
                ],
            }],
            proposals: Vec::new(),
            unproposed: None,
        };
        let expected = "version: 2\n\nsources:\n  \
                        - name: raw\n    database: \"Arch: \\\"x\\\"\"\n    schema: raw\n    tables:\n      \
                        - name: \"yes\"\n  \
                        - name: shop_raw\n    database: shop\n    schema: raw\n    tables:\n      \
                        - name: a\n      - name: b\n";
        assert_eq!(unmatched.source_yaml().as_deref(), Some(expected));
        unmatched.groups[0].reason = GapReason::OtherDatabase;
        assert_eq!(unmatched.source_yaml(), None);
    }
}

//! What could not be linked, grouped by reason, and the mapping rules that would close most of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tailwater_core::exposure::Exposure;
use tailwater_core::gap::{Candidate, Gap, GapReason};
use tailwater_core::id::IntegrationName;
use tailwater_core::mapping::MappingRule;
use tailwater_core::project::Project;
use tailwater_core::proposal::{Proposal, preview, propose};
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
    }
}

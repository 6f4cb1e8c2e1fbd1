//! Proposing mapping rules: which one would close most gaps, and what it would link.
//!
//! Every gap whose candidates differ only in database or schema votes for the rule that would make them
//! equal. The rules with most votes are tried by resolving anew, so that what is shown is what would be.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::gap::{Candidate, Gap, GapReason};
use crate::id::{AssetId, NodeId};
use crate::mapping::{MappingRule, RuleText};
use crate::relation::{RelationName, fold, split_name};
use crate::resolve::{Input, Resolution, resolve};

/// How many rules are tried; each trial resolves the whole site.
const MOST_TRIALS: usize = 3;

/// A mapping rule that would close gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The rule, as people write it.
    pub rule: RuleText,
    /// What it would link, sorted.
    pub links: BTreeSet<ProposedLink>,
    /// How many exposures would gain a link.
    pub exposures: usize,
    /// How many exposures would lose one: more than none deserves a look.
    pub exposures_losing_links: usize,
}

/// A link that a rule would make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ProposedLink {
    /// The table as the BI tool or the SQL text names it.
    pub table: String,
    /// The node it would link to.
    pub node: NodeId,
}

/// The rules that would close most of the resolution's gaps, best first. Rules that would link nothing
/// are left out.
pub fn propose(input: &Input<'_>, resolution: &Resolution) -> Vec<Proposal> {
    let mut votes: BTreeMap<MappingRule, BTreeSet<RelationName>> = BTreeMap::new();
    for gap in resolution.exposures.values().flat_map(|exposure| &exposure.gaps) {
        let Some(name) = &gap.compared else { continue };
        for rule in rules_for(gap, name) {
            votes.entry(rule).or_default().insert(name.folded());
        }
    }
    let mut ranked: Vec<_> = votes.into_iter().collect();
    ranked.sort_by(|left, right| {
        right
            .1
            .len()
            .cmp(&left.1.len())
            .then_with(|| left.0.cmp(&right.0))
    });
    let mut proposals: Vec<Proposal> = ranked
        .into_iter()
        .take(MOST_TRIALS)
        .map(|(rule, _)| preview(input, resolution, rule))
        .filter(|proposal| !proposal.links.is_empty())
        .collect();
    proposals.sort_by_key(|proposal| std::cmp::Reverse((proposal.links.len(), proposal.exposures)));
    proposals
}

/// What a rule added behind the present ones would change.
pub fn preview(input: &Input<'_>, resolution: &Resolution, rule: MappingRule) -> Proposal {
    let mut mapping = input.mapping.to_vec();
    mapping.push(rule.clone());
    let with_rule = resolve(&Input {
        mapping: &mapping,
        ..*input
    });
    let mut proposal = Proposal {
        rule: rule.into(),
        links: BTreeSet::new(),
        exposures: 0,
        exposures_losing_links: 0,
    };
    for (asset, exposure) in &with_rule.exposures {
        let before = depends_on(resolution, asset);
        let mut has_gained = false;
        for link in exposure.links.iter().filter(|link| !before.contains(&link.node)) {
            has_gained = true;
            let tables = link.evidence.iter().map(|evidence| evidence.table.clone());
            proposal.links.extend(tables.map(|table| ProposedLink {
                table,
                node: link.node.clone(),
            }));
        }
        proposal.exposures += usize::from(has_gained);
        proposal.exposures_losing_links += usize::from(!before.is_subset(&exposure.depends_on));
    }
    proposal
}

fn depends_on(resolution: &Resolution, asset: &AssetId) -> BTreeSet<NodeId> {
    resolution
        .exposures
        .get(asset)
        .map(|exposure| exposure.depends_on.clone())
        .unwrap_or_default()
}

/// The rules that would make a gap's name equal to one of its candidates.
fn rules_for(gap: &Gap, name: &RelationName) -> BTreeSet<MappingRule> {
    let is_about_levels = matches!(
        gap.reason,
        GapReason::OtherDatabase
            | GapReason::OtherSchema
            | GapReason::IncompleteName
            | GapReason::UnknownToDbt
    );
    if !is_about_levels {
        return BTreeSet::new();
    }
    gap.candidates
        .iter()
        .filter_map(|candidate| rule_for(candidate, name))
        .collect()
}

fn rule_for(candidate: &Candidate, name: &RelationName) -> Option<MappingRule> {
    let relation = RelationName::from_parts(&split_name(&candidate.relation))?;
    if fold(&relation.name) != fold(&name.name) {
        return None;
    }
    let differs = |theirs: &Option<String>, ours: &Option<String>| {
        theirs
            .as_deref()
            .map(fold)
            .is_some_and(|theirs| Some(theirs) != ours.as_deref().map(fold))
    };
    let told_database = name.database.as_deref();
    // A database that was not told needs no rule: schema and name decide.
    let has_other_database = told_database.is_some() && differs(&relation.database, &name.database);
    let has_other_schema = differs(&relation.schema, &name.schema);
    let schema = Some(name.schema.as_deref().unwrap_or_default());
    let quoted =
        |part: &Option<String>| format!("\"{}\"", part.as_deref().unwrap_or_default().replace('"', "\"\""));
    let (to_database, to_schema) = (quoted(&relation.database), quoted(&relation.schema));
    // Of a two-level warehouse the database told is the schema: a rule for names without a schema would
    // catch those of every other database.
    if name.schema.is_none() && told_database.is_some() && relation.database.is_none() {
        return MappingRule::new(told_database, None, &to_schema).ok();
    }
    let rule = match (has_other_database, has_other_schema) {
        (true, false) => MappingRule::new(told_database, None, &to_database),
        (false, true) => MappingRule::new(None, schema, &to_schema),
        (true, true) => MappingRule::new(told_database, schema, &format!("{to_database}.{to_schema}")),
        (false, false) => return None,
    };
    rule.ok()
}

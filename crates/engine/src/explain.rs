//! Explaining one thing: why an exposure stands on a node, why a table has no link and what would make
//! one, what stands on a node and what nearly does.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tailwater_core::exposure::{Evidence, Exposure};
use tailwater_core::gap::Gap;
use tailwater_core::id::NodeId;
use tailwater_core::lookup::{Answer, Wanted, look_up};
use tailwater_core::project::{Node, Project, ResourceType};
use tailwater_core::relation::{RelationName, fold, split_name};
use tailwater_core::relation_index::RelationIndex;

use crate::catalog::Catalog;
use crate::error::Error;
use crate::sync::ExposureTitle;

/// How many near names an error proposes.
const MOST_NEAR: usize = 3;

/// What is known of one thing.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Explanation {
    /// An exposure with the whole chain of evidence.
    Exposure {
        /// The exposure.
        exposure: Box<Exposure>,
    },
    /// A dbt node, with what stands on it.
    Node {
        /// The node.
        node: NodeId,
        /// Its kind.
        resource_type: ResourceType,
        /// Its relation, dotted; `None` where it has none.
        relation: Option<String>,
        /// The exposures that stand on it, with the evidence.
        exposures: Vec<Standing>,
        /// Table references that came near it but have no link.
        near_misses: Vec<Miss>,
    },
    /// A table, as BI tools or SQL text name it.
    Table {
        /// The name, as met.
        table: String,
        /// The nodes that it is linked to.
        nodes: BTreeSet<NodeId>,
        /// The exposures linked through it, with the evidence.
        exposures: Vec<Standing>,
        /// Where it has no link, and why.
        gaps: Vec<Miss>,
        /// Where no dashboard reads the table: what looking it up in dbt's projects comes to, in words.
        lookup: Option<String>,
    },
}

/// An exposure that stands on something, and what says so.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// The exposure.
    #[serde(flatten)]
    pub exposure: ExposureTitle,
    /// What says so.
    pub evidence: Vec<Evidence>,
}

/// A table reference of an exposure that has no link.
#[derive(Debug, Clone, Serialize)]
pub struct Miss {
    /// The exposure.
    #[serde(flatten)]
    pub exposure: ExposureTitle,
    /// The gap.
    pub gap: Gap,
}

impl Catalog {
    /// Explains everything that the text can mean: exposures first, then nodes, then tables.
    pub fn explain(&self, subject: &str) -> Result<Vec<Explanation>, Error> {
        let mut explanations = self.explain_exposures(subject);
        if explanations.is_empty() {
            explanations = self.explain_nodes(subject);
        }
        if explanations.is_empty() {
            explanations.extend(self.explain_table(subject));
        }
        if explanations.is_empty() {
            let nearest = nearest(subject, self.known_names(), MOST_NEAR);
            return Err(Error::UnknownSubject {
                subject: subject.to_owned(),
                nearest,
            });
        }
        Ok(explanations)
    }

    fn explain_exposures(&self, subject: &str) -> Vec<Explanation> {
        let folded = fold(subject);
        let is_meant = |exposure: &&Exposure| {
            exposure.unique_id.as_str() == subject
                || exposure.name == subject
                || fold(&exposure.label) == folded
                || exposure.url.as_deref() == Some(subject)
                || exposure
                    .workbook
                    .as_ref()
                    .is_some_and(|workbook| workbook.luid == subject)
        };
        let explain = |exposure: &Exposure| Explanation::Exposure {
            exposure: Box::new(exposure.clone()),
        };
        self.exposures().iter().filter(is_meant).map(explain).collect()
    }

    fn explain_nodes(&self, subject: &str) -> Vec<Explanation> {
        let nodes = self.manifests().flat_map(Project::nodes);
        let named: Vec<&Node> = nodes
            .filter(|node| node.resource_type != ResourceType::Exposure)
            .filter(|node| node.unique_id.as_str() == subject || node.name == subject)
            .collect();
        // A test or a semantic model may share its model's name: what dashboards can read is meant.
        let readable: Vec<&Node> = named
            .iter()
            .copied()
            .filter(|node| node.resource_type.is_relation())
            .collect();
        let meant = if readable.is_empty() { named } else { readable };
        meant.into_iter().map(|node| self.explain_node(node)).collect()
    }

    fn explain_node(&self, node: &Node) -> Explanation {
        let standing = |exposure: &Exposure| {
            let link = exposure.links.iter().find(|link| link.node == node.unique_id)?;
            Some(Standing {
                exposure: ExposureTitle::of(exposure),
                evidence: link.evidence.clone(),
            })
        };
        let comes_near = |gap: &Gap| {
            gap.candidates
                .iter()
                .any(|candidate| candidate.node == node.unique_id)
        };
        Explanation::Node {
            node: node.unique_id.clone(),
            resource_type: node.resource_type,
            relation: node.readable_relation().map(ToString::to_string),
            exposures: self.exposures().iter().filter_map(standing).collect(),
            near_misses: self.misses(comes_near),
        }
    }

    /// A table is meant by its whole name, or by as much of its right end as was given.
    fn explain_table(&self, subject: &str) -> Option<Explanation> {
        let wanted: Vec<String> = split_name(subject).iter().map(|part| fold(part)).collect();
        let is_meant = |text: &str| {
            let parts: Vec<String> = split_name(text).iter().map(|part| fold(part)).collect();
            parts.ends_with(&wanted)
        };
        let mut nodes = BTreeSet::new();
        let mut exposures = Vec::new();
        let mut shown = BTreeSet::new();
        for exposure in self.exposures() {
            let mut found = Vec::new();
            for link in &exposure.links {
                for evidence in link
                    .evidence
                    .iter()
                    .filter(|evidence| is_meant(&evidence.table) || is_meant(&evidence.relation))
                {
                    nodes.insert(link.node.clone());
                    shown.insert(evidence.table.clone());
                    found.push(evidence.clone());
                }
            }
            if !found.is_empty() {
                exposures.push(Standing {
                    exposure: ExposureTitle::of(exposure),
                    evidence: found,
                });
            }
        }
        let gaps = self.misses(|gap| is_meant(&gap.table));
        shown.extend(gaps.iter().map(|miss| miss.gap.table.clone()));
        let lookup = if exposures.is_empty() && gaps.is_empty() {
            Some(self.look_up_unread(subject)?)
        } else {
            None
        };
        let table = if shown.len() == 1 {
            shown.pop_first().unwrap_or_default()
        } else {
            subject.to_owned()
        };
        Some(Explanation::Table {
            table,
            nodes,
            exposures,
            gaps,
            lookup,
        })
    }

    /// No dashboard reads the table: say what would happen if one did. `None` for what is no table's name.
    fn look_up_unread(&self, subject: &str) -> Option<String> {
        let name = RelationName::from_parts(&split_name(subject)).filter(|name| name.schema.is_some())?;
        let projects: Vec<&Project> = self.manifests().collect();
        let index = RelationIndex::new(&projects);
        let wanted = Wanted {
            name,
            dialect: tailwater_core::dialect::Dialect::Generic,
            is_database_advisory: false,
        };
        let answer = match look_up(&index, &wanted) {
            Answer::Linked { node, matched, .. } => format!("it would link to {node} ({})", matched.title()),
            Answer::Missing { reason, candidates } => {
                let near: Vec<String> = candidates
                    .iter()
                    .map(|near| format!("{} ({})", near.node, near.differs))
                    .collect();
                let near = if near.is_empty() {
                    String::new()
                } else {
                    format!("; nearest: {}", near.join(", "))
                };
                format!("it would not link: {}{near}", reason.title())
            }
        };
        Some(format!("no imported dashboard reads it; {answer}"))
    }

    fn misses(&self, is_meant: impl Fn(&Gap) -> bool) -> Vec<Miss> {
        let of_exposure = |exposure: &Exposure| -> Vec<Miss> {
            let gaps = exposure.gaps.iter().filter(|gap| is_meant(gap));
            gaps.map(|gap| Miss {
                exposure: ExposureTitle::of(exposure),
                gap: gap.clone(),
            })
            .collect()
        };
        self.exposures().iter().flat_map(of_exposure).collect()
    }

    fn known_names(&self) -> impl Iterator<Item = String> {
        let exposures = self
            .exposures()
            .iter()
            .flat_map(|exposure| [exposure.name.clone(), exposure.label.clone()]);
        let nodes = self
            .manifests()
            .flat_map(Project::nodes)
            .map(|node| node.name.clone());
        exposures.chain(nodes)
    }
}

/// The known texts most like the wanted one, best first; only those that are much like it.
pub(crate) fn nearest(wanted: &str, known: impl Iterator<Item = String>, limit: usize) -> Vec<String> {
    const LIKE_ENOUGH: f64 = 0.8;
    let wanted = fold(wanted);
    let likeness: BTreeMap<String, f64> = known
        .map(|text| {
            let like = strsim::jaro_winkler(&fold(&text), &wanted);
            (text, like)
        })
        .filter(|(_, like)| *like >= LIKE_ENOUGH)
        .collect();
    let mut ranked: Vec<(String, f64)> = likeness.into_iter().collect();
    ranked.sort_by(|left, right| right.1.total_cmp(&left.1));
    ranked.into_iter().take(limit).map(|(text, _)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_strangers_not_at_all() {
        let known = ["Finance", "Financial", "Marketing"].map(str::to_owned);
        assert_eq!(nearest("Finanse", known.into_iter(), 2), ["Finance", "Financial"]);
    }
}

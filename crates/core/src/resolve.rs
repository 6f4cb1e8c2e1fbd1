//! Resolving: from what a BI site holds and what dbt declares to exposures, links and gaps.
//!
//! A pure function. Every table reference of every asset ends in exactly one of two places: a link with
//! its evidence, or a gap with its reason, the nearest nodes and the remedy.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::exposure::{DataSourceRef, Evidence, Exposure, ExposureOwner, Link, Matched, Mode, Via, Workbook};
use crate::gap::{Candidate, Gap, GapReason};
use crate::id::{AssetId, CustomSqlId, IntegrationName, NodeId, ProjectName, TableId};
use crate::inventory::{Asset, AssetKind, Completeness, Inventory};
use crate::lookup::{Answer, Wanted, look_up};
use crate::mapping::{MappingRule, apply_all};
use crate::project::Project;
use crate::reference::{Reference, Target, references};
use crate::relation::RelationName;
use crate::relation_index::RelationIndex;
use crate::remedy;
use crate::selection::join_path;
use crate::sql_reading::SqlReading;

/// All that resolving needs.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The integration that the inventory comes from.
    pub integration: &'a IntegrationName,
    /// What the site holds.
    pub inventory: &'a Inventory,
    /// The site's custom SQL, already read. SQL without a reading was hidden from the token.
    pub readings: &'a BTreeMap<CustomSqlId, SqlReading>,
    /// The dbt projects that feed the site. The first one's package names exposures that have no name yet.
    pub projects: &'a [&'a Project],
    /// The integration's rules, in order.
    pub mapping: &'a [MappingRule],
    /// The name of each asset's exposure; see [`crate::naming`].
    pub names: &'a BTreeMap<AssetId, GivenName>,
}

/// The name of an asset's exposure, and the project whose package stands before it. Both are kept for the
/// asset's life, whatever projects are added later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenName {
    /// The project.
    pub project: ProjectName,
    /// The name.
    pub name: String,
}

/// What resolving came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolution {
    /// One exposure for each asset.
    pub exposures: BTreeMap<AssetId, Exposure>,
    /// How many tables of the site are linked and how many are not.
    pub tally: Tally,
}

/// Distinct tables of a site: linked, and not with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Tables that at least one exposure is linked through.
    pub linked: usize,
    /// Tables, or assets where no table was told of, by the reason why there is no link.
    pub unlinked: BTreeMap<GapReason, usize>,
}

impl Tally {
    /// All tables without a link. Assets of which no table was told are not among them.
    pub fn unlinked_total(&self) -> usize {
        self.unlinked
            .iter()
            .filter(|(reason, _)| !reason.is_about_whole_asset())
            .map(|(_, count)| count)
            .sum()
    }
}

/// Resolves every asset of the inventory.
pub fn resolve(input: &Input<'_>) -> Resolution {
    let mut resolver = Resolver {
        input: *input,
        index: RelationIndex::new(input.projects),
        answers: HashMap::new(),
        linked: BTreeSet::new(),
        unlinked: BTreeSet::new(),
    };
    let exposures = input
        .inventory
        .assets
        .iter()
        .map(|(id, asset)| (id.clone(), resolver.exposure(id, asset)))
        .collect();
    let mut tally = Tally {
        linked: resolver.linked.len(),
        ..Tally::default()
    };
    for (reason, _) in resolver.unlinked {
        *tally.unlinked.entry(reason).or_default() += 1;
    }
    Resolution { exposures, tally }
}

struct Resolver<'a> {
    input: Input<'a>,
    index: RelationIndex<'a>,
    /// Many assets stand on the same tables: each name is looked up once.
    answers: HashMap<Wanted, Settled>,
    linked: BTreeSet<RelationName>,
    unlinked: BTreeSet<(GapReason, String)>,
}

/// What looking a name up came to, with all that follows from the name alone.
enum Settled {
    Linked {
        node: NodeId,
        matched: Matched,
        relation: String,
        note: Option<String>,
    },
    Missing {
        reason: GapReason,
        candidates: Vec<Candidate>,
        remedy: String,
        /// The name, folded and dotted.
        identity: String,
        compared: RelationName,
    },
}

impl Settled {
    fn new(wanted: &Wanted, answer: Answer, integration: &IntegrationName) -> Self {
        match answer {
            Answer::Linked {
                node,
                matched,
                relation,
                note,
            } => Self::Linked {
                node,
                matched,
                relation,
                note,
            },
            Answer::Missing { reason, candidates } => Self::Missing {
                remedy: remedy::for_relation(reason, integration, &wanted.name, &candidates),
                identity: wanted.name.folded().to_string(),
                compared: wanted.name.clone(),
                reason,
                candidates,
            },
        }
    }
}

impl Resolver<'_> {
    fn exposure(&mut self, id: &AssetId, asset: &Asset) -> Exposure {
        let references = references(self.input.inventory, asset, self.input.readings);
        let is_empty = references.is_empty();
        let mut found = Found::default();
        for reference in references {
            self.settle(reference, &mut found);
        }
        self.add_hidden(&mut found);
        self.add_state_of_lineage(id, asset, is_empty, &mut found);
        self.assemble(id, asset, found)
    }

    /// Puts one reference where it belongs.
    fn settle(&mut self, reference: Reference, found: &mut Found) {
        let Reference {
            via,
            data_source,
            confidence,
            target,
        } = reference;
        let gap = |reason, shown, detail: Option<&str>| gap(reason, shown, detail, via, data_source.as_ref());
        match target {
            Target::Relation {
                shown,
                name,
                dialect,
                is_database_advisory,
            } => {
                let told = name.database.clone();
                let (name, rules) = apply_all(self.input.mapping, name);
                // Who maps the database says what it truly is.
                let is_database_advisory = is_database_advisory && name.database == told;
                let wanted = Wanted {
                    name,
                    dialect,
                    is_database_advisory,
                };
                let settled = match self.answers.entry(wanted) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let answer = look_up(&self.index, new.key());
                        let settled = Settled::new(new.key(), answer, self.input.integration);
                        match &settled {
                            Settled::Linked { .. } => {
                                self.linked.insert(new.key().name.folded());
                            }
                            Settled::Missing { reason, identity, .. } => {
                                self.unlinked.insert((*reason, identity.clone()));
                            }
                        }
                        new.insert(settled)
                    }
                };
                match settled {
                    Settled::Linked {
                        node,
                        matched,
                        relation,
                        note,
                    } => {
                        found.link(
                            node,
                            Evidence {
                                via,
                                matched: *matched,
                                table: shown,
                                relation: relation.clone(),
                                data_source,
                                rules,
                                confidence,
                                note: note.clone(),
                                hand: None,
                            },
                        );
                    }
                    Settled::Missing {
                        reason,
                        candidates,
                        remedy,
                        identity,
                        compared,
                    } => {
                        let gap = Gap {
                            candidates: candidates.clone(),
                            remedy: remedy.clone(),
                            compared: Some(compared.clone()),
                            ..gap(*reason, shown, None)
                        };
                        found.add(identity, gap);
                    }
                }
            }
            Target::LinkedServer { shown } => {
                let identity = shown.clone();
                self.add_nameless(&identity, gap(GapReason::LinkedServer, shown, None), found);
            }
            Target::NotAWarehouseTable {
                table,
                shown,
                connection_type,
            } => {
                let detail = format!("it is read through `{connection_type}`");
                let gap = gap(GapReason::NotAWarehouseTable, shown, Some(&detail));
                self.add_nameless(table.as_str(), gap, found);
            }
            Target::UnreadableSql { shown, why } => {
                let place = data_source.as_ref().map_or("", |source| source.id.as_str());
                let identity = format!("{place} {shown}");
                self.add_nameless(
                    &identity,
                    gap(GapReason::SqlNotReadable, shown, Some(&why)),
                    found,
                );
            }
            Target::Hidden { table } => {
                found.hidden.insert(table);
            }
        }
    }

    /// A gap that is told apart by something else than the name of a relation.
    fn add_nameless(&mut self, identity: &str, gap: Gap, found: &mut Found) {
        self.unlinked.insert((gap.reason, identity.to_owned()));
        found.add(identity, gap);
    }

    /// One gap for all tables whose names the tool hides.
    fn add_hidden(&mut self, found: &mut Found) {
        let count = found.hidden.len();
        if count == 0 {
            return;
        }
        for table in std::mem::take(&mut found.hidden) {
            self.unlinked
                .insert((GapReason::HiddenFromToken, table.to_string()));
        }
        let noun = if count == 1 { "table" } else { "tables" };
        let gap = whole_asset_gap(
            GapReason::HiddenFromToken,
            format!("({count} {noun} without a name)"),
            None,
        );
        found.add("", Gap { count, ..gap });
    }

    /// What the tool says of the asset's lineage as a whole. Parts of it may be incomplete through a
    /// data source alone.
    fn add_state_of_lineage(&mut self, id: &AssetId, asset: &Asset, is_empty: bool, found: &mut Found) {
        let sources = crate::reference::reachable_sources(self.input.inventory, asset);
        let states = std::iter::once(&asset.lineage).chain(sources.values().map(|source| &source.lineage));
        let worst = states.into_iter().find(|state| !state.is_complete());
        let (reason, detail) = match worst {
            Some(Completeness::Pending) => (GapReason::PendingInIndex, None),
            Some(Completeness::Partial { reason }) => (GapReason::LineageIncomplete, Some(reason.as_str())),
            _ if is_empty => (GapReason::NoLineageReported, None),
            _ => return,
        };
        let gap = whole_asset_gap(reason, "(the whole workbook)".to_owned(), detail);
        self.unlinked.insert((gap.reason, id.to_string()));
        found.add("", gap);
    }

    fn assemble(&self, id: &AssetId, asset: &Asset, found: Found) -> Exposure {
        let given = self.input.names.get(id);
        let name = given.map_or_else(
            || crate::naming::snake_case(&asset.name),
            |given| given.name.clone(),
        );
        let projects = self.input.projects;
        let named = given.and_then(|given| projects.iter().find(|project| project.name == given.project));
        let project = named.or_else(|| projects.first());
        let package = project.map_or("tailwater", |project| project.metadata.package.as_str());
        let owner = asset.owner.as_ref();
        let links: Vec<Link> = found
            .links
            .into_iter()
            .map(|(node, evidence)| Link {
                node,
                evidence: evidence.into_iter().collect(),
            })
            .collect();
        Exposure {
            unique_id: NodeId::new(format!("exposure.{package}.{name}")),
            name,
            label: asset.name.clone(),
            kind: "dashboard".to_owned(),
            mode: Mode::Auto,
            modes: BTreeSet::from([Mode::Auto]),
            project: project.map(|project| project.name.clone()).unwrap_or_default(),
            integration: Some(self.input.integration.clone()),
            url: asset.url.clone(),
            owner: ExposureOwner {
                name: owner.and_then(|owner| owner.name.clone()),
                email: owner.and_then(|owner| owner.email.clone()),
            },
            description: asset.description.clone().filter(|text| !text.is_empty()),
            maturity: None,
            tags: asset.tags.clone(),
            depends_on: links.iter().map(|link| link.node.clone()).collect(),
            links,
            gaps: found.gaps.into_values().collect(),
            workbook: (asset.kind == AssetKind::Workbook).then(|| Workbook {
                luid: id.to_string(),
                project_path: join_path(&asset.collection_path),
                total_views: asset.total_views,
                created_at: asset.created_at,
                updated_at: asset.updated_at,
            }),
            stale: None,
            first_seen: None,
            last_seen: None,
            curated: BTreeMap::new(),
            unlinked: Vec::new(),
            settled: Vec::new(),
        }
    }
}

/// What the references of one asset came to.
#[derive(Default)]
struct Found {
    links: BTreeMap<NodeId, BTreeSet<Evidence>>,
    gaps: BTreeMap<(GapReason, String), Gap>,
    hidden: BTreeSet<TableId>,
}

impl Found {
    fn link(&mut self, node: &NodeId, evidence: Evidence) {
        if let Some(known) = self.links.get_mut(node) {
            known.insert(evidence);
        } else {
            self.links.insert(node.clone(), BTreeSet::from([evidence]));
        }
    }

    /// The same thing told of by several routes is one gap, under the best of them.
    fn add(&mut self, identity: &str, gap: Gap) {
        self.gaps.entry((gap.reason, identity.to_owned())).or_insert(gap);
    }
}

/// A gap of a reference. `detail` says more of why, where there is more to say.
fn gap(
    reason: GapReason,
    shown: String,
    detail: Option<&str>,
    via: Via,
    data_source: Option<&DataSourceRef>,
) -> Gap {
    Gap {
        data_source: data_source.map(|source| source.name.clone()),
        via: Some(via),
        ..whole_asset_gap(reason, shown, detail)
    }
}

fn whole_asset_gap(reason: GapReason, table: String, detail: Option<&str>) -> Gap {
    let remedy = remedy::without_name(reason);
    let remedy = detail.map_or(remedy.clone(), |detail| format!("{remedy} ({detail})"));
    Gap {
        table,
        reason,
        candidates: Vec::new(),
        remedy,
        data_source: None,
        via: None,
        count: 1,
        compared: None,
    }
}

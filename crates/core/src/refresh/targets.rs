//! Which targets there are: from what a site holds and the exposures made of it.
//!
//! ```text
//! workbook ─┬─ embedded, extract ───────────────▶ the workbook            (one call refreshes all of them)
//!           ├─ embedded, live ──────────────────▶ the workbook, live
//!           └─ embedded, of a published one ────▶ the published data source, once for everybody
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::target::{Refreshability, Target, TargetId, TargetKind};
use crate::exposure::{Exposure, Link};
use crate::id::{AssetId, DataSourceId, IntegrationName, NodeId};
use crate::inventory::{Asset, DataSource, Inventory, Table, TableVia};

/// The targets of an integration's exposures, sorted by id, each once.
///
/// A link counts for the targets whose data source its evidence names. A link without a data source, by hand
/// or declared, counts for every target of its exposure. Of a workbook that holds extracts and live
/// connections only what the extracts read counts.
pub fn targets<'a>(
    integration: &IntegrationName,
    inventory: &Inventory,
    exposures: impl IntoIterator<Item = &'a Exposure>,
) -> Vec<Target> {
    let mut found: BTreeMap<TargetId, Target> = BTreeMap::new();
    for exposure in exposures {
        if exposure.integration.as_ref() != Some(integration) {
            continue;
        }
        let Some(workbook) = &exposure.workbook else {
            continue;
        };
        let id = AssetId::from(workbook.luid.as_str());
        let Some(asset) = inventory.assets.get(&id) else {
            continue;
        };
        let holding = Holding::new(integration, inventory, &id, asset);
        for target in holding.targets.values() {
            found.entry(target.id.clone()).or_insert_with(|| target.clone());
        }
        for target in holding.targets.keys() {
            if let Some(target) = found.get_mut(target) {
                target.exposures.insert(exposure.unique_id.clone());
            }
        }
        for link in &exposure.links {
            for target in holding.standing_on(link) {
                if let Some(target) = found.get_mut(target) {
                    target.upstream.insert(link.node.clone());
                }
            }
        }
    }
    found.into_values().collect()
}

/// The data sources of one asset, and what is refreshed so that they are.
struct Holding<'a> {
    /// Every data source, with itself and all that it stands for.
    reached: BTreeMap<&'a DataSourceId, BTreeSet<&'a DataSourceId>>,
    /// The data sources whose links count, with the target that takes their data over.
    takes: Vec<(&'a DataSourceId, TargetId)>,
    targets: BTreeMap<TargetId, Target>,
}

impl<'a> Holding<'a> {
    fn new(integration: &IntegrationName, inventory: &'a Inventory, id: &AssetId, asset: &'a Asset) -> Self {
        let mut holding = Self {
            reached: BTreeMap::new(),
            takes: Vec::new(),
            targets: BTreeMap::new(),
        };
        let roots = reach(inventory, asset.data_sources.iter());
        let mut embedded = Vec::new();
        for &source_id in &roots {
            let Some(source) = inventory.data_sources.get(source_id) else {
                continue;
            };
            holding
                .reached
                .insert(source_id, reach(inventory, std::iter::once(source_id)));
            // One that stands for others and holds no extract only passes their data on.
            let stands_for_others = source.parents.iter().any(|parent| parent != source_id);
            let sees_others = source
                .parents
                .iter()
                .any(|parent| parent != source_id && inventory.data_sources.contains_key(parent));
            if sees_others && source.has_extract != Some(true) {
                continue;
            }
            let is_hidden = stands_for_others && !sees_others && source.has_extract != Some(true);
            if source.is_published {
                let mut target = published(integration, inventory, source_id, source);
                if is_hidden {
                    target.can = Refreshability::Hidden;
                }
                holding.takes.push((source_id, target.id.clone()));
                holding.targets.insert(target.id.clone(), target);
            } else {
                let can = if is_hidden {
                    Refreshability::Hidden
                } else {
                    refreshability(inventory, source)
                };
                embedded.push((source_id, source, can));
            }
        }
        // Without any data source nothing is told of extracts: the workbook itself has to be asked.
        if !embedded.is_empty() || holding.targets.is_empty() {
            holding.add_workbook(integration, id, asset, &embedded);
        }
        holding
    }

    fn add_workbook(
        &mut self,
        integration: &IntegrationName,
        id: &AssetId,
        asset: &Asset,
        embedded: &[(&'a DataSourceId, &'a DataSource, Refreshability)],
    ) {
        let can = [
            Refreshability::Yes,
            Refreshability::Unknown,
            Refreshability::VirtualConnection,
            Refreshability::Hidden,
            Refreshability::File,
            Refreshability::Live,
        ]
        .into_iter()
        .find(|best| embedded.iter().any(|(_, _, can)| can == best))
        .unwrap_or(Refreshability::Unknown);
        let target = Target {
            id: TargetId {
                integration: integration.clone(),
                kind: TargetKind::Workbook,
                id: id.to_string(),
            },
            name: asset.name.clone(),
            url: asset.url.clone(),
            collection: asset.collection.clone(),
            exposures: BTreeSet::new(),
            upstream: BTreeSet::new(),
            can,
            refreshed_at: embedded
                .iter()
                .filter(|(_, source, _)| source.has_extract != Some(false))
                .filter_map(|(_, source, _)| source.extract_refreshed_at)
                .min(),
        };
        for &(source_id, _, its) in embedded {
            if its == can || its == Refreshability::Unknown {
                self.takes.push((source_id, target.id.clone()));
            }
        }
        self.targets.insert(target.id.clone(), target);
    }

    /// The targets that a link counts for.
    fn standing_on(&self, link: &Link) -> BTreeSet<&TargetId> {
        let named: BTreeSet<&DataSourceId> = link
            .evidence
            .iter()
            .filter_map(|evidence| evidence.data_source.as_ref())
            .map(|source| &source.id)
            .filter(|&id| self.reached.contains_key(id))
            .collect();
        if named.is_empty() {
            return self.targets.keys().collect();
        }
        let reaches = |from: &DataSourceId, to: &DataSourceId| {
            self.reached.get(from).is_some_and(|reached| reached.contains(to))
        };
        // What an embedded data source lists is what the published one behind it reads, and the other way.
        self.takes
            .iter()
            .filter(|(source, _)| {
                named
                    .iter()
                    .any(|&named| reaches(source, named) || reaches(named, source))
            })
            .map(|(_, target)| target)
            .collect()
    }
}

/// The data sources with all that they stand for, without those that are not known.
fn reach<'a>(
    inventory: &'a Inventory,
    from: impl Iterator<Item = &'a DataSourceId>,
) -> BTreeSet<&'a DataSourceId> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&DataSourceId> = from.collect();
    while let Some(id) = waiting.pop() {
        if let Some(source) = inventory.data_sources.get(id)
            && reached.insert(id)
        {
            waiting.extend(&source.parents);
        }
    }
    reached
}

fn published(
    integration: &IntegrationName,
    inventory: &Inventory,
    id: &DataSourceId,
    source: &DataSource,
) -> Target {
    Target {
        id: TargetId {
            integration: integration.clone(),
            kind: TargetKind::DataSource,
            id: source.luid.clone().unwrap_or_else(|| id.to_string()),
        },
        name: source.name.clone(),
        url: source.url.clone(),
        collection: None,
        exposures: BTreeSet::new(),
        upstream: BTreeSet::<NodeId>::new(),
        can: refreshability(inventory, source),
        refreshed_at: source
            .extract_refreshed_at
            .filter(|_| source.has_extract != Some(false)),
    }
}

fn refreshability(inventory: &Inventory, source: &DataSource) -> Refreshability {
    match source.has_extract {
        Some(true) => return Refreshability::Yes,
        None => return Refreshability::Unknown,
        Some(false) => {}
    }
    if source.tables.is_empty() || !source.custom_sql.is_empty() {
        return Refreshability::Live;
    }
    // The tool's words for an extract that was made of a file, with nothing behind it to read again.
    let is_file = |table: Option<&Table>| {
        let kind = table.and_then(|table| table.connection_type.as_deref());
        kind.is_some_and(|kind| ["hyper", "dataengine"].contains(&kind.to_ascii_lowercase().as_str()))
    };
    let mut uses = source.tables.iter();
    if uses
        .clone()
        .all(|used| is_file(inventory.tables.get(&used.table)))
    {
        Refreshability::File
    } else if uses.all(|used| used.via == TableVia::VirtualConnection) {
        Refreshability::VirtualConnection
    } else {
        Refreshability::Live
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::exposure::{DataSourceRef, Evidence, ExposureOwner, Matched, Mode, Via, Workbook};
    use crate::inventory::{CustomSql, TableUse};

    /// A data source: `own` is embedded, `Own` published; `+` holds an extract, `?` does not tell, and what
    /// stands after `<` are the ones it stands for.
    fn add_source(inventory: &mut Inventory, text: &str) {
        let (head, parents) = text.split_once('<').unwrap_or((text, ""));
        let name = head.trim_end_matches(['+', '?']);
        let source = DataSource {
            name: format!("{name} source"),
            is_published: name.starts_with(char::is_uppercase),
            luid: name
                .starts_with(char::is_uppercase)
                .then(|| format!("luid-{name}")),
            has_extract: match &head[name.len()..] {
                "+" => Some(true),
                "?" => None,
                _ => Some(false),
            },
            parents: parents
                .split(',')
                .filter(|it| !it.is_empty())
                .map(Into::into)
                .collect(),
            ..DataSource::default()
        };
        inventory.data_sources.insert(name.into(), source);
    }

    fn site(sources: &str, assets: &[(&str, &str)]) -> Inventory {
        let mut inventory = Inventory::default();
        for source in sources.split_whitespace() {
            add_source(&mut inventory, source);
        }
        for (asset, holds) in assets {
            inventory.assets.insert(
                (*asset).into(),
                Asset {
                    name: format!("{asset} workbook"),
                    data_sources: holds.split_whitespace().map(Into::into).collect(),
                    ..Asset::default()
                },
            );
        }
        inventory
    }

    /// An exposure of an asset; each link as `node@source`, several sources with `,`, none for the whole.
    fn exposure(asset: &str, links: &str) -> Exposure {
        let link = |text: &str| {
            let (node, sources) = text.split_once('@').unwrap();
            let evidence = |source: Option<&str>| Evidence {
                via: Via::TableList,
                matched: Matched::DatabaseSchemaName,
                table: String::new(),
                relation: String::new(),
                data_source: source.map(|id| DataSourceRef {
                    id: id.into(),
                    name: String::new(),
                    is_published: false,
                }),
                rules: Vec::new(),
                confidence: None,
                note: None,
                hand: None,
            };
            Link {
                node: node.into(),
                evidence: match sources {
                    "" => vec![evidence(None)],
                    sources => sources.split(',').map(|source| evidence(Some(source))).collect(),
                },
            }
        };
        Exposure {
            unique_id: NodeId::new(format!("exposure.shop.{asset}")),
            name: asset.to_owned(),
            label: asset.to_owned(),
            kind: "dashboard".to_owned(),
            mode: Mode::Auto,
            modes: BTreeSet::new(),
            project: "shop".into(),
            integration: Some("main".into()),
            url: None,
            owner: ExposureOwner::default(),
            description: None,
            maturity: None,
            tags: BTreeSet::new(),
            depends_on: BTreeSet::new(),
            links: links.split_whitespace().map(link).collect(),
            gaps: Vec::new(),
            workbook: Some(Workbook {
                luid: asset.to_owned(),
                project_path: String::new(),
                total_views: None,
                created_at: None,
                updated_at: None,
            }),
            stale: None,
            first_seen: None,
            last_seen: None,
            curated: BTreeMap::new(),
            unlinked: Vec::new(),
            settled: Vec::new(),
        }
    }

    fn show(targets: &[Target]) -> Vec<String> {
        let one = |target: &Target| {
            let upstream: Vec<&str> = target.upstream.iter().map(NodeId::as_str).collect();
            format!(
                "{} {:?} of {}: {}",
                target.id.id,
                target.can,
                target.exposures.len(),
                upstream.join(" ")
            )
        };
        targets.iter().map(one).collect()
    }

    #[rstest]
    #[case::embedded_extract("a+", "a", "n1@a n2@", &["w Yes of 1: n1 n2"])]
    #[case::live("a", "a", "n1@a", &["w Live of 1: n1"])]
    #[case::not_told("a?", "a", "n1@a", &["w Unknown of 1: n1"])]
    #[case::several_extracts("a+ b+", "a b", "n1@a n2@b", &["w Yes of 1: n1 n2"])]
    #[case::extract_and_live("a+ b", "a b", "n1@a n2@b n3@a,b", &["w Yes of 1: n1 n3"])]
    #[case::published("P+ a<P", "a", "n1@a n2@P", &["luid-P Yes of 1: n1 n2"])]
    #[case::published_live("P a<P", "a", "n1@a", &["luid-P Live of 1: n1"])]
    #[case::published_and_embedded("P+ a<P b+", "a b", "n1@P n2@b hand@", &["w Yes of 1: hand n2", "luid-P Yes of 1: hand n1"])]
    #[case::own_extract_of_a_published("P+ a+<P", "a", "n1@P n2@a", &["w Yes of 1: n1 n2", "luid-P Yes of 1: n1 n2"])]
    #[case::two_published("P+ Q+ a<P b<Q", "a b", "n1@P n2@b", &["luid-P Yes of 1: n1", "luid-Q Yes of 1: n2"])]
    #[case::published_of_a_published("P+ Q<P a<Q", "a", "n1@a", &["luid-P Yes of 1: n1"])]
    #[case::standing_for_itself("P+<P a<P", "a", "n1@a", &["luid-P Yes of 1: n1"])]
    #[case::nothing_known("", "", "n1@", &["w Unknown of 1: n1"])]
    #[case::source_that_has_gone("a+", "a gone", "n1@gone", &["w Yes of 1: n1"])]
    #[case::parent_that_is_hidden("a<gone", "a", "n1@a", &["w Hidden of 1: n1"])]
    fn of_one_workbook(
        #[case] sources: &str,
        #[case] holds: &str,
        #[case] links: &str,
        #[case] expected: &[&str],
    ) {
        let inventory = site(sources, &[("w", holds)]);
        let found = targets(&"main".into(), &inventory, &[exposure("w", links)]);
        assert_eq!(show(&found), expected);
    }

    #[test]
    fn a_published_source_of_twenty_workbooks_is_one_target() {
        let names: Vec<String> = (0..20).map(|number| format!("w{number:02}")).collect();
        let assets: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a")).collect();
        let inventory = site("P+ a<P", &assets);
        let exposures: Vec<Exposure> = names
            .iter()
            .enumerate()
            .map(|(number, name)| exposure(name, &format!("n{}@P", number % 2)))
            .collect();
        let found = targets(&"main".into(), &inventory, &exposures);
        assert_eq!(show(&found), ["luid-P Yes of 20: n0 n1"]);
    }

    #[test]
    fn only_what_the_integration_has_counts() {
        let inventory = site("a+", &[("w", "a")]);
        let mut other = exposure("w", "n1@a");
        other.integration = Some("other".into());
        let mut written = exposure("w", "n1@a");
        written.workbook = None;
        let found = targets(
            &"main".into(),
            &inventory,
            &[other, written, exposure("gone", "n1@a")],
        );
        assert_eq!(show(&found), [] as [&str; 0]);
    }

    #[test]
    fn extracts_of_files_and_virtual_connections_are_told_apart() {
        let mut inventory = site(
            "file virtual sql",
            &[("f", "file"), ("v", "virtual"), ("s", "sql")],
        );
        let mut hold = |source: &str, via, connection: &str| {
            inventory.tables.insert(
                source.into(),
                Table {
                    connection_type: Some(connection.to_owned()),
                    ..Table::default()
                },
            );
            let source = inventory.data_sources.get_mut(source).unwrap();
            source.tables = [TableUse {
                table: source.name.split(' ').next().unwrap().into(),
                via,
            }]
            .into();
        };
        hold("file", TableVia::TableList, "hyper");
        hold("virtual", TableVia::VirtualConnection, "snowflake");
        hold("sql", TableVia::TableList, "hyper");
        inventory.custom_sql.insert("q".into(), CustomSql::default());
        let sql = inventory.data_sources.get_mut("sql").unwrap();
        sql.custom_sql = ["q".into()].into();
        let exposures = ["f", "v", "s"].map(|asset| exposure(asset, ""));
        let found = targets(&"main".into(), &inventory, &exposures);
        assert_eq!(
            show(&found),
            ["f File of 1: ", "s Live of 1: ", "v VirtualConnection of 1: "]
        );
    }

    #[test]
    fn the_oldest_extract_says_how_old_the_workbook_is() {
        let mut inventory = site("a+ b+ c", &[("w", "a b c")]);
        let hour = |hour: i64| chrono::DateTime::from_timestamp(hour * 3_600, 0);
        for (source, at) in [("a", 5), ("b", 3), ("c", 1)] {
            inventory
                .data_sources
                .get_mut(source)
                .unwrap()
                .extract_refreshed_at = hour(at);
        }
        let found = targets(&"main".into(), &inventory, &[exposure("w", "")]);
        assert_eq!(found[0].refreshed_at, hour(3));
    }
}

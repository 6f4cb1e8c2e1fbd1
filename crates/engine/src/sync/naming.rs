//! Which name each asset's exposure has.
//!
//! In this order: what a command renames it to; the name that it was given earlier and that the store keeps; the
//! name that it has in the project's generated YAML, so that a store that was lost or is new goes on with the
//! names that everybody uses; a new one made of its label.

use std::collections::{BTreeMap, BTreeSet};

use tailwater_core::exposure_yaml::Mark;
use tailwater_core::id::{AssetId, IntegrationName, NodeId, ProjectName};
use tailwater_core::inventory::Inventory;
use tailwater_core::manual::twins;
use tailwater_core::naming::{Unnamed, assign_names};
use tailwater_core::project::{Node, Project};
use tailwater_core::resolve::GivenName;
use tailwater_store::ExposureName;

/// All that naming needs.
#[derive(Debug)]
pub(super) struct NamingInput<'a> {
    /// The integration whose assets are named.
    pub integration: &'a IntegrationName,
    /// The other integrations that there are.
    pub others: BTreeSet<&'a IntegrationName>,
    /// Its projects; the first one's package names what has no name yet.
    pub projects: Vec<&'a Project>,
    /// What the site holds.
    pub inventory: &'a Inventory,
    /// Every name that the store keeps, of all integrations.
    pub given: &'a [ExposureName],
    /// Names to be given whatever the store keeps, where nobody else has them.
    pub renamed: &'a BTreeMap<AssetId, String>,
}

/// The name of each asset's exposure.
pub(super) fn name_assets(input: &NamingInput<'_>) -> BTreeMap<AssetId, GivenName> {
    let mut given = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for row in input.given {
        if row.integration == *input.integration {
            let name = GivenName {
                project: row.project.clone(),
                name: row.name.clone(),
            };
            given.insert(row.asset.clone(), name);
        } else {
            taken.insert(row.name.clone());
        }
    }
    let manual = manual_names(input);
    // A name that the project's authors gave to another dashboard since is theirs.
    given.retain(|_, given| !manual.contains(&given.name));
    taken.extend(manual);
    let project = input
        .projects
        .first()
        .map(|project| project.name.clone())
        .unwrap_or_default();
    adopt(input, &project, &mut given, &mut taken);
    rename(input, &project, &mut given, &taken);
    let unnamed: Vec<Unnamed<'_>> = input
        .inventory
        .assets
        .iter()
        .map(|(id, asset)| Unnamed {
            asset: id,
            label: &asset.name,
            created_at: asset.created_at,
        })
        .collect();
    let known = given
        .iter()
        .map(|(id, given)| (id.clone(), given.name.clone()))
        .collect();
    for (id, name) in assign_names(&unnamed, &known, &taken) {
        let project = project.clone();
        given.insert(id, GivenName { project, name });
    }
    given.retain(|id, _| input.inventory.assets.contains_key(id));
    given
}

/// Names of exposures that are not ours to give: those that people wrote in YAML, but for a dashboard that is
/// declared beside its import, which may have the name that it has there; and those that an export wrote for
/// other integrations.
fn manual_names(input: &NamingInput<'_>) -> BTreeSet<String> {
    let twins: BTreeSet<NodeId> = twins(&input.projects, input.inventory).into_values().collect();
    let manual = input.projects.iter().flat_map(|project| project.exposures());
    let manual = manual.filter(|node| !twins.contains(&node.unique_id));
    let of_others = generated(input).filter(|(_, mark)| !is_ours(input, mark));
    manual
        .chain(of_others.map(|(node, _)| node))
        .map(|node| node.name.clone())
        .collect()
}

/// Gives the names in generated YAML to the assets that have none, and keeps those of assets that are not there
/// from being given to others.
fn adopt(
    input: &NamingInput<'_>,
    project: &ProjectName,
    given: &mut BTreeMap<AssetId, GivenName>,
    taken: &mut BTreeSet<String>,
) {
    let mut used: BTreeSet<String> = given.values().map(|given| given.name.clone()).collect();
    for (node, mark) in generated(input).filter(|(_, mark)| is_ours(input, mark)) {
        let is_free = !used.contains(&node.name) && !taken.contains(&node.name);
        if !input.inventory.assets.contains_key(&mark.asset) {
            taken.insert(node.name.clone());
        } else if is_free && !given.contains_key(&mark.asset) {
            used.insert(node.name.clone());
            let (project, name) = (project.clone(), node.name.clone());
            given.insert(mark.asset, GivenName { project, name });
        }
    }
}

fn rename(
    input: &NamingInput<'_>,
    project: &ProjectName,
    given: &mut BTreeMap<AssetId, GivenName>,
    taken: &BTreeSet<String>,
) {
    for (asset, name) in input.renamed {
        let is_used = given
            .iter()
            .any(|(other, given)| other != asset && given.name == *name);
        if is_used || taken.contains(name) {
            continue;
        }
        given
            .entry(asset.clone())
            .or_insert_with(|| GivenName {
                project: project.clone(),
                name: String::new(),
            })
            .name
            .clone_from(name);
    }
}

/// The exposures that an export wrote, with their marks, in the order of projects and ids.
fn generated<'a>(input: &NamingInput<'a>) -> impl Iterator<Item = (&'a Node, Mark)> + use<'a> {
    let projects = input.projects.clone();
    projects
        .into_iter()
        .flat_map(tailwater_core::project::Project::generated)
        .filter_map(|node| Some((node, Mark::of(&node.meta)?)))
}

/// Whether a mark speaks of this integration. One that is not known any more, or never was, is taken for this
/// one under an earlier name where the site holds the asset.
fn is_ours(input: &NamingInput<'_>, mark: &Mark) -> bool {
    match &mark.integration {
        Some(name) if name == input.integration => true,
        Some(name) if input.others.contains(name) => false,
        _ => input.inventory.assets.contains_key(&mark.asset),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;
    use tailwater_core::inventory::Asset;
    use tailwater_core::project::{ProjectMetadata, ResourceType};

    use super::*;

    fn exposure(name: &str, asset: &str, integration: &str) -> Node {
        let mark = json!({ "id": asset, "integration": integration, "generated": true });
        Node {
            unique_id: NodeId::new(format!("exposure.p.{name}")),
            name: name.to_owned(),
            resource_type: ResourceType::Exposure,
            meta: [("tailwater".to_owned(), mark)].into_iter().collect(),
            ..Node::default()
        }
    }

    fn inventory(assets: &[(&str, &str)]) -> Inventory {
        let asset = |&(id, name): &(&str, &str)| {
            let asset = Asset {
                name: name.to_owned(),
                ..Asset::default()
            };
            (AssetId::from(id), asset)
        };
        Inventory {
            assets: assets.iter().map(asset).collect(),
            ..Inventory::default()
        }
    }

    fn names(
        declared: Vec<Node>,
        assets: &[(&str, &str)],
        given: &[(&str, &str, &str)],
        renamed: &[(&str, &str)],
    ) -> Vec<(String, String)> {
        let project = Project::new("p".into(), ProjectMetadata::default(), declared, vec![]);
        let row = |&(integration, asset, name): &(&str, &str, &str)| ExposureName {
            integration: integration.into(),
            asset: asset.into(),
            project: "p".into(),
            name: name.to_owned(),
        };
        let renamed = renamed
            .iter()
            .map(|&(asset, name)| (asset.into(), name.to_owned()))
            .collect();
        let named = name_assets(&NamingInput {
            integration: &"main".into(),
            others: BTreeSet::from([&"second".into()]),
            projects: vec![&project],
            inventory: &inventory(assets),
            given: &given.iter().map(row).collect::<Vec<_>>(),
            renamed: &renamed,
        });
        let pair = |(asset, given): (AssetId, GivenName)| (asset.to_string(), given.name);
        named.into_iter().map(pair).collect()
    }

    #[rstest]
    // The store is new: the YAML's name is taken over, also from an integration that has another name now.
    #[case(&[("sales", "a1", "main")], &[("a1", "Revenue")], &[], &["sales"])]
    #[case(&[("sales", "a1", "before")], &[("a1", "Revenue")], &[], &["sales"])]
    // The store knows better.
    #[case(&[("sales", "a1", "main")], &[("a1", "Revenue")], &[("main", "a1", "turnover")], &["turnover"])]
    // What an export wrote for others, or for an asset that is not there now, is not given away.
    #[case(&[("sales", "zz", "second")], &[("a1b2", "Sales")], &[], &["sales_a1b2"])]
    #[case(&[("sales", "zz", "unknown")], &[("a1b2", "Sales")], &[], &["sales_a1b2"])]
    #[case(&[("sales", "zz", "main")], &[("a1b2", "Sales")], &[], &["sales_a1b2"])]
    // But of its own integration it takes no name from anybody.
    #[case(&[("sales", "zz", "main")], &[("a1b2", "Sales")], &[("main", "a1b2", "sales")], &["sales"])]
    // Two entries of one asset: the first counts.
    #[case(&[("b", "a1", "main"), ("a", "a1", "main")], &[("a1", "X")], &[], &["a"])]
    fn names_of_generated_yaml_outlive_the_store(
        #[case] declared: &[(&str, &str, &str)],
        #[case] assets: &[(&str, &str)],
        #[case] given: &[(&str, &str, &str)],
        #[case] expected: &[&str],
    ) {
        let declared = declared
            .iter()
            .map(|&(name, asset, integration)| exposure(name, asset, integration))
            .collect();
        let found = names(declared, assets, given, &[]);
        let found: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_rename_is_heard_where_the_name_is_free() {
        let assets = [("a1", "Sales"), ("b2", "Orders")];
        let given = [
            ("main", "a1", "sales"),
            ("main", "b2", "orders"),
            ("second", "c3", "board"),
        ];
        let named = |renamed: &[(&str, &str)]| names(Vec::new(), &assets, &given, renamed);
        let pair = |asset: &str, name: &str| (asset.to_owned(), name.to_owned());
        assert_eq!(
            named(&[("a1", "turnover")]),
            [pair("a1", "turnover"), pair("b2", "orders")]
        );
        for used in ["orders", "board"] {
            assert_eq!(
                named(&[("a1", used)]),
                [pair("a1", "sales"), pair("b2", "orders")]
            );
        }
    }
}

//! Manual exposures beside automatic ones: which of them are the same dashboard.
//!
//! A manual exposure is the same dashboard as an asset when its `meta.tailwater.id` is the asset's id,
//! or its `url` is the asset's. Such a pair is shown once, under the name that the project's authors
//! chose, with both modes named.
//!
//! What people curated of the automatic one is applied before. Where the YAML says something else, the YAML
//! is shown and the curation marked as overruled: the project's authors have the last word on their own file.

use std::collections::{BTreeMap, BTreeSet};

use crate::curation::{CuratedMark, Field};
use crate::exposure::{Evidence, Exposure, ExposureOwner, Link, Matched, Mode, Via};
use crate::exposure_yaml::mark::{Mark, claimed_asset};
use crate::id::{AssetId, NodeId};
use crate::inventory::Inventory;
use crate::naming::free_name;
use crate::project::{Node, Project};

/// A project's manual exposure as an exposure.
pub fn from_node(project: &Project, node: &Node) -> Exposure {
    let info = node.exposure.clone().unwrap_or_default();
    let depends_on: BTreeSet<NodeId> = node.depends_on.iter().cloned().collect();
    let links = depends_on.iter().map(|id| declared_link(project, id)).collect();
    Exposure {
        unique_id: node.unique_id.clone(),
        name: node.name.clone(),
        label: info.label.unwrap_or_else(|| node.name.clone()),
        kind: info.kind,
        mode: Mode::Manual,
        modes: BTreeSet::from([Mode::Manual]),
        project: project.name.clone(),
        integration: None,
        url: info.url,
        owner: ExposureOwner {
            name: info.owner_name,
            email: info.owner_email,
        },
        description: node.description.clone(),
        maturity: info.maturity,
        tags: node.tags.iter().cloned().collect(),
        depends_on,
        links,
        gaps: Vec::new(),
        workbook: None,
        stale: None,
        first_seen: None,
        last_seen: None,
        curated: BTreeMap::new(),
        unlinked: Vec::new(),
        settled: Vec::new(),
    }
}

fn declared_link(project: &Project, id: &NodeId) -> Link {
    let relation = project
        .find(id.as_str())
        .and_then(|node| node.relation.as_ref())
        .map(|known| known.name.to_string());
    let relation = relation.unwrap_or_default();
    let evidence = Evidence {
        via: Via::Declared,
        matched: Matched::Declared,
        table: relation.clone(),
        relation,
        data_source: None,
        rules: Vec::new(),
        confidence: None,
        note: None,
        hand: None,
    };
    Link {
        node: id.clone(),
        evidence: vec![evidence],
    }
}

/// The asset that each manual exposure stands for. An asset is claimed once: by id before by address,
/// then by the first `unique_id`.
pub fn twins(projects: &[&Project], inventory: &Inventory) -> BTreeMap<AssetId, NodeId> {
    let assets = inventory
        .assets
        .iter()
        .map(|(id, asset)| (id, asset.url.as_deref()));
    let mut by_url = BTreeMap::new();
    for (id, url) in assets {
        if let Some(url) = url.filter(|url| !url.trim().is_empty()).map(normalized_url) {
            by_url.entry(url).or_insert(id);
        }
    }
    let by_id = |node: &Node| claimed_id(node).filter(|id| inventory.assets.contains_key(id));
    let by_address =
        |node: &Node| claimed_address(node).and_then(|url| by_url.get(&url).map(|id| (*id).clone()));
    claims(projects, by_id, by_address)
}

fn claims(
    projects: &[&Project],
    by_id: impl Fn(&Node) -> Option<AssetId>,
    by_address: impl Fn(&Node) -> Option<AssetId>,
) -> BTreeMap<AssetId, NodeId> {
    let manual: BTreeMap<&NodeId, &Node> = projects
        .iter()
        .flat_map(|project| project.exposures())
        .map(|node| (&node.unique_id, node))
        .collect();
    let mut twins: BTreeMap<AssetId, NodeId> = BTreeMap::new();
    let mut settled = BTreeSet::new();
    for (id, node) in &manual {
        if let Some(asset) = by_id(node) {
            settled.insert(*id);
            twins.entry(asset).or_insert_with(|| (*id).clone());
        }
    }
    for (id, node) in &manual {
        if let Some(asset) = by_address(node).filter(|_| !settled.contains(id)) {
            twins.entry(asset).or_insert_with(|| (*id).clone());
        }
    }
    twins
}

fn claimed_id(node: &Node) -> Option<AssetId> {
    claimed_asset(&node.meta)
}

fn claimed_address(node: &Node) -> Option<String> {
    let url = node.exposure.as_ref()?.url.as_deref()?;
    Some(url).filter(|url| !url.trim().is_empty()).map(normalized_url)
}

/// Addresses that open the same page compare equal: scheme and host in any case, a trailing slash,
/// Tableau's `/views` behind a workbook, and a query behind the fragment do not count.
pub fn normalized_url(url: &str) -> String {
    let url = url.trim();
    let without_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = without_scheme.split_once('/').unwrap_or((without_scheme, ""));
    let path = match path.split_once('#') {
        Some((before, fragment)) => format!("{before}#{}", fragment.split('?').next().unwrap_or_default()),
        None => path.to_owned(),
    };
    let path = path.trim_end_matches('/');
    let is_workbook = path.contains("workbooks/");
    let path = if is_workbook {
        path.strip_suffix("/views").unwrap_or(path)
    } else {
        path
    };
    format!("{}/{path}", host.to_lowercase())
}

/// Joins the stored automatic exposures with the projects' manual ones, each dashboard once, sorted by
/// `unique_id`. The manual one keeps its own words; what only the BI tool knows is added.
///
/// A generated exposure in a project's YAML is the automatic one that it was made of. Where that one is not
/// stored, because the store is younger than the YAML or another installation wrote it, what the YAML says is
/// shown, unless its asset is among `gone`: those that have gone or were left out since.
pub fn join(
    automatic: Vec<(AssetId, Exposure)>,
    projects: &[&Project],
    gone: &BTreeSet<AssetId>,
) -> Vec<Exposure> {
    let known: BTreeSet<&AssetId> = automatic.iter().map(|(id, _)| id).collect();
    let generated: Vec<Exposure> = projects
        .iter()
        .flat_map(|project| project.generated().iter().map(|node| (*project, node)))
        .filter(|(_, node)| {
            Mark::of(&node.meta)
                .is_none_or(|mark| !known.contains(&mark.asset) && !gone.contains(&mark.asset))
        })
        .map(|(project, node)| Exposure {
            mode: Mode::Auto,
            modes: BTreeSet::from([Mode::Auto]),
            ..from_node(project, node)
        })
        .collect();
    let by_url: BTreeMap<String, &AssetId> = automatic
        .iter()
        .rev()
        .filter_map(|(id, exposure)| Some((normalized_url(exposure.url.as_deref()?), id)))
        .collect();
    let twins = claims(
        projects,
        |node| claimed_id(node).filter(|id| known.contains(id)),
        |node| claimed_address(node).and_then(|url| by_url.get(&url).map(|id| (*id).clone())),
    );
    let mut joined: BTreeMap<NodeId, Exposure> = projects
        .iter()
        .flat_map(|project| {
            project
                .exposures()
                .map(|node| (node.unique_id.clone(), from_node(project, node)))
        })
        .collect();
    for (asset, exposure) in automatic {
        if let Some(manual) = twins.get(&asset).and_then(|id| joined.get_mut(id)) {
            merge(manual, exposure);
        } else {
            let exposure = with_free_id(exposure, &asset, |id| joined.contains_key(id));
            joined.insert(exposure.unique_id.clone(), exposure);
        }
    }
    for exposure in generated {
        joined.entry(exposure.unique_id.clone()).or_insert(exposure);
    }
    joined.into_values().collect()
}

/// A manual exposure that came to the project later has the better right to the name. The next sync gives
/// the automatic one another; until then it is shown with its asset's id behind the name.
fn with_free_id(mut exposure: Exposure, asset: &AssetId, is_taken: impl Fn(&str) -> bool) -> Exposure {
    let id = exposure.unique_id.as_str();
    let prefix = id.strip_suffix(&exposure.name).unwrap_or_default().to_owned();
    exposure.name = free_name(&exposure.name, asset, |name| is_taken(&format!("{prefix}{name}")));
    exposure.unique_id = NodeId::new(format!("{prefix}{}", exposure.name));
    exposure
}

fn merge(manual: &mut Exposure, automatic: Exposure) {
    manual.owner.name = manual.owner.name.take().or_else(|| automatic.owner.name.clone());
    manual.owner.email = manual
        .owner
        .email
        .take()
        .or_else(|| automatic.owner.email.clone());
    manual.tags.extend(automatic.tags.iter().cloned());
    merge_curated(manual, &automatic);
    manual.modes.extend(automatic.modes);
    manual.integration = automatic.integration;
    manual.workbook = automatic.workbook;
    manual.stale = automatic.stale;
    manual.first_seen = automatic.first_seen;
    manual.last_seen = automatic.last_seen;
    manual.gaps = automatic.gaps;
    manual.settled = automatic.settled;
    manual.url = manual.url.take().or(automatic.url);
    let mut links: BTreeMap<NodeId, Vec<Evidence>> = std::mem::take(&mut manual.links)
        .into_iter()
        .map(|link| (link.node, link.evidence))
        .collect();
    for link in automatic.links {
        links.entry(link.node).or_default().extend(link.evidence);
    }
    manual.depends_on = links.keys().cloned().collect();
    manual.links = links
        .into_iter()
        .map(|(node, evidence)| Link { node, evidence })
        .collect();
    manual.unlinked = automatic.unlinked;
    for undone in &mut manual.unlinked {
        undone.overruled = manual.depends_on.contains(&undone.node);
    }
}

/// What people gave by hand fills what the YAML leaves open, and is overruled by what it says.
fn merge_curated(manual: &mut Exposure, automatic: &Exposure) {
    let is_curated = |field| automatic.curated.contains_key(&field);
    if is_curated(Field::Description) && manual.description.is_none() {
        manual.description.clone_from(&automatic.description);
    }
    if is_curated(Field::Maturity) && manual.maturity.is_none() {
        manual.maturity.clone_from(&automatic.maturity);
    }
    let marked = automatic.curated.iter().map(|(field, mark)| {
        // Tags are joined, so that those given are among those shown.
        let is_shown = *field == Field::Tags || field.value_in(manual) == field.value_in(automatic);
        let mark = CuratedMark {
            overruled: !is_shown,
            ..mark.clone()
        };
        (*field, mark)
    });
    manual.curated = marked.collect();
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::curation::{Change, Curation, HandLink, KnownNode, Override, apply};
    use crate::inventory::Asset;
    use crate::project::{ExposureInfo, ProjectMetadata, ResourceType};

    #[rstest]
    #[case(
        "https://bi.acme.com/#/site/acme/workbooks/17/views",
        "HTTPS://BI.acme.com/#/site/acme/workbooks/17"
    )]
    #[case(
        "http://bi.acme.com/#/workbooks/17/?:iid=1",
        "https://bi.acme.com/#/workbooks/17"
    )]
    fn addresses_of_one_page_are_equal(#[case] left: &str, #[case] right: &str) {
        assert_eq!(normalized_url(left), normalized_url(right));
    }

    #[test]
    fn addresses_of_two_workbooks_differ() {
        assert_ne!(
            normalized_url("https://h/#/workbooks/17"),
            normalized_url("https://h/#/workbooks/170")
        );
        assert_ne!(
            normalized_url("https://h/#/site/a/workbooks/1"),
            normalized_url("https://h/#/site/b/workbooks/1")
        );
    }

    fn manual(name: &str, url: Option<&str>, claimed: Option<&str>) -> Node {
        let mut node = Node {
            unique_id: NodeId::new(format!("exposure.p.{name}")),
            name: name.into(),
            resource_type: ResourceType::Exposure,
            exposure: Some(ExposureInfo {
                url: url.map(str::to_owned),
                ..ExposureInfo::default()
            }),
            ..Node::default()
        };
        if let Some(id) = claimed {
            node.meta
                .insert("tailwater".into(), serde_json::json!({ "id": id }));
        }
        node
    }

    fn inventory(assets: &[(&str, &str)]) -> Inventory {
        let asset = |url: &str| Asset {
            url: Some(url.to_owned()),
            ..Asset::default()
        };
        Inventory {
            assets: assets
                .iter()
                .map(|(id, url)| ((*id).into(), asset(url)))
                .collect(),
            ..Inventory::default()
        }
    }

    #[test]
    fn a_claim_by_id_wins_over_one_by_address() {
        let project = Project::new(
            "p".into(),
            ProjectMetadata::default(),
            vec![
                manual("a", Some("https://h/#/workbooks/1"), None),
                manual("b", None, Some("one")),
            ],
            vec![],
        );
        let inventory = inventory(&[("one", "https://h/#/workbooks/1")]);
        assert_eq!(
            twins(&[&project], &inventory),
            BTreeMap::from([("one".into(), "exposure.p.b".into())])
        );
    }

    #[test]
    fn a_manual_exposure_that_takes_a_name_later_hides_nothing() {
        let project = Project::new(
            "p".into(),
            ProjectMetadata::default(),
            vec![manual("sales", None, None)],
            vec![],
        );
        let automatic = Exposure {
            mode: Mode::Auto,
            depends_on: BTreeSet::from(["model.p.m".into()]),
            ..from_node(&project, &manual("sales", None, None))
        };
        let joined = join(
            vec![("9df3-aaaa".into(), automatic)],
            &[&project],
            &BTreeSet::new(),
        );
        let ids: Vec<&str> = joined
            .iter()
            .map(|exposure| exposure.unique_id.as_str())
            .collect();
        assert_eq!(ids, ["exposure.p.sales", "exposure.p.sales_9df3"]);
        assert_eq!((joined[0].mode, joined[1].mode), (Mode::Manual, Mode::Auto));
    }

    #[test]
    fn the_yaml_has_the_last_word_on_what_people_curated() {
        let mut node = manual("weekly", None, Some("one"));
        node.depends_on = vec!["model.p.declared".into()];
        let project = Project::new("p".into(), ProjectMetadata::default(), vec![node], vec![]);
        let automatic = Exposure {
            label: "Weekly".to_owned(),
            ..from_node(&project, &manual("weekly", None, None))
        };
        let given = |field: Field, text: &str| {
            let value = field.read(text).unwrap();
            let (by, at) = ("Bo".to_owned(), "2026-01-01T00:00:00Z".parse().unwrap());
            Change::Field(field, Some(Override { value, by, at }))
        };
        let unlinked = HandLink {
            is_linked: false,
            by: "Bo".to_owned(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            note: None,
            table: None,
        };
        let mut curation = Curation::default();
        for change in [
            given(Field::Label, "By hand"),
            given(Field::Maturity, "low"),
            given(Field::OwnerName, "Cleo"),
            Change::Link("model.p.declared".into(), Some(unlinked)),
        ] {
            curation.change(change);
        }
        let automatic = apply(automatic, &curation, |_| KnownNode::Known(None));
        let joined = join(vec![("one".into(), automatic)], &[&project], &BTreeSet::new()).remove(0);
        assert_eq!(
            (joined.label.as_str(), joined.maturity.as_deref()),
            ("weekly", Some("low"))
        );
        assert_eq!(joined.owner.name.as_deref(), Some("Cleo"));
        let overruled: Vec<Field> = joined
            .curated
            .iter()
            .filter(|(_, mark)| mark.overruled)
            .map(|(field, _)| *field)
            .collect();
        assert_eq!(overruled, [Field::Label]);
        assert!(joined.depends_on.contains("model.p.declared") && joined.unlinked[0].overruled);
    }

    #[test]
    fn a_generated_exposure_is_the_automatic_one_and_never_manual() {
        let mut node = manual("sales_of_the_yaml", Some("https://h/#/workbooks/1"), Some("one"));
        let own = serde_json::json!({ "id": "one", "integration": "main", "generated": true });
        node.meta.insert("tailwater".into(), own);
        let project = Project::new("p".into(), ProjectMetadata::default(), vec![node], vec![]);
        assert!(project.nodes().is_empty() && project.exposures().next().is_none());
        assert!(twins(&[&project], &inventory(&[("one", "https://h/#/workbooks/1")])).is_empty());
        let none = BTreeSet::new();
        let alone = join(Vec::new(), &[&project], &none);
        assert_eq!((alone.len(), alone[0].mode), (1, Mode::Auto));
        assert!(join(Vec::new(), &[&project], &BTreeSet::from(["one".into()])).is_empty());
        let automatic = Exposure {
            mode: Mode::Auto,
            url: Some("https://h/#/workbooks/1".to_owned()),
            ..from_node(&project, &manual("sales", None, None))
        };
        let joined = join(vec![("one".into(), automatic.clone())], &[&project], &none);
        assert_eq!(joined, std::slice::from_ref(&automatic));
        // Published anew under the same address it is another workbook: the YAML is not its manual twin.
        let joined = join(vec![("two".into(), automatic)], &[&project], &none);
        let modes: Vec<Mode> = joined.iter().map(|exposure| exposure.mode).collect();
        assert_eq!(modes, [Mode::Auto, Mode::Auto]);
    }

    #[test]
    fn an_empty_address_is_nobodys() {
        let project = Project::new(
            "p".into(),
            ProjectMetadata::default(),
            vec![manual("a", Some(""), None)],
            vec![],
        );
        assert!(twins(&[&project], &inventory(&[("one", "")])).is_empty());
    }
}

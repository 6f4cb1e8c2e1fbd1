use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::diagnostic::Diagnostic;
use crate::exposure::{DataSourceRef, Evidence, ExposureOwner, Link, Matched, Mode, Via, Workbook};
use crate::history::LastResult;
use crate::id::NodeId;
use crate::inventory::{Asset, DataSource, Part, PartKind};
use crate::project::{ExposureInfo, Node, ResourceType};
use crate::run::RunStatus;
use crate::selector::Universe;

/// A small warehouse and two dashboards.
///
/// ```text
/// raw.orders ─▶ stg_orders ─▶ int_orders ─▶ fct_orders ─▶ [Orders, published] ─▶ Revenue
///                    │ └─▶ dead                └────────▶ [Own, embedded] ────▶ Weekly
///                    └────────▶ dim_days ────────────────────────────────────▶ Weekly
/// ```
struct Scene {
    nodes: Vec<Node>,
    exposures: BTreeMap<NodeId, Exposure>,
    inventory: Inventory,
    states: BTreeMap<NodeId, NodeState>,
}

fn node(id: &str, path: &str, reads: &[&str]) -> Node {
    let parts: Vec<&str> = id.split('.').collect();
    let kind = ResourceType::from_name(parts[0]).unwrap();
    let mut fqn: Vec<String> = vec![parts[1].to_owned()];
    fqn.extend(path.split('/').map(str::to_owned));
    fqn.push(parts[parts.len() - 1].to_owned());
    Node {
        unique_id: NodeId::from(id),
        resource_type: kind,
        name: parts[parts.len() - 1].to_owned(),
        package: parts[1].to_owned(),
        fqn,
        path: format!("{path}/{}.sql", parts[parts.len() - 1]),
        source_name: (kind == ResourceType::Source).then(|| parts[2].to_owned()),
        depends_on: reads.iter().map(|&id| NodeId::from(id)).collect(),
        ..Node::default()
    }
}

fn exposure(id: &str, label: &str, links: &[(&str, Option<(&str, bool)>)]) -> (Exposure, Node) {
    let reads: Vec<&str> = links.iter().map(|&(node, _)| node).collect();
    let mut own = node(id, "imported_from_tableau", &reads);
    own.exposure = Some(ExposureInfo {
        label: Some(label.to_owned()),
        owner_name: Some("Ana".to_owned()),
        ..ExposureInfo::default()
    });
    let link = |&(node, source): &(&str, Option<(&str, bool)>)| Link {
        node: node.into(),
        evidence: vec![Evidence {
            via: Via::TableList,
            matched: Matched::DatabaseSchemaName,
            table: String::new(),
            relation: String::new(),
            data_source: source.map(|(id, is_published)| DataSourceRef {
                id: id.into(),
                name: id.to_owned(),
                is_published,
            }),
            rules: Vec::new(),
            confidence: None,
            note: None,
            hand: None,
        }],
    };
    let text = json!({
        "unique_id": id, "name": own.name, "label": label, "type": "dashboard", "mode": "auto", "modes": ["auto"],
        "project": "shop", "integration": "main", "url": null, "owner": {"name": "Ana", "email": null},
        "description": null, "maturity": null, "tags": [], "depends_on": reads, "links": [], "gaps": [],
    });
    let mut exposure: Exposure = serde_json::from_value(text).unwrap();
    exposure.links = links.iter().map(link).collect();
    exposure.owner = ExposureOwner {
        name: Some("Ana".to_owned()),
        email: None,
    };
    exposure.mode = Mode::Auto;
    exposure.workbook = Some(Workbook {
        luid: format!("luid-{label}"),
        project_path: "Finance/Weekly \\/ Daily".to_owned(),
        total_views: None,
        created_at: None,
        updated_at: None,
    });
    (exposure, own)
}

fn scene() -> Scene {
    let mut nodes = vec![
        node("source.shop.raw.orders", "models/staging", &[]),
        node(
            "model.shop.stg_orders",
            "models/staging",
            &["source.shop.raw.orders"],
        ),
        node(
            "model.shop.int_orders",
            "models/marts",
            &["model.shop.stg_orders"],
        ),
        node("model.shop.dead", "models/marts", &["model.shop.stg_orders"]),
        node("model.shop.dim_days", "models/marts", &["model.shop.stg_orders"]),
        node(
            "model.shop.fct_orders",
            "models/marts",
            &["model.shop.int_orders"],
        ),
        node("test.shop.not_null", "models/marts", &["model.shop.fct_orders"]),
    ];
    nodes[5].tags = vec!["nightly".to_owned()];
    let found = [
        exposure(
            "exposure.shop.revenue",
            "Revenue",
            &[("model.shop.fct_orders", Some(("Orders", true)))],
        ),
        exposure(
            "exposure.shop.weekly",
            "Weekly",
            &[
                ("model.shop.dim_days", None),
                ("model.shop.fct_orders", Some(("Own", false))),
            ],
        ),
    ];
    let mut exposures = BTreeMap::new();
    for (exposure, own) in found {
        nodes.push(own);
        exposures.insert(exposure.unique_id.clone(), exposure);
    }
    let mut inventory = Inventory::default();
    inventory.site.tool = "tableau".to_owned();
    let source = |name: &str, is_published: bool| DataSource {
        name: name.to_owned(),
        is_published,
        ..DataSource::default()
    };
    inventory
        .data_sources
        .insert("Orders".into(), source("Orders", true));
    inventory.data_sources.insert("Own".into(), source("Own", false));
    let mut standing = source("Orders in Revenue", false);
    standing.parents = BTreeSet::from(["Orders".into()]);
    inventory.data_sources.insert("standing".into(), standing);
    let part = |id: &str, kind, contains: &[&str]| Part {
        id: id.into(),
        kind,
        name: id.to_owned(),
        url: None,
        is_hidden: false,
        total_views: None,
        contains: contains.iter().map(|&id| id.into()).collect(),
    };
    inventory.assets.insert(
        "luid-Revenue".into(),
        Asset {
            data_sources: BTreeSet::from(["standing".into()]),
            parts: vec![
                part("By day", PartKind::Sheet, &[]),
                part("Board", PartKind::Dashboard, &["By day"]),
            ],
            ..Asset::default()
        },
    );
    let result = |status| LastResult {
        status,
        at: DateTime::from_timestamp(0, 0),
        reported_at: None,
        invocation_id: None,
        command: "build".to_owned(),
        message: None,
        failures: None,
        execution_seconds: 1.0,
        rows_affected: None,
    };
    let states = BTreeMap::from([
        (
            "model.shop.fct_orders".into(),
            NodeState {
                build: Some(result(RunStatus::Success)),
                built_at: DateTime::from_timestamp(0, 0),
                ..NodeState::default()
            },
        ),
        (
            "test.shop.not_null".into(),
            NodeState {
                test: Some(result(RunStatus::Warn)),
                ..NodeState::default()
            },
        ),
    ]);
    Scene {
        nodes,
        exposures,
        inventory,
        states,
    }
}

impl Scene {
    fn draw(&self, pairs: &[(&str, &str)]) -> Result<Picture, PictureError> {
        self.answer(&PictureQuery::from_pairs(pairs.iter().copied())?)
    }

    fn answer(&self, query: &PictureQuery) -> Result<Picture, PictureError> {
        let universe = Universe::new([], &self.nodes);
        let id = |position: usize| &universe.graph().ids()[position];
        draw(
            query,
            &universe,
            &Surroundings {
                health: &|position| match id(position).as_str() {
                    "model.shop.fct_orders" => HealthState::Caution,
                    "model.shop.int_orders" => HealthState::Healthy,
                    _ => HealthState::Unknown,
                },
                state: &|position| self.states.get(id(position)),
                exposure: &|position| self.exposures.get(id(position)),
                refresh: &|_| None,
                inventory: &|_| Some(&self.inventory),
                now: DateTime::from_timestamp(3_600, 0).unwrap(),
            },
        )
    }
}

/// `from → to` of every edge, by name, sorted.
fn edges(picture: &Picture) -> Vec<String> {
    let name = |at: usize| &picture.nodes.name[at];
    let ends = picture.edges.from.iter().zip(&picture.edges.to);
    let mut edges: Vec<String> = ends
        .map(|(&from, &to)| format!("{} → {}", name(from), name(to)))
        .collect();
    edges.sort();
    edges
}

fn names(picture: &Picture) -> BTreeSet<&str> {
    picture.nodes.name.iter().map(String::as_str).collect()
}

#[test]
fn around_is_one_step_to_both_sides_without_tests() {
    let scene = scene();
    let picture = scene.draw(&[("focus", "model.shop.fct_orders")]).unwrap();
    assert_eq!(
        edges(&picture),
        [
            "Orders → Revenue",
            "fct_orders → Orders",
            "fct_orders → Weekly",
            "int_orders → fct_orders"
        ]
    );
    assert_eq!(picture.select, "1+fct_orders+1");
    assert_eq!(picture.echo, "fct_orders, 1 step above and below: 4 resources");
    assert_eq!(picture.title, "Lineage of fct_orders");
    let focus = picture.focus().unwrap();
    assert_eq!(picture.nodes.id[focus], "model.shop.fct_orders");
    assert_eq!((picture.nodes.up[focus], picture.nodes.down[focus]), (1, 2));
    assert_eq!(picture.path(focus).unwrap(), "/models/model.shop.fct_orders");
    assert_eq!(picture.healths[picture.nodes.health[focus]], "caution");
}

#[test]
fn the_json_has_the_columns_that_the_browser_reads() {
    let scene = scene();
    let picture = scene
        .draw(&[
            ("select", "+fct_orders"),
            ("up", "1"),
            ("lens", "health"),
            ("datasources", "none"),
        ])
        .unwrap();
    insta::assert_json_snapshot!(picture);
}

#[test]
fn a_selector_and_its_boxes_agree() {
    let scene = scene();
    let ids = |pairs: &[(&str, &str)]| scene.draw(pairs).unwrap().nodes.id;
    assert_eq!(
        ids(&[("select", "1+int_orders+")]),
        ids(&[("select", "int_orders"), ("up", "1"), ("down", "all")])
    );
    let origin = scene
        .draw(&[("select", "fct_orders+"), ("preset", "origin")])
        .unwrap();
    assert_eq!(origin.select, "+fct_orders");
    assert_eq!(origin.echo, "fct_orders, everything above: 4 resources");
    let two = scene.draw(&[("select", "dead dim_days"), ("up", "1")]).unwrap();
    assert_eq!(two.counts.resources, 2);
    assert!(two.notes[0].contains("one part"), "{:?}", two.notes);
}

#[test]
fn impact_goes_straight_to_the_dashboards() {
    let scene = scene();
    let asked = [
        ("select", "stg_orders"),
        ("preset", "impact"),
        ("datasources", "none"),
    ];
    let picture = scene.draw(&asked).unwrap();
    assert_eq!(
        edges(&picture),
        [
            "+2 models → Revenue",
            "+2 models → Weekly",
            "dim_days → Weekly",
            "stg_orders → +2 models",
            "stg_orders → dim_days"
        ]
    );
    assert_eq!(picture.counts.resources, 7);
    assert_eq!(
        picture.notes,
        ["1 resource below leads to no dashboard and is not drawn."]
    );
    let pill = picture
        .nodes
        .name
        .iter()
        .position(|name| name == "+2 models")
        .unwrap();
    assert_eq!(
        (
            picture.nodes.members[pill],
            picture.healths[picture.nodes.health[pill]]
        ),
        (2, "caution")
    );

    let id = picture.nodes.id[pill].clone();
    let mut opened = asked.to_vec();
    opened.push(("open", &id));
    let picture = scene.draw(&opened).unwrap();
    assert!(edges(&picture).contains(&"int_orders → fct_orders".to_owned()));
    assert!(!names(&picture).contains("+2 models"));
}

#[test]
fn without_a_dashboard_there_is_no_middle() {
    let scene = scene();
    let picture = scene.draw(&[("select", "dead"), ("preset", "impact")]).unwrap();
    assert_eq!(names(&picture), BTreeSet::from(["dead"]));
    assert!(picture.notes[0].contains("No dashboard"));
}

#[rstest]
#[case("none", &["fct_orders → Revenue", "fct_orders → Weekly"])]
#[case("published", &["Orders → Revenue", "fct_orders → Orders", "fct_orders → Weekly"])]
#[case("all", &["Orders in Revenue → Revenue", "Orders → Orders in Revenue", "Own → Weekly", "fct_orders → Orders",
    "fct_orders → Own"])]
fn data_sources_stand_between(#[case] view: &str, #[case] expected: &[&str]) {
    let scene = scene();
    let picture = scene
        .draw(&[("select", "fct_orders+"), ("datasources", view)])
        .unwrap();
    assert_eq!(edges(&picture), expected);
}

#[test]
fn parts_stand_behind_their_workbook() {
    let scene = scene();
    let picture = scene.draw(&[("select", "exposure:*"), ("parts", "1")]).unwrap();
    assert_eq!(edges(&picture), ["By day → Board", "Revenue → By day"]);
}

#[test]
fn groups_hold_what_belongs_together_and_open_in_place() {
    let scene = scene();
    let picture = scene.draw(&[("group", "folder")]).unwrap();
    assert!(picture.grouped);
    assert_eq!(
        names(&picture),
        BTreeSet::from([
            "raw.orders",
            "stg_orders",
            "models/marts",
            "main/Finance/Weekly ∕ Daily"
        ])
    );
    assert_eq!(
        edges(&picture),
        [
            "models/marts → main/Finance/Weekly ∕ Daily",
            "raw.orders → stg_orders",
            "stg_orders → models/marts"
        ]
    );
    let opened = scene
        .draw(&[("group", "folder"), ("open", "group:folder:models/marts")])
        .unwrap();
    assert!(names(&opened).contains("fct_orders"));
    for grouping in Grouping::ALL {
        let picture = scene.draw(&[("group", grouping.name())]).unwrap();
        let members: usize = picture.nodes.members.iter().map(|&count| count.max(1)).sum();
        assert_eq!(members, 8, "{grouping:?}");
    }
}

#[rstest]
#[case("type", "fct_orders", "model", "model")]
#[case("type", "Revenue", "exposure", "exposure")]
#[case("health", "fct_orders", "caution", "caution")]
#[case("status", "fct_orders", "success", "healthy")]
#[case("status", "dead", "not_run", "unknown")]
#[case("tests", "fct_orders", "warned", "caution")]
#[case("tests", "dead", "no_tests", "unknown")]
#[case("layer", "stg_orders", "staging", "t1")]
#[case("layer", "fct_orders", "marts", "t3")]
#[case("materialization", "fct_orders", "none", "unknown")]
#[case("refresh", "fct_orders", "day", "healthy")]
#[case("refresh", "dead", "never", "unknown")]
#[case("owner", "Revenue", "Ana", "t1")]
#[case("owner", "dead", "", "unknown")]
fn lenses_tell_what_they_are_for(
    #[case] lens: &str,
    #[case] name: &str,
    #[case] key: &str,
    #[case] tone: &str,
) {
    let scene = scene();
    let picture = scene.draw(&[("lens", lens), ("datasources", "none")]).unwrap();
    let at = picture.nodes.name.iter().position(|own| own == name).unwrap();
    let entry = &picture.lens.legend[picture.nodes.lens[at]];
    assert_eq!((entry.key.as_str(), entry.tone), (key, tone));
}

#[test]
fn mistakes_are_named_with_place_and_nearest_name() {
    let scene = scene();
    let error = scene.draw(&[("select", "+fct_ordes+")]).unwrap_err();
    assert_eq!(error.to_string(), "`+fct_ordes+` finds nothing (at character 1)");
    assert_eq!(error.hint().unwrap(), "Did you mean `fct_orders`?");
    let error = scene.draw(&[("select", "dead tagg:x")]).unwrap_err();
    assert_eq!(error.code(), "TW-SELECTOR-METHOD");
    let picture = scene.draw(&[("select", "dead tag:nigthly")]).unwrap();
    assert_eq!(
        picture.notes,
        ["`tag:nigthly` finds nothing (at character 6). Did you mean `tag:nightly`?"]
    );
    let error = scene.draw(&[("focus", "model.shop.fct_order")]).unwrap_err();
    assert_eq!(error.code(), "TW-LINEAGE-NODE");
    assert_eq!(error.hint().unwrap(), "Did you mean `model.shop.fct_orders`?");
    let nothing = scene.draw(&[("select", "dead"), ("exclude", "dead")]).unwrap();
    assert_eq!((nothing.counts.nodes, nothing.notes.len()), (0, 1));
}

#[test]
fn tests_are_drawn_when_asked_for_or_alone() {
    let scene = scene();
    let picture = scene.draw(&[("select", "fct_orders")]).unwrap();
    assert_eq!(names(&picture), BTreeSet::from(["fct_orders"]));
    assert!(names(&scene.draw(&[("select", "fct_orders"), ("tests", "1")]).unwrap()).contains("not_null"));
    assert!(names(&scene.draw(&[("select", "resource_type:test")]).unwrap()).contains("not_null"));
}

/// A model that `count` dashboards read, in `folders` folders.
fn crowd(count: usize, folders: usize) -> Scene {
    let mut nodes = vec![node("model.shop.hub", "models", &[])];
    nodes.extend((0..count).map(|at| {
        node(
            &format!("model.shop.m{at:05}"),
            &format!("models/f{}", at % folders),
            &["model.shop.hub"],
        )
    }));
    Scene { nodes, ..scene() }
}

#[test]
fn many_come_grouped_unless_all_are_asked_for() {
    let scene = crowd(2_000, 10);
    let picture = scene.draw(&[("select", "hub+")]).unwrap();
    assert!(picture.grouped);
    assert_eq!((picture.counts.nodes, picture.counts.resources), (11, 2_001));
    assert!(names(&picture).contains("hub"));
    let all = scene.draw(&[("select", "hub+"), ("all", "1")]).unwrap();
    assert_eq!((all.grouped, all.counts.nodes), (false, 2_001));
}

#[test]
fn a_small_picture_folds_the_many() {
    let scene = crowd(400, 1);
    let picture = scene
        .answer(&PictureQuery::small("model.shop.hub".into(), 1, 1, 12))
        .unwrap();
    assert_eq!(picture.counts.nodes, 14);
    assert!(names(&picture).contains("+388 more"));
    assert_eq!(edges(&picture).len(), 13);
}

#[test]
fn table_csv_and_svg_say_what_the_picture_says() {
    let scene = scene();
    let picture = scene.draw(&[("select", "+fct_orders+1")]).unwrap();
    let rows = picture.rows();
    assert_eq!(rows.len(), picture.counts.nodes);
    let links: usize = rows.iter().map(|row| row.upstream.len()).sum();
    assert_eq!(links, picture.counts.edges);
    let csv = picture.to_csv();
    assert_eq!(csv.lines().count(), rows.len() + 1);
    assert!(csv.contains(
        "exposure.shop.revenue,Revenue,exposure,unknown,Exposure,tableau,0,data_source:main:Orders,"
    ));
    let svg = picture.to_svg(&svg::Options {
        link: &|at| picture.path(at).map(|path| format!("/catalog{path}")),
        id: "small",
        is_standalone: false,
    });
    assert_eq!(svg.matches("<a href=\"/catalog/").count(), 6);
    assert!(svg.contains(r#"role="group""#) && !svg.contains("style="));
    insta::assert_snapshot!(svg.replace("><", ">\n<"));
}

#[test]
fn hostile_names_stay_text() {
    let mut scene = scene();
    let hostile = "<script>alert(1)</script>\"'&\u{202e}\u{0}";
    scene.nodes[5].name = hostile.to_owned();
    scene.nodes[4].name = "x".repeat(10_000);
    let picture = scene.draw(&[("lens", "owner")]).unwrap();
    for svg in [
        picture.to_svg_file(),
        picture.to_svg(&svg::Options {
            link: &|_| Some(hostile.to_owned()),
            id: "a",
            is_standalone: false,
        }),
    ] {
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}') && !svg.contains('\u{0}'));
        let mut reader = quick_xml::Reader::from_str(&svg);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }
    assert!(picture.nodes.name.iter().all(|name| name.chars().count() <= 201));
    assert!(picture.nodes.w.iter().all(|&width| width <= 240));
}

proptest! {
    #[test]
    fn any_address_is_answered_or_refused(
        select in "[a-z+@:, *_]{0,12}",
        options in prop::collection::vec(
            prop::sample::select(vec![
                ("preset", "impact"), ("preset", "origin"), ("up", "2"), ("down", "all"), ("group", "folder"),
                ("group", "kind"), ("group", "owner"), ("collapse", "1"), ("datasources", "all"), ("parts", "1"),
                ("tests", "1"), ("lens", "tests"), ("lens", "owner"), ("focus", "model.shop.dead"),
                ("open", "group:folder:models/marts"), ("open", "pill:model.shop.fct_orders"), ("exclude", "stg_orders"),
            ]),
            0..6,
        ),
    ) {
        let scene = scene();
        let mut pairs = options;
        pairs.push(("select", &select));
        if let Ok(picture) = scene.draw(&pairs) {
            let count = picture.counts.nodes;
            prop_assert_eq!(picture.nodes.x.len(), count);
            prop_assert!(picture.edges.from.iter().chain(&picture.edges.to).all(|&end| end < count));
            prop_assert!(picture.nodes.lens.iter().all(|&value| value < picture.lens.legend.len()));
            let members: usize = picture.nodes.members.iter().map(|&count| count.max(1)).sum();
            prop_assert!(members >= picture.counts.resources.min(1));
            // What is drawn of the graph is no longer than the graph: no edge is made up.
            prop_assert_eq!(picture.clone(), scene.draw(&pairs).unwrap());
        }
    }

    /// A dashboard is reached through pills from exactly the chosen nodes from which it is reached.
    #[test]
    fn collapsing_keeps_what_reaches_what(links in prop::collection::btree_set((0_usize..9, 1_usize..10), 0..25)) {
        let id = |at: usize| match at {
            7.. => format!("exposure.shop.e{at}"),
            _ => format!("model.shop.m{at}"),
        };
        let nodes: Vec<Node> = (0..10)
            .map(|at| {
                let reads: Vec<String> = links.iter().filter(|&&(from, to)| to == at && from < to && from < 7).map(|&(from, _)| id(from)).collect();
                let reads: Vec<&str> = reads.iter().map(String::as_str).collect();
                node(&id(at), "models", &reads)
            })
            .collect();
        let scene = Scene { nodes, ..scene() };
        let reached = |pairs: &[(&str, &str)]| -> BTreeSet<(String, String)> {
            let picture = scene.draw(pairs).unwrap();
            let rows = picture.rows();
            let mut found = BTreeSet::new();
            for (at, row) in rows.iter().enumerate().filter(|(_, row)| matches!(row.name, "m0" | "m1")) {
                let mut path = vec![at];
                while let Some(next) = path.pop() {
                    if rows[next].kind == "exposure" {
                        found.insert((row.name.to_owned(), rows[next].name.to_owned()));
                    }
                    path.extend(&rows[next].downstream);
                }
            }
            found
        };
        prop_assert_eq!(reached(&[("select", "m0+ m1+"), ("collapse", "1")]), reached(&[("select", "m0+ m1+")]));
    }
}

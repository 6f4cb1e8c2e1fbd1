//! Measures the whole answer of `/lineage`: choosing, drawing and writing the JSON, with dashboards that stand on
//! published data sources and tests on every model. Goals on two cores: 500 nodes in 30 ms, 20,000 in 600 ms.

mod sample;

use std::collections::{BTreeSet, HashMap};

use chrono::DateTime;
use divan::Bencher;
use serde_json::json;
use tailwater_core::exposure::Exposure;
use tailwater_core::health::HealthState;
use tailwater_core::id::NodeId;
use tailwater_core::inventory::{DataSource, Inventory};
use tailwater_core::picture::{PictureQuery, Surroundings, draw};
use tailwater_core::project::{Node, ResourceType};
use tailwater_core::selector::Universe;

fn main() {
    divan::main();
}

struct Scene {
    nodes: Vec<Node>,
    exposures: HashMap<NodeId, Exposure>,
    inventory: Inventory,
}

fn id_of(made: &sample::Made) -> NodeId {
    NodeId::new(format!("{}.shop.{}", made.kind, made.name))
}

fn scene(count: usize) -> Scene {
    let made = sample::graph(count);
    let mut inventory = Inventory::default();
    "tableau".clone_into(&mut inventory.site.tool);
    let mut nodes = Vec::new();
    let mut exposures = HashMap::new();
    for one in &made {
        let kind = ResourceType::from_name(one.kind).unwrap_or_default();
        let unique_id = id_of(one);
        let reads: Vec<NodeId> = one.reads.iter().map(|&read| id_of(&made[read])).collect();
        let folder = format!(
            "models/area{}/{}",
            one.area,
            one.name.split('_').next().unwrap_or_default()
        );
        if kind == ResourceType::Exposure {
            exposures.insert(
                unique_id.clone(),
                exposure(one, &unique_id, &reads, &mut inventory),
            );
        }
        if kind == ResourceType::Model {
            nodes.push(Node {
                unique_id: NodeId::new(format!("test.shop.not_null_{}", one.name)),
                resource_type: ResourceType::Test,
                name: format!("not_null_{}", one.name),
                package: "shop".to_owned(),
                depends_on: vec![unique_id.clone()],
                ..Node::default()
            });
        }
        nodes.push(Node {
            unique_id,
            resource_type: kind,
            name: one.name.clone(),
            package: "shop".to_owned(),
            fqn: vec!["shop".to_owned(), folder.clone(), one.name.clone()],
            path: format!("{folder}/{}.sql", one.name),
            source_name: (kind == ResourceType::Source).then(|| format!("area{}", one.area)),
            depends_on: reads,
            ..Node::default()
        });
    }
    Scene {
        nodes,
        exposures,
        inventory,
    }
}

fn exposure(one: &sample::Made, id: &NodeId, reads: &[NodeId], inventory: &mut Inventory) -> Exposure {
    let links: Vec<_> = reads
        .iter()
        .map(|read| {
            let source = format!("source of area {}", one.area);
            inventory.data_sources.insert(
                source.as_str().into(),
                DataSource {
                    name: source.clone(),
                    is_published: true,
                    ..DataSource::default()
                },
            );
            json!({"node": read, "evidence": [{
                "via": "table_list", "matched": "database_schema_name", "table": "t", "relation": "r",
                "data_source": {"id": source, "name": source, "is_published": true},
            }]})
        })
        .collect();
    let depends_on: BTreeSet<_> = reads.iter().collect();
    let text = json!({
        "unique_id": id, "name": one.name, "label": one.name, "type": "dashboard", "mode": "auto", "modes": ["auto"],
        "project": "shop", "integration": "main", "url": null, "owner": {"name": "Ana", "email": null},
        "description": null, "maturity": null, "tags": [], "depends_on": depends_on, "links": links, "gaps": [],
        "workbook": {"luid": one.name, "project_path": format!("Area {}", one.area), "total_views": null,
            "created_at": null, "updated_at": null},
    });
    serde_json::from_value(text).unwrap_or_else(|error| unreachable!("the sample is an exposure: {error}"))
}

fn answer(bencher: Bencher<'_, '_>, count: usize, pairs: &[(&str, &str)]) {
    let scene = scene(count);
    let universe = Universe::new([], &scene.nodes);
    let ids = universe.graph().ids();
    let query = PictureQuery::from_pairs(pairs.iter().copied()).unwrap_or_default();
    bencher.bench_local(|| {
        let surroundings = Surroundings {
            health: &|_| HealthState::Healthy,
            state: &|_| None,
            exposure: &|position| scene.exposures.get(&ids[position]),
            refresh: &|_| None,
            inventory: &|_| Some(&scene.inventory),
            now: DateTime::UNIX_EPOCH,
        };
        let picture = draw(&query, &universe, &surroundings);
        picture.map(|picture| serde_json::to_vec(&picture).map(|json| json.len()))
    });
}

#[divan::bench(args = [500, 5_000, 20_000], sample_count = 10)]
fn everything_one_by_one(bencher: Bencher<'_, '_>, count: usize) {
    answer(bencher, count, &[("select", "*"), ("all", "1")]);
}

#[divan::bench(args = [500, 5_000, 20_000], sample_count = 10)]
fn everything_in_groups(bencher: Bencher<'_, '_>, count: usize) {
    answer(bencher, count, &[("group", "folder"), ("lens", "tests")]);
}

#[divan::bench(args = [500, 5_000, 20_000], sample_count = 10)]
fn impact_of_one_model(bencher: Bencher<'_, '_>, count: usize) {
    answer(
        bencher,
        count,
        &[("select", "stg_area0__order_0"), ("preset", "impact")],
    );
}

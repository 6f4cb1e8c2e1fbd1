//! Measures resolving, with the program's allocator: `cargo bench -p tailwater-core --bench resolve`. Workbooks with ten table references each against 20,000 relations, of which one in
//! ten references finds none. Sizes grow tenfold, so that a step that grows faster than its input shows.

use std::collections::{BTreeMap, BTreeSet};

use divan::Bencher;
use divan::counter::ItemsCount;
use mimalloc::MiMalloc;
use tailwater_core::inventory::{Asset, DataSource, Inventory, Table, TableUse, TableVia};
use tailwater_core::project::{Node, NodeRelation, Project, ProjectMetadata};
use tailwater_core::relation::RelationName;
use tailwater_core::resolve::{Input, resolve};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const RELATIONS: usize = 20_000;
const REFERENCES_EACH: usize = 10;

fn main() {
    divan::main();
}

fn project() -> Project {
    let node = |number: usize| Node {
        unique_id: format!("model.shop.model_{number}").into(),
        relation: Some(NodeRelation {
            name: RelationName::new(Some("analytics"), Some("marts"), &format!("model_{number}")),
            rendered: Some(format!("\"analytics\".\"marts\".\"model_{number}\"")),
        }),
        ..Node::default()
    };
    let metadata = ProjectMetadata {
        adapter_type: "snowflake".into(),
        ..ProjectMetadata::default()
    };
    Project::new(
        "shop".into(),
        metadata,
        (0..RELATIONS).map(node).collect(),
        Vec::new(),
    )
}

fn inventory(workbooks: usize) -> Inventory {
    let mut inventory = Inventory::default();
    for workbook in 0..workbooks {
        let mut source = DataSource {
            name: "data".into(),
            ..DataSource::default()
        };
        for reference in 0..REFERENCES_EACH {
            let number = (workbook * REFERENCES_EACH + reference) % RELATIONS;
            let prefix = if reference == 0 { "MISSING" } else { "MODEL" };
            let id = format!("{prefix}-{number}");
            let table = Table {
                name: Some(format!("{prefix}_{number}")),
                full_name: Some(format!("[ANALYTICS].[MARTS].[{prefix}_{number}]")),
                connection_type: Some("snowflake".into()),
                ..Table::default()
            };
            inventory.tables.insert(id.as_str().into(), table);
            source.tables.insert(TableUse {
                table: id.into(),
                via: TableVia::TableList,
            });
        }
        inventory
            .data_sources
            .insert(format!("source-{workbook}").into(), source);
        let asset = Asset {
            name: format!("Workbook {workbook}"),
            data_sources: BTreeSet::from([format!("source-{workbook}").into()]),
            ..Asset::default()
        };
        inventory
            .assets
            .insert(format!("workbook-{workbook}").into(), asset);
    }
    inventory
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 20)]
fn workbooks(bencher: Bencher<'_, '_>, count: usize) {
    let project = project();
    let inventory = inventory(count);
    let references = ItemsCount::new(count * REFERENCES_EACH);
    bencher.counter(references).bench_local(|| {
        resolve(&Input {
            integration: &"main".into(),
            inventory: &inventory,
            readings: &BTreeMap::new(),
            projects: &[&project],
            mapping: &[],
            names: &BTreeMap::new(),
        })
    });
}

//! Whatever lands is loaded as it was, text of any kind included.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use tailwater_core::exposure::{Exposure, Link, Stale};
use tailwater_core::id::{AssetId, CollectionId, CustomSqlId, DataSourceId, NodeId, TableId};
use tailwater_core::inventory::{
    Asset, Collection, Completeness, CustomSql, DataSource, Inventory, Notice, Site, Table, TableUse,
    TableVia,
};
use tailwater_store::{ExposureName, Landing};

use crate::home::{Engine, at};
use crate::sample::{exposure, integration, record};

/// Text as hostile as a BI tool may hold it.
fn text() -> impl Strategy<Value = String> {
    let awkward = prop_oneof![
        Just("\0"),
        Just("␀"),
        Just("␀0"),
        Just("'"),
        Just("\""),
        Just("\\"),
        Just("\\u0000"),
        Just("$1"),
        Just("?"),
        Just("; drop table exposure; --"),
        Just("💧"),
        Just("e\u{301}"),
        Just("\u{202e}"),
        Just("\u{feff}"),
        Just("\r\n"),
        Just("{{ ref('x') }}"),
    ];
    prop_oneof![
        2 => "[a-c]{0,3}",
        2 => vec(awkward, 0..4).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

fn completeness() -> impl Strategy<Value = Completeness> {
    prop_oneof![
        Just(Completeness::Complete),
        Just(Completeness::Pending),
        text().prop_map(Completeness::partial),
    ]
}

fn uses() -> impl Strategy<Value = BTreeSet<TableUse>> {
    let table_use = text().prop_map(|table| TableUse {
        table: TableId::new(table),
        via: TableVia::UpstreamColumn,
    });
    btree_set(table_use, 0..3)
}

fn asset() -> impl Strategy<Value = Asset> {
    (
        text(),
        option::of(text()),
        vec(text(), 0..3),
        uses(),
        completeness(),
        option::of(any::<u64>()),
    )
        .prop_map(
            |(name, description, collection_path, tables, lineage, total_views)| Asset {
                name,
                description,
                collection: collection_path
                    .first()
                    .map(|name| CollectionId::new(name.clone())),
                collection_path,
                tables,
                lineage,
                total_views,
                ..Asset::default()
            },
        )
}

fn data_source() -> impl Strategy<Value = DataSource> {
    (
        text(),
        btree_set(text().prop_map(DataSourceId::new), 0..2),
        uses(),
        completeness(),
    )
        .prop_map(|(name, parents, tables, lineage)| DataSource {
            name,
            parents,
            tables,
            lineage,
            ..DataSource::default()
        })
}

fn table() -> impl Strategy<Value = Table> {
    (option::of(text()), option::of(text()), option::of(text())).prop_map(|(name, schema, full_name)| Table {
        name,
        schema,
        full_name,
        ..Table::default()
    })
}

fn custom_sql() -> impl Strategy<Value = CustomSql> {
    (option::of(text()), any::<bool>()).prop_map(|(query, is_unsupported)| CustomSql {
        query,
        is_unsupported,
        ..CustomSql::default()
    })
}

fn collection() -> impl Strategy<Value = Collection> {
    (text(), option::of(text()), vec(text(), 0..3)).prop_map(|(name, parent, path)| Collection {
        name,
        parent: parent.map(CollectionId::new),
        path,
        asset_count: 3,
    })
}

fn inventory() -> impl Strategy<Value = Inventory> {
    let notice = (text(), text(), option::of(text())).prop_map(|(code, message, remedy)| Notice {
        code,
        message,
        remedy,
    });
    (
        text(),
        btree_map(text().prop_map(CollectionId::new), collection(), 0..4),
        btree_map(text().prop_map(AssetId::new), asset(), 0..6),
        btree_map(text().prop_map(DataSourceId::new), data_source(), 0..4),
        btree_map(text().prop_map(TableId::new), table(), 0..4),
        btree_map(text().prop_map(CustomSqlId::new), custom_sql(), 0..4),
        completeness(),
        btree_set(notice, 0..3),
    )
        .prop_map(
            |(name, collections, assets, data_sources, tables, custom_sql, listing, notices)| Inventory {
                site: Site {
                    name,
                    ..Site::default()
                },
                collections,
                assets,
                data_sources,
                tables,
                custom_sql,
                listing,
                notices,
            },
        )
}

/// What of an asset's exposure is drawn: label, nodes, and why it is stale.
type Drawn = (String, BTreeSet<String>, Option<String>);

fn landed() -> impl Strategy<Value = (Inventory, Vec<Drawn>)> {
    let drawn = (text(), btree_set(text(), 0..3), option::of(text()));
    (inventory(), vec(drawn, 0..6))
}

fn to_landing(number: usize, inventory: Inventory, drawn: Vec<Drawn>) -> Landing {
    let finished = i64::try_from(number).unwrap();
    let mut landing = Landing {
        standing: None,
        integration: "main".into(),
        exposures: Vec::new(),
        names: Vec::new(),
        stale: BTreeMap::new(),
        record: record("main", finished),
        inventory,
    };
    for (asset, (label, nodes, reason)) in landing.inventory.assets.keys().zip(drawn) {
        let nodes: BTreeSet<NodeId> = nodes.into_iter().map(NodeId::new).collect();
        let stale = reason.map(|reason| Stale {
            since: at(finished - 3),
            reason,
        });
        let exposure = Exposure {
            links: nodes
                .iter()
                .map(|node| Link {
                    node: node.clone(),
                    evidence: vec![],
                })
                .collect(),
            depends_on: nodes,
            stale: stale.clone(),
            name: format!("{label}_{asset}"),
            label,
            ..exposure(&landing.integration, 1)
        };
        landing.names.push(ExposureName {
            integration: "main".into(),
            asset: asset.clone(),
            project: "shop".into(),
            // The name is kept for the asset's life, whatever its label becomes.
            name: format!("name_of_{asset}"),
        });
        landing.exposures.push((asset.clone(), exposure));
        if let Some(stale) = stale {
            landing.stale.insert(asset.clone(), stale);
        }
    }
    landing
}

#[rstest]
fn what_is_landed_is_what_is_loaded(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let home = engine.home();
    let store = runtime.block_on(home.open());
    runtime
        .block_on(store.put_integration(&integration("main")))
        .unwrap();
    let number = std::cell::Cell::new(0);
    let names = std::cell::RefCell::new(BTreeSet::new());
    // Each case lands on what the one before left, so that every kind of difference is met.
    let case = |(inventory, drawn): (Inventory, Vec<Drawn>)| {
        number.set(number.get() + 1);
        let landing = to_landing(number.get(), inventory, drawn);
        names.borrow_mut().extend(landing.names.iter().cloned());
        runtime.block_on(async {
            store.land_sync(&landing).await.unwrap();
            let stored = store.load_inventory(&"main".into()).await.unwrap();
            prop_assert_eq!(&stored.inventory, &landing.inventory);
            prop_assert_eq!(&stored.stale, &landing.stale);
            let loaded = store.load_exposures(None).await.unwrap();
            let loaded: Vec<_> = loaded
                .into_iter()
                .map(|stored| (stored.asset, stored.exposure))
                .collect();
            let mut expected = landing.exposures.clone();
            // Both engines sort by bytes of what is stored, where NUL stands as another character.
            expected.sort_by_key(|(asset, _)| loaded.iter().position(|(own, _)| own == asset));
            prop_assert_eq!(&loaded, &expected);
            for (asset, exposure) in &landing.exposures {
                for node in &exposure.depends_on {
                    let on_node = store.load_exposures_on(node).await.unwrap();
                    prop_assert!(on_node.iter().any(|stored| stored.asset == *asset));
                }
                let found = store.find_exposures(&exposure.label).await.unwrap();
                prop_assert!(found.iter().any(|stored| stored.asset == *asset));
            }
            let known: BTreeSet<_> = store.load_names().await.unwrap().into_iter().collect();
            prop_assert_eq!(&known, &*names.borrow());
            prop_assert_eq!(&store.syncs(None, 1).await.unwrap()[0], &landing.record);
            let again = Landing {
                record: record(
                    "main",
                    landing
                        .record
                        .finished_at
                        .signed_duration_since(at(0))
                        .num_seconds(),
                ),
                ..landing
            };
            let written = store.land_sync(&again).await.unwrap();
            prop_assert!(written.is_nothing(), "{:?}", written);
            Ok(())
        })
    };
    let config = ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config).run(&landed(), case).unwrap();
    let health = runtime.block_on(store.check()).unwrap();
    assert!(health.is_sound());
}

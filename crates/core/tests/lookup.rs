//! The rules of matching, name by name: what links, what does not, and why.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use std::sync::Arc;

use rstest::rstest;
use serde_json::{Map, json};
use tailwater_core::dialect::Dialect;
use tailwater_core::exposure::Matched;
use tailwater_core::gap::GapReason;
use tailwater_core::lookup::{Answer, Wanted, look_up};
use tailwater_core::project::{Node, NodeRelation, Project, ProjectMetadata, ResourceType};
use tailwater_core::relation::{RelationName, split_name};
use tailwater_core::relation_index::RelationIndex;

fn node(id: &str, relation: &str) -> Node {
    let name = RelationName::from_parts(&split_name(relation)).unwrap();
    let kind = match id.split('.').next() {
        Some("source") => ResourceType::Source,
        Some("snapshot") => ResourceType::Snapshot,
        _ => ResourceType::Model,
    };
    Node {
        unique_id: id.into(),
        resource_type: kind,
        relation: Some(NodeRelation {
            name,
            rendered: Some(relation.to_owned()),
        }),
        ..Node::default()
    }
}

fn project(adapter: &str, nodes: Vec<Node>) -> Project {
    let metadata = ProjectMetadata {
        adapter_type: adapter.into(),
        ..ProjectMetadata::default()
    };
    Project::new("p".into(), metadata, nodes, vec![])
}

fn wanted(name: &str, dialect: Dialect) -> Wanted {
    let name = RelationName::from_parts(&split_name(name)).unwrap();
    Wanted {
        name,
        dialect,
        is_database_advisory: dialect.is_database_advisory(),
    }
}

fn shop() -> Project {
    project(
        "snowflake",
        vec![
            node("model.p.orders", "prod.marts.orders"),
            node("model.p.orders_eu", "prod.eu.orders"),
            node("source.p.raw.customers", "prod.raw.customers"),
            node("model.p.customers", "prod.raw.customers"),
            node("model.p.twice_a", "prod.marts.twice"),
            node("model.p.twice_b", "prod.marts.twice"),
            node("model.p.dev", "dev.stage.items"),
            node("model.p.prod", "prod.stage.items"),
        ],
    )
}

#[rstest]
#[case("PROD.MARTS.ORDERS", "model.p.orders", Matched::DatabaseSchemaName)]
#[case("marts.orders", "model.p.orders", Matched::SchemaNameDatabaseUnknown)]
#[case("prod.raw.customers", "model.p.customers", Matched::DatabaseSchemaName)]
fn equal_names_link(#[case] name: &str, #[case] expected: &str, #[case] how: Matched) {
    let shop = shop();
    let answer = look_up(&RelationIndex::new(&[&shop]), &wanted(name, Dialect::Snowflake));
    let Answer::Linked { node, matched, .. } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((node.as_str(), matched), (expected, how));
}

#[rstest]
#[case("orders", GapReason::IncompleteName)]
#[case("customers", GapReason::IncompleteName)]
#[case("other.marts.orders", GapReason::OtherDatabase)]
#[case("prod.us.orders", GapReason::OtherSchema)]
#[case("us.orders", GapReason::OtherSchema)]
#[case("prod.marts.twice", GapReason::Ambiguous)]
#[case("stage.items", GapReason::Ambiguous)]
#[case("prod.marts.ordrs", GapReason::UnknownToDbt)]
#[case("elsewhere.us.orders", GapReason::UnknownToDbt)]
fn anything_less_is_a_gap_with_its_reason(#[case] name: &str, #[case] expected: GapReason) {
    let shop = shop();
    let answer = look_up(&RelationIndex::new(&[&shop]), &wanted(name, Dialect::Snowflake));
    let Answer::Missing { reason, candidates } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(reason, expected);
    assert!(!candidates.is_empty());
}

#[test]
fn the_winner_over_a_source_says_so() {
    let shop = shop();
    let answer = look_up(
        &RelationIndex::new(&[&shop]),
        &wanted("prod.raw.customers", Dialect::Snowflake),
    );
    let Answer::Linked { note, .. } = answer else {
        panic!()
    };
    assert_eq!(
        note.unwrap(),
        "also declared as source.p.raw.customers; what dbt builds wins over what it reads"
    );
}

#[test]
fn a_display_name_for_the_database_is_no_reason_to_refuse_one_candidate() {
    let bigquery = project(
        "bigquery",
        vec![node("model.p.e", "`demo-323403`.`analytics`.`events`")],
    );
    let index = RelationIndex::new(&[&bigquery]);
    let answer = look_up(
        &index,
        &wanted("[My Project 42084].[analytics].[events]", Dialect::BigQuery),
    );
    assert!(
        matches!(
            answer,
            Answer::Linked {
                matched: Matched::SchemaNameDatabaseAdvisory,
                ..
            }
        ),
        "{answer:?}"
    );
    let mut from_sql = wanted("other-project.analytics.events", Dialect::BigQuery);
    from_sql.is_database_advisory = false;
    let answer = look_up(&index, &from_sql);
    assert!(
        matches!(
            answer,
            Answer::Missing {
                reason: GapReason::OtherDatabase,
                ..
            }
        ),
        "{answer:?}"
    );
}

#[test]
fn blurred_databases_do_not_decide_between_a_model_and_a_source_of_two_projects() {
    let bigquery = project(
        "bigquery",
        vec![
            node("model.p.e", "prod.a.events"),
            node("source.p.x.e", "dev.a.events"),
        ],
    );
    let answer = look_up(
        &RelationIndex::new(&[&bigquery]),
        &wanted("Shown.a.events", Dialect::BigQuery),
    );
    assert!(
        matches!(
            answer,
            Answer::Missing {
                reason: GapReason::Ambiguous,
                ..
            }
        ),
        "{answer:?}"
    );
}

#[test]
fn two_level_warehouses_call_the_schema_a_database() {
    let clickhouse = project("clickhouse", vec![node("model.p.e", "analytics.events")]);
    let index = RelationIndex::new(&[&clickhouse]);
    let mut bare = wanted("events", Dialect::ClickHouse);
    bare.name.database = Some("Analytics".into());
    let whole = [
        bare.clone(),
        wanted("analytics.events", Dialect::Generic),
        wanted("x.analytics.events", Dialect::ClickHouse),
        wanted("analytics.analytics.events", Dialect::Generic),
    ];
    for name in whole {
        let answer = look_up(&index, &name);
        assert!(
            matches!(
                answer,
                Answer::Linked {
                    matched: Matched::SchemaNameTwoLevel,
                    ..
                }
            ),
            "{answer:?}"
        );
    }
    // Anything may be behind a generic driver: a database told is no schema of ClickHouse then.
    let answer = look_up(&index, &wanted("x.analytics.events", Dialect::Generic));
    assert!(
        matches!(
            answer,
            Answer::Missing {
                reason: GapReason::OtherDatabase,
                ..
            }
        ),
        "{answer:?}"
    );
    bare.name.database = Some("analytics_test".into());
    let answer = look_up(&index, &bare);
    assert!(
        matches!(
            answer,
            Answer::Missing {
                reason: GapReason::OtherSchema,
                ..
            }
        ),
        "{answer:?}"
    );
    bare.name.database = None;
    assert!(matches!(
        look_up(&index, &bare),
        Answer::Missing {
            reason: GapReason::IncompleteName,
            ..
        }
    ));
}

#[test]
fn a_connection_to_another_warehouse_breaks_the_tie() {
    let (snowflake, duckdb) = (
        project("snowflake", vec![node("model.p.a", "x.s.t")]),
        project("duckdb", vec![node("model.q.b", "y.s.t")]),
    );
    let index = RelationIndex::new(&[&snowflake, &duckdb]);
    let answer = look_up(&index, &wanted("s.t", Dialect::DuckDb));
    assert!(
        matches!(answer, Answer::Linked { ref node, .. } if node.as_str() == "model.q.b"),
        "{answer:?}"
    );
    assert!(matches!(
        look_up(&index, &wanted("s.t", Dialect::Generic)),
        Answer::Missing {
            reason: GapReason::Ambiguous,
            ..
        }
    ));
}

#[test]
fn a_database_of_the_project_is_no_display_name() {
    let bigquery = project(
        "bigquery",
        vec![
            node("model.p.e", "mart.sales.orders"),
            node("source.p.r.x", "raw.landing.x"),
        ],
    );
    let index = RelationIndex::new(&[&bigquery]);
    let answer = look_up(&index, &wanted("raw.sales.orders", Dialect::BigQuery));
    assert!(
        matches!(
            answer,
            Answer::Missing {
                reason: GapReason::OtherDatabase,
                ..
            }
        ),
        "{answer:?}"
    );
}

#[test]
fn the_connections_type_settles_equal_names_in_two_warehouses() {
    let (postgres, snowflake) = (
        project(
            "postgres",
            vec![node("source.a.public.orders", "prod.public.orders")],
        ),
        project("snowflake", vec![node("model.b.orders", "PROD.PUBLIC.ORDERS")]),
    );
    let index = RelationIndex::new(&[&postgres, &snowflake]);
    for (dialect, expected) in [
        (Dialect::Postgres, "source.a.public.orders"),
        (Dialect::Snowflake, "model.b.orders"),
    ] {
        let answer = look_up(&index, &wanted("prod.public.orders", dialect));
        assert!(
            matches!(&answer, Answer::Linked { node, .. } if node.as_str() == expected),
            "{answer:?}"
        );
    }
}

#[test]
fn one_project_built_in_two_databases_is_two_relations() {
    let (dev, prod) = (
        project("snowflake", vec![node("model.p.orders", "dev.marts.orders")]),
        project("snowflake", vec![node("model.p.orders", "prod.marts.orders")]),
    );
    let index = RelationIndex::new(&[&dev, &prod]);
    let answer = look_up(&index, &wanted("marts.orders", Dialect::Snowflake));
    assert!(
        matches!(
            answer,
            Answer::Missing {
                reason: GapReason::Ambiguous,
                ..
            }
        ),
        "{answer:?}"
    );
    let answer = look_up(&index, &wanted("prod.marts.orders", Dialect::Snowflake));
    assert!(matches!(answer, Answer::Linked { .. }), "{answer:?}");
}

#[test]
fn a_relation_that_dbt_writes_without_a_database_has_none_to_compare() {
    let mut orders = node("model.p.orders", "ORCL.MARTS.ORDERS");
    if let Some(relation) = &mut orders.relation {
        relation.rendered = Some("MARTS.ORDERS".into());
    }
    let oracle = project("oracle", vec![orders]);
    let mut elsewhere = wanted("MARTS.ORDERS", Dialect::Oracle);
    elsewhere.name.database = Some("orcl.acme.com".into());
    let answer = look_up(&RelationIndex::new(&[&oracle]), &elsewhere);
    assert!(
        matches!(
            answer,
            Answer::Linked {
                matched: Matched::SchemaNameDatabaseUnknown,
                ..
            }
        ),
        "{answer:?}"
    );
}

#[test]
fn a_name_without_a_database_does_not_cross_warehouses() {
    let snowflake = project("snowflake", vec![node("model.p.a", "x.s.t")]);
    let index = RelationIndex::new(&[&snowflake]);
    let answer = look_up(&index, &wanted("s.t", Dialect::BigQuery));
    assert!(
        matches!(
            answer,
            Answer::Missing {
                reason: GapReason::UnknownToDbt,
                ..
            }
        ),
        "{answer:?}"
    );
    let answer = look_up(&index, &wanted("x.s.t", Dialect::BigQuery));
    assert!(
        matches!(
            answer,
            Answer::Linked {
                matched: Matched::DatabaseSchemaName,
                ..
            }
        ),
        "{answer:?}"
    );
}

#[test]
fn ephemeral_and_disabled_nodes_are_named_as_such() {
    let mut ephemeral = node("model.p.eph", "db.s.eph");
    ephemeral.config = Arc::new(Map::from_iter([("materialized".to_owned(), json!("ephemeral"))]));
    let metadata = ProjectMetadata::default();
    let project = Project::new(
        "p".into(),
        metadata,
        vec![ephemeral],
        vec![node("model.p.off", "db.s.off")],
    );
    let index = RelationIndex::new(&[&project]);
    for (name, expected) in [
        ("db.s.eph", GapReason::Ephemeral),
        ("db.s.off", GapReason::DisabledInDbt),
    ] {
        let answer = look_up(&index, &wanted(name, Dialect::Generic));
        assert!(
            matches!(answer, Answer::Missing { reason, .. } if reason == expected),
            "{answer:?}"
        );
    }
}

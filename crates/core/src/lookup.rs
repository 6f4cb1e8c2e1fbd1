//! Looking one table name up among dbt's relations: linked, or why not.
//!
//! The rules, in order:
//!
//! 1. Database, schema and name equal: linked.
//! 2. The warehouse has two levels: schema and name equal is all there is to compare: linked.
//! 3. The database is not told, or may be a display name: schema and name equal, and exactly one node
//!    among those whose warehouse fits the connection: linked, and the evidence says so.
//! 4. Otherwise a gap. A bare name never links, however unique it is.
//!
//! Where a source and a model are the same relation the model wins and the evidence says so; two
//! models are ambiguous.

use crate::dialect::Dialect;
use crate::exposure::Matched;
use crate::gap::{Candidate, GapReason};
use crate::id::NodeId;
use crate::relation::{RelationName, fold};
use crate::relation_index::{Entry, EntryState, RelationIndex};

/// How many candidates a gap names.
const MOST_CANDIDATES: usize = 5;

/// A name to look up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The name after mapping.
    pub name: RelationName,
    /// The SQL behind the connection.
    pub dialect: Dialect,
    /// Whether the database may be wrong: a display name rather than an identifier.
    pub is_database_advisory: bool,
}

/// What looking up came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// One node.
    Linked {
        /// The node.
        node: NodeId,
        /// How the names agree.
        matched: Matched,
        /// The node's relation, dotted.
        relation: String,
        /// Who else has the relation.
        note: Option<String>,
    },
    /// None, or too many.
    Missing {
        /// Why.
        reason: GapReason,
        /// The nearest, best first.
        candidates: Vec<Candidate>,
    },
}

/// Looks a name up. See the module's rules.
pub fn look_up(index: &RelationIndex<'_>, wanted: &Wanted) -> Answer {
    let Some(schema) = &wanted.name.schema else {
        return look_up_without_schema(index, wanted);
    };
    let same = index.by_schema_and_name(schema, &wanted.name.name);
    let (readable, unreadable): (Vec<_>, Vec<_>) = same
        .into_iter()
        .partition(|entry| entry.state == EntryState::Readable);

    let two_level: Vec<_> = readable
        .iter()
        .copied()
        .filter(|entry| is_two_level(wanted, entry))
        .collect();
    let Some(database) = wanted.name.database.as_deref().map(fold) else {
        let fitting: Vec<_> = readable
            .iter()
            .copied()
            .filter(|entry| wanted.dialect.fits(entry.dialect))
            .collect();
        let matched = if two_level.is_empty() {
            Matched::SchemaNameDatabaseUnknown
        } else {
            Matched::SchemaNameTwoLevel
        };
        return choose(&fitting, matched).unwrap_or_else(|| {
            if readable.is_empty() {
                return look_further(index, wanted, &unreadable);
            }
            Answer::Missing {
                reason: GapReason::UnknownToDbt,
                candidates: candidates(&readable, wanted),
            }
        });
    };

    let mut exact: Vec<_> = readable
        .iter()
        .copied()
        .filter(|entry| entry.folded.database.as_deref() == Some(database.as_str()))
        .collect();
    // The connection's type is no condition, since people choose odd drivers; it settles ties.
    if exact.iter().any(|entry| wanted.dialect.fits(entry.dialect)) {
        exact.retain(|entry| wanted.dialect.fits(entry.dialect));
    }
    if let Some(answer) = choose(&exact, Matched::DatabaseSchemaName) {
        return answer;
    }
    if let Some(answer) = choose(&two_level, Matched::SchemaNameTwoLevel) {
        return answer;
    }
    // A name that is the database of some relation is an identifier, and another one.
    let is_display_name = wanted.is_database_advisory && !index.has_database(&database, wanted.dialect);
    let blurred: Vec<_> = readable
        .iter()
        .copied()
        .filter(|entry| wanted.dialect.fits(entry.dialect))
        // Some adapters leave the database out of what they write (Oracle: `SCHEMA.TABLE`), and then
        // what the tool calls the database is a service or a server.
        .filter(|entry| is_display_name || (entry.folded.database.is_none() && !entry.dialect.is_two_level()))
        .collect();
    let matched = if is_display_name {
        Matched::SchemaNameDatabaseAdvisory
    } else {
        Matched::SchemaNameDatabaseUnknown
    };
    if let Some(answer) = choose(&blurred, matched) {
        return answer;
    }
    if readable.is_empty() {
        return look_further(index, wanted, &unreadable);
    }
    Answer::Missing {
        reason: GapReason::OtherDatabase,
        candidates: candidates(&readable, wanted),
    }
}

/// A bare name links nowhere. Where the warehouse has two levels, what the tool calls the database is
/// dbt's schema, and then the name is not bare.
fn look_up_without_schema(index: &RelationIndex<'_>, wanted: &Wanted) -> Answer {
    let named = index.by_bare_name(&wanted.name.name);
    if let Some(database) = wanted.name.database.as_deref().map(fold) {
        let two_level: Vec<_> = named
            .iter()
            .copied()
            .filter(|entry| entry.state == EntryState::Readable && is_two_level(wanted, entry))
            .filter(|entry| entry.folded.schema.as_deref() == Some(database.as_str()))
            .collect();
        if let Some(answer) = choose(&two_level, Matched::SchemaNameTwoLevel) {
            return answer;
        }
    }
    // Of a two-level warehouse the database told is the schema, so the name is whole; it is another one.
    let is_told = wanted.dialect.is_two_level() && wanted.name.database.is_some();
    let reason = match (is_told, named.is_empty()) {
        (true, false) => GapReason::OtherSchema,
        (true, true) => return look_further(index, wanted, &[]),
        (false, _) => GapReason::IncompleteName,
    };
    Answer::Missing {
        reason,
        candidates: candidates(&named, wanted),
    }
}

/// Whether the entry's warehouse has no level above the schema, so that the database told does not count.
/// A connection that may be to anything says so only by telling no database, or the schema again.
fn is_two_level(wanted: &Wanted, entry: &Entry<'_>) -> bool {
    let is_told_otherwise = wanted.dialect == Dialect::Generic
        && match (&wanted.name.database, &wanted.name.schema) {
            (Some(database), Some(schema)) => fold(database) != fold(schema),
            _ => false,
        };
    entry.dialect.is_two_level() && wanted.dialect.fits(entry.dialect) && !is_told_otherwise
}

/// One node, ambiguity, or `None` for no entry at all.
fn choose(entries: &[&Entry<'_>], matched: Matched) -> Option<Answer> {
    let mut nodes: Vec<&Entry<'_>> = Vec::new();
    for &entry in entries {
        // One node may have two names, as told and as rendered; one project built twice is two relations.
        let is_same = |known: &&Entry<'_>| {
            known.node.unique_id == entry.node.unique_id && known.relation.folded() == entry.relation.folded()
        };
        if !nodes.iter().any(is_same) {
            nodes.push(entry);
        }
    }
    let (built, declared): (Vec<_>, Vec<_>) = nodes.iter().copied().partition(|entry| entry.is_built());
    let (winner, others) = match (built.as_slice(), declared.as_slice()) {
        ([], []) => return None,
        ([model], sources) => (*model, sources.to_vec()),
        ([], [source]) => (*source, Vec::new()),
        _ => {
            let reason = GapReason::Ambiguous;
            let alike = nodes
                .iter()
                .map(|entry| candidate(entry, "answers equally well".to_owned()))
                .collect();
            return Some(Answer::Missing {
                reason,
                candidates: limited(alike),
            });
        }
    };
    // Two different relations that fold or blur into one are not one relation told twice.
    if others
        .iter()
        .any(|other| other.folded.database != winner.folded.database)
    {
        let alike = nodes
            .iter()
            .map(|entry| candidate(entry, "answers equally well".to_owned()))
            .collect();
        return Some(Answer::Missing {
            reason: GapReason::Ambiguous,
            candidates: limited(alike),
        });
    }
    let note = (!others.is_empty()).then(|| {
        let names: Vec<&str> = others.iter().map(|entry| entry.node.unique_id.as_str()).collect();
        format!(
            "also declared as {}; what dbt builds wins over what it reads",
            names.join(", ")
        )
    });
    Some(Answer::Linked {
        node: winner.node.unique_id.clone(),
        matched,
        relation: winner.relation.to_string(),
        note,
    })
}

/// No readable node has this schema and name: say what comes nearest.
fn look_further(index: &RelationIndex<'_>, wanted: &Wanted, unreadable: &[&Entry<'_>]) -> Answer {
    let in_same_database = |entry: &&&Entry<'_>| {
        wanted.name.database.is_none()
            || wanted.is_database_advisory
            || entry.folded.database == wanted.name.database.as_deref().map(fold)
    };
    for (state, reason) in [
        (EntryState::Ephemeral, GapReason::Ephemeral),
        (EntryState::Disabled, GapReason::DisabledInDbt),
    ] {
        let found: Vec<_> = unreadable
            .iter()
            .filter(|entry| entry.state == state)
            .filter(in_same_database)
            .copied()
            .collect();
        if !found.is_empty() {
            return Answer::Missing {
                reason,
                candidates: candidates(&found, wanted),
            };
        }
    }
    let named: Vec<_> = index
        .by_bare_name(&wanted.name.name)
        .into_iter()
        .filter(|entry| entry.state == EntryState::Readable)
        .collect();
    let nearby: Vec<_> = named.iter().filter(in_same_database).copied().collect();
    if !nearby.is_empty() {
        return Answer::Missing {
            reason: GapReason::OtherSchema,
            candidates: candidates(&nearby, wanted),
        };
    }
    let near = if named.is_empty() {
        index.with_similar_name(&wanted.name.name, MOST_CANDIDATES)
    } else {
        named
    };
    Answer::Missing {
        reason: GapReason::UnknownToDbt,
        candidates: candidates(&near, wanted),
    }
}

fn candidates(entries: &[&Entry<'_>], wanted: &Wanted) -> Vec<Candidate> {
    limited(
        entries
            .iter()
            .map(|entry| candidate(entry, difference(entry, wanted)))
            .collect(),
    )
}

fn candidate(entry: &Entry<'_>, differs: String) -> Candidate {
    Candidate {
        node: entry.node.unique_id.clone(),
        relation: entry.relation.to_string(),
        differs,
    }
}

fn limited(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|left, right| {
        left.differs
            .len()
            .cmp(&right.differs.len())
            .then_with(|| left.cmp(right))
    });
    candidates.dedup_by(|later, earlier| later.node == earlier.node);
    candidates.truncate(MOST_CANDIDATES);
    candidates
}

/// What tells the entry from the name, in words.
fn difference(entry: &Entry<'_>, wanted: &Wanted) -> String {
    match entry.state {
        EntryState::Ephemeral => return "is ephemeral: it has no relation".to_owned(),
        EntryState::Disabled => return "is disabled in dbt".to_owned(),
        EntryState::Readable => {}
    }
    let level = |name: &str, theirs: &Option<String>, ours: &Option<String>| match (theirs, ours) {
        (theirs, None) => theirs.as_ref().map(|theirs| format!("is in {name} {theirs}")),
        (Some(theirs), Some(ours)) if fold(theirs) != fold(ours) => {
            Some(format!("{name} is {theirs}, not {ours}"))
        }
        _ => None,
    };
    let name =
        (entry.folded.name != fold(&wanted.name.name)).then(|| format!("is called {}", entry.relation.name));
    let differences: Vec<String> = [
        level("database", &entry.relation.database, &wanted.name.database),
        level("schema", &entry.relation.schema, &wanted.name.schema),
        name,
    ]
    .into_iter()
    .flatten()
    .collect();
    if differences.is_empty() {
        "its warehouse does not fit the connection".to_owned()
    } else {
        differences.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::{Map, json};

    use super::*;
    use crate::project::{Node, NodeRelation, Project, ProjectMetadata, ResourceType};
    use crate::relation::split_name;

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
}

//! The table references of one asset: every route by which the BI tool or SQL text tells of a table.
//!
//! ```text
//! asset ─▶ its own table list
//!       ─▶ each data source ─▶ table list, columns, virtual connections
//!                           ─▶ custom SQL ─▶ tables the tool read, tables we read
//!                           ─▶ its parents (published data sources), the same again
//! ```
//!
//! The union counts: the tool's lists leave out what no sheet uses, or what only columns know.

use std::collections::{BTreeMap, BTreeSet};

use crate::confidence::Confidence;
use crate::dialect::Dialect;
use crate::exposure::{DataSourceRef, Via};
use crate::id::{CustomSqlId, DataSourceId, TableId};
use crate::inventory::{Asset, CustomSql, DataSource, Inventory, Table};
use crate::relation::{RelationName, split_name};
use crate::sql_reading::{SqlReading, SqlTable};

/// A table told of by one route, its name in as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The route.
    pub via: Via,
    /// The data source on the way; `None` for the asset's own list.
    pub data_source: Option<DataSourceRef>,
    /// How the SQL text was read, where it was.
    pub confidence: Option<Confidence>,
    /// What it names.
    pub target: Target,
}

/// What a reference names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A table that may be a relation.
    Relation {
        /// The name as told.
        shown: String,
        /// The name in parts.
        name: RelationName,
        /// The SQL behind the connection.
        dialect: Dialect,
        /// Whether the database may be a display name.
        is_database_advisory: bool,
    },
    /// A name of four parts or more.
    LinkedServer {
        /// The name as told.
        shown: String,
    },
    /// A file, an extract or a web service.
    NotAWarehouseTable {
        /// The table: every bare extract has the same name.
        table: TableId,
        /// The name as told.
        shown: String,
        /// The tool's word for the connection.
        connection_type: String,
    },
    /// The tool hides the table's names.
    Hidden {
        /// The table.
        table: TableId,
    },
    /// Custom SQL out of which no table could be read.
    UnreadableSql {
        /// The name that the tool shows, or a description.
        shown: String,
        /// Why, in words.
        why: String,
    },
}

/// Everything that an asset is told to stand on, without repeats, in a stable order.
pub fn references(
    inventory: &Inventory,
    asset: &Asset,
    readings: &BTreeMap<CustomSqlId, SqlReading>,
) -> BTreeSet<Reference> {
    let sources = reachable_sources(inventory, asset);
    let mut collector = Collector {
        inventory,
        readings,
        superseded: superseded(inventory, &sources, readings),
        found: BTreeSet::new(),
    };
    let own: Vec<_> = asset
        .tables
        .iter()
        .map(|used| (&used.table, Via::from(used.via)))
        .collect();
    collector.add_tables(&own, None);
    for (id, source) in sources {
        collector.add_data_source(id, source);
    }
    collector.found
}

/// The asset's data sources and, through them, their parents; each once, loops and all.
pub fn reachable_sources<'a>(
    inventory: &'a Inventory,
    asset: &'a Asset,
) -> BTreeMap<&'a DataSourceId, &'a DataSource> {
    let mut reached = BTreeMap::new();
    let mut waiting: Vec<&DataSourceId> = asset.data_sources.iter().collect();
    while let Some(id) = waiting.pop() {
        let Some(source) = inventory.data_sources.get(id) else {
            continue;
        };
        if reached.insert(id, source).is_none() {
            waiting.extend(&source.parents);
        }
    }
    reached
}

/// Tables that add nothing: the tool found them in SQL without a schema, and our own reading of the same
/// text parsed. The text names them itself then, or they are an alias or a CTE that the tool mistook.
fn superseded<'a>(
    inventory: &'a Inventory,
    sources: &BTreeMap<&DataSourceId, &'a DataSource>,
    readings: &BTreeMap<CustomSqlId, SqlReading>,
) -> BTreeSet<&'a TableId> {
    let is_parsed = |id: &CustomSqlId| {
        readings
            .get(id)
            .is_some_and(|reading| reading.confidence != Confidence::Scanned)
    };
    let has_no_schema = |id: &TableId| {
        let table = inventory.tables.get(id).filter(|table| !table.is_hidden());
        table
            .and_then(full_name)
            .is_some_and(|name| name.schema.is_none())
    };
    let parsed = sources
        .values()
        .flat_map(|source| &source.custom_sql)
        .filter(|id| is_parsed(id));
    let tables = parsed
        .filter_map(|id| inventory.custom_sql.get(id))
        .flat_map(|sql| &sql.tables);
    tables.filter(|id| has_no_schema(id)).collect()
}

struct Collector<'a> {
    inventory: &'a Inventory,
    readings: &'a BTreeMap<CustomSqlId, SqlReading>,
    superseded: BTreeSet<&'a TableId>,
    found: BTreeSet<Reference>,
}

impl Collector<'_> {
    fn add_data_source(&mut self, id: &DataSourceId, source: &DataSource) {
        let from = DataSourceRef {
            id: id.clone(),
            name: source.name.clone(),
            is_published: source.is_published,
        };
        let own: Vec<_> = source
            .tables
            .iter()
            .map(|used| (&used.table, Via::from(used.via)))
            .collect();
        self.add_tables(&own, Some(&from));
        for sql_id in &source.custom_sql {
            match self.inventory.custom_sql.get(sql_id) {
                Some(sql) => self.add_custom_sql(sql_id, sql, &from),
                None => self.add_unreadable(&from, "custom SQL", "the BI tool names it but does not show it"),
            }
        }
        if source.has_unread_sql && source.custom_sql.is_empty() {
            self.add_unreadable(
                &from,
                "custom SQL",
                "the BI tool says that there is custom SQL but does not show it",
            );
        }
    }

    fn add_custom_sql(&mut self, id: &CustomSqlId, sql: &CustomSql, from: &DataSourceRef) {
        let by_tool: Vec<_> = sql.tables.iter().map(|table| (table, Via::ToolReadSql)).collect();
        self.add_tables(&by_tool, Some(from));
        let shown = sql.name.as_deref().unwrap_or("custom SQL");
        let Some(reading) = self.readings.get(id) else {
            if sql.tables.is_empty() {
                self.add_unreadable(
                    from,
                    shown,
                    "its text is hidden from the token, and the BI tool names no table in it",
                );
            }
            return;
        };
        let told: BTreeSet<String> = sql
            .tables
            .iter()
            .filter_map(|table| self.inventory.tables.get(table))
            .filter_map(|table| full_name(table).filter(|name| name.schema.is_some()))
            .map(|name| name.folded().name)
            .collect();
        for table in &reading.tables {
            let reference = from_sql(table, sql, from, reading.confidence);
            // The tool read the same text and knows the connection's default schema, which the text
            // leaves out: its fuller name for the same table stands for both.
            let is_told_in_full = table.parts.len() == 1 && told.contains(&table.parts[0].to_lowercase());
            if !is_told_in_full {
                self.found.insert(reference);
            }
        }
        if reading.tables.is_empty() && sql.tables.is_empty() && reading.confidence != Confidence::Parsed {
            let why = reading.error.as_deref().unwrap_or("no table was found in it");
            self.add_unreadable(from, shown, why);
        }
    }

    fn add_tables(&mut self, tables: &[(&TableId, Via)], from: Option<&DataSourceRef>) {
        for (id, via) in tables {
            if self.superseded.contains(id) {
                continue;
            }
            let target = match self.inventory.tables.get(*id) {
                Some(table) if !table.is_hidden() => from_table(id, table),
                _ => Target::Hidden { table: (*id).clone() },
            };
            self.insert(*via, from, target);
        }
    }

    fn add_unreadable(&mut self, from: &DataSourceRef, shown: &str, why: &str) {
        let target = Target::UnreadableSql {
            shown: shown.to_owned(),
            why: why.to_owned(),
        };
        self.insert(Via::ReadSql, Some(from), target);
    }

    fn insert(&mut self, via: Via, from: Option<&DataSourceRef>, target: Target) {
        self.found.insert(Reference {
            via,
            data_source: from.cloned(),
            confidence: None,
            target,
        });
    }
}

/// A table's name with all that is known of it. `fullName` wins over the single fields, because the
/// schema field is the one last chosen in a dialog for some engines.
fn full_name(table: &Table) -> Option<RelationName> {
    let parts = table
        .full_name
        .as_deref()
        .or(table.name.as_deref())
        .map(split_name)?;
    let told = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let name = RelationName::from_parts(&parts)?;
    // A name of one part leaves schema and database to the single fields.
    let schema = name.schema.or_else(|| {
        if parts.len() == 1 {
            told(&table.schema)
        } else {
            None
        }
    });
    Some(RelationName {
        database: name.database.or_else(|| told(&table.database)),
        schema,
        name: name.name,
    })
}

fn from_table(id: &TableId, table: &Table) -> Target {
    let shown = table
        .full_name
        .clone()
        .or_else(|| table.name.clone())
        .unwrap_or_default();
    let connection = table.connection();
    if !connection.can_hold_relations() {
        let connection_type = table.connection_type.clone().unwrap_or_default();
        return Target::NotAWarehouseTable {
            table: id.clone(),
            shown,
            connection_type,
        };
    }
    match full_name(table) {
        Some(name) => Target::Relation {
            shown: name.to_string(),
            name,
            dialect: connection.dialect(),
            is_database_advisory: connection.dialect().is_database_advisory(),
        },
        None => Target::LinkedServer { shown },
    }
}

/// A table that SQL text names. What the text says of the database is no display name; what the
/// connection adds may be.
fn from_sql(table: &SqlTable, sql: &CustomSql, from: &DataSourceRef, confidence: Confidence) -> Reference {
    let dialect = sql.connection().dialect();
    let shown = table
        .parts
        .iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(".");
    let target = match RelationName::from_parts(&table.parts) {
        None => Target::LinkedServer { shown },
        Some(name) => {
            let is_written = name.database.is_some();
            let database = name
                .database
                .or_else(|| sql.database.clone().filter(|text| !text.is_empty()));
            let is_database_advisory = !is_written && dialect.is_database_advisory();
            Target::Relation {
                shown,
                name: RelationName { database, ..name },
                dialect,
                is_database_advisory,
            }
        }
    };
    Reference {
        via: Via::ReadSql,
        data_source: Some(from.clone()),
        confidence: Some(confidence),
        target,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn table(database: Option<&str>, schema: Option<&str>, name: &str, full_name: Option<&str>) -> Table {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Table {
            name: Some(name.into()),
            schema: text(schema),
            full_name: text(full_name),
            database: text(database),
            connection_type: Some("postgres".into()),
            ..Table::default()
        }
    }

    #[rstest]
    #[case(
        table(Some("dvdrental"), Some("public"), "actor", Some("[public].[actor]")),
        "dvdrental.public.actor"
    )]
    #[case(
        table(Some("dvdrental"), Some(""), "customer", Some("customer")),
        "dvdrental.customer"
    )]
    #[case(table(Some("db"), Some("stale"), "t", Some("[right].[t]")), "db.right.t")]
    #[case(table(Some("shown"), Some("s"), "t", Some("[real].[s].[t]")), "real.s.t")]
    #[case(table(None, Some("s"), "t", None), "s.t")]
    #[case(table(None, None, "s.t", Some("s.t")), "s.t")]
    #[case(table(Some("db"), Some("dbo"), "a.b", Some("[dbo].[a.b]")), "db.dbo.a.b")]
    fn the_full_name_wins_over_the_single_fields(#[case] table: Table, #[case] expected: &str) {
        assert_eq!(full_name(&table).unwrap().to_string(), expected);
    }

    #[test]
    fn loops_of_data_sources_end() {
        let mut inventory = Inventory::default();
        for (id, parent) in [("a", "b"), ("b", "a")] {
            let parents = BTreeSet::from([DataSourceId::from(parent)]);
            inventory.data_sources.insert(
                id.into(),
                DataSource {
                    parents,
                    ..DataSource::default()
                },
            );
        }
        let asset = Asset {
            data_sources: BTreeSet::from(["a".into()]),
            ..Asset::default()
        };
        assert_eq!(reachable_sources(&inventory, &asset).len(), 2);
    }
}

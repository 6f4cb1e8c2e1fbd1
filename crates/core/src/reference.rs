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
use crate::relation::{RelationName, fold, split_name};
use crate::sql_reading::{SqlReading, SqlRemark, SqlTable};

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

/// Tables that the tool took out of SQL by mistake or by half, as our own reading of the same text shows:
/// it parsed, and either names no such table (it is an alias or a CTE), or names it itself while the tool
/// leaves the schema out. What another data source without that SQL lists is no mistake.
fn superseded<'a>(
    inventory: &'a Inventory,
    sources: &BTreeMap<&DataSourceId, &'a DataSource>,
    readings: &BTreeMap<CustomSqlId, SqlReading>,
) -> BTreeSet<&'a TableId> {
    let mut mistaken = BTreeSet::new();
    let mut confirmed = BTreeSet::new();
    for source in sources.values() {
        let mut of_source = BTreeSet::new();
        for (id, sql) in source
            .custom_sql
            .iter()
            .filter_map(|id| Some((id, inventory.custom_sql.get(id)?)))
        {
            let reading = readings.get(id).filter(|reading| reading.is_whole());
            let is_mistaken =
                |table: &&TableId| reading.is_some_and(|reading| is_superseded(inventory, table, reading));
            of_source.extend(sql.tables.iter().filter(is_mistaken));
        }
        confirmed.extend(
            source
                .tables
                .iter()
                .map(|used| &used.table)
                .filter(|id| !of_source.contains(id)),
        );
        mistaken.extend(of_source);
    }
    mistaken
        .into_iter()
        .filter(|id| !confirmed.contains(id))
        .collect()
}

fn is_superseded(inventory: &Inventory, id: &TableId, reading: &SqlReading) -> bool {
    let table = inventory.tables.get(id).filter(|table| !table.is_hidden());
    let Some(name) = table.and_then(full_name) else {
        return false;
    };
    let is_named = reading.tables.iter().any(|own| own.is_called(&name.name));
    name.schema.is_none() || !is_named
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
            // The tool read the same text and knows the connection's default schema, which the text
            // leaves out: its fuller name for the same table stands for both, unless the text names that
            // fuller table as well.
            let is_bare = table.parts.len() == 1;
            let is_named_in_full = reading
                .tables
                .iter()
                .any(|other| other.parts.len() > 1 && other.is_called(table.name()));
            if is_bare && told.contains(&fold(table.name())) && !is_named_in_full {
                continue;
            }
            self.found.insert(from_sql(table, sql, from, reading));
        }
        self.add_remarks(id, reading, from);
        if reading.tables.is_empty() && reading.remarks.is_empty() && sql.tables.is_empty() {
            self.add_unreadable(
                from,
                shown,
                reading.error.as_deref().unwrap_or("it names no table"),
            );
        }
    }

    fn add_remarks(&mut self, id: &CustomSqlId, reading: &SqlReading, from: &DataSourceRef) {
        for remark in &reading.remarks {
            match remark {
                SqlRemark::Linked { .. } => {} // Seen where its table is.
                SqlRemark::File { path } => {
                    let table = TableId::new(format!("{id} {path}"));
                    let connection_type = "a file named in SQL".to_owned();
                    let target = Target::NotAWarehouseTable {
                        table,
                        shown: path.clone(),
                        connection_type,
                    };
                    self.insert(Via::ReadSql, Some(from), target);
                }
                SqlRemark::Untold { expression, why } => self.add_unreadable(from, expression, why),
            }
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
    completed(&name_parts(table)?, table)
}

/// The parts as a name, with what the single fields add.
fn completed(parts: &[String], table: &Table) -> Option<RelationName> {
    let name = RelationName::from_parts(parts)?;
    // A name of one part leaves schema and database to the single fields.
    let schema = name
        .schema
        .or_else(|| told(table.schema.as_ref()).filter(|_| parts.len() == 1));
    Some(RelationName {
        database: name.database.or_else(|| told(table.database.as_ref())),
        schema,
        name: name.name,
    })
}

/// The parts of `fullName`, else of the short name; `None` where neither names anything.
fn name_parts(table: &Table) -> Option<Vec<String>> {
    [&table.full_name, &table.name]
        .into_iter()
        .filter_map(|text| Some(split_name(text.as_deref()?)))
        .find(|parts| parts.last().is_some_and(|name| !name.is_empty()))
}

fn told(text: Option<&String>) -> Option<String> {
    text.map(String::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn from_table(id: &TableId, table: &Table) -> Target {
    let connection = table.connection();
    if !connection.can_hold_relations() {
        return Target::NotAWarehouseTable {
            table: id.clone(),
            shown: told(table.full_name.as_ref())
                .or_else(|| told(table.name.as_ref()))
                .unwrap_or_default(),
            connection_type: table.connection_type.clone().unwrap_or_default(),
        };
    }
    let Some(parts) = name_parts(table) else {
        return Target::Hidden { table: id.clone() };
    };
    match completed(&parts, table) {
        Some(name) => Target::Relation {
            shown: name.to_string(),
            name,
            dialect: connection.dialect(),
            is_database_advisory: connection.dialect().is_database_advisory(),
        },
        None => Target::LinkedServer {
            shown: parts.join("."),
        },
    }
}

/// A table that SQL text names. What the text says of the database is no display name; what the
/// connection adds may be.
fn from_sql(table: &SqlTable, sql: &CustomSql, from: &DataSourceRef, reading: &SqlReading) -> Reference {
    let dialect = sql.connection().dialect();
    let shown = table
        .parts
        .iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(".");
    let target = match RelationName::from_parts(&table.parts) {
        Some(_) if reading.is_linked(table) => Target::LinkedServer { shown },
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
        confidence: Some(reading.confidence),
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

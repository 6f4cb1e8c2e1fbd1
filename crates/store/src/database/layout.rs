//! The tables of the schema, told by the schema itself.
//!
//! The migrations are the one place that says what there is. What treats all tables alike (copying a store,
//! looking it over) asks a database in memory that they have just made, so that no table and no column can be
//! forgotten. Both engines hold the same tables and columns; a test compares them.

use super::sqlite;
use crate::error::Result;

const ACTION: &str = "read the schema";

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of the schema.
    pub columns: Vec<Column>,
    /// Its primary key: positions among the columns.
    pub key: Vec<usize>,
    /// Whether the schema itself puts rows into it, as into those that count changes.
    pub is_given: bool,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
}

impl Table {
    /// The columns as they stand in a statement.
    pub(crate) fn columns_in_sql(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        names.join(", ")
    }

    /// The columns of the primary key as they stand in a statement.
    pub(crate) fn key_in_sql(&self) -> String {
        let names: Vec<String> = self
            .key
            .iter()
            .map(|position| quoted(&self.columns[*position].name))
            .collect();
        names.join(", ")
    }

    /// The table's name as it stands in a statement.
    pub(crate) fn name_in_sql(&self) -> String {
        quoted(&self.name)
    }
}

/// A name of the schema in a statement. Some are words of SQL, such as `key`; none holds a quote.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The tables of the newest schema, each after those that it refers to.
pub(crate) async fn tables() -> Result<Vec<Table>> {
    let db = sqlite::open_memory("sqlite::memory:".to_owned()).await?;
    let mut transaction = db.begin_reading(ACTION).await?;
    let sql = "select name from sqlite_master where type = 'table' \
               and name not like 'sqlite\\_%' escape '\\' and name <> 'schema_migration' order by name";
    let mut open = Vec::new();
    for row in transaction.fetch(sql, vec![]).await? {
        let name = row.text(0)?;
        let sql = "select name, type, pk from pragma_table_info($1) order by cid";
        let mut columns = Vec::new();
        let mut key = Vec::new();
        for (position, row) in transaction
            .fetch(sql, vec![name.as_str().into()])
            .await?
            .iter()
            .enumerate()
        {
            let kind = if row.text(1)?.eq_ignore_ascii_case("text") {
                Kind::Text
            } else {
                Kind::Integer
            };
            columns.push(Column {
                name: row.text(0)?,
                kind,
            });
            let place_in_key = row.integer(2)?;
            if place_in_key > 0 {
                key.push((place_in_key, position));
            }
        }
        key.sort_unstable();
        let table = Table {
            is_given: transaction.count(&quoted(&name)).await? > 0,
            columns,
            key: key.into_iter().map(|(_, position)| position).collect(),
            name,
        };
        let sql = "select distinct \"table\" from pragma_foreign_key_list($1)";
        let rows = transaction.fetch(sql, vec![table.name.as_str().into()]).await?;
        let parents: Vec<String> = rows.iter().map(|row| row.text(0)).collect::<Result<_>>()?;
        open.push((table, parents));
    }
    drop(transaction);
    db.close().await;
    Ok(parents_first(open))
}

/// Puts each table after those that it refers to. The schema has no circles; were there one, its tables would
/// come last, and the foreign keys would say so.
fn parents_first(mut open: Vec<(Table, Vec<String>)>) -> Vec<Table> {
    let mut sorted: Vec<Table> = Vec::with_capacity(open.len());
    while !open.is_empty() {
        let is_ready = |(table, parents): &(Table, Vec<String>)| {
            parents
                .iter()
                .all(|parent| *parent == table.name || sorted.iter().any(|other| other.name == *parent))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(is_ready);
        if ready.is_empty() {
            sorted.extend(rest.into_iter().map(|(table, _)| table));
            break;
        }
        sorted.extend(ready.into_iter().map(|(table, _)| table));
        open = rest;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_schema_tells_its_tables_parents_first() {
        let tables = tables().await.unwrap();
        let place = |name: &str| tables.iter().position(|table| table.name == name).unwrap();
        assert!(tables.len() > 30, "{}", tables.len());
        assert!(place("integration") < place("asset"));
        assert!(place("asset") < place("exposure"));
        assert!(place("exposure") < place("exposure_link"));
        assert!(place("job_run") < place("job_run_node"));
        let nodes = &tables[place("job_run_node")];
        assert_eq!(nodes.key_in_sql(), "\"run\", \"step\", \"node\"");
        assert_eq!(nodes.columns[1].kind, Kind::Integer);
        let given: Vec<&str> = tables
            .iter()
            .filter(|table| table.is_given)
            .map(|table| table.name.as_str())
            .collect();
        assert!(given.iter().all(|name| name.ends_with("_revision")), "{given:?}");
        assert!(given.contains(&"job_revision"));
        // Rows are read in the order of their key, so every table must have one.
        assert!(tables.iter().all(|table| !table.key.is_empty()));
    }
}

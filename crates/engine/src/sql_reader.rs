//! Reading the custom SQL of an inventory.

use std::collections::BTreeMap;

use tailwater_core::id::CustomSqlId;
use tailwater_core::inventory::Inventory;
use tailwater_core::sql_reading::{SqlReading, SqlTable};
use tailwater_sql::{Request, upstream};

/// Reads every custom SQL text of the inventory. Texts hidden from the token have no reading.
///
/// No default database or schema is filled in here: resolving does that, where it knows whether the
/// connection's word for the database can be trusted.
pub fn read_custom_sql(inventory: &Inventory) -> BTreeMap<CustomSqlId, SqlReading> {
    let with_text = inventory
        .custom_sql
        .iter()
        .filter_map(|(id, sql)| Some((id, sql, sql.query.as_deref()?)));
    with_text
        .map(|(id, sql, text)| {
            let request = Request {
                sql: text,
                dialect: sql.connection().dialect(),
                default_database: None,
                default_schema: None,
                known_columns: None,
            };
            (id.clone(), read(&request))
        })
        .collect()
}

fn read(request: &Request<'_>) -> SqlReading {
    let found = upstream(request);
    let tables = found
        .tables
        .into_iter()
        .map(|used| SqlTable {
            parts: used.name.parts,
            columns: used.columns,
        })
        .collect();
    SqlReading {
        tables,
        confidence: found.confidence,
        error: found.error,
    }
}

//! Reading the custom SQL of an inventory.

use std::collections::BTreeMap;

use tailwater_core::id::CustomSqlId;
use tailwater_core::inventory::Inventory;
use tailwater_core::sql_reading::{SqlReading, SqlRemark, SqlTable};
use tailwater_sql::{Note, Request, TableUse, upstream};

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
    let mut reading = SqlReading {
        tables: found.tables.into_iter().map(to_table).collect(),
        confidence: found.confidence,
        error: found.error,
        remarks: found.notes.into_iter().filter_map(to_remark).collect(),
    };
    if switches_database(request.sql) {
        hold_back_incomplete_names(&mut reading);
    }
    reading
}

fn to_table(used: TableUse) -> SqlTable {
    SqlTable {
        parts: used.name.parts,
        columns: used.columns,
    }
}

fn to_remark(note: Note) -> Option<SqlRemark> {
    let untold = |expression: String, why: &str| SqlRemark::Untold {
        expression,
        why: why.to_owned(),
    };
    Some(match note {
        Note::DatabaseLink { table, link } => SqlRemark::Linked { table, link },
        Note::FileRead { path } => SqlRemark::File { path },
        Note::TemplateRelation { expression } => {
            untold(expression, "a template names the table, not the text")
        }
        Note::DynamicName { expression } => untold(expression, "the name is made when the statement runs"),
        Note::TemporaryTable { name } => untold(name, "an earlier session made the temporary table"),
        _ => return None,
    })
}

/// Whether a statement of the text moves to another database or schema: names after it start there, and
/// not where the connection does.
fn switches_database(sql: &str) -> bool {
    sql.split(';').any(|statement| {
        let mut words = statement.split_whitespace().map(str::to_ascii_lowercase);
        words.next().as_deref() == Some("use")
            && !matches!(
                words.next().as_deref(),
                None | Some("role" | "warehouse" | "secondary")
            )
    })
}

fn hold_back_incomplete_names(reading: &mut SqlReading) {
    let (told, incomplete): (Vec<_>, Vec<_>) = std::mem::take(&mut reading.tables)
        .into_iter()
        .partition(|table| table.parts.len() > 2);
    reading.tables = told;
    reading
        .remarks
        .extend(incomplete.into_iter().map(|table| SqlRemark::Untold {
            expression: table.parts.join("."),
            why: "the text moves to another database with `use`".to_owned(),
        }));
}

#[cfg(test)]
mod tests {
    use tailwater_core::dialect::Dialect;

    use super::*;

    fn remarks(sql: &str, dialect: Dialect) -> SqlReading {
        read(&Request {
            sql,
            dialect,
            default_database: None,
            default_schema: None,
            known_columns: None,
        })
    }

    #[test]
    fn what_is_no_table_by_name_is_remarked() {
        let linked = remarks("select * from marts.orders@prodlink", Dialect::Oracle);
        let expected = SqlRemark::Linked {
            table: "orders".into(),
            link: "prodlink".into(),
        };
        assert_eq!(linked.remarks, [expected]);
        let dynamic = remarks("select * from identifier($tbl)", Dialect::Snowflake);
        assert!(
            matches!(dynamic.remarks.as_slice(), [SqlRemark::Untold { .. }]),
            "{dynamic:?}"
        );
    }

    #[test]
    fn names_after_a_use_statement_do_not_start_at_the_connections_database() {
        let reading = remarks(
            "use database other; select * from marts.orders join a.b.c",
            Dialect::Snowflake,
        );
        assert_eq!(reading.tables.len(), 1);
        assert!(
            matches!(reading.remarks.as_slice(), [SqlRemark::Untold { .. }]),
            "{reading:?}"
        );
        let reading = remarks(
            "use warehouse big; select * from marts.orders",
            Dialect::Snowflake,
        );
        assert_eq!(reading.tables.len(), 1);
    }
}

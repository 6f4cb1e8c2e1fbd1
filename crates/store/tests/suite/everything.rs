//! Rows in every table of the schema, whatever it holds, and all rows of a store to compare.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Column, Connection, PgConnection, Row, SqliteConnection, TypeInfo, ValueRef};

use crate::home::{Engine, Home};

/// All rows of all tables, as text.
pub type Content = BTreeMap<String, Vec<Vec<String>>>;

/// Texts that one engine or the other might change: what stands for NUL, blanks at the ends, quotes, what is
/// compared otherwise than byte by byte.
const TEXTS: [&str; 10] = [
    "",
    " two  blanks ",
    "␀0 and ␀␀",
    "Ä ä é e\u{301}",
    "💧\u{1f600}",
    "it's \"quoted\" \\ back",
    "line\nbreak\r\n\ttab",
    "null",
    "{\"a\": [1, 2.50]}",
    "\u{feff}zero width \u{200b}",
];

/// Puts rows into every table of a SQLite store. Which texts stand where follows from the seed.
pub async fn fill(home: &Home, seed: u64) {
    const ROWS: usize = 7;
    let mut connection = SqliteConnection::connect(&home.address).await.unwrap();
    // Foreign keys are looked at in the end.
    sqlx::raw_sql("pragma foreign_keys = off")
        .execute(&mut connection)
        .await
        .unwrap();
    let sql = "select name, sql from sqlite_master where type = 'table' \
               and name not like 'sqlite%' and name <> 'schema_migration'";
    for table in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
        let (name, definition): (String, String) = (table.get(0), table.get(1));
        let sql = "select info.name, info.type, info.\"notnull\", info.pk, \
                   exists (select 1 from pragma_foreign_key_list($1) as parent where parent.\"from\" = info.name) \
                   from pragma_table_info($1) as info order by cid";
        let columns = sqlx::query(sql)
            .bind(&name)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let delete = format!("delete from \"{name}\"");
        sqlx::query(AssertSqlSafe(delete))
            .execute(&mut connection)
            .await
            .unwrap();
        let is_counter = name.ends_with("_revision");
        for row in 0..if is_counter { 1 } else { ROWS } {
            let mut cells = Vec::new();
            for (place, column) in columns.iter().enumerate() {
                let (column_name, kind): (String, String) = (column.get(0), column.get(1));
                let (is_required, key, is_reference): (bool, i64, bool) =
                    (column.get(2), column.get(3), column.get(4));
                let number = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add((row * 31 + place * 7 + name.len()) as u64)
                    >> 3;
                cells.push(if let Some(allowed) = allowed(&definition, &column_name) {
                    allowed[row % allowed.len()].clone()
                } else if kind.eq_ignore_ascii_case("integer") {
                    if is_required || key > 0 || row % 3 > 0 {
                        (i64::try_from(number % 1_000).unwrap() * 1_000_003 + i64::try_from(row).unwrap())
                            .to_string()
                    } else {
                        "null".to_owned()
                    }
                } else if is_reference || key > 0 {
                    // The same in every table, so that each row has its parent.
                    literal(&format!("{} {row}", TEXTS[row]))
                } else if is_required || row % 3 > 0 {
                    let text = TEXTS[usize::try_from(number).unwrap_or(0) % TEXTS.len()];
                    literal(&format!("{text} {row}"))
                } else {
                    "null".to_owned()
                });
            }
            let sql = format!("insert into \"{name}\" values ({})", cells.join(", "));
            sqlx::query(AssertSqlSafe(sql.clone()))
                .execute(&mut connection)
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }
    let orphans = sqlx::query("pragma foreign_key_check")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(orphans.is_empty());
    connection.close().await.unwrap();
}

/// What a column's `check (column in (…))` allows, as it stands in SQL.
fn allowed(definition: &str, column: &str) -> Option<Vec<String>> {
    if let Some((_, rest)) = definition.split_once(&format!("check ({column} = ")) {
        return Some(vec![rest.split_once(')')?.0.to_owned()]);
    }
    let (_, rest) = definition.split_once(&format!("check ({column} in ("))?;
    Some(rest.split_once(')')?.0.split(", ").map(str::to_owned).collect())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Every row of every table, each table in the order of its columns.
pub async fn content(engine: Engine, home: &Home) -> Content {
    let mut content = Content::new();
    let tables = tables(engine, home).await.into_keys();
    let every_row = |table: &str| AssertSqlSafe(format!("select * from \"{table}\""));
    match engine {
        Engine::Sqlite => {
            let mut connection = SqliteConnection::connect(&home.address).await.unwrap();
            for table in tables {
                let rows = sqlx::query(every_row(&table))
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                content.insert(table, rows.iter().map(cells).collect());
            }
            connection.close().await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = PgConnection::connect(&home.address).await.unwrap();
            for table in tables {
                let rows = sqlx::query(every_row(&table))
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                content.insert(table, rows.iter().map(cells).collect());
            }
        }
    }
    for rows in content.values_mut() {
        rows.sort();
    }
    content
}

fn cells<R: Row>(row: &R) -> Vec<String>
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    for<'r> i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    (0..row.len())
        .map(|place| {
            let cell = row.try_get_raw(place).unwrap();
            if cell.is_null() {
                return "null".to_owned();
            }
            if row.column(place).type_info().name().eq_ignore_ascii_case("text") {
                format!("{:?}", row.get::<String, _>(place))
            } else {
                row.get::<i64, _>(place).to_string()
            }
        })
        .collect()
}

/// Every table with its columns in their order.
pub async fn tables(engine: Engine, home: &Home) -> BTreeMap<String, Vec<(String, bool)>> {
    let mut tables: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    let mut add = |table: String, column: String, is_text: bool| {
        if table != "schema_migration" {
            tables.entry(table).or_default().push((column, is_text));
        }
    };
    match engine {
        Engine::Sqlite => {
            let mut connection = SqliteConnection::connect(&home.address).await.unwrap();
            let sql = "select sqlite_master.name, info.name, lower(info.type) = 'text' \
                       from sqlite_master, pragma_table_info(sqlite_master.name) as info \
                       where sqlite_master.type = 'table' and sqlite_master.name not like 'sqlite%' \
                       order by 1, info.cid";
            for row in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
                add(row.get(0), row.get(1), row.get(2));
            }
            connection.close().await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = PgConnection::connect(&home.address).await.unwrap();
            let sql = "select table_name::text, column_name::text, data_type = 'text' \
                       from information_schema.columns where table_schema = 'public' \
                       order by table_name, ordinal_position";
            for row in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
                add(row.get(0), row.get(1), row.get(2));
            }
        }
    }
    tables
}

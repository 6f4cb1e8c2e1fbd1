//! Copying a whole store into another one, of the same engine or the other.
//!
//! ```text
//! source: one reading transaction ─▶ rows in the order of their key ─▶ target: one writing transaction
//!            (all of one instant)        500 at a time                    empty it, insert, read back, commit
//! ```
//!
//! Nothing is interpreted: texts and integers go over as they stand, sealed secrets among them, which open with
//! the same key as before. Before the target's transaction ends, every table is read back and compared by count
//! and checksum, so that a copy is whole or not there at all, whatever happens to the process.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use crate::database::layout::{self, Table};
use crate::database::{Transaction, Value, schema};
use crate::error::{Error, Result};
use crate::store::Store;

const READING: &str = "read the store to copy";
const WRITING: &str = "write the copy of the store";

/// How many rows are in hand at a time. Bodies are seldom more than some kilobytes.
const PAGE: i64 = 500;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCopied {
    /// Every table, in the order in which they were copied.
    pub tables: Vec<TableCopied>,
    /// Rows of all tables.
    pub rows: u64,
    /// Rows that the target had before, and has no more.
    pub rows_replaced: u64,
}

/// A table that was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCopied {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over all its cells in the order of its key, in hexadecimal digits: equal on both sides.
    pub sha256: String,
}

/// How far copying has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// So many rows were written.
    Written {
        /// Until now.
        done: u64,
        /// In the end.
        total: u64,
    },
    /// So many rows were read back and found equal.
    Compared {
        /// Until now.
        done: u64,
        /// In the end.
        total: u64,
    },
}

impl Store {
    /// Copies everything into another store, in place of what is there when `replace` says so. The other's
    /// transaction keeps everybody else from writing to it meanwhile; this one can be in use.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] when something is there and is not to be replaced; [`Error::CopyDiffers`] when what
    /// was written reads back otherwise. Nothing in the target is then changed.
    pub async fn copy_to(
        &self,
        target: &Self,
        replace: bool,
        heard: &(dyn Fn(CopyStep) + Send + Sync),
    ) -> Result<StoreCopied> {
        let tables = layout::tables().await?;
        let mut from = self.db.begin_reading(READING).await?;
        let mut into = target.db.begin(WRITING).await?;
        require_newest(&mut from, &self.db.location).await?;
        require_newest(&mut into, &target.db.location).await?;
        let names: Vec<String> = tables.iter().map(Table::name_in_sql).collect();
        into.hold_tables(&names).await?;

        let mut rows_replaced = 0;
        let mut total = 0;
        for table in &tables {
            total += to_unsigned(from.count(&table.name_in_sql()).await?);
            if !table.is_given {
                rows_replaced += to_unsigned(into.count(&table.name_in_sql()).await?);
            }
        }
        if rows_replaced > 0 && !replace {
            return Err(Error::NotEmpty {
                location: target.db.location.clone(),
                rows: rows_replaced,
            });
        }
        // Children first, so that no row is left without its parent.
        for table in tables.iter().rev() {
            let sql = format!("delete from {}", table.name_in_sql());
            into.execute(AssertSqlSafe(sql), vec![]).await?;
        }

        let mut copied = Vec::with_capacity(tables.len());
        let mut done = 0;
        for table in &tables {
            let mut reader = Reader::new(table);
            while let Some(rows) = reader.next_page(&mut from).await? {
                done += rows.len() as u64;
                let head = format!("insert into {} ({})", table.name_in_sql(), table.columns_in_sql());
                let width = table.columns.len();
                into.insert_cells(&head, "", width, rows.into_iter().flatten())
                    .await?;
                heard(CopyStep::Written { done, total });
            }
            copied.push(reader.finish());
        }
        let mut done = 0;
        for (table, written) in tables.iter().zip(&copied) {
            let mut reader = Reader::new(table);
            while let Some(rows) = reader.next_page(&mut into).await? {
                done += rows.len() as u64;
                heard(CopyStep::Compared { done, total });
            }
            if reader.finish() != *written {
                return Err(Error::CopyDiffers {
                    table: table.name.clone(),
                    location: target.db.location.clone(),
                });
            }
        }
        into.commit().await?;
        Ok(StoreCopied {
            rows: copied.iter().map(|table| table.rows).sum(),
            tables: copied,
            rows_replaced,
        })
    }
}

/// Both sides must have the same tables. Opening brings a store up to date; an other process with a newer
/// Tailwater may have been there since.
async fn require_newest(transaction: &mut Transaction<'_>, location: &str) -> Result<()> {
    let rows = transaction.fetch(schema::VERSION, vec![]).await?;
    let found = rows.first().map_or(Ok(0), |row| row.integer(0))?;
    let known = schema::newest(&schema::sqlite());
    if found == known {
        return Ok(());
    }
    Err(Error::Newer {
        location: location.to_owned(),
        found,
        known,
    })
}

/// Reads a table in the order of its key, a page at a time, and sums up what it reads.
pub(crate) struct Reader<'t> {
    table: &'t Table,
    /// The key of the last row that was read.
    last: Option<Vec<Value>>,
    rows: u64,
    checksum: Sha256,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(table: &'t Table) -> Self {
        Self {
            table,
            last: None,
            rows: 0,
            checksum: Sha256::new(),
        }
    }

    /// The next rows; `None` at the end. Both engines compare texts by their bytes, so the order is the same.
    pub(crate) async fn next_page(
        &mut self,
        transaction: &mut Transaction<'_>,
    ) -> Result<Option<Vec<Vec<Value>>>> {
        let table = self.table;
        let key = table.key_in_sql();
        let (condition, mut values) = match self.last.take() {
            None => (String::new(), vec![]),
            Some(last) => {
                let places: Vec<String> = (1..=last.len()).map(|place| format!("${place}")).collect();
                (format!("where ({key}) > ({})", places.join(", ")), last)
            }
        };
        values.push(PAGE.into());
        let sql = format!(
            "select {} from {} {condition} order by {key} limit ${}",
            table.columns_in_sql(),
            table.name_in_sql(),
            values.len()
        );
        let mut page = Vec::new();
        for row in transaction.fetch(AssertSqlSafe(sql), values).await? {
            let mut cells = Vec::with_capacity(table.columns.len());
            for (position, column) in table.columns.iter().enumerate() {
                let cell = row.cell(position, column.kind)?;
                add(&mut self.checksum, &cell);
                cells.push(cell);
            }
            page.push(cells);
        }
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.last = Some(table.key.iter().map(|position| last[*position].clone()).collect());
        self.rows += page.len() as u64;
        Ok(Some(page))
    }

    fn finish(self) -> TableCopied {
        use std::fmt::Write as _;
        let mut sha256 = String::with_capacity(64);
        for byte in self.checksum.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        TableCopied {
            name: self.table.name.clone(),
            rows: self.rows,
            sha256,
        }
    }
}

/// Each cell with its kind and length in front, so that no two rows read alike.
fn add(checksum: &mut Sha256, cell: &Value) {
    match cell {
        Value::Text(None) | Value::Integer(None) => checksum.update(b"-"),
        Value::Text(Some(text)) => {
            checksum.update(b"t");
            checksum.update((text.len() as u64).to_le_bytes());
            checksum.update(text.as_bytes());
        }
        Value::Integer(Some(number)) => {
            checksum.update(b"i");
            checksum.update(number.to_le_bytes());
        }
    }
}

fn to_unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

//! Looking a store over, row by row: whether the schema is whole, every body can be read and is what was written,
//! and every sealed value opens. For `tailwater store check`; `health.rs` has the short look of `doctor`.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tailwater_core::diagnostic::Diagnostic;

use crate::copy::Reader;
use crate::database::connection::Engine;
use crate::database::layout::{self, Table};
use crate::database::value::unescape;
use crate::database::{Transaction, Value, digest};
use crate::error::{Error, Result, from_sqlx};
use crate::health::sqlite_problems;
use crate::key::SealingKey;
use crate::refresh::RefreshFilter;
use crate::store::Store;
use crate::{AuditFilter, JobRunFilter};

const ACTION: &str = "check the store";

/// How many rows of one table are named that cannot be read.
const MOST_NAMED_ROWS: usize = 5;

/// Columns that hold JSON, in whatever table they stand.
const JSON_COLUMNS: [&str; 6] = ["body", "stand", "selection", "mapping", "projects", "stale"];

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreProblem {
    /// The stable code, as errors have.
    pub code: String,
    /// What is wrong, and where.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

impl StoreProblem {
    /// The problem that an error tells of.
    pub fn new(error: &Error) -> Self {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self {
            code: error.code().to_owned(),
            message,
            hint: error.hint().unwrap_or_default(),
        }
    }

    fn damaged(what: String) -> Self {
        let error = Error::Damaged {
            action: ACTION,
            location: String::new(),
            source: "".into(),
        };
        Self {
            code: error.code().to_owned(),
            message: what,
            hint: error.hint().unwrap_or_default(),
        }
    }
}

impl Store {
    /// Looks the whole store over; answers what is wrong. Reads every row.
    ///
    /// # Errors
    /// Only when the store cannot be asked at all, such as when the server goes away meanwhile.
    pub async fn examine(&self) -> Result<Vec<StoreProblem>> {
        let location = &self.db.location;
        let mut problems: Vec<StoreProblem> = Vec::new();
        if let Engine::Sqlite { reader, .. } = &self.db.engine {
            let found = sqlite_problems(reader, "pragma integrity_check(100)").await;
            let found = found.map_err(|error| from_sqlx(ACTION, location, error));
            let lines = or_problem(found, &mut problems)?.unwrap_or_default();
            problems.extend(lines.into_iter().map(StoreProblem::damaged));
        }
        let mut transaction = self.db.begin_reading(ACTION).await?;
        let there = or_problem(self.columns(&mut transaction).await, &mut problems)?;
        for table in layout::tables().await? {
            let Some(there) = &there else { break };
            let missing: Vec<&str> = table
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .filter(|column| !there.contains(&(table.name.clone(), (*column).to_owned())))
                .collect();
            if missing.is_empty() {
                let found = examine_rows(&mut transaction, &table).await;
                let rows = or_problem(found, &mut problems)?;
                problems.extend(rows.unwrap_or_default());
            } else {
                let what = format!("table `{}` lacks {}", table.name, missing.join(", "));
                problems.push(StoreProblem::damaged(what));
            }
        }
        drop(transaction);
        if problems.is_empty() {
            // What is well-formed may still say nothing that is understood here.
            or_problem(self.read_everything().await, &mut problems)?;
        }
        Ok(problems)
    }

    /// How many sealed values there are.
    pub async fn count_sealed(&self) -> Result<usize> {
        Ok(self.sealed_values().await?.len())
    }

    /// What does not open with the key.
    pub async fn examine_sealed(&self, key: &SealingKey) -> Result<Vec<StoreProblem>> {
        let values = self.sealed_values().await?;
        let problems = values.into_iter().filter_map(|sealed| {
            let reason = sealed.find_problem(key)?;
            Some(StoreProblem::new(&Error::Unopened {
                subject: sealed.subject,
                reason,
                remedy: sealed.remedy,
            }))
        });
        Ok(problems.collect())
    }

    /// The columns that there are, each with its table.
    async fn columns(&self, transaction: &mut Transaction<'_>) -> Result<BTreeSet<(String, String)>> {
        let sql = match &self.db.engine {
            Engine::Sqlite { .. } => {
                "select sqlite_master.name, info.name from sqlite_master, \
                 pragma_table_info(sqlite_master.name) as info where sqlite_master.type = 'table'"
            }
            Engine::Postgres(_) => {
                "select cast(table_name as text), cast(column_name as text) from information_schema.columns \
                 where table_schema = current_schema()"
            }
        };
        let rows = transaction.fetch(sql, vec![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// Reads all that has a type here, as those do who use it.
    async fn read_everything(&self) -> Result<()> {
        const ALL: u32 = i32::MAX as u32;
        self.projects().await?;
        self.environments().await?;
        for integration in self.integrations().await? {
            self.load_inventory(&integration.name).await?;
            self.editions(&integration.name).await?;
            self.changes_between(&integration.name, 0, i64::MAX).await?;
            self.warnings(&integration.name).await?;
        }
        self.load_exposures(None).await?;
        self.load_gone_exposures().await?;
        self.load_names().await?;
        self.load_curations(None).await?;
        self.load_policies().await?;
        self.syncs(None, ALL).await?;
        self.refreshes(&RefreshFilter::default(), ALL).await?;
        self.jobs().await?;
        self.job_runs(&JobRunFilter::default(), ALL).await?;
        self.workers().await?;
        self.alarms(ALL).await?;
        self.deliveries(ALL).await?;
        self.users().await?;
        self.api_tokens().await?;
        self.audit_log(&AuditFilter::default(), ALL).await?;
        Ok(())
    }
}

/// What went well; damage becomes a problem and anything else stays an error.
fn or_problem<T>(found: Result<T>, problems: &mut Vec<StoreProblem>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error @ (Error::Damaged { .. } | Error::NotAStore { .. } | Error::Failed { .. })) => {
            problems.push(StoreProblem::new(&error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Reads a table whole, and answers which rows make no sense.
async fn examine_rows(transaction: &mut Transaction<'_>, table: &Table) -> Result<Vec<StoreProblem>> {
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let json: Vec<usize> = JSON_COLUMNS.iter().filter_map(|name| place(name)).collect();
    // An artifact's digest is that of a file.
    let digested = match (place("digest"), place("body")) {
        (Some(digest), Some(body)) if table.name != "artifact" => Some((digest, body)),
        _ => None,
    };
    let mut problems = Vec::new();
    let mut unnamed = 0;
    let mut reader = Reader::new(table);
    while let Some(rows) = reader.next_page(transaction).await? {
        for row in rows {
            let mut wrong = None;
            for position in &json {
                if let Value::Text(Some(text)) = &row[*position]
                    && let Err(error) = serde_json::from_str::<IgnoredAny>(text)
                {
                    wrong = Some(format!("`{}` is no JSON: {error}", table.columns[*position].name));
                }
            }
            if wrong.is_none()
                && let Some((sum, body)) = digested
                && let (Value::Text(Some(sum)), Value::Text(Some(body))) = (&row[sum], &row[body])
                && *sum != digest(&unescape(body.clone()))
            {
                wrong = Some("`body` is not what was written".to_owned());
            }
            let Some(wrong) = wrong else { continue };
            if problems.len() >= MOST_NAMED_ROWS {
                unnamed += 1;
                continue;
            }
            let what = format!("table `{}`, row {}: {wrong}", table.name, named(table, &row));
            problems.push(StoreProblem::damaged(what));
        }
    }
    if unnamed > 0 {
        let what = format!("table `{}` has {unnamed} more such rows", table.name);
        problems.push(StoreProblem::damaged(what));
    }
    Ok(problems)
}

/// The key of a row, for people.
fn named(table: &Table, row: &[Value]) -> String {
    let parts: Vec<String> = table
        .key
        .iter()
        .map(|position| match &row[*position] {
            Value::Text(text) => format!("{:?}", unescape(text.clone().unwrap_or_default())),
            Value::Integer(number) => number.unwrap_or_default().to_string(),
        })
        .collect();
    parts.join(" ")
}

//! What nodes share that are relations in the warehouse: models, seeds, snapshots, sources.

use async_graphql::{Object, SimpleObject};

use super::limit::list_cost;
use super::resource::{ExecutionInfo, Resource};
use super::scalar::{Instant, instant};

/// The fields of kinds that live in the warehouse.
#[derive(Debug, Clone)]
pub struct Relational(pub Resource);

impl Relational {
    fn part(&self, pick: impl Fn(&tailwater_core::relation::RelationName) -> Option<&str>) -> Option<&str> {
        self.0
            .node()
            .relation
            .as_ref()
            .and_then(|relation| pick(&relation.name))
    }
}

#[Object]
impl Relational {
    /// The database that it lives in.
    async fn database(&self) -> Option<&str> {
        self.part(|name| name.database.as_deref())
    }

    /// The schema that it lives in.
    async fn schema(&self) -> Option<&str> {
        self.part(|name| name.schema.as_deref())
    }

    /// Its name in the warehouse.
    async fn identifier(&self) -> Option<&str> {
        self.part(|name| Some(name.name.as_str()))
    }

    /// Its whole name, quoted as the warehouse wants it; null for ephemeral models.
    async fn relation_name(&self) -> Option<&str> {
        self.0.node().relation.as_ref()?.rendered.as_deref()
    }

    /// The relation as `dbt docs generate` found it; null unless it looked.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn catalog(&self) -> Option<CatalogRelation> {
        let table = self.0.catalog.warehouse_table(self.0.id())?;
        Some(CatalogRelation {
            kind: table.kind.clone(),
            owner: table.owner.clone(),
            comment: table.comment.clone(),
            row_count: table.row_count,
            bytes: table.bytes,
        })
    }

    /// Its columns, declared and found in the warehouse.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn columns(&self) -> Vec<Column> {
        let columns = self.0.catalog.columns(self.0.id());
        let shown = columns.into_iter().map(|column| Column {
            name: column.name.to_owned(),
            data_type: column.data_type.map(str::to_owned),
            description: column.description.map(str::to_owned),
            tests: column
                .tests
                .iter()
                .map(|test| test.unique_id.to_string())
                .collect(),
        });
        shown.collect()
    }

    /// The tests on it, sorted by `uniqueId`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn tests(&self) -> Vec<NestedTest> {
        let catalog = &self.0.catalog;
        let tests = catalog.tests(self.0.id()).map(|test| NestedTest {
            unique_id: test.unique_id.to_string(),
            name: test.name.clone(),
            column_name: test.test.as_ref().and_then(|test| test.column.clone()),
            execution_info: ExecutionInfo::new(catalog.state(test.unique_id.as_str())),
        });
        tests.collect()
    }
}

/// A relation as the warehouse describes it.
#[derive(Debug, Clone, SimpleObject)]
pub struct CatalogRelation {
    /// The warehouse's word for its kind.
    #[graphql(name = "type")]
    kind: String,
    /// Who owns it in the warehouse.
    owner: Option<String>,
    /// The comment stored with it. Untrusted.
    comment: Option<String>,
    /// How many rows it has.
    row_count: Option<u64>,
    /// How many bytes it takes.
    bytes: Option<u64>,
}

/// A column.
#[derive(Debug, Clone, SimpleObject)]
pub struct Column {
    /// Its name.
    name: String,
    /// The warehouse's type, else the declared one.
    #[graphql(name = "type")]
    data_type: Option<String>,
    /// Free text. Untrusted.
    description: Option<String>,
    /// The `uniqueId`s of the tests on it.
    tests: Vec<String>,
}

/// A test on a node.
#[derive(Debug, Clone, SimpleObject)]
pub struct NestedTest {
    /// dbt's `unique_id`.
    unique_id: String,
    /// Its name.
    name: String,
    /// The column that it is on.
    column_name: Option<String>,
    /// How it ended last.
    execution_info: ExecutionInfo,
}

/// How fresh a source is.
#[derive(Debug, Clone, SimpleObject)]
pub struct SourceFreshness {
    /// Whether a check is known.
    freshness_checked: bool,
    /// `pass`, `warn`, `error` or `runtime error`.
    freshness_status: Option<String>,
    /// When the artifact that says so was written.
    freshness_run_generated_at: Option<Instant>,
    /// The newest row's instant.
    max_loaded_at: Option<Instant>,
    /// When dbt looked.
    snapshotted_at: Option<Instant>,
    /// The newest row's age when dbt looked, in seconds.
    max_loaded_at_time_ago_in_s: Option<f64>,
    /// The age from which dbt warns, in seconds.
    warn_after_seconds: Option<u64>,
    /// The age from which dbt reports an error, in seconds.
    error_after_seconds: Option<u64>,
}

impl SourceFreshness {
    pub fn new(source: &Resource) -> Self {
        let last = source.state().and_then(|state| state.freshness.as_ref());
        let criteria = source.node().freshness.unwrap_or_default();
        Self {
            freshness_checked: last.is_some(),
            freshness_status: last.map(|last| last.status.name().to_owned()),
            freshness_run_generated_at: instant(last.and_then(|last| last.reported_at)),
            max_loaded_at: instant(last.and_then(|last| last.max_loaded_at)),
            snapshotted_at: instant(last.and_then(|last| last.at)),
            max_loaded_at_time_ago_in_s: last.and_then(|last| last.age_seconds),
            warn_after_seconds: criteria.warn_after_seconds,
            error_after_seconds: criteria.error_after_seconds,
        }
    }
}

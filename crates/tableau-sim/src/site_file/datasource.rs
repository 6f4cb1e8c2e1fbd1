//! Data sources, embedded in a workbook or published.

use serde::{Deserialize, Serialize};

use super::{CustomSql, Instant, ProjectPath, Refresh, Schedule, TableEntry, TablesReported};

/// What embedded and published data sources have in common; on its own an embedded data source.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datasource {
    /// The name; for an embedded one made from its first table when left out.
    pub name: Option<String>,
    /// The key of the published data source that this one stands on; then it has no tables of its own.
    pub published: Option<String>,
    /// The key of the connection its tables live in.
    pub connection: Option<String>,
    /// Tables it connects to.
    #[serde(default)]
    pub tables: Vec<TableEntry>,
    /// Custom SQL it holds.
    #[serde(default)]
    pub custom_sql: Vec<CustomSql>,
    /// Tables of virtual connections, as `virtual connection/table`.
    #[serde(default)]
    pub virtual_tables: Vec<String>,
    /// Calculated fields.
    #[serde(default, alias = "calculation")]
    pub calculations: Vec<Calculation>,
    /// Whether the data is an extract.
    #[serde(default)]
    pub extract: bool,
    /// When the extract was last refreshed in full.
    pub extract_refreshed_at: Option<Instant>,
    /// When the extract was last refreshed by increment.
    pub extract_incremental_at: Option<Instant>,
    /// Where the Metadata API lets its tables be seen.
    #[serde(default)]
    pub tables_reported: TablesReported,
}

/// A calculated field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calculation {
    /// The field's name.
    pub name: String,
    /// The formula.
    #[serde(default)]
    pub formula: String,
    /// The fields it stands on, written as in a sheet's `fields`.
    #[serde(default)]
    pub uses: Vec<String>,
}

/// A published data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedDatasource {
    /// The name.
    pub name: String,
    /// The name by which embedded data sources refer to it; `name` when left out.
    pub key: Option<String>,
    /// The project; `Default` when left out.
    pub project: Option<ProjectPath>,
    /// The owner's user name; the first user when left out.
    pub owner: Option<String>,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether it is certified.
    #[serde(default)]
    pub certified: bool,
    /// Whether Tableau Bridge refreshes it.
    #[serde(default)]
    pub bridge: bool,
    /// When it was published.
    pub created_at: Option<Instant>,
    /// When it last changed; `created_at` when left out.
    pub updated_at: Option<Instant>,
    /// The URL name; made from the name when left out.
    pub content_url: Option<String>,
    /// Roles and user names who can not see it.
    #[serde(default)]
    pub hidden_from: Vec<String>,
    /// How a refresh goes.
    #[serde(default)]
    pub refresh: Refresh,
    /// Its refresh schedule.
    pub schedule: Option<Schedule>,
    /// The LUID; made from project and name when left out.
    pub luid: Option<String>,

    // The members below are those of `Datasource`; serde can not both flatten and refuse unknown keys.
    /// The key of the connection its tables live in.
    pub connection: Option<String>,
    /// Tables it connects to.
    #[serde(default)]
    pub tables: Vec<TableEntry>,
    /// Custom SQL it holds.
    #[serde(default)]
    pub custom_sql: Vec<CustomSql>,
    /// Tables of virtual connections, as `virtual connection/table`.
    #[serde(default)]
    pub virtual_tables: Vec<String>,
    /// Calculated fields.
    #[serde(default, alias = "calculation")]
    pub calculations: Vec<Calculation>,
    /// Whether the data is an extract.
    #[serde(default)]
    pub extract: bool,
    /// When the extract was last refreshed in full.
    pub extract_refreshed_at: Option<Instant>,
    /// When the extract was last refreshed by increment.
    pub extract_incremental_at: Option<Instant>,
    /// Where the Metadata API lets its tables be seen.
    #[serde(default)]
    pub tables_reported: TablesReported,
}

impl PublishedDatasource {
    /// The part that embedded data sources have too.
    pub fn body(&self) -> Datasource {
        Datasource {
            name: Some(self.name.clone()),
            published: None,
            connection: self.connection.clone(),
            tables: self.tables.clone(),
            custom_sql: self.custom_sql.clone(),
            virtual_tables: self.virtual_tables.clone(),
            calculations: self.calculations.clone(),
            extract: self.extract,
            extract_refreshed_at: self.extract_refreshed_at,
            extract_incremental_at: self.extract_incremental_at,
            tables_reported: self.tables_reported,
        }
    }
}

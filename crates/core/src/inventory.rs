//! What one site of a BI tool holds, in the same words for every tool.
//!
//! ```text
//! Inventory
//!  ├─ collections   a tree               (Tableau: projects)
//!  ├─ assets        become exposures     (Tableau: workbooks)
//!  │    ├─ parts         dashboards and sheets
//!  │    └─ data sources ─▶ tables, custom SQL, or parent data sources
//!  ├─ data sources  embedded or published
//!  ├─ tables        as the tool names them
//!  └─ custom SQL    the text, and what the tool made of it
//! ```
//!
//! Everything here came from outside and is untrusted text. Lists are maps by id, so that two
//! snapshots of one site compare item by item. Nothing that could be read is left out: what is hidden,
//! late or cut off is there with the word for it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::connection::ConnectionKind;
use crate::id::{AssetId, CollectionId, CustomSqlId, DataSourceId, PartId, TableId};

/// One snapshot of one site.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// The site itself.
    pub site: Site,
    /// Every collection that the token's user can see, selected or not.
    pub collections: BTreeMap<CollectionId, Collection>,
    /// The assets of the selected collections.
    pub assets: BTreeMap<AssetId, Asset>,
    /// Data sources of those assets, embedded and published.
    pub data_sources: BTreeMap<DataSourceId, DataSource>,
    /// Tables under those data sources.
    pub tables: BTreeMap<TableId, Table>,
    /// Custom SQL under those data sources.
    pub custom_sql: BTreeMap<CustomSqlId, CustomSql>,
    /// Whether the list of assets is all there is. Only a complete list may remove anything.
    pub listing: Completeness,
    /// What the reader of this snapshot should know, in plain words, sorted.
    pub notices: BTreeSet<Notice>,
}

/// The site that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Site {
    /// The BI tool, such as `tableau`.
    pub tool: String,
    /// The server's address without a trailing slash.
    pub server: String,
    /// The site's name in addresses; empty for the default site.
    pub name: String,
    /// The product's version, such as `2025.1.2`.
    pub product_version: Option<String>,
    /// The interface's version that was spoken, such as `3.25`.
    pub api_version: Option<String>,
}

/// A folder of assets (Tableau: a project).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Collection {
    /// Its name; unique only among its siblings.
    pub name: String,
    /// The collection above it; `None` at the top, or where the one above is not visible.
    pub parent: Option<CollectionId>,
    /// Names from the top down to this one.
    pub path: Vec<String>,
    /// How many assets stand directly in it.
    pub asset_count: usize,
}

/// The kind of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A Tableau workbook.
    #[default]
    Workbook,
    /// A Power BI report.
    Report,
    /// A Superset dashboard.
    Dashboard,
}

/// What becomes an exposure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// What it is.
    pub kind: AssetKind,
    /// The name that people know.
    pub name: String,
    /// Free text by its authors.
    pub description: Option<String>,
    /// Where a person opens it.
    pub url: Option<String>,
    /// The collection it stands in; `None` for a personal space.
    pub collection: Option<CollectionId>,
    /// Names of the collections from the top down to its own.
    pub collection_path: Vec<String>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// Tags, sorted.
    pub tags: BTreeSet<String>,
    /// When it was first published.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// Views of all its parts since it exists; `None` when not told.
    pub total_views: Option<u64>,
    /// Its dashboards and sheets, hidden ones too, in the tool's order.
    pub parts: Vec<Part>,
    /// The data sources that it holds (Tableau: embedded ones; published ones are their parents).
    pub data_sources: BTreeSet<DataSourceId>,
    /// Tables that the tool lists for the asset as a whole.
    pub tables: BTreeSet<TableUse>,
    /// Whether what it stands on is wholly known.
    pub lineage: Completeness,
}

/// A person, as far as the tool tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The tool's id.
    pub id: String,
    /// The name for people, else the login name.
    pub name: Option<String>,
    /// The address, when told.
    pub email: Option<String>,
}

/// A dashboard, story or sheet inside an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The tool's id.
    pub id: PartId,
    /// What it is.
    pub kind: PartKind,
    /// Its name.
    pub name: String,
    /// Where a person opens it; `None` for hidden ones.
    pub url: Option<String>,
    /// Whether it has no page of its own.
    pub is_hidden: bool,
    /// Views since it exists.
    pub total_views: Option<u64>,
    /// The sheets that a dashboard shows.
    pub contains: Vec<PartId>,
}

/// The kind of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Several sheets on one page.
    Dashboard,
    /// One chart.
    Sheet,
    /// A sequence of dashboards and sheets.
    Story,
}

/// A data source, embedded in an asset or published on the site.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataSource {
    /// Its name.
    pub name: String,
    /// Whether it is published on its own, so that several assets share it.
    pub is_published: bool,
    /// The id that refreshes it (Tableau: the LUID); `None` for embedded ones.
    pub luid: Option<String>,
    /// Where a person opens it.
    pub url: Option<String>,
    /// Whether it holds an extract; `None` when not told.
    pub has_extract: Option<bool>,
    /// When the extract was last refreshed in any way.
    pub extract_refreshed_at: Option<DateTime<Utc>>,
    /// When a published one last changed, by the list of what exists; `None` when not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
    /// The published data sources that it stands for.
    pub parents: BTreeSet<DataSourceId>,
    /// The tables that the tool lists under it.
    pub tables: BTreeSet<TableUse>,
    /// The custom SQL under it.
    pub custom_sql: BTreeSet<CustomSqlId>,
    /// Whether the tool says that it holds custom SQL which it could not read.
    pub has_unread_sql: bool,
    /// Whether what it stands on is wholly known.
    pub lineage: Completeness,
}

/// A table, and which of the tool's lists told of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableUse {
    /// The table.
    pub table: TableId,
    /// The list.
    pub via: TableVia,
}

/// Which of the tool's answers told of a table, best evidence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableVia {
    /// The data source's or asset's own list of tables.
    TableList,
    /// The tool's own reading of custom SQL.
    ToolReadSql,
    /// The columns that its fields come from.
    UpstreamColumn,
    /// A virtual connection's table.
    VirtualConnection,
}

/// A table as the tool names it. Every name may be missing: hidden from the token, or unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The id under which signals are sent back (Tableau: the LUID).
    pub luid: Option<String>,
    /// Its short name; `None` when hidden from the token.
    pub name: Option<String>,
    /// Its schema; may be stale, see `full_name`.
    pub schema: Option<String>,
    /// Its name with the levels that the connection uses, in the tool's quoting.
    pub full_name: Option<String>,
    /// The database's name; may be a display name.
    pub database: Option<String>,
    /// The tool's word for the connection, such as `snowflake`.
    pub connection_type: Option<String>,
    /// The server's address.
    pub host: Option<String>,
}

impl Table {
    /// Whether the tool hides the table's names from the token's user.
    pub fn is_hidden(&self) -> bool {
        self.name.is_none() && self.full_name.is_none()
    }

    /// What the connection reads; a generic warehouse when not told.
    pub fn connection(&self) -> ConnectionKind {
        ConnectionKind::from_tableau_or_unknown(self.connection_type.as_deref())
    }
}

/// Custom SQL inside a data source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomSql {
    /// The name that the tool shows.
    pub name: Option<String>,
    /// The text; `None` when hidden from the token.
    pub query: Option<String>,
    /// Whether the tool could not read it.
    pub is_unsupported: bool,
    /// The tool's word for the connection.
    pub connection_type: Option<String>,
    /// The database that the connection opens.
    pub database: Option<String>,
    /// The tables that the tool found in it.
    pub tables: BTreeSet<TableId>,
}

impl CustomSql {
    /// What the connection reads; a generic warehouse when not told.
    pub fn connection(&self) -> ConnectionKind {
        ConnectionKind::from_tableau_or_unknown(self.connection_type.as_deref())
    }
}

/// Whether an answer is all there is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Completeness {
    /// All there is.
    #[default]
    Complete,
    /// Cut off or refused in part: what is missing may well exist.
    Partial {
        /// Why, in plain words.
        reason: String,
    },
    /// It exists, but the tool's index does not know it yet.
    Pending,
}

impl Completeness {
    /// Whether nothing is missing.
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Partial, for the given reason.
    pub fn partial(reason: impl Into<String>) -> Self {
        Self::Partial {
            reason: reason.into(),
        }
    }
}

/// Something that the reader of a snapshot should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Notice {
    /// A stable code, such as `TW-TABLEAU-BACKFILL`.
    pub code: String,
    /// What was met and what it means for the answer.
    pub message: String,
    /// What mends it, when something does.
    pub remedy: Option<String>,
}

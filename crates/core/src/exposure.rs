//! Exposures: the dashboards that stand on dbt's nodes, with a link for every node and the evidence
//! for every link.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::confidence::Confidence;
use crate::curation::{CuratedMark, Field, Hand, Settled, Unlinked};
use crate::gap::Gap;
use crate::id::{IntegrationName, NodeId, ProjectName};
use crate::inventory::TableVia;

/// A dashboard as a dbt exposure, whether imported from a BI tool or written in YAML.
///
/// Its JSON is a public format (`tailwater exposures --json`): fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// `exposure.<package>.<name>`.
    pub unique_id: NodeId,
    /// dbt's name: letters, digits and `_`; kept for the asset's life.
    pub name: String,
    /// The name for people.
    pub label: String,
    /// dbt's exposure type, such as `dashboard`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How it came to be; a manual one wins where both are the same dashboard.
    pub mode: Mode,
    /// Every way in which it came to be.
    pub modes: BTreeSet<Mode>,
    /// The dbt project whose package names it.
    pub project: ProjectName,
    /// The integration that imported it.
    pub integration: Option<IntegrationName>,
    /// Where a person opens it.
    pub url: Option<String>,
    /// Who answers for it.
    pub owner: ExposureOwner,
    /// Free text. Untrusted.
    pub description: Option<String>,
    /// `high`, `medium` or `low`, when somebody said so.
    pub maturity: Option<String>,
    /// Tags, sorted.
    pub tags: BTreeSet<String>,
    /// The nodes it stands on, sorted.
    pub depends_on: BTreeSet<NodeId>,
    /// One link for each of them, in the same order.
    pub links: Vec<Link>,
    /// What could not be linked, and why.
    pub gaps: Vec<Gap>,
    /// The Tableau workbook behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workbook: Option<Workbook>,
    /// Since when and why what is shown may be out of date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
    /// When a sync first found it; filled in where it is read from the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<DateTime<Utc>>,
    /// When a sync last found it; filled in where it is read from the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<DateTime<Utc>>,
    /// The fields that somebody gave by hand, with what the BI tool says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub curated: BTreeMap<Field, CuratedMark>,
    /// The links that somebody undid by hand, sorted by node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlinked: Vec<Unlinked>,
    /// The gaps that somebody closed with a link by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Settled>,
}

/// How an exposure came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Imported from a BI tool.
    Auto,
    /// Written in the dbt project's YAML.
    Manual,
}

impl Mode {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Manual => "manual",
        }
    }
}

/// Who answers for an exposure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureOwner {
    /// The name for people.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
}

/// The Tableau workbook behind an exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workbook {
    /// Its LUID.
    pub luid: String,
    /// Names of its Tableau projects from the top, joined by `/` (a slash inside a name is `\/`).
    pub project_path: String,
    /// Views of all its sheets since it exists, when told.
    pub total_views: Option<u64>,
    /// When it was first published.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Why something known may be out of date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stale {
    /// The last sync that read it whole.
    pub since: DateTime<Utc>,
    /// What stood in the way after that.
    pub reason: String,
}

/// An exposure stands on a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// The node.
    pub node: NodeId,
    /// Everything that says so, best first. Never empty.
    pub evidence: Vec<Evidence>,
}

/// One thing that says that an exposure stands on a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Which answer told of the table.
    pub via: Via,
    /// How the table's name and the node's relation agree.
    pub matched: Matched,
    /// The table as the BI tool or the SQL text names it.
    pub table: String,
    /// The node's relation, dotted.
    pub relation: String,
    /// The data source under which the table was met; `None` for the asset as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_source: Option<DataSourceRef>,
    /// The mapping rules that rewrote the name, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// How the SQL text was read, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Anything that the reader should know, such as a source with the same relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who vouches for it, where a person does; `note` is then that person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand: Option<Hand>,
}

/// The data source that a piece of evidence comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DataSourceRef {
    /// The tool's id.
    pub id: crate::id::DataSourceId,
    /// Its name.
    pub name: String,
    /// Whether it is published on its own.
    pub is_published: bool,
}

/// Which answer told of a table, best evidence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// `depends_on` of an exposure written in YAML.
    Declared,
    /// A person says so.
    ByHand,
    /// The list of tables of a data source or of the asset.
    TableList,
    /// The tool's own reading of custom SQL.
    ToolReadSql,
    /// The columns that fields come from.
    UpstreamColumn,
    /// A table of a virtual connection.
    VirtualConnection,
    /// Our own reading of custom SQL.
    ReadSql,
}

impl Via {
    /// What it is, in a few words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Declared => "declared in YAML",
            Self::ByHand => "linked by hand",
            Self::TableList => "table list",
            Self::ToolReadSql => "custom SQL, read by the BI tool",
            Self::UpstreamColumn => "columns of its fields",
            Self::VirtualConnection => "virtual connection",
            Self::ReadSql => "custom SQL, read by Tailwater",
        }
    }
}

impl From<TableVia> for Via {
    fn from(via: TableVia) -> Self {
        match via {
            TableVia::TableList => Self::TableList,
            TableVia::ToolReadSql => Self::ToolReadSql,
            TableVia::UpstreamColumn => Self::UpstreamColumn,
            TableVia::VirtualConnection => Self::VirtualConnection,
        }
    }
}

/// How a table's name and a node's relation agree, best first. There is no way to agree by name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// Declared by hand: nothing was compared.
    Declared,
    /// A person says so: nothing was compared.
    ByHand,
    /// Database, schema and name are equal.
    DatabaseSchemaName,
    /// Schema and name are equal and the warehouse has no level above.
    SchemaNameTwoLevel,
    /// Schema and name are equal, the database is not told by the tool or not used by the warehouse, and
    /// only one node answers.
    SchemaNameDatabaseUnknown,
    /// Schema and name are equal, the database told may be a display name, and only one node answers.
    SchemaNameDatabaseAdvisory,
}

impl Matched {
    /// What it means, in a few words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::ByHand => "by hand",
            Self::DatabaseSchemaName => "database, schema and name equal",
            Self::SchemaNameTwoLevel => "schema and name equal (the warehouse has two levels)",
            Self::SchemaNameDatabaseUnknown => {
                "schema and name equal, database not told, only one node answers"
            }
            Self::SchemaNameDatabaseAdvisory => {
                "schema and name equal, the database told may be a display name, only one node answers"
            }
        }
    }
}

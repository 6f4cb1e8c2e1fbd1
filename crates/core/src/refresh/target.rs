//! What a BI tool refreshes in one go.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CollectionId, IntegrationName, NodeId};

/// Names one target in the whole deployment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TargetId {
    /// The integration.
    pub integration: IntegrationName,
    /// What it is.
    pub kind: TargetKind,
    /// The id by which the tool refreshes it (Tableau: the LUID).
    pub id: String,
}

impl fmt::Display for TargetId {
    /// `integration/kind/id`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.integration, self.kind.name(), self.id)
    }
}

/// The kinds of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A workbook with all its embedded extracts.
    Workbook,
    /// A published data source.
    DataSource,
}

impl TargetKind {
    /// The word in JSON and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workbook => "workbook",
            Self::DataSource => "data_source",
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Workbook => "workbook",
            Self::DataSource => "data source",
        }
    }
}

/// Something that can be refreshed, or of which it is worth saying why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its id.
    pub id: TargetId,
    /// Its name. Untrusted.
    pub name: String,
    /// Where a person opens it.
    pub url: Option<String>,
    /// The collection of the workbook; of a published data source none.
    pub collection: Option<CollectionId>,
    /// The exposures whose data come from it.
    pub exposures: BTreeSet<NodeId>,
    /// The nodes that it reads itself.
    pub upstream: BTreeSet<NodeId>,
    /// Whether the tool can refresh it.
    pub can: Refreshability,
    /// When its extract was last refreshed in any way, as the last sync was told; of several extracts the
    /// oldest.
    pub refreshed_at: Option<DateTime<Utc>>,
}

/// Whether the tool can refresh a target (Tableau REST 3.29, Update Workbook Now and Update Data Source Now).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refreshability {
    /// It holds an extract.
    Yes,
    /// It asks the warehouse each time.
    Live,
    /// Its extract was made of a file, without a warehouse behind it.
    File,
    /// Its extract is held by a virtual connection, which is refreshed elsewhere.
    VirtualConnection,
    /// It only passes on the data of a published data source that the token's user cannot see.
    Hidden,
    /// The tool does not tell whether there is an extract; it is asked, and may refuse.
    Unknown,
}

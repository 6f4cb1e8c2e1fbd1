//! Gaps: table references that found no dbt node, with the reason, the nearest nodes and the remedy.

use serde::{Deserialize, Serialize};

use crate::exposure::Via;
use crate::id::NodeId;

/// Why a table reference has no link. The list is closed and the codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No node of any project has a relation of this schema and name.
    UnknownToDbt,
    /// A node has the same schema and name in another database.
    OtherDatabase,
    /// A node has the same database and name in another schema.
    OtherSchema,
    /// Several nodes answer equally well.
    Ambiguous,
    /// The name came without a schema, and a bare name never links.
    IncompleteName,
    /// It is an ephemeral model, which has no relation to read.
    Ephemeral,
    /// dbt knows the node but it is switched off.
    DisabledInDbt,
    /// It is read through a linked server, outside the warehouse.
    LinkedServer,
    /// A file, a bare extract or a web service, which dbt does not build.
    NotAWarehouseTable,
    /// The BI tool hides the table's names from the token's user.
    HiddenFromToken,
    /// Custom SQL out of which no table could be read.
    SqlNotReadable,
    /// The asset exists, but the BI tool's index does not know what it stands on yet.
    PendingInIndex,
    /// The BI tool answered only in part, so that tables may be missing.
    LineageIncomplete,
    /// The BI tool reports nothing at all under the asset.
    NoLineageReported,
    /// Somebody linked a node by hand which dbt no longer has.
    HandLinkGone,
}

impl GapReason {
    /// Every reason, in the order in which reports list them.
    pub const ALL: [Self; 15] = [
        Self::UnknownToDbt,
        Self::OtherDatabase,
        Self::OtherSchema,
        Self::Ambiguous,
        Self::IncompleteName,
        Self::Ephemeral,
        Self::DisabledInDbt,
        Self::LinkedServer,
        Self::NotAWarehouseTable,
        Self::HiddenFromToken,
        Self::SqlNotReadable,
        Self::PendingInIndex,
        Self::LineageIncomplete,
        Self::NoLineageReported,
        Self::HandLinkGone,
    ];

    /// The stable code, as in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownToDbt => "unknown_to_dbt",
            Self::OtherDatabase => "other_database",
            Self::OtherSchema => "other_schema",
            Self::Ambiguous => "ambiguous",
            Self::IncompleteName => "incomplete_name",
            Self::Ephemeral => "ephemeral",
            Self::DisabledInDbt => "disabled_in_dbt",
            Self::LinkedServer => "linked_server",
            Self::NotAWarehouseTable => "not_a_warehouse_table",
            Self::HiddenFromToken => "hidden_from_token",
            Self::SqlNotReadable => "sql_not_readable",
            Self::PendingInIndex => "pending_in_index",
            Self::LineageIncomplete => "lineage_incomplete",
            Self::NoLineageReported => "no_lineage_reported",
            Self::HandLinkGone => "hand_link_gone",
        }
    }

    /// What it means, in a few words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::UnknownToDbt => "unknown to dbt",
            Self::OtherDatabase => "dbt has it in another database",
            Self::OtherSchema => "dbt has it in another schema",
            Self::Ambiguous => "several dbt nodes answer equally well",
            Self::IncompleteName => "the name came without a schema",
            Self::Ephemeral => "an ephemeral model has no relation",
            Self::DisabledInDbt => "the dbt node is disabled",
            Self::LinkedServer => "read through a linked server",
            Self::NotAWarehouseTable => "not a warehouse table",
            Self::HiddenFromToken => "hidden from this token",
            Self::SqlNotReadable => "custom SQL not readable",
            Self::PendingInIndex => "pending in the BI tool's index",
            Self::LineageIncomplete => "the BI tool answered only in part",
            Self::NoLineageReported => "the BI tool reports nothing upstream",
            Self::HandLinkGone => "linked by hand to a node that dbt no longer has",
        }
    }

    /// Whether it speaks of an asset as a whole rather than of a table.
    pub const fn is_about_whole_asset(self) -> bool {
        matches!(
            self,
            Self::PendingInIndex | Self::LineageIncomplete | Self::NoLineageReported
        )
    }

    /// Whether somebody can mend it in dbt, in the BI tool or by a mapping rule. A spreadsheet that
    /// dbt never builds is no fault.
    pub const fn is_mendable(self) -> bool {
        !matches!(self, Self::NotAWarehouseTable)
    }
}

impl std::fmt::Display for GapReason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}

/// A table reference that found no node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The table as the BI tool or the SQL text names it; a description where it has no name.
    pub table: String,
    /// Why there is no link.
    pub reason: GapReason,
    /// The nearest nodes, best first, at most five.
    pub candidates: Vec<Candidate>,
    /// What would make the link.
    pub remedy: String,
    /// The data source under which the table was met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_source: Option<String>,
    /// Which answer told of it; `None` where no table was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// How many tables this stands for: more than one only where they have no names.
    pub count: usize,
    /// The name's known parts after mapping, for proposals; `None` where there is no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<crate::relation::RelationName>,
}

/// A node that comes near.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Candidate {
    /// The node.
    pub node: NodeId,
    /// Its relation, dotted.
    pub relation: String,
    /// What keeps it from being the one.
    pub differs: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_json_says() {
        for reason in GapReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }
}

//! Why something cannot be curated.

use tailwater_core::curation::CurationError;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{IntegrationName, NodeId};

/// A wish that cannot be fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CurateError {
    /// A value that cannot stand in the field.
    #[error(transparent)]
    Value(#[from] CurationError),
    /// No exposure of this name.
    #[error("no exposure is known as `{subject}`")]
    UnknownExposure {
        /// What was asked for.
        subject: String,
        /// The nearest names.
        nearest: Vec<String>,
    },
    /// Several exposures of this name.
    #[error("`{subject}` can mean {} exposures", .candidates.len())]
    AmbiguousExposure {
        /// What was asked for.
        subject: String,
        /// Their `unique_id`s.
        candidates: Vec<NodeId>,
    },
    /// The exposure is the project's own.
    #[error("`{exposure}` is written in the dbt project's YAML and comes from no BI tool")]
    ManualExposure {
        /// The exposure.
        exposure: NodeId,
    },
    /// No node of this name.
    #[error("dbt has no node `{node}`")]
    UnknownNode {
        /// What was asked for.
        node: String,
        /// The nearest nodes.
        nearest: Vec<String>,
    },
    /// Several nodes of this name.
    #[error("`{node}` can mean {} nodes", .candidates.len())]
    AmbiguousNode {
        /// What was asked for.
        node: String,
        /// Their `unique_id`s.
        candidates: Vec<NodeId>,
    },
    /// A node that no dashboard can stand on.
    #[error("`{node}` is {kind}, and no dashboard stands on one")]
    UnlinkableNode {
        /// The node.
        node: NodeId,
        /// Its kind with its article: `an operation`.
        kind: String,
    },
    /// There is no such link.
    #[error("`{exposure}` does not stand on `{node}`")]
    NotLinked {
        /// The exposure.
        exposure: NodeId,
        /// What was asked for.
        node: String,
        /// What it stands on.
        linked: Vec<NodeId>,
    },
    /// Only the YAML says so.
    #[error("that `{exposure}` stands on `{node}` is declared in the dbt project's YAML")]
    DeclaredLink {
        /// The exposure.
        exposure: NodeId,
        /// The node.
        node: NodeId,
    },
    /// No gap of this name.
    #[error("`{exposure}` has no table without a link called `{table}`")]
    UnknownGap {
        /// The exposure.
        exposure: NodeId,
        /// What was asked for.
        table: String,
        /// The tables that have none.
        known: Vec<String>,
    },
    /// Nothing of this name is left out.
    #[error("nothing that is left out is known as `{subject}`")]
    NotLeftOut {
        /// What was asked for.
        subject: String,
        /// What is left out, those nearest first.
        nearest: Vec<String>,
    },
    /// The site shows no such workbook.
    #[error("integration `{integration}` shows no workbook `{subject}`")]
    UnknownWorkbook {
        /// The integration.
        integration: IntegrationName,
        /// What was asked for.
        subject: String,
        /// The nearest names.
        nearest: Vec<String>,
    },
    /// The site shows several such workbooks.
    #[error("`{subject}` can mean {} workbooks of integration `{integration}`", .candidates.len())]
    AmbiguousWorkbook {
        /// The integration.
        integration: IntegrationName,
        /// What was asked for.
        subject: String,
        /// Their ids, each with its place.
        candidates: Vec<String>,
    },
    /// The workbook is imported already.
    #[error("workbook `{label}` of integration `{integration}` is imported already")]
    AlreadyImported {
        /// The integration.
        integration: IntegrationName,
        /// The workbook.
        label: String,
    },
    /// Nothing is asked for.
    #[error("nothing is given that could be changed")]
    NothingAsked,
}

impl Diagnostic for CurateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Value(error) => error.code(),
            Self::UnknownExposure { .. } => "TW-EXPOSURE-UNKNOWN",
            Self::AmbiguousExposure { .. } => "TW-EXPOSURE-AMBIGUOUS",
            Self::ManualExposure { .. } => "TW-EXPOSURE-MANUAL",
            Self::UnknownNode { .. } => "TW-NODE-UNKNOWN",
            Self::AmbiguousNode { .. } => "TW-NODE-AMBIGUOUS",
            Self::UnlinkableNode { .. } => "TW-NODE-NOT-LINKABLE",
            Self::NotLinked { .. } => "TW-LINK-NONE",
            Self::DeclaredLink { .. } => "TW-LINK-DECLARED",
            Self::UnknownGap { .. } => "TW-GAP-UNKNOWN",
            Self::NotLeftOut { .. } => "TW-WORKBOOK-NOT-LEFT-OUT",
            Self::UnknownWorkbook { .. } => "TW-WORKBOOK-UNKNOWN",
            Self::AmbiguousWorkbook { .. } => "TW-WORKBOOK-AMBIGUOUS",
            Self::AlreadyImported { .. } => "TW-WORKBOOK-IMPORTED",
            Self::NothingAsked => "TW-CURATION-NOTHING-ASKED",
        }
    }

    fn hint(&self) -> Option<String> {
        let listed = |names: &[String]| {
            let shown: Vec<String> = names.iter().map(|name| shortened(name)).collect();
            shown.join(", ")
        };
        let ids = |ids: &[NodeId]| ids.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ");
        Some(match self {
            Self::Value(error) => return error.hint(),
            Self::UnknownExposure { nearest, .. }
            | Self::UnknownNode { nearest, .. }
            | Self::UnknownWorkbook { nearest, .. }
                if !nearest.is_empty() =>
            {
                format!("did you mean {}?", listed(nearest))
            }
            Self::UnknownExposure { .. } => "`tailwater exposures` lists them all".to_owned(),
            Self::AmbiguousExposure { candidates, .. } | Self::AmbiguousNode { candidates, .. } => {
                format!("give one of {}", ids(candidates))
            }
            Self::ManualExposure { .. } => "change it in the project's YAML".to_owned(),
            Self::UnknownNode { .. } => {
                "give a model, source, seed or snapshot by name or unique_id, as `dbt ls` lists them".to_owned()
            }
            Self::UnlinkableNode { .. } => {
                "give the model, source, seed or snapshot whose table the dashboard reads".to_owned()
            }
            Self::NotLinked { linked, .. } if linked.is_empty() => "it stands on nothing".to_owned(),
            Self::NotLinked { linked, .. } => format!("it stands on {}", ids(linked)),
            Self::DeclaredLink { .. } => "take it out of `depends_on` there".to_owned(),
            Self::UnknownGap { known, .. } if known.is_empty() => {
                "every table that it reads has a link; leave the table out to link the node all the same".to_owned()
            }
            Self::UnknownGap { known, .. } => format!("without a link are {}", listed(known)),
            Self::NotLeftOut { nearest, .. } if nearest.is_empty() => {
                "nothing is left out; name the integration to bring in a workbook of another collection: \
                 `tailwater bring-in WORKBOOK --integration NAME`"
                    .to_owned()
            }
            Self::NotLeftOut { nearest, .. } => format!(
                "left out are {}; name the integration to bring in a workbook of another collection",
                listed(nearest)
            ),
            Self::UnknownWorkbook { .. } => {
                "give its name, its place and name (`Finance/Board pack`), its address or its LUID; the token's \
                 user must be allowed to view it"
                    .to_owned()
            }
            Self::AmbiguousWorkbook { candidates, .. } => format!("give one of {}", listed(candidates)),
            Self::AlreadyImported { .. } => "`tailwater exposures` shows it".to_owned(),
            Self::NothingAsked => "give at least one field, such as `--label 'Weekly sales'`".to_owned(),
        })
    }
}

/// Names of the BI tool have no limit; a hint has.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 80;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    let start: String = name.chars().take(LONGEST).collect();
    format!("{start}…")
}

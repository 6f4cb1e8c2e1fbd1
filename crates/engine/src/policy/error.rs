//! Why a policy cannot stand.

use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::refresh::PolicyScope;

/// A wish about a policy that cannot be fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A value makes no sense.
    #[error("the policy of {of} makes no sense: {problem}")]
    Invalid {
        /// Of what: `[refresh]`, or a scope.
        of: String,
        /// What is wrong, without a full stop.
        problem: String,
    },
    /// Something it should apply to is not there.
    #[error("there is nothing to apply a policy to: {what} is not known")]
    UnknownScope {
        /// What is not known, such as "project `shop`".
        what: String,
        /// What is known, or near.
        known: Vec<String>,
    },
    /// `tailwater.toml` says it.
    #[error("`{field}` of {scope} is said in `tailwater.toml`, which commands and pages do not change")]
    InFile {
        /// The scope.
        scope: PolicyScope,
        /// The field.
        field: String,
    },
    /// One scope twice in the file.
    #[error("`tailwater.toml` gives {scope} two policies")]
    Twice {
        /// The scope.
        scope: String,
    },
    /// Neither a target nor an exposure.
    #[error("`{subject}` is neither an exposure nor something that is refreshed")]
    UnknownTarget {
        /// What was asked for.
        subject: String,
        /// Names that are near.
        nearest: Vec<String>,
    },
    /// Dashboards show another environment's data.
    #[error("dashboards stand on environment `{production}` of project `{project}`, not on `{environment}`")]
    NotProduction {
        /// The project.
        project: String,
        /// Its production.
        production: String,
        /// What was asked for.
        environment: String,
    },
}

impl Diagnostic for PolicyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } | Self::Twice { .. } => "TW-POLICY-INVALID",
            Self::UnknownScope { .. } => "TW-POLICY-SCOPE",
            Self::InFile { .. } => "TW-POLICY-IN-FILE",
            Self::UnknownTarget { .. } => "TW-REFRESH-TARGET-UNKNOWN",
            Self::NotProduction { .. } => "TW-REFRESH-ENVIRONMENT",
        }
    }

    fn hint(&self) -> Option<String> {
        let near = |names: &[String]| (!names.is_empty()).then(|| format!("known are {}", names.join(", ")));
        match self {
            Self::Invalid { .. } => Some("see docs/orchestrate.md for what can be said".to_owned()),
            Self::Twice { .. } => Some("join them into one `[[refresh.policy]]`".to_owned()),
            Self::UnknownScope { known, .. } => near(known),
            Self::InFile { .. } => Some("change it in `tailwater.toml`".to_owned()),
            Self::UnknownTarget { nearest, .. } => {
                (!nearest.is_empty()).then(|| format!("did you mean {}?", nearest.join(", ")))
            }
            Self::NotProduction { .. } => Some(
                "nothing was refreshed; make it the project's production, or take over its artifacts with \
                 `tailwater ingest`"
                    .to_owned(),
            ),
        }
    }
}

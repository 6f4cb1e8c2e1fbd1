//! What can be wrong with a question.

use crate::diagnostic::Diagnostic;
use crate::id::NodeId;
use crate::selector::SelectorError;

/// A question that cannot be answered with a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The selector cannot be read, or finds nothing.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// The node in focus is not there.
    #[error("nothing has the id `{id}`")]
    UnknownNode {
        /// What was asked for.
        id: NodeId,
        /// The id that may be meant.
        nearest: Option<NodeId>,
    },
    /// An option's value is not known.
    #[error("`{value}` is not a value of `{option}`")]
    UnknownValue {
        /// The option, as it stands in addresses.
        option: &'static str,
        /// What was given, shortened.
        value: String,
        /// What it can be, in words.
        expected: String,
    },
}

impl Diagnostic for PictureError {
    fn code(&self) -> &'static str {
        match self {
            Self::Selector(error) => error.code(),
            Self::UnknownNode { .. } => "TW-LINEAGE-NODE",
            Self::UnknownValue { .. } => "TW-LINEAGE-OPTION",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Selector(error) => return error.hint(),
            Self::UnknownNode { nearest, .. } => match nearest {
                Some(nearest) => format!("Did you mean `{nearest}`?"),
                None => "It may have been removed. Select by name instead.".to_owned(),
            },
            Self::UnknownValue { expected, .. } => format!("It can be {expected}."),
        })
    }
}

//! What is wrong with a value that somebody gave.

use super::value::Field;
use crate::diagnostic::Diagnostic;

/// A value that cannot stand in a curated exposure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CurationError {
    /// Nothing is given where something must be.
    #[error("{what} cannot be empty")]
    Empty {
        /// What was to be given, such as `the label`.
        what: &'static str,
    },
    /// More than fits on a page or in dbt's files.
    #[error("{what} is {length} characters long, and {longest} are the most")]
    TooLong {
        /// What was given.
        what: &'static str,
        /// How long it is, in characters.
        length: usize,
        /// How long it may be.
        longest: usize,
    },
    /// More tags than anybody reads.
    #[error("{count} tags are given, and {most} are the most")]
    TooManyTags {
        /// How many were given.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A character that acts rather than shows.
    #[error("{what} holds the control character U+{code:04X}")]
    ControlCharacter {
        /// What was given.
        what: &'static str,
        /// The character's number.
        code: u32,
    },
    /// dbt knows a few words only.
    #[error("`{word}` is no {what} that dbt knows")]
    UnknownWord {
        /// `maturity` or `type`.
        what: &'static str,
        /// The word.
        word: String,
        /// The words that dbt knows.
        known: &'static [&'static str],
    },
    /// Not an address for mail.
    #[error("`{address}` is no e-mail address")]
    NoAddress {
        /// What was given.
        address: String,
    },
    /// A field that there is not.
    #[error("an exposure has no field `{name}` that can be given by hand")]
    UnknownField {
        /// What was asked for.
        name: String,
    },
}

impl Diagnostic for CurationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "TW-CURATION-EMPTY",
            Self::TooLong { .. } | Self::TooManyTags { .. } => "TW-CURATION-TOO-LONG",
            Self::ControlCharacter { .. } => "TW-CURATION-CHARACTER",
            Self::UnknownWord { .. } => "TW-CURATION-WORD",
            Self::NoAddress { .. } => "TW-CURATION-ADDRESS",
            Self::UnknownField { .. } => "TW-CURATION-FIELD",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Empty { .. } => {
                "give some text, or clear the field to show again what the BI tool says".to_owned()
            }
            Self::TooLong { .. } => "shorten it".to_owned(),
            Self::TooManyTags { .. } => "give fewer".to_owned(),
            Self::ControlCharacter { .. } => "take it out, and give the rest again".to_owned(),
            Self::UnknownWord { known, .. } => format!("give one of {}", known.join(", ")),
            Self::NoAddress { .. } => "write it as `name@example.com`".to_owned(),
            Self::UnknownField { .. } => format!("there are {}", Field::ALL.map(Field::name).join(", ")),
        })
    }
}

//! What can go wrong with channels.

use camino::Utf8PathBuf;
use tailwater_bi::outgoing;
use tailwater_core::diagnostic::Diagnostic;

/// What can go wrong with channels. No variant holds an address or a key.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// There is no such channel.
    #[error("there is no channel `{name}`")]
    UnknownChannel {
        /// What was asked for.
        name: String,
        /// The channels that there are.
        known: Vec<String>,
    },
    /// A channel's settings make no sense.
    #[error("channel `{name}`: {reason}")]
    Settings {
        /// The channel.
        name: String,
        /// Why, without any secret.
        reason: String,
    },
    /// A secret is not where it should be.
    #[error("channel `{name}`: {what} is not in the environment variable `{variable}`")]
    Variable {
        /// The channel.
        name: String,
        /// Which secret.
        what: &'static str,
        /// The variable.
        variable: String,
    },
    /// A secret's file cannot be read, or is empty.
    #[error("channel `{name}`: {what} cannot be read from `{path}`")]
    File {
        /// The channel.
        name: String,
        /// Which secret.
        what: &'static str,
        /// The file.
        path: Utf8PathBuf,
        /// What the system says; `None` for an empty file.
        source: Option<std::io::Error>,
    },
    /// It could not be sent.
    #[error("channel `{name}`: {source}")]
    Send {
        /// The channel.
        name: String,
        /// Why.
        source: Box<outgoing::Error>,
    },
    /// The BI tool takes no warnings from the token's user.
    #[error("data quality warnings are refused, which needs Data Management: {reason}")]
    NoDataManagement {
        /// What the tool said.
        reason: String,
    },
    /// Another process looks and sends.
    #[error("another process looks for signals: {holder}")]
    Busy {
        /// Who.
        holder: String,
    },
}

impl Diagnostic for SignalError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownChannel { .. } => "TW-SIGNAL-UNKNOWN-CHANNEL",
            Self::Settings { .. } => "TW-SIGNAL-CHANNEL",
            Self::Variable { .. } | Self::File { .. } => "TW-SIGNAL-SECRET",
            Self::Send { source, .. } => source.code(),
            Self::NoDataManagement { .. } => "TW-SIGNAL-DATA-MANAGEMENT",
            Self::Busy { .. } => "TW-SIGNAL-BUSY",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownChannel { known, .. } if known.is_empty() => {
                "Declare one as `[[channel]]` in `tailwater.toml`.".to_owned()
            }
            Self::UnknownChannel { known, .. } => format!("The channels are: {}.", known.join(", ")),
            Self::Settings { .. } => "Mend the `[[channel]]` in `tailwater.toml`.".to_owned(),
            Self::Variable { .. } => {
                "Set the variable for every process of Tailwater, or name a file.".to_owned()
            }
            Self::File { .. } => "Check that the file is there and that Tailwater may read it.".to_owned(),
            Self::Send { source, .. } => return source.hint(),
            Self::NoDataManagement { .. } => {
                "Labels and data quality warnings need Tableau's Data Management licence and a token whose user may \
                 change the content. Else take the integration out of `quality_warnings`."
                    .to_owned()
            }
            Self::Busy { .. } => "It is done there; nothing is missed.".to_owned(),
        })
    }
}

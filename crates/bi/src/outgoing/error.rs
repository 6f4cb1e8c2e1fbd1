//! What keeps a signal from going out.

use std::path::PathBuf;
use std::time::Duration;

use tailwater_core::diagnostic::Diagnostic;

/// Why a signal did not go out. No variant holds a channel's address or key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The call failed below its answer.
    #[error(transparent)]
    Call(#[from] crate::Error),
    /// The receiver does not take it.
    #[error("{what}: {host} answered with status {status}{}", if said.is_empty() { String::new() } else { format!(": {said}") })]
    Refused {
        /// What was sent.
        what: &'static str,
        /// The receiver.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said, shortened and without control characters. Untrusted.
        said: String,
    },
    /// The channel's settings cannot be used.
    #[error("cannot use the channel: {reason}")]
    Settings {
        /// Why, without any secret.
        reason: String,
    },
    /// The mail server does not take the letter.
    #[error("the mail server {host} did not take the letter: {reason}")]
    Mail {
        /// The server.
        host: String,
        /// What it said, shortened and without control characters. Untrusted.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write to `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Call(error) => error.code(),
            Self::Refused { .. } => "TW-SIGNAL-REFUSED",
            Self::Settings { .. } => "TW-SIGNAL-CHANNEL",
            Self::Mail { .. } => "TW-SIGNAL-MAIL",
            Self::File { .. } => "TW-SIGNAL-FILE",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Call(error) => return error.hint(),
            Self::Refused {
                status: 401 | 403, ..
            } => "Check the channel's key or address: the receiver does not accept it.",
            Self::Refused {
                status: 404 | 410, ..
            } => "Check the channel's address: there is nothing there any more.",
            Self::Refused { .. } => "See what the receiver says; it is tried again where that may help.",
            Self::Settings { .. } => "Mend the channel in `tailwater.toml`.",
            Self::Mail { .. } => {
                "Check server, port, user and password, and that it relays for these addresses."
            }
            Self::File { .. } => "Check that the directory is there and may be written to.",
        };
        Some(hint.to_owned())
    }
}

/// A signal that did not go out.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: Box<Error>,
    /// Whether trying again cannot help.
    pub is_final: bool,
    /// How long the receiver asks to wait.
    pub wait: Option<Duration>,
}

impl Failure {
    /// Sorts what went wrong below an answer.
    pub(super) fn of_call(error: crate::Error) -> Self {
        let is_final = matches!(
            error,
            crate::Error::PlainHttp { .. }
                | crate::Error::PrivateAddress { .. }
                | crate::Error::Redirected { .. }
        );
        let wait = match &error {
            crate::Error::Throttled { wait, .. } => *wait,
            _ => None,
        };
        Self {
            error: Box::new(error.into()),
            is_final,
            wait,
        }
    }

    /// One that trying again does not mend.
    pub(super) fn settings(reason: impl Into<String>) -> Self {
        Self {
            error: Box::new(Error::Settings {
                reason: reason.into(),
            }),
            is_final: true,
            wait: None,
        }
    }
}

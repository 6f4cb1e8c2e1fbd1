//! What can go wrong before the simulator listens.

use std::path::PathBuf;

use tailwater_core::diagnostic::Diagnostic;

/// Errors of starting a simulator. Once it listens, every failure is an answer on the wire.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The site file can not be read from disk.
    #[error("can not read the site file {}: {source}", path.display())]
    SiteFileRead {
        /// The path asked for.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The text is not TOML, or not a site file.
    #[error("the site file is not readable: {source}")]
    SiteFileSyntax {
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// The file is well formed but contradicts itself.
    #[error("site `{site}`: {subject}: {reason}")]
    SiteFileMeaning {
        /// Content URL of the site.
        site: String,
        /// The entry that is wrong.
        subject: String,
        /// Why.
        reason: String,
    },
    /// The Metadata API schema in the binary is broken; a defect of the build.
    #[error("the built-in Metadata API schema is not valid: {reason}")]
    Schema {
        /// The first diagnostics.
        reason: String,
    },
    /// TLS can not be spoken with the certificate.
    #[error("can not speak TLS: {reason}")]
    Tls {
        /// What the certificate lacks.
        reason: String,
    },
    /// A file of the certificate can not be read or written.
    #[error("can not use the file {}: {source}", path.display())]
    TlsFile {
        /// The path.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// No socket could be opened.
    #[error("can not listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port asked for; 0 for any.
        port: u16,
        /// What the system answered.
        source: std::io::Error,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::SiteFileRead { .. } => "TW-SIM-READ",
            Self::SiteFileSyntax { .. } => "TW-SIM-SYNTAX",
            Self::SiteFileMeaning { .. } => "TW-SIM-MEANING",
            Self::Schema { .. } => "TW-SIM-SCHEMA",
            Self::Tls { .. } => "TW-SIM-TLS",
            Self::TlsFile { .. } => "TW-SIM-TLS-FILE",
            Self::Listen { .. } => "TW-SIM-LISTEN",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::SiteFileRead { .. } => "give the path of a site file with `--site`",
            Self::SiteFileSyntax { .. } | Self::SiteFileMeaning { .. } => {
                "docs/tableau-simulator.md describes every key of a site file"
            }
            Self::Schema { .. } => "this is a defect of the build; please report it",
            Self::Tls { .. } => "give a PEM certificate and its PEM key, or `--tls` alone",
            Self::TlsFile { .. } => "check the paths of `--tls-cert`, `--tls-key` and `--ca-out`",
            Self::Listen { .. } => "choose another port, or 0 for any free one",
        };
        Some(hint.to_owned())
    }
}

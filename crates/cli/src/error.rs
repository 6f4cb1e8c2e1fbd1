//! What can go wrong in the command line itself; errors of use cases keep their own code and advice.
//! And how a command ends: the exit codes.

use std::io;
use std::process::ExitCode;

use camino::Utf8PathBuf;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::IntegrationName;

/// How a command ended that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done: exit code 0.
    Done,
    /// Done, but something failed that the answer lists: exit code 1.
    DoneWithFailures,
    /// A command that it ran ended with this code, which is handed on.
    Code(u8),
}

impl Outcome {
    /// Done, with failures when there are any.
    pub const fn with_failures(has_failures: bool) -> Self {
        if has_failures {
            Self::DoneWithFailures
        } else {
            Self::Done
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::DoneWithFailures => Self::from(1),
            Outcome::Code(code) => Self::from(code),
        }
    }
}

/// The exit code of a command that could not run.
pub const COULD_NOT_RUN: u8 = 2;

/// Why a command could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments make no sense together.
    #[error("{message}")]
    Usage {
        /// What is wrong with them.
        message: String,
        /// What to type instead, or where to read on.
        hint: String,
    },
    /// A use case failed.
    #[error(transparent)]
    Engine(#[from] tailwater_engine::Error),
    /// The server cannot be started, or stopped by itself.
    #[error(transparent)]
    Serve(#[from] tailwater_web::ServeError),
    /// The working directory cannot be used.
    #[error("cannot use the working directory")]
    WorkingDirectory {
        /// Why not.
        source: io::Error,
    },
    /// No temporary directory can be made.
    #[error("cannot make a temporary directory")]
    Scratch(#[source] io::Error),
    /// The configuration file that was named is not there.
    #[error("there is no configuration file `{path}`")]
    ConfigMissing {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file `{path}`")]
    ConfigUnreadable {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The configuration file says what makes no sense.
    #[error("`{path}`, line {line}, column {column}: {problem}")]
    ConfigInvalid {
        /// The file.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What makes no sense. Never quotes a value, which may be a secret.
        problem: String,
        /// What to write instead.
        hint: String,
    },
    /// A variable that stands for a setting says what makes no sense.
    #[error("the environment variable `{variable}` is no good setting: {problem}")]
    ConfigVariable {
        /// The variable.
        variable: String,
        /// What makes no sense. Never quotes the value, which may be a secret.
        problem: String,
        /// What to write instead.
        hint: String,
    },
    /// `init` finds a file.
    #[error("`{path}` already exists")]
    ConfigExists {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The configuration file cannot be written.
    #[error("cannot write `{path}`")]
    ConfigWrite {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A secret is needed and nothing says where it is.
    #[error(
        "the secret of the token of integration `{name}` is not given, and there is no terminal to ask at"
    )]
    SecretNotGiven {
        /// The integration.
        name: IntegrationName,
    },
    /// The secret that was given is empty.
    #[error("the secret that was given for the token of integration `{name}` is empty")]
    SecretEmpty {
        /// The integration.
        name: IntegrationName,
    },
    /// The secret cannot be read.
    #[error("cannot read the token's secret")]
    SecretInput {
        /// What the system says.
        source: io::Error,
    },
    /// A password is needed and nothing says where it is.
    #[error("the password of user `{name}` is not given, and there is no terminal to ask at")]
    PasswordNotGiven {
        /// The user.
        name: String,
    },
    /// The variable that should hold a password is missing or empty.
    #[error("the environment variable `{variable}`, which should hold the password, is not set")]
    PasswordVariable {
        /// The variable.
        variable: String,
    },
    /// The password was typed differently the second time.
    #[error("the two passwords differ")]
    PasswordDiffers,
    /// Something that cannot be undone was not confirmed.
    #[error("will not {what} unasked, and there is no terminal to ask at")]
    NotConfirmed {
        /// What was to be done.
        what: String,
    },
    /// None of several integrations could be synced.
    #[error("none of the {count} integrations could be synced")]
    AllFailed {
        /// How many there are.
        count: usize,
        /// What went wrong with the first.
        source: Box<Error>,
    },
    /// The asynchronous runtime does not start.
    #[error("cannot start to work")]
    Runtime {
        /// What the system says.
        source: io::Error,
    },
    /// What is to be logged makes no sense.
    #[error("`{text}` does not say what to log: {problem}")]
    LogFilter {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file to read cannot be read.
    #[error("cannot read `{path}`")]
    Input {
        /// The file; `-` for standard input.
        path: Utf8PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file to read is not text.
    #[error("`{path}` is not text in UTF-8")]
    InputNotText {
        /// The file; `-` for standard input.
        path: Utf8PathBuf,
        /// Where it stops to be text.
        source: std::str::Utf8Error,
    },
    /// The answer cannot be written.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

impl Error {
    /// Whether the reader of standard output has gone away, which is no fault: `tailwater … | head`.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl Diagnostic for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "TW-CLI-USAGE",
            Self::Engine(error) => error.code(),
            Self::Serve(error) => error.code(),
            Self::WorkingDirectory { .. } => "TW-CLI-WORKING-DIRECTORY",
            Self::Scratch(_) => "TW-CLI-SCRATCH",
            Self::ConfigMissing { .. } => "TW-CONFIG-MISSING",
            Self::ConfigUnreadable { .. } => "TW-CONFIG-UNREADABLE",
            Self::ConfigInvalid { .. } => "TW-CONFIG-INVALID",
            Self::ConfigVariable { .. } => "TW-CONFIG-VARIABLE",
            Self::ConfigExists { .. } => "TW-CONFIG-EXISTS",
            Self::ConfigWrite { .. } => "TW-CONFIG-WRITE",
            Self::SecretNotGiven { .. } => "TW-SECRET-NOT-GIVEN",
            Self::SecretEmpty { .. } => "TW-SECRET-EMPTY",
            Self::SecretInput { .. } => "TW-SECRET-INPUT",
            Self::PasswordNotGiven { .. } => "TW-ACCOUNT-PASSWORD-NOT-GIVEN",
            Self::PasswordVariable { .. } => "TW-ACCOUNT-PASSWORD-VARIABLE",
            Self::PasswordDiffers => "TW-ACCOUNT-PASSWORD-DIFFERS",
            Self::NotConfirmed { .. } => "TW-CLI-NOT-CONFIRMED",
            Self::AllFailed { .. } => "TW-SYNC-ALL-FAILED",
            Self::Runtime { .. } => "TW-CLI-RUNTIME",
            Self::LogFilter { .. } => "TW-CLI-LOG-FILTER",
            Self::Input { .. } => "TW-CLI-INPUT",
            Self::InputNotText { .. } => "TW-CLI-INPUT-NOT-TEXT",
            Self::Output(_) => "TW-CLI-OUTPUT",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Engine(error) => return error.hint(),
            Self::Serve(error) => return error.hint(),
            Self::WorkingDirectory { .. } => {
                "change to a directory that exists and that this user may enter".to_owned()
            }
            Self::Scratch(_) => {
                "make room in the temporary directory, or name another one with `TMPDIR`".to_owned()
            }
            Self::ConfigMissing { .. } => {
                "correct `--config` or `TAILWATER_CONFIG`; `tailwater init` writes a file to begin with"
                    .to_owned()
            }
            Self::ConfigUnreadable { .. } => {
                "check that it is a text file in UTF-8 which this user may read".to_owned()
            }
            Self::Usage { hint, .. }
            | Self::ConfigInvalid { hint, .. }
            | Self::ConfigVariable { hint, .. } => hint.clone(),
            Self::ConfigExists { .. } => "`tailwater init --force` overwrites it".to_owned(),
            Self::ConfigWrite { .. } => {
                "check that the directory exists and that this user may write to it".to_owned()
            }
            Self::SecretNotGiven { .. } | Self::SecretEmpty { .. } => {
                "give it with `--secret-env VARIABLE`, `--secret-file FILE` or `--secret-stdin`".to_owned()
            }
            Self::SecretInput { .. } => {
                "check what is given to standard input, or use `--secret-env VARIABLE` or `--secret-file FILE`"
                    .to_owned()
            }
            Self::PasswordNotGiven { .. } => {
                "give it with `--password-env VARIABLE` or `--password-stdin`".to_owned()
            }
            Self::PasswordVariable { variable } => format!("set it: `export {variable}=…`"),
            Self::PasswordDiffers => "type it again; nothing was changed".to_owned(),
            Self::NotConfirmed { .. } => "add `--yes`".to_owned(),
            Self::AllFailed { .. } => "the answer says what is wrong with each".to_owned(),
            Self::Runtime { .. } => "check the limits of this user: processes, open files, memory".to_owned(),
            Self::LogFilter { .. } => {
                "write for example `TAILWATER_LOG=debug` or `TAILWATER_LOG=tailwater_bi=trace,warn`".to_owned()
            }
            Self::Input { .. } => {
                "check the path and that this user may read it; `-` reads standard input".to_owned()
            }
            Self::InputNotText { .. } => {
                "save the file as UTF-8, for example with `iconv -t UTF-8`".to_owned()
            }
            Self::Output(_) => "check that there is room where the output goes".to_owned(),
        })
    }
}

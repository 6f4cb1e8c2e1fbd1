//! How a dbt process ended, and what that means.

use std::fmt;
use std::process::ExitStatus;

use serde::{Deserialize, Serialize};

/// How a dbt process ended (dbt 1.11: 0, 1 and 2 are all that it uses itself).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum DbtExit {
    /// 0: all went well.
    Done,
    /// 1: it ran, and something failed: a node, a test, a freshness.
    SomeFailed,
    /// 2: it could not run, or somebody stopped it.
    CouldNotRun,
    /// Another code, which is not dbt's own: a wrapper's.
    Code {
        /// The code.
        code: i32,
    },
    /// A signal ended it.
    Signal {
        /// Its number.
        signal: i32,
    },
}

impl DbtExit {
    /// Reads what the operating system says.
    pub(super) fn from_status(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal { signal };
        }
        match status.code() {
            Some(0) => Self::Done,
            Some(1) => Self::SomeFailed,
            Some(2) | None => Self::CouldNotRun,
            Some(code) => Self::Code { code },
        }
    }

    /// Whether everything that was asked for was done.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done)
    }

    /// Whether dbt came to its own end, so that what it wrote is whole.
    pub const fn is_its_own(self) -> bool {
        matches!(self, Self::Done | Self::SomeFailed)
    }

    /// The code that a shell would show: 128 and the number for a signal.
    pub const fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::SomeFailed => 1,
            Self::CouldNotRun => 2,
            Self::Code { code } => code,
            Self::Signal { signal } => 128 + signal,
        }
    }
}

impl fmt::Display for DbtExit {
    /// Fits after "dbt": `ended with code 1: some of it failed`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => formatter.write_str("did all of it"),
            Self::SomeFailed => formatter.write_str("ended with code 1: some of it failed"),
            Self::CouldNotRun => formatter.write_str("ended with code 2: it could not run, or was stopped"),
            Self::Code { code } => write!(formatter, "ended with code {code}"),
            Self::Signal { signal } => write!(formatter, "was ended by signal {signal}"),
        }
    }
}

//! Running dbt: the command, its process, what it prints and what its log says meanwhile.
//!
//! ```text
//! DbtCommand ─▶ start ─▶ a process group of its own ─┬─ stdout, stderr ─▶ Heard::Output, byte for byte
//!                                                    ├─ dbt.log, tailed  ─▶ Heard::Event (log::LogReader)
//!                                                    └─ exit             ─▶ Heard::Exited, always the last
//!                        Stop ─▶ SIGINT, after a while SIGTERM, after a while SIGKILL, to the whole group
//! ```
//!
//! Which of its two channels is read for the structured log was decided by trying both with dbt 1.11:
//!
//! - *JSON on stdout* (`--log-format json`) would have to be printed again as the text that dbt would have
//!   printed: the time and two spaces before most messages but not before `print()`, several lines of one
//!   message, tables of `dbt show`, lists of `dbt ls`, `--quiet`, `--log-level`, and whatever comes new. It
//!   comes close and is never the same.
//! - *JSON in the log file* (`DBT_LOG_FORMAT_FILE=json`) leaves stdout alone: colours, widths and the order of
//!   lines stay dbt's own, because they are. dbt flushes the file after each line, so what was measured from
//!   the line to here is the pause between two looks at it ([`LOOK`]). It also has level `debug`, the only one
//!   with `NodeFinished`, which says of every kind of node in one shape how it ended.
//!
//! So the file is read. Lines of JSON on stdout are read too, since that is all there is when dbt runs where its
//! files are out of reach, in a container without a shared directory: there, give `--log-format json`.

mod exit;
mod listing;
mod output;
mod process;
mod setting;
mod tail;
mod words;

pub use exit::DbtExit;
pub use listing::{Listing, Runs};
pub use output::{Lines, Stream};
pub use process::{Heard, Running, Stop};
pub use setting::{DbtCommand, Place};
pub use tail::LOOK;
pub use words::{DbtWords, Subcommand, find_dbt};

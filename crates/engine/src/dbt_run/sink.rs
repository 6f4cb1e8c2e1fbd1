//! Whoever wants to hear of a running dbt.

use tailwater_core::refresh::RefreshRecord;
use tailwater_dbt::command::Stream;
use tailwater_dbt::log::DbtEvent;

/// Hears what a running dbt prints and says, in order, as it comes. Each method does nothing unless it is
/// written. They are called between two steps of the run: what takes long belongs elsewhere.
pub trait RunSink: Send {
    /// Bytes that dbt printed, as they came: to be passed on untouched.
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        let _ = (stream, bytes);
    }

    /// A line that dbt printed, without its line end, with colours; cut off where it is very long. To be kept
    /// as text, after secrets were masked.
    fn line(&mut self, stream: Stream, line: &str) {
        let _ = (stream, line);
    }

    /// What dbt's log says.
    fn event(&mut self, event: &DbtEvent) {
        let _ = event;
    }

    /// A refresh was asked for, held or skipped with a reason worth keeping: while dbt runs or at its end.
    fn asked(&mut self, refresh: &RefreshRecord) {
        let _ = refresh;
    }
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl RunSink for Silent {}

//! `tailwater sync --history`: the syncs that were, with what they did and how long they took.

use chrono::{DateTime, Utc};
use tailwater_core::id::IntegrationName;
use tailwater_engine::Workspace;
use tailwater_engine::store::{SyncCause, SyncOutcome, SyncRecord};
use tailwater_engine::sync::moment::short_id;

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

/// Shows the last syncs of the integrations, the newest first.
pub async fn run(
    names: &[IntegrationName],
    limit: u32,
    workspace: &Workspace,
    printer: &Printer,
) -> Result<Outcome, Error> {
    let mut syncs = Vec::new();
    for name in names {
        syncs.extend(
            workspace
                .store()
                .syncs(Some(name), limit)
                .await
                .map_err(tailwater_engine::Error::from)?,
        );
    }
    syncs.sort_by_key(|sync| std::cmp::Reverse((sync.started_at, sync.id)));
    syncs.truncate(limit.try_into().unwrap_or(usize::MAX));
    printer.answer(&syncs, |syncs| to_document(syncs))?;
    Ok(Outcome::Done)
}

fn to_document(syncs: &[SyncRecord]) -> Document {
    let mut document = Document::new();
    if syncs.is_empty() {
        document.line("no sync was made yet");
        return document;
    }
    let mut table = Table::new([
        "ID",
        "STARTED",
        "INTEGRATION",
        "TOOK",
        "OUTCOME",
        "WHY",
        "ADDED",
        "CHANGED",
        "REMOVED",
        "KEPT",
        "EXPOSURES",
    ])
    .unbroken();
    for sync in syncs {
        let counts = [
            sync.counts.added,
            sync.counts.changed,
            sync.counts.removed,
            sync.counts.kept,
            sync.counts.exposures,
        ];
        let has_landed = sync.outcome.has_landed();
        let first = [
            Cell::new(short_id(sync.id)),
            Cell::new(minute(sync.started_at)),
            Cell::new(sync.integration.as_str()).styled(Style::Strong),
            Cell::new(took(sync)),
            Cell::new(sync.outcome.name()).styled(style(sync.outcome)),
            Cell::new(sync.detail.cause.map_or("", why)),
        ];
        let counts = counts.map(|count| {
            if has_landed {
                Cell::number(count)
            } else {
                Cell::new("")
            }
        });
        table.row(first.into_iter().chain(counts));
    }
    document.table(table);
    document.line(Line::new().styled(Style::Faint, "`tailwater diff ID~1 ID` shows what a sync changed"));
    for sync in syncs {
        if let Some(error) = &sync.error {
            document.line(
                Line::new()
                    .plain(format!("{} {}: ", minute(sync.started_at), sync.integration))
                    .prose(format!("{} [{}]", error.message, error.code)),
            );
        }
    }
    document
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// `1 m 05 s`, or `3.2 s`.
fn took(sync: &SyncRecord) -> String {
    let milliseconds = (sync.finished_at - sync.started_at).num_milliseconds().max(0);
    match milliseconds {
        0..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!(
            "{} m {:02} s",
            milliseconds / 60_000,
            milliseconds % 60_000 / 1_000
        ),
    }
}

const fn style(outcome: SyncOutcome) -> Style {
    match outcome {
        SyncOutcome::Failed => Style::Bad,
        SyncOutcome::Partial | SyncOutcome::Stopped => Style::Warning,
        SyncOutcome::Changed | SyncOutcome::Unchanged => Style::Plain,
    }
}

const fn why(cause: SyncCause) -> &'static str {
    match cause {
        SyncCause::Asked => "asked for",
        SyncCause::Command => "command",
        SyncCause::First => "first",
        SyncCause::Scheduled => "set time",
        SyncCause::SelectionChanged => "selection",
        SyncCause::Retry => "after a failure",
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_duration_is_told_in_seconds_or_minutes() {
        let began = DateTime::UNIX_EPOCH;
        let after = |milliseconds| {
            let text = serde_json::json!({
                "id": "00000000-0000-7000-8000-000000000000", "integration": "main", "started_at": began,
                "finished_at": began + TimeDelta::milliseconds(milliseconds), "outcome": "changed", "counts": {},
            });
            took(&serde_json::from_value(text).unwrap())
        };
        assert_eq!(after(0), "0.0 s");
        assert_eq!(after(3_249), "3.2 s");
        assert_eq!(after(59_999), "59.9 s");
        assert_eq!(after(65_000), "1 m 05 s");
        assert_eq!(after(-5), "0.0 s");
    }
}

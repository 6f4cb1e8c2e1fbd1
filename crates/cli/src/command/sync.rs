//! `tailwater sync`: imports, resolves and stores, and says what came of it.

mod history;

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::exposure::Stale;
use tailwater_core::id::IntegrationName;
use tailwater_core::inventory::Notice;
use tailwater_engine::Workspace;
use tailwater_engine::store::SyncOutcome;
use tailwater_engine::sync::{ExposureChange, ExposureTitle, KeptExposure, SyncOptions, SyncReport};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::integration;
use crate::document::{Document, Line, Style, clipped, counted};
use crate::error::{Error, Outcome};
use crate::interrupt::stoppable;
use crate::logging;
use crate::printer::Printer;
use crate::progress::Steps;
use crate::report::Report;
use crate::table::{Cell, Table};

/// More exposures of a kind than this are only counted; `--json` has all.
const MOST_SHOWN: usize = 50;

/// More labels that share a reason than this are only counted.
const MOST_KEPT_SHOWN: usize = 12;
/// Longer labels are clipped.
const LABEL_WIDTH: usize = 40;

const EXAMPLES: &str = "\
Examples:
  tailwater sync
  tailwater sync main --dry-run
  tailwater sync --full
  tailwater sync --json > report.json
  tailwater sync --history

Reads the selected collections of each integration, links their tables with the dbt projects, and stores the \
exposures in one step at the end: a sync that fails or is stopped changes nothing. What an answer that was cut \
short does not show is kept as it was. Of a workbook that did not move since the last sync the lineage is not read \
again; once a day, and with --full, everything is. The exit code is 1 when something was cut short, a selected collection \
was not found, or one of several integrations failed.";

/// Imports the selected collections and links them with dbt
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integrations [default: all]
    integrations: Vec<IntegrationName>,

    /// Do everything but write
    #[arg(long)]
    dry_run: bool,

    /// Read everything again, not only what moved since the last sync
    #[arg(long)]
    full: bool,

    /// Show the syncs that were instead
    #[arg(long, conflicts_with_all = ["dry_run", "full"])]
    history: bool,

    /// How many of them at most
    #[arg(long, value_name = "COUNT", requires = "history", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// What the sync of one integration came to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Synced {
    Done(Box<SyncReport>),
    Failed {
        integration: IntegrationName,
        error: Report,
    },
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let names = integration::named_or_all(&args.integrations, workspace).await?;
    if args.history {
        return history::run(&names, args.limit, workspace, printer).await;
    }
    let options = SyncOptions {
        is_dry_run: args.dry_run,
        is_full: args.full,
    };
    let is_only_one = names.len() == 1;
    let synced = stoppable(printer, async |cancel| {
        let mut synced = Vec::new();
        for name in names {
            let answer = sync_one(workspace, &name, options, printer, cancel).await;
            synced.push((name, answer));
            if cancel.is_cancelled() {
                break;
            }
        }
        synced
    })
    .await;
    let mut answers = Vec::new();
    let mut first_error = None;
    for (name, answer) in synced {
        match answer {
            Ok(report) => answers.push(Synced::Done(Box::new(report))),
            // Nothing else was to be done, so the command as a whole could not run.
            Err(error) if is_only_one => return Err(error),
            Err(error) => {
                answers.push(Synced::Failed {
                    integration: name,
                    error: Report::new(&error),
                });
                first_error.get_or_insert(error);
            }
        }
    }
    printer.answer(&answers, |answers| to_document(answers))?;
    let is_done = |synced: &Synced| matches!(synced, Synced::Done(_));
    let has_failures = |synced: &Synced| match synced {
        Synced::Done(report) => report.has_failures(),
        Synced::Failed { .. } => true,
    };
    match first_error {
        Some(error) if !answers.iter().any(is_done) => Err(Error::AllFailed {
            count: answers.len(),
            source: Box::new(error),
        }),
        _ => Ok(Outcome::with_failures(answers.iter().any(has_failures))),
    }
}

/// Syncs one integration and shows how far it has come.
pub async fn sync_one(
    workspace: &Workspace,
    name: &IntegrationName,
    options: SyncOptions,
    printer: &Printer,
    cancel: &CancellationToken,
) -> Result<SyncReport, Error> {
    let span = tracing::info_span!("sync", integration = %name, dry_run = options.is_dry_run);
    let work = async {
        logging::projects(workspace).await?;
        let began = Instant::now();
        let steps = Steps::new(printer, name.as_str());
        let report = workspace.sync(name, options, &steps, cancel).await?;
        tracing::info!(
            added = report.added.len(),
            changed = report.changed.len(),
            removed = report.removed.len(),
            kept = report.kept.len(),
            exposures = report.exposures,
            duration_ms = logging::milliseconds_since(began),
            "synced"
        );
        Ok(report)
    };
    work.instrument(span).await
}

fn to_document(answers: &[Synced]) -> Document {
    let mut document = Document::new();
    for synced in answers {
        document.blank();
        match synced {
            Synced::Done(report) => write_report(&mut document, report),
            Synced::Failed { integration, error } => {
                document.line(
                    Line::new()
                        .strong(integration.as_str())
                        .styled(Style::Bad, format!(": failed [{}]", error.code)),
                );
                document.reason(error);
            }
        }
    }
    document
}

/// Adds what one sync came to.
pub fn write_report(document: &mut Document, report: &SyncReport) {
    document.line(summary(report));
    write_titles(document, "Added", &report.added);
    write_changes(document, &report.changed);
    write_titles(document, "Removed", &report.removed);
    write_kept(document, &report.kept);
    write_tables(document, report);
    if report.unmoved > 0 {
        document.line(Line::new().indent(2).styled(
            Style::Faint,
            format!(
                "{} had not moved since the last sync and kept their lineage; --full reads everything",
                counted(report.unmoved, "workbook")
            ),
        ));
    }
    for pattern in &report.patterns_without_match {
        document.line(
            Line::new()
                .styled(Style::Warning, "warning: ")
                .prose(format!("the selected collection `{pattern}` was not found")),
        );
        document.line(Line::new().indent(2).hanging(2).prose(format!(
            "hint: `tailwater collections {}` lists what the token's user can see",
            report.integration
        )));
    }
    write_notices(document, &report.notices);
}

fn summary(report: &SyncReport) -> Line {
    let line = Line::new().strong(report.integration.as_str()).plain(": ");
    let line = match (report.has_changes(), report.outcome) {
        (false, SyncOutcome::Partial) => line.plain("nothing changed, but an answer was cut short"),
        (false, _) => line.plain("nothing changed: no exposure, link or gap was written"),
        (true, _) => {
            let usage = match report.usage_updated {
                0 => String::new(),
                count => format!(", {count} with other usage only"),
            };
            line.plain(format!(
                "{} added, {} changed, {} removed{usage}; {} in all",
                report.added.len(),
                report.changed.len(),
                report.removed.len(),
                counted(report.exposures, "exposure"),
            ))
        }
    };
    if report.dry_run {
        line.styled(Style::Warning, " (dry run: nothing was written)")
    } else {
        line
    }
}

fn write_titles(document: &mut Document, heading: &str, titles: &[ExposureTitle]) {
    if titles.is_empty() {
        return;
    }
    document.heading(format!("{heading} ({})", titles.len()));
    let mut table = Table::new(["", ""]).indent(2);
    for title in titles.iter().take(MOST_SHOWN) {
        table.row(cells(title));
    }
    document.table(table);
    write_rest(document, titles.len());
}

fn write_changes(document: &mut Document, changes: &[ExposureChange]) {
    if changes.is_empty() {
        return;
    }
    document.heading(format!("Changed ({})", changes.len()));
    let mut table = Table::new(["", "", ""]).indent(2);
    for change in changes.iter().take(MOST_SHOWN) {
        let gained = change.gained.iter().map(|node| format!("+ {node}"));
        let lost = change.lost.iter().map(|node| format!("- {node}"));
        let [label, id] = cells(&change.title);
        table.row([label, id, Cell::lines(gained.chain(lost))]);
    }
    document.table(table);
    write_rest(document, changes.len());
}

/// What was kept is told by the reason, which many share.
fn write_kept(document: &mut Document, kept: &[KeptExposure]) {
    if kept.is_empty() {
        return;
    }
    document.heading(format!("Kept as they were ({})", kept.len()));
    let mut by_reason: BTreeMap<(&str, DateTime<Utc>), Vec<&ExposureTitle>> = BTreeMap::new();
    for exposure in kept {
        let Stale { since, reason } = &exposure.stale;
        by_reason
            .entry((reason, *since))
            .or_default()
            .push(&exposure.title);
    }
    for ((reason, since), titles) in by_reason {
        let since = since.format("%Y-%m-%d %H:%M UTC");
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .plain(reason)
                .faint(format!(" (as of {since})")),
        );
        let labels = titles.iter().map(|title| clipped(&title.label, LABEL_WIDTH));
        let mut labels: Vec<String> = labels.take(MOST_KEPT_SHOWN).collect();
        if titles.len() > MOST_KEPT_SHOWN {
            labels.push(format!("and {} more", titles.len() - MOST_KEPT_SHOWN));
        }
        document.line(Line::new().indent(4).hanging(2).faint(labels.join(", ")));
    }
}

fn cells(title: &ExposureTitle) -> [Cell; 2] {
    [
        Cell::clipped(&title.label, LABEL_WIDTH),
        Cell::clipped(title.unique_id.as_str(), 50).styled(Style::Faint),
    ]
}

fn write_rest(document: &mut Document, count: usize) {
    if count > MOST_SHOWN {
        let rest = format!("and {} more; `--json` has all", count - MOST_SHOWN);
        document.line(Line::new().indent(2).faint(rest));
    }
}

fn write_tables(document: &mut Document, report: &SyncReport) {
    let unlinked = report.tables.unlinked_total();
    document.heading(format!(
        "Tables: {} linked, {unlinked} not linked",
        report.tables.linked
    ));
    if unlinked == 0 {
        return;
    }
    let mut table = Table::new(["", "", ""]).indent(2);
    for (reason, count) in &report.tables.unlinked {
        table.row([
            Cell::number(*count),
            Cell::new(reason.title()),
            Cell::new(reason.code()).styled(Style::Faint),
        ]);
    }
    document.table(table);
    document.line(
        Line::new()
            .indent(2)
            .prose(format!("`tailwater unmatched {}` says more", report.integration)),
    );
}

/// Adds what the reader should know.
pub fn write_notices<'a>(document: &mut Document, notices: impl IntoIterator<Item = &'a Notice>) {
    let mut is_first = true;
    for notice in notices {
        if std::mem::take(&mut is_first) {
            document.heading("To know");
        }
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .prose(&notice.message)
                .faint(format!(" [{}]", notice.code)),
        );
        if let Some(remedy) = &notice.remedy {
            document.line(Line::new().indent(4).hanging(2).prose(format!("hint: {remedy}")));
        }
    }
}

//! `tailwater refreshes`: what was decided of each extract, and what came of it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::id::NodeId;
use tailwater_core::refresh::{
    RefreshId, RefreshOutcome, RefreshRecord, TargetId, TargetKind, outcome_words,
};
use tailwater_engine::refresh::{CancelOutcome, RefreshCursor, RefreshFilter, RefreshPause};
use tailwater_engine::{Error as EngineError, Workspace};

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater refreshes
  tailwater refreshes --outcome failed --outcome timed_out
  tailwater refreshes --exposure exposure.shop.main_orders --json
  tailwater refreshes cancel 0197f1c2-5d0a-7c31-9a53-2f1d4c0b7e11

The newest stand first. What was not worth a row, such as targets of which nothing was rebuilt, is told by \
`tailwater refresh --dry-run`.";

/// Shows what was decided of each extract, and what came of it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only of this target, as `INTEGRATION/KIND/ID` with the kind `workbook` or `data_source`
    #[arg(long, value_parser = read_target)]
    target: Option<TargetId>,

    /// Only for this exposure, by its `unique_id`
    #[arg(long, value_name = "UNIQUE_ID")]
    exposure: Option<String>,

    /// Only those that stand so; may be given several times
    #[arg(long, value_parser = read_outcome)]
    outcome: Vec<RefreshOutcome>,

    /// Only of this integration
    #[arg(long, value_name = "NAME")]
    integration: Option<String>,

    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,

    /// Go on where an earlier answer ended
    #[arg(long, value_name = "CURSOR")]
    before: Option<RefreshCursor>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Cancel(CancelArgs),
}

/// Cancels a refresh
///
/// One that was not sent yet is cancelled at once. Of one that the BI tool has, the tool is asked, by the process that
/// watches it; what the tool does about it is shown by `tailwater refreshes`.
#[derive(Debug, clap::Args)]
struct CancelArgs {
    /// Its id
    id: String,
}

/// A page of refreshes.
#[derive(Debug, Serialize)]
struct Answer {
    refreshes: Vec<RefreshRecord>,
    /// Sites that take no more for a while.
    resting: Vec<RefreshPause>,
    /// What `--before` takes to go on; `None` at the end.
    next: Option<String>,
}

/// What came of cancelling.
#[derive(Debug, Serialize)]
struct Cancelled {
    refresh: RefreshRecord,
    /// `cancelled`, `asked` (the BI tool is asked) or `over` (it was over already).
    result: &'static str,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Some(Action::Cancel(args)) => cancel(args, workspace, printer).await,
        None => list(&args.list, workspace, printer).await,
    }
}

async fn list(args: &ListArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let filter = RefreshFilter {
        target: args.target.clone(),
        exposure: args.exposure.as_deref().map(NodeId::from),
        outcomes: args.outcome.clone(),
        integration: args.integration.as_deref().map(Into::into),
        before: args.before.clone(),
        ..RefreshFilter::default()
    };
    let page = workspace.refreshes(&filter, args.limit).await?;
    let answer = Answer {
        refreshes: page.refreshes,
        resting: workspace.resting_sites().await?,
        next: page.next.map(|cursor| cursor.to_string()),
    };
    let now = workspace.clock().now();
    printer.answer(&answer, |answer| to_document(answer, now))?;
    Ok(Outcome::Done)
}

async fn cancel(args: &CancelArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let id = RefreshId::new(args.id.as_str());
    let (refresh, result) = match workspace.cancel_refresh(&id, "command line").await? {
        CancelOutcome::Cancelled(record) => (record, "cancelled"),
        CancelOutcome::Asked(record) => (record, "asked"),
        CancelOutcome::Over(record) => (record, "over"),
        CancelOutcome::Unknown => {
            return Err(EngineError::UnknownRefresh { id: args.id.clone() }.into());
        }
    };
    printer.answer(&Cancelled { refresh, result }, |cancelled| {
        let mut document = Document::new();
        let line = Line::new().strong(&cancelled.refresh.name);
        document.line(match cancelled.result {
            "cancelled" => line.plain(" is cancelled"),
            "asked" => line.plain(" is in the BI tool, which is asked to cancel it"),
            _ => line.plain(format!(" is over already: {}", title(cancelled.refresh.outcome))),
        });
        document
    })?;
    Ok(Outcome::Done)
}

fn to_document(answer: &Answer, now: DateTime<Utc>) -> Document {
    let mut document = Document::new();
    for pause in &answer.resting {
        document.line(Line::new().prose(format!(
            "{} takes no more before {}: {}",
            pause.site,
            minute(pause.until),
            pause.reason
        )));
    }
    if answer.refreshes.is_empty() {
        document.line("nothing of that kind was refreshed yet");
        return document;
    }
    let mut table = Table::new(["ASKED", "TARGET", "KIND", "OUTCOME", "", "ID"]);
    for refresh in &answer.refreshes {
        let style = match refresh.outcome {
            RefreshOutcome::Failed | RefreshOutcome::TimedOut => Style::Bad,
            RefreshOutcome::Held => Style::Warning,
            _ => Style::Plain,
        };
        table.row([
            Cell::new(minute(refresh.asked_at)),
            Cell::new(&refresh.name).styled(Style::Strong),
            Cell::new(refresh.target.kind.title()),
            Cell::new(title(refresh.outcome)).styled(style),
            Cell::new(outcome_words(refresh, now)),
            Cell::new(refresh.id.as_str()),
        ]);
    }
    document.table(table);
    if let Some(next) = &answer.next {
        document.line(Line::new().prose(format!("more: `tailwater refreshes --before {next}`")));
    }
    document
}

fn title(outcome: RefreshOutcome) -> String {
    outcome.name().replace('_', " ")
}

fn minute(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M").to_string()
}

fn read_target(text: &str) -> Result<TargetId, String> {
    let mut parts = text.splitn(3, '/');
    let (Some(integration), Some(kind), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("write `INTEGRATION/KIND/ID`, such as `main/workbook/9df3…`".to_owned());
    };
    let kind = [TargetKind::Workbook, TargetKind::DataSource]
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or("the kind is `workbook` or `data_source`")?;
    Ok(TargetId {
        integration: integration.into(),
        kind,
        id: id.to_owned(),
    })
}

fn read_outcome(text: &str) -> Result<RefreshOutcome, String> {
    let known = RefreshOutcome::ALL
        .into_iter()
        .find(|outcome| outcome.name() == text);
    known.ok_or_else(|| {
        let names: Vec<&str> = RefreshOutcome::ALL
            .into_iter()
            .map(RefreshOutcome::name)
            .collect();
        format!("it is one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        let target = read_target("main/data_source/a/b").unwrap();
        assert_eq!(target.to_string(), "main/data_source/a/b");
        assert!(read_target("main/view/x").is_err());
        assert!(read_target("main").is_err());
        assert!(read_outcome("failed").is_ok());
        assert!(read_outcome("lost").unwrap_err().contains("timed_out"));
    }
}

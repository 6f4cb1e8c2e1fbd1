//! `tailwater job runs`: the runs of jobs, and the queue.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tailwater_core::id::JobName;
use tailwater_core::job::{JobRun, JobRunState};
use tailwater_engine::Workspace;
use tailwater_engine::job::{JobRunQuery, QueueState};

use super::style_of;
use crate::document::{Document, Line, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater job runs
  tailwater job runs --job nightly --limit 100
  tailwater job runs --state queued --json";

/// Lists runs, the newest first, and how the queue stands
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only runs of this job
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// Only runs in this state
    #[arg(long, value_name = "STATE", value_parser = state_parser())]
    state: Option<JobRunState>,

    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

fn state_parser() -> impl clap::builder::TypedValueParser<Value = JobRunState> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(JobRunState::ALL.map(JobRunState::name))
        .map(|word| JobRunState::of(&word).unwrap_or(JobRunState::Queued))
}

#[derive(Debug, Serialize)]
struct Answer {
    queue: QueueState,
    runs: Vec<JobRun>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let query = JobRunQuery {
        job: args.job.clone(),
        state: args.state,
        limit: args.limit,
        ..JobRunQuery::default()
    };
    let answer = Answer {
        queue: workspace.job_queue().await?,
        runs: workspace.job_runs(&query).await?.runs,
    };
    let now = workspace.clock().now();
    printer.answer(&answer, |answer| to_document(answer, now))?;
    Ok(Outcome::Done)
}

fn to_document(answer: &Answer, now: DateTime<Utc>) -> Document {
    let mut document = Document::new();
    if answer.runs.is_empty() {
        document.line("there is no such run");
    } else {
        document.table(to_table(&answer.runs, now));
    }
    let QueueState {
        queued,
        running,
        workers,
    } = &answer.queue;
    let workers = counted(workers.len(), "process");
    document.line(Line::new().faint(format!("{queued} queued, {running} running, {workers} at work")));
    document
}

/// A table of runs.
pub fn to_table(runs: &[JobRun], now: DateTime<Utc>) -> Table {
    let mut table = Table::new(["RUN", "JOB", "STATE", "WHY", "QUEUED", "WAITED", "RAN", "MESSAGE"]);
    for run in runs {
        table.row([
            Cell::new(run.id.as_str()),
            Cell::new(run.job.as_str()),
            Cell::new(run.state.title()).styled(style_of(run.state)),
            Cell::new(run.cause.title()),
            Cell::new(run.queued_at.format("%Y-%m-%d %H:%M:%S").to_string()),
            Cell::new(in_words(run.waited(now))),
            Cell::new(run.ran_for(now).map_or_else(|| "-".to_owned(), in_words)),
            Cell::new(run.message.as_deref().unwrap_or("-")),
        ]);
    }
    table
}

fn in_words(time: TimeDelta) -> String {
    let seconds = time.num_seconds();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

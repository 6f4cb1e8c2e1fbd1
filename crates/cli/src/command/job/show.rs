//! `tailwater job show`: one job as a whole.

use serde::Serialize;
use tailwater_core::id::JobName;
use tailwater_core::job::{CompletionOn, JobRun};
use tailwater_engine::Workspace;
use tailwater_engine::job::{JobEntry, JobRunQuery};
use tailwater_engine::settings::DeclaredIn;

use super::runs::to_table;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job show nightly
  tailwater job show nightly --json";

/// Shows a job with its last runs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    name: JobName,
}

/// A job with its last runs.
#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    entry: JobEntry,
    runs: Vec<JobRun>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let entry = workspace.find_job(&args.name).await?;
    let query = JobRunQuery {
        job: Some(args.name.clone()),
        limit: 10,
        ..JobRunQuery::default()
    };
    let runs = workspace.job_runs(&query).await?.runs;
    let answer = Answer { entry, runs };
    let now = workspace.clock().now();
    printer.answer(&answer, |answer| {
        to_document(&answer.entry, Some((&answer.runs, now)))
    })?;
    Ok(Outcome::Done)
}

/// The job in words.
pub fn to_document(entry: &JobEntry, runs: Option<(&[JobRun], chrono::DateTime<chrono::Utc>)>) -> Document {
    let job = &entry.job;
    let mut document = Document::new();
    let environment = job
        .environment
        .as_ref()
        .map_or("production", |name| name.as_str());
    document.line(Line::new().strong(job.name.as_str()).plain(format!(
        ": builds {} ({environment}) in {}",
        job.project, job.directory
    )));
    for step in &job.steps {
        document.line(Line::new().indent(2).plain(step.text()));
    }
    let mut when = Vec::new();
    if let Some(schedule) = &job.schedule {
        when.push(format!("at `{}` ({})", schedule.cron, schedule.time_zone));
    }
    for after in &job.after {
        let end = match after.on {
            CompletionOn::Success => "each success",
            CompletionOn::Any => "each end",
        };
        when.push(format!("after {end} of {}", after.job));
    }
    if entry.has_webhook {
        when.push("by webhook".to_owned());
    }
    let paused = if job.paused { "paused; " } else { "" };
    let when = if when.is_empty() {
        "only when asked for".to_owned()
    } else {
        when.join(", ")
    };
    document.line(Line::new().faint(format!("{paused}runs {when}")));
    for secret in &entry.secret_states {
        let place = if secret.is_stored {
            "stored, sealed"
        } else {
            "from the environment of the process that runs it"
        };
        document.line(Line::new().faint(format!("secret {}: {place}", secret.name)));
    }
    if entry.declared_in == DeclaredIn::File {
        document.line(Line::new().faint("declared in tailwater.toml"));
    }
    if let Some((runs, now)) = runs
        && !runs.is_empty()
    {
        document.heading("Last runs");
        document.table(to_table(runs, now));
    }
    document
}

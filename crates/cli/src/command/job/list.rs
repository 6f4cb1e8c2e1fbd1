//! `tailwater job list`: the jobs and when they run.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::id::JobName;
use tailwater_core::job::{JobRun, Step};
use tailwater_engine::Workspace;
use tailwater_engine::job::JobEntry;

use super::style_of;
use crate::document::{Document, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater job list
  tailwater job list --json";

/// Lists the jobs and when they run
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// A job with its last run and its next time.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    entry: JobEntry,
    next_at: Option<DateTime<Utc>>,
    last_run: Option<JobRun>,
}

/// Runs the command.
pub async fn run(workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let next: BTreeMap<JobName, DateTime<Utc>> = workspace
        .next_job_runs()
        .await?
        .into_iter()
        .map(|next| (next.job, next.at))
        .collect();
    let mut last: BTreeMap<JobName, JobRun> = workspace
        .last_job_runs()
        .await?
        .into_iter()
        .map(|run| (run.job.clone(), run))
        .collect();
    let jobs: Vec<Listed> = workspace
        .jobs()
        .await?
        .into_iter()
        .map(|entry| Listed {
            next_at: next.get(&entry.job.name).copied(),
            last_run: last.remove(&entry.job.name),
            entry,
        })
        .collect();
    printer.answer(&jobs, |jobs| to_document(jobs))?;
    Ok(Outcome::Done)
}

fn to_document(jobs: &[Listed]) -> Document {
    let mut document = Document::new();
    if jobs.is_empty() {
        document.line("there is no job");
        document.line("next: `tailwater job add NAME --project PROJECT --directory DIRECTORY`");
        return document;
    }
    let mut table = Table::new(["NAME", "PROJECT", "STEPS", "NEXT", "LAST RUN"]);
    for Listed {
        entry,
        next_at,
        last_run,
    } in jobs
    {
        let job = &entry.job;
        let next = match next_at {
            Some(at) => at.format("%Y-%m-%d %H:%M UTC").to_string(),
            None if job.paused => "paused".to_owned(),
            None => "-".to_owned(),
        };
        let last = last_run.as_ref().map_or_else(
            || Cell::new("-"),
            |run| Cell::new(run.state.title()).styled(style_of(run.state)),
        );
        table.row([
            Cell::new(job.name.as_str()).styled(Style::Strong),
            Cell::new(job.project.as_str()),
            Cell::lines(job.steps.iter().map(Step::text)),
            Cell::new(next),
            last,
        ]);
    }
    document.table(table);
    document
}

//! `tailwater job add`: makes a job.

use camino::Utf8PathBuf;
use tailwater_core::id::{JobName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use super::definition::{Definition, blank};
use super::show::to_document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job add nightly --project shop --directory /srv/shop --cron \"0 5 * * *\" --time-zone Europe/Berlin
  tailwater job add hourly --project shop --directory /srv/shop --step \"dbt build --select tag:hourly\" --retries 2
  tailwater job add docs --project shop --directory /srv/shop --step \"dbt docs generate\" --after nightly

No shell runs the steps: each is one dbt command. It runs on the machines of `tailwater serve` and `tailwater worker`.";

/// Makes a job
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to call it
    name: JobName,

    /// The project that it builds
    #[arg(long, value_name = "NAME")]
    project: ProjectName,

    /// The directory with `dbt_project.yml`, on each machine that runs jobs
    #[arg(long, value_name = "DIRECTORY")]
    directory: Utf8PathBuf,

    #[command(flatten)]
    definition: Definition,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let directory = camino::absolute_utf8(&args.directory).unwrap_or_else(|_| args.directory.clone());
    let mut job = blank(args.name.clone(), args.project.clone(), directory.into_string());
    args.definition.apply(&mut job)?;
    let entry = workspace.add_job(&job, &Actor::CommandLine).await?;
    printer.answer(&entry, |entry| to_document(entry, None))?;
    Ok(Outcome::Done)
}

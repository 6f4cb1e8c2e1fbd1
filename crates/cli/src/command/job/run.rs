//! `tailwater job run`: asks for a run.

use std::sync::Arc;

use tailwater_core::id::JobName;
use tailwater_core::job::JobRunCause;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::job::{DbtStepRunner, JobRuntime, WorkerOptions};

use super::log::{follow, queued_document};
use crate::error::{Error, Outcome};
use crate::interrupt::stoppable;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job run nightly
  tailwater job run nightly --wait
  tailwater job run nightly --here

`--wait` shows the log and ends as the run ends: exit code 0 when it succeeded, 1 when not. A process of `tailwater \
serve` or `tailwater worker` runs it; with `--here` this command does.";

/// Asks for a run of a job
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    name: JobName,

    /// Show its log and wait for its end
    #[arg(long)]
    wait: bool,

    /// Run it in this process, without a server or worker
    #[arg(long)]
    here: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Arc<Workspace>, printer: &Printer) -> Result<Outcome, Error> {
    let queued = workspace
        .run_job(&args.name, JobRunCause::ByHand, &Actor::CommandLine)
        .await?;
    if !args.wait && !args.here {
        printer.answer(&queued, queued_document)?;
        return Ok(Outcome::Done);
    }
    if !args.here {
        return follow(workspace, &queued.id, printer).await;
    }
    let options = WorkerOptions {
        slots: 1,
        patience: std::time::Duration::ZERO,
    };
    let runtime = JobRuntime::new(Arc::clone(workspace), Arc::new(DbtStepRunner), options);
    stoppable(printer, async |stop| {
        runtime.start();
        let followed = tokio::select! {
            followed = follow(workspace, &queued.id, printer) => followed,
            () = stop.cancelled() => {
                workspace.cancel_job_run(&queued.id, &Actor::CommandLine).await?;
                follow(workspace, &queued.id, printer).await
            }
        };
        runtime.shut_down().await;
        followed
    })
    .await
}

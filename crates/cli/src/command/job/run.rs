//! `tailwater job run`: asks for a run.

use std::sync::Arc;
use std::time::Duration;

use tailwater_core::id::{JobName, JobRunId};
use tailwater_core::job::JobRunCause;
use tailwater_core::refresh::{RefreshId, RefreshOutcome};
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::job::{DbtStepRunner, JobRuntime, WorkerOptions};
use tailwater_engine::refresh::{RefreshFilter, Refresher, Until};
use tokio_util::sync::CancellationToken;

use super::log::{follow, queued_document, watch};
use crate::error::{Error, Outcome};
use crate::interrupt::stoppable;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job run nightly
  tailwater job run nightly --wait
  tailwater job run nightly --here

`--wait` shows the log and ends as the run ends: exit code 0 when it succeeded, 1 when not. A process of `tailwater \
serve` or `tailwater worker` runs it, and Ctrl-C ends the looking alone; with `--here` this command runs it, and Ctrl-C \
cancels it. With `--json` the log goes to standard error, and the run as it ended is the answer.";

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

/// How long it is waited for that the BI tool takes what was asked for; what it has not taken then is sent by a server
/// or worker.
const UNTIL_SENT: Duration = Duration::from_secs(30);

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
        return watch(workspace, &queued.id, printer).await;
    }
    let options = WorkerOptions {
        slots: 1,
        patience: Duration::ZERO,
    };
    let runtime = JobRuntime::new(Arc::clone(workspace), Arc::new(DbtStepRunner), options);
    stoppable(printer, async |stop| {
        let refresher = Refresher::new(Arc::clone(workspace), CancellationToken::new());
        runtime.start();
        refresher.start();
        let mut shown = 0;
        let followed = tokio::select! {
            followed = follow(workspace, &queued.id, &mut shown, printer) => followed,
            () = stop.cancelled() => {
                workspace.cancel_job_run(&queued.id, &Actor::CommandLine).await?;
                follow(workspace, &queued.id, &mut shown, printer).await
            }
        };
        runtime.shut_down().await;
        send(workspace, &refresher, &queued.id).await?;
        refresher.shut_down().await;
        followed
    })
    .await
}

/// Sees to it that what the run asked for is sent.
async fn send(workspace: &Workspace, refresher: &Refresher, run: &JobRunId) -> Result<(), Error> {
    let filter = RefreshFilter {
        job_run: Some(run.to_string()),
        ..RefreshFilter::default()
    };
    let asked = workspace.refreshes(&filter, 1_000).await?;
    let ids: Vec<RefreshId> = asked
        .refreshes
        .into_iter()
        .filter(|record| record.outcome == RefreshOutcome::Queued)
        .map(|record| record.id)
        .collect();
    if !ids.is_empty()
        && let Ok(sent) = tokio::time::timeout(UNTIL_SENT, refresher.wait_for(&ids, Until::Sent)).await
    {
        sent?;
    }
    Ok(())
}

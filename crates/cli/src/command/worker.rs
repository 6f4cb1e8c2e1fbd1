//! `tailwater worker`: runs jobs, without pages.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::job::{DbtStepRunner, JobRuntime, WorkerOptions};
use tailwater_engine::refresh::Refresher;
use tailwater_engine::signal::{CatalogSource, Signals};

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::interrupt::stoppable;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater worker
  tailwater worker --slots 4

Any number of workers and servers share one PostgreSQL store. Ctrl-C or SIGTERM ends it: it takes nothing new, lets \
runs under way go on for `[runs] patience_seconds`, then interrupts them, and another process begins them anew.";

/// Runs jobs from the queue, without serving pages
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many runs at once [default: `[runs] slots`]
    #[arg(long, value_name = "NUMBER")]
    slots: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Started {
    slots: u32,
    store: String,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: Arc<Workspace>, printer: &Printer) -> Result<Outcome, Error> {
    // Storage that cannot be used is said now, not at the first run.
    workspace
        .archive()
        .map_err(tailwater_engine::Error::from)?
        .check()
        .await
        .map_err(tailwater_engine::Error::from)?;
    let runtime = runtime(&workspace, args.slots);
    let ran = stoppable(printer, async |stop| {
        runtime.start();
        let refresher = Refresher::new(Arc::clone(&workspace), stop.clone());
        refresher.start();
        // Lets go of its lease at the end, so that another process takes over at once.
        let signals = Signals::new(Arc::clone(&workspace), CatalogSource::Own);
        let signals = tokio::spawn(signals.run(stop.clone()));
        let started = Started {
            slots: args.slots.unwrap_or(workspace.settings().runs.slots),
            store: workspace.store().location().to_owned(),
        };
        printer.answer(&started, to_document)?;
        stop.cancelled().await;
        runtime.shut_down().await;
        refresher.shut_down().await;
        if let Err(error) = signals.await {
            tracing::warn!(%error, "the watch for signals broke off");
        }
        Ok(Outcome::Done)
    })
    .await;
    workspace.store().clone().close().await;
    ran
}

/// What runs jobs in this process, as the settings say.
pub fn runtime(workspace: &Arc<Workspace>, slots: Option<u32>) -> JobRuntime {
    let settings = &workspace.settings().runs;
    let options = WorkerOptions {
        slots: slots.unwrap_or(settings.slots),
        patience: Duration::from_secs(settings.patience_seconds.into()),
    };
    JobRuntime::new(Arc::clone(workspace), Arc::new(DbtStepRunner), options)
}

fn to_document(started: &Started) -> Document {
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("running jobs from ")
            .strong(&started.store)
            .plain(format!(", {} at once", started.slots)),
    );
    document.line(Line::new().faint("Ctrl-C ends it."));
    document
}

//! `tailwater worker`: runs jobs, without pages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::job::{DbtStepRunner, JobRuntime, WorkerOptions};
use tailwater_engine::refresh::Refresher;
use tailwater_engine::signal::{CatalogSource, Signals};
use tailwater_web::{ServeError, ServeOptions};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::command::serve;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::interrupt::stoppable;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater worker
  tailwater worker --slots 4
  tailwater worker --listen 0.0.0.0:8421

Any number of workers and servers share one PostgreSQL store. With `--listen` it answers `/healthz` (it lives), `/readyz` \
(the store answers) and, with an API token, `/metrics`. Ctrl-C or SIGTERM ends it: it takes nothing new, lets \
runs under way go on for `[runs] patience_seconds`, then interrupts them, and another process begins them anew.";

/// Runs jobs from the queue, without serving pages
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many runs at once [default: `[runs] slots`]
    #[arg(long, value_name = "NUMBER")]
    slots: Option<u32>,

    /// Answer `/healthz`, `/readyz` and `/metrics` at this address; port 0 takes any free one [default: nowhere]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

#[derive(Debug, Serialize)]
struct Started {
    slots: u32,
    store: String,
    /// Where it says how it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: Arc<Workspace>, printer: &Printer) -> Result<Outcome, Error> {
    let listen = args.listen.as_deref().map(serve::socket_address).transpose()?;
    // Storage that cannot be used is said now, not at the first run.
    workspace
        .archive()
        .map_err(tailwater_engine::Error::from)?
        .check()
        .await
        .map_err(tailwater_engine::Error::from)?;
    let ran = stoppable(printer, async |stop| {
        work(args, listen, &workspace, stop, printer).await
    })
    .await;
    workspace.store().clone().close().await;
    ran
}

async fn work(
    args: &Args,
    listen: Option<SocketAddr>,
    workspace: &Arc<Workspace>,
    stop: &CancellationToken,
    printer: &Printer,
) -> Result<Outcome, Error> {
    // Tells how it is until everything else has ended.
    let over = CancellationToken::new();
    let refresher = Refresher::new(Arc::clone(workspace), stop.clone());
    let told = match listen {
        Some(listen) => Some(tell(listen, workspace, &refresher, over.clone()).await?),
        None => None,
    };
    let runtime = runtime(workspace, args.slots);
    runtime.start();
    refresher.start();
    // Lets go of its lease at the end, so that another process takes over at once.
    let signals = Signals::new(Arc::clone(workspace), CatalogSource::Own);
    let signals = tokio::spawn(signals.run(stop.clone()));
    let started = Started {
        slots: args.slots.unwrap_or(workspace.settings().runs.slots),
        store: workspace.store().location().to_owned(),
        address: told.as_ref().map(|(bound, _)| format!("http://{bound}/")),
    };
    printer.answer(&started, to_document)?;
    stop.cancelled().await;
    runtime.shut_down().await;
    refresher.shut_down().await;
    if let Err(error) = signals.await {
        tracing::warn!(%error, "the watch for signals broke off");
    }
    over.cancel();
    if let Some((_, served)) = told
        && let Ok(Err(error)) = served.await
    {
        tracing::warn!(%error, "nobody could ask how the worker was");
    }
    Ok(Outcome::Done)
}

/// Begins to answer how the worker is; gives the address.
async fn tell(
    listen: SocketAddr,
    workspace: &Arc<Workspace>,
    refresher: &Refresher,
    over: CancellationToken,
) -> Result<(SocketAddr, JoinHandle<Result<(), ServeError>>), Error> {
    let (ready, bound) = tokio::sync::oneshot::channel();
    let options = ServeOptions { listen, tls: None };
    let service = tailwater_web::worker::router(Arc::clone(workspace), refresher.clone());
    let served = tokio::spawn(tailwater_web::serve(service, options, over, move |bound| {
        // Whoever asked for it waits for it.
        let _ = ready.send(bound);
    }));
    match bound.await {
        Ok(bound) => Ok((bound, served)),
        Err(_) => match served.await {
            Ok(Err(error)) => Err(error.into()),
            // It ended without a word of why.
            _ => Err(ServeError::Stopped {
                source: std::io::Error::other("it was not started"),
            }
            .into()),
        },
    }
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
    if let Some(address) = &started.address {
        document.line(
            Line::new()
                .plain("healthz, readyz and metrics are at ")
                .strong(address),
        );
    }
    document.line(Line::new().faint("Ctrl-C ends it."));
    document
}

//! The `tailwater` command.
//!
//! What is here: reading arguments and configuration, calling the use cases of `tailwater-engine`, laying out
//! their answers. What is not: rules, formats, and anything that another front end would need too.
//!
//! ```text
//! arguments ─▶ command::… ─▶ settings ─▶ engine's Workspace ─▶ an answer (serde)
//!                                                                   │
//!                 stdout, stderr ◀─ printer ◀─ document, table ◀────┘
//! ```
//!
//! Start reading at [`arguments`], then any file of [`command`]: they are all built alike.

mod arguments;
mod catalog;
mod command;
mod confirm;
mod curated;
mod dialect;
mod document;
mod environment;
mod error;
mod escape;
mod finding;
mod interrupt;
mod json_lines;
mod logging;
mod printer;
mod progress;
mod proposal;
#[cfg(test)]
mod reference;
mod report;
mod settings;
mod table;
mod usage;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use mimalloc::MiMalloc;
use tailwater_engine::Workspace;
use tailwater_engine::settings::TEMPLATE;
use tokio::runtime::Runtime;

use crate::arguments::{Arguments, Command, InWorkspace};
use crate::error::{COULD_NOT_RUN, Error, Outcome};
use crate::printer::Printer;

/// Reading SQL and resolving make many small values: with this allocator they take three quarters of the time that they
/// take with the system's (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    report::announce_bugs();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return arguments::answer_without_command(&error),
    };
    let printer = Printer::new(arguments.global.options());
    match run(&arguments, &printer) {
        Ok(outcome) => outcome.into(),
        // The reader of the answer has seen enough.
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// Runs the command, those that wait for something in a runtime.
fn run(arguments: &Arguments, printer: &Printer) -> Result<Outcome, Error> {
    let Arguments { global, command } = arguments;
    // An empty variable is how many programs unset one.
    let config = global.config.as_deref().filter(|path| *path != "");
    // A server that says nothing leaves nobody a trace of what it did.
    let is_server = matches!(command, Command::Serve(_) | Command::Worker(_)) && !global.quiet;
    logging::start(global.verbose.max(is_server.into()), global.json)?;
    match command {
        Command::Init(args) => command::init::run(args, config, TEMPLATE, printer),
        Command::Doctor(_) => runtime()?.block_on(command::doctor::run(config, printer)),
        Command::InWorkspace(command) => runtime()?.block_on(async {
            let workspace = settings::load(config)?.open().await?;
            let outcome = run_in(&workspace, command, printer).await;
            workspace.close().await;
            outcome
        }),
        Command::Refresh(args) => runtime()?.block_on(async {
            let workspace = Arc::new(settings::load(config)?.open().await?);
            let outcome = command::refresh::run(args, &workspace, printer).await;
            if let Some(workspace) = Arc::into_inner(workspace) {
                workspace.close().await;
            }
            outcome
        }),
        Command::Run(args) => runtime()?.block_on(async {
            let workspace = Arc::new(settings::load(config)?.open().await?);
            let outcome = command::run::run(args, &workspace, printer).await;
            workspace.store().clone().close().await;
            outcome
        }),
        Command::Serve(args) => runtime()?.block_on(async {
            let workspace = settings::load(config)?.open().await?;
            command::serve::run(args, Arc::new(workspace), printer).await
        }),
        Command::Worker(args) => runtime()?.block_on(async {
            let workspace = settings::load(config)?.open().await?;
            command::worker::run(args, Arc::new(workspace), printer).await
        }),
        Command::Job(args) => runtime()?.block_on(async {
            let workspace = Arc::new(settings::load(config)?.open().await?);
            let outcome = command::job::run(args, &workspace, printer).await;
            workspace.store().clone().close().await;
            outcome
        }),
        Command::Store(args) => runtime()?.block_on(command::store::run(args, config, printer)),
        Command::Sql(args) => command::sql::run(args, printer),
        Command::Completions(args) => command::completions::run(args, printer),
    }
}

fn runtime() -> Result<Runtime, Error> {
    Runtime::new().map_err(|source| Error::Runtime { source })
}

async fn run_in(workspace: &Workspace, command: &InWorkspace, printer: &Printer) -> Result<Outcome, Error> {
    match command {
        InWorkspace::Project(args) => command::project::run(args, workspace, printer).await,
        InWorkspace::Environment(args) => command::environment::run(args, workspace, printer).await,
        InWorkspace::Ingest(args) => command::ingest::run(args, workspace, printer).await,
        InWorkspace::Integration(args) => command::integration::run(args, workspace, printer).await,
        InWorkspace::Collections(args) => command::collections::run(args, workspace, printer).await,
        InWorkspace::Diff(args) => command::diff::run(args, workspace, printer).await,
        InWorkspace::Sync(args) => command::sync::run(args, workspace, printer).await,
        InWorkspace::Exposures(args) => command::exposures::run(args, workspace, printer).await,
        InWorkspace::Explain(args) => command::explain::run(args, workspace, printer).await,
        InWorkspace::Unmatched(args) => command::unmatched::run(args, workspace, printer).await,
        InWorkspace::Lineage(args) => command::lineage::run(args, workspace, printer).await,
        InWorkspace::Export(args) => command::export::run(args, workspace, printer).await,
        InWorkspace::User(args) => command::user::run(args, workspace, printer).await,
        InWorkspace::Token(args) => command::token::run(args, workspace, printer).await,
        InWorkspace::Refreshes(args) => command::refreshes::run(args, workspace, printer).await,
        InWorkspace::Audit(args) => command::audit::run(args, workspace, printer).await,
        InWorkspace::Signal(args) => command::signal::run(args, workspace, printer).await,
        InWorkspace::Key(args) => command::key::run(args, workspace, printer).await,
        InWorkspace::Curate(args) => command::curate::run(args, workspace, printer).await,
        InWorkspace::Link(args) => command::link::run(args, workspace, printer).await,
        InWorkspace::Unlink(args) => command::unlink::run(args, workspace, printer).await,
        InWorkspace::LeaveOut(args) => command::leave_out::run(args, workspace, printer).await,
        InWorkspace::BringIn(args) => command::bring_in::run(args, workspace, printer).await,
        InWorkspace::Policy(args) => command::policy::run(args, workspace, printer).await,
        InWorkspace::Curations(args) => command::curations::run(args, workspace, printer).await,
    }
}

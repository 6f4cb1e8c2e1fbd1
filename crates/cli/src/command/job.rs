//! `tailwater job`: what runs dbt again and again, and its runs.

mod add;
mod cancel;
mod definition;
mod list;
mod log;
mod pause;
mod remove;
mod retry;
mod run;
mod runs;
mod secret;
mod set;
mod show;
mod webhook;

use std::sync::Arc;

use tailwater_core::job::JobRunState;
use tailwater_engine::Workspace;

use crate::document::Style;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Runs dbt again and again: jobs, their runs, their logs
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(list::Args),
    Show(show::Args),
    Add(add::Args),
    Set(set::Args),
    Remove(remove::Args),
    Run(run::Args),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    Secret(secret::Args),
    Webhook(webhook::Args),
    Runs(runs::Args),
    Log(log::Args),
    Cancel(cancel::Args),
    Retry(retry::Args),
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Arc<Workspace>, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::List(_) => list::run(workspace, printer).await,
        Action::Show(args) => show::run(args, workspace, printer).await,
        Action::Add(args) => add::run(args, workspace, printer).await,
        Action::Set(args) => set::run(args, workspace, printer).await,
        Action::Remove(args) => remove::run(args, workspace, printer).await,
        Action::Run(args) => run::run(args, workspace, printer).await,
        Action::Pause(args) => pause::pause(args, workspace, printer).await,
        Action::Resume(args) => pause::resume(args, workspace, printer).await,
        Action::Secret(args) => secret::run(args, workspace, printer).await,
        Action::Webhook(args) => webhook::run(args, workspace, printer).await,
        Action::Runs(args) => runs::run(args, workspace, printer).await,
        Action::Log(args) => log::run(args, workspace, printer).await,
        Action::Cancel(args) => cancel::run(args, workspace, printer).await,
        Action::Retry(args) => retry::run(args, workspace, printer).await,
    }
}

/// How a state looks.
const fn style_of(state: JobRunState) -> Style {
    match state {
        JobRunState::Succeeded => Style::Good,
        JobRunState::Failed | JobRunState::TimedOut | JobRunState::Lost => Style::Bad,
        JobRunState::Cancelled | JobRunState::Replaced => Style::Faint,
        JobRunState::Queued | JobRunState::Running => Style::Plain,
    }
}

//! `tailwater environment`: the environments of dbt projects.

mod add;
mod list;
mod production;
mod remove;

use tailwater_engine::Workspace;

use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Manages the environments of dbt projects, one of which is production
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(list::Args),
    Add(add::Args),
    Production(production::Args),
    Remove(remove::Args),
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::List(args) => list::run(args, workspace, printer).await,
        Action::Add(args) => add::run(args, workspace, printer).await,
        Action::Production(args) => production::run(args, workspace, printer).await,
        Action::Remove(args) => remove::run(args, workspace, printer).await,
    }
}

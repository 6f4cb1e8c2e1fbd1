//! `tailwater project`: the dbt projects that dashboards are linked with.

mod add;
mod list;
mod remove;

use tailwater_engine::Workspace;

use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Manages the dbt projects that dashboards are linked with
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Add(add::Args),
    List(list::Args),
    Remove(remove::Args),
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::Add(args) => add::run(args, workspace, printer).await,
        Action::List(_) => list::run(workspace, printer).await,
        Action::Remove(args) => remove::run(args, workspace, printer).await,
    }
}

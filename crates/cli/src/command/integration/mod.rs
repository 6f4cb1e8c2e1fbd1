//! `tailwater integration`: the BI sites that dashboards come from.

mod add;
mod check;
mod list;
mod map;
mod remove;
mod secret;
mod show;

use tailwater_engine::Workspace;

use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Manages the BI sites that dashboards come from
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Add(add::Args),
    Test(check::Args),
    List(list::Args),
    Show(show::Args),
    Remove(remove::Args),
    Map(map::Args),
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::Add(args) => add::run(args, workspace, printer).await,
        Action::Test(args) => check::run(args, workspace, printer).await,
        Action::List(_) => list::run(workspace, printer).await,
        Action::Show(args) => show::run(args, workspace, printer).await,
        Action::Remove(args) => remove::run(args, workspace, printer).await,
        Action::Map(args) => map::run(args, workspace, printer).await,
    }
}

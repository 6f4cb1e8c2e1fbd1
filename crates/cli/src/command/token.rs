//! `tailwater token`: what programs sign in to the catalog with.

mod create;
mod list;
mod revoke;

use tailwater_engine::Workspace;

use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Manages what programs sign in to the catalog with
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Create(create::Args),
    List(list::Args),
    Revoke(revoke::Args),
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::Create(args) => create::run(args, workspace, printer).await,
        Action::List(_) => list::run(workspace, printer).await,
        Action::Revoke(args) => revoke::run(args, workspace, printer).await,
    }
}

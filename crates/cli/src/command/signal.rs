//! `tailwater signal`: where signals go, what is wrong, and whether a channel works.

mod alarms;
mod list;
mod test;
mod warnings;

use tailwater_engine::Workspace;

use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Shows where signals go and what is wrong, and tests channels
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(list::Args),
    Test(test::Args),
    Alarms(alarms::Args),
    Warnings(warnings::Args),
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::List(args) => list::run(args, workspace, printer).await,
        Action::Test(args) => test::run(args, workspace, printer).await,
        Action::Alarms(args) => alarms::run(args, workspace, printer).await,
        Action::Warnings(args) => warnings::run(args, workspace, printer).await,
    }
}

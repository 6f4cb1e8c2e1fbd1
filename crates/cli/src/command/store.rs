//! `tailwater store`: looks after what Tailwater remembers.

mod check;
mod copy;
mod migrate;

use camino::Utf8Path;

use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Checks the store, brings it up to date, moves it to another database
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Check(check::Args),
    Migrate(migrate::Args),
    Copy(copy::Args),
}

/// Runs the command. Unlike others it does not bring the store up to date on its way.
pub async fn run(args: &Args, config: Option<&Utf8Path>, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::Check(_) => check::run(config, printer).await,
        Action::Migrate(args) => migrate::run(args, config, printer).await,
        Action::Copy(args) => copy::run(args, config, printer).await,
    }
}

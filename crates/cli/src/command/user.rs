//! `tailwater user`: the people who may sign in to the catalog.

mod add;
mod change;
mod link;
mod list;
mod password;
mod remove;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use tailwater_engine::Workspace;
use tailwater_engine::account::Role;

use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Manages the people who may sign in to the catalog
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
    Role(change::RoleArgs),
    Password(password::Args),
    Disable(change::DisableArgs),
    Enable(change::EnableArgs),
    Remove(remove::Args),
    Link(link::Args),
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::Add(args) => add::run(args, workspace, printer).await,
        Action::List(_) => list::run(workspace, printer).await,
        Action::Role(args) => change::set_role(args, workspace, printer).await,
        Action::Password(args) => password::run(args, workspace, printer).await,
        Action::Disable(args) => change::disable(args, workspace, printer).await,
        Action::Enable(args) => change::enable(args, workspace, printer).await,
        Action::Remove(args) => remove::run(args, workspace, printer).await,
        Action::Link(args) => link::run(args, workspace, printer).await,
    }
}

/// Reads a role's name.
pub fn role_parser() -> impl TypedValueParser<Value = Role> {
    // Only names of roles come through, so that the weakest never stands for anything else.
    PossibleValuesParser::new(Role::ALL.map(Role::name))
        .map(|name| Role::from_name(&name).unwrap_or(Role::Viewer))
}

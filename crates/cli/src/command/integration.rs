//! `tailwater integration`: the BI sites that dashboards come from.

mod add;
mod check;
mod list;
mod map;
mod remove;
mod secret;
mod show;

use tailwater_core::id::IntegrationName;
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
    Add(Box<add::Args>),
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

/// The integration that is named; the only one when none is.
pub async fn named_or_only(
    given: Option<&IntegrationName>,
    workspace: &Workspace,
) -> Result<IntegrationName, Error> {
    if let Some(name) = given {
        return Ok(name.clone());
    }
    let known = workspace.integrations().await?;
    let mut names: Vec<IntegrationName> = known.into_iter().map(|integration| integration.name).collect();
    match (names.pop(), names.is_empty()) {
        (None, _) => Err(tailwater_engine::Error::NoIntegrations.into()),
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            names.push(last);
            Err(tailwater_engine::Error::SeveralIntegrations { known: names }.into())
        }
    }
}

/// The integrations that are named, each once; all of them when none is.
pub async fn named_or_all(
    given: &[IntegrationName],
    workspace: &Workspace,
) -> Result<Vec<IntegrationName>, Error> {
    let mut names: Vec<IntegrationName> = Vec::new();
    for name in given {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if given.is_empty() {
        let known = workspace.integrations().await?;
        names.extend(known.into_iter().map(|integration| integration.name));
    }
    if names.is_empty() {
        return Err(tailwater_engine::Error::NoIntegrations.into());
    }
    Ok(names)
}

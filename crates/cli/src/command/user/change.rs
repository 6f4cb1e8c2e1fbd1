//! `tailwater user role`, `disable` and `enable`: what a person may do, and whether at all.

use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, Role, User};

use super::role_parser;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const ROLE_EXAMPLES: &str = "\
Examples:
  tailwater user role ada operator

It takes effect at the person's next request. The person's tokens never may do more than the person. The last \
admin who can sign in stays one.";

const DISABLE_EXAMPLES: &str = "\
Examples:
  tailwater user disable ada

Ends the person's sessions and stops the person's tokens at once; `tailwater user enable` allows sign-in again.";

/// Changes what a person may do
#[derive(Debug, clap::Args)]
#[command(after_help = ROLE_EXAMPLES)]
pub struct RoleArgs {
    /// The sign-in name
    name: String,

    /// What the person may do from now on
    #[arg(value_parser = role_parser())]
    role: Role,
}

/// Refuses a person's sign-in for now
#[derive(Debug, clap::Args)]
#[command(after_help = DISABLE_EXAMPLES)]
pub struct DisableArgs {
    /// The sign-in name
    name: String,
}

/// Allows a person's sign-in again
#[derive(Debug, clap::Args)]
pub struct EnableArgs {
    /// The sign-in name
    name: String,
}

/// Runs `role`.
pub async fn set_role(args: &RoleArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let user = workspace
        .set_user_role(&args.name, args.role, &Actor::CommandLine)
        .await?;
    printer.answer(&user, |user| to_document(user, user.role.name()))?;
    Ok(Outcome::Done)
}

/// Runs `disable`.
pub async fn disable(args: &DisableArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let user = workspace
        .set_user_disabled(&args.name, true, &Actor::CommandLine)
        .await?;
    printer.answer(&user, |user| to_document(user, "disabled"))?;
    Ok(Outcome::Done)
}

/// Runs `enable`.
pub async fn enable(args: &EnableArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let user = workspace
        .set_user_disabled(&args.name, false, &Actor::CommandLine)
        .await?;
    printer.answer(&user, |user| to_document(user, "enabled"))?;
    Ok(Outcome::Done)
}

fn to_document(user: &User, state: &str) -> Document {
    Line::new()
        .plain("user ")
        .strong(&user.name)
        .plain(format!(" is now {state}"))
        .into()
}

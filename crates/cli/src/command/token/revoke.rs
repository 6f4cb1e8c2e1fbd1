//! `tailwater token revoke`: ends a token.

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::account::{AccountError, Actor};

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater token revoke ci";

/// Ends a token at once
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The token's name or id; not the token itself
    #[arg(value_name = "NAME_OR_ID")]
    token: String,
}

/// What was revoked.
#[derive(Debug, Serialize)]
struct Revoked {
    revoked: String,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let is_meant = |name: &str, id: String| name.eq_ignore_ascii_case(&args.token) || id == args.token;
    let tokens = workspace.api_tokens().await?;
    let found = tokens
        .into_iter()
        .find(|token| is_meant(&token.name, token.id.to_string()));
    let token = found.ok_or_else(|| {
        tailwater_engine::Error::from(AccountError::UnknownToken {
            token: args.token.clone(),
        })
    })?;
    let revoked = workspace.revoke_api_token(token.id, &Actor::CommandLine).await?;
    printer.answer(
        &Revoked {
            revoked: revoked.name,
        },
        to_document,
    )?;
    Ok(Outcome::Done)
}

fn to_document(revoked: &Revoked) -> Document {
    Line::new()
        .plain("revoked token ")
        .strong(&revoked.revoked)
        .into()
}

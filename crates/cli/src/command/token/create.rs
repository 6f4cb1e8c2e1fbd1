//! `tailwater token create`: lets a program sign in.

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, ApiToken, NewApiToken, Role};

use crate::command::user::role_parser;
use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater token create ci --role operator
  tailwater token create dashboards --days 365
  tailwater token create backup --no-expiry

The token is shown this once. A program sends it as `Authorization: Bearer twt_…`.";

/// Lets a program sign in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to call the token
    name: String,

    /// What the program may do
    #[arg(long, value_parser = role_parser(), default_value = "viewer")]
    role: Role,

    /// For how many days it is good
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,

    /// Let it be good until it is revoked
    #[arg(long, conflicts_with = "days")]
    no_expiry: bool,
}

/// The token's text, which is nowhere else, with what is kept of it.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    token: &'a str,
    #[serde(flatten)]
    kept: ApiToken,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let end = workspace.clock().now() + TimeDelta::days(i64::from(args.days));
    let new = NewApiToken {
        name: args.name.clone(),
        role: args.role,
        expires_at: (!args.no_expiry).then_some(end),
    };
    let (text, kept) = workspace.create_api_token(new, &Actor::CommandLine).await?;
    let answer = Answer {
        token: text.expose_secret(),
        kept,
    };
    printer.answer(&answer, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(answer: &Answer<'_>) -> Document {
    let ApiToken {
        name,
        role,
        expires_at,
        ..
    } = &answer.kept;
    let end = expires_at.map_or_else(
        || "until it is revoked".to_owned(),
        |instant| format!("until {}", instant.format("%Y-%m-%d %H:%M UTC")),
    );
    let mut document = Document::new();
    document.line(Line::new().styled(Style::Literal, answer.token));
    document.line(
        Line::new()
            .plain("token ")
            .strong(name)
            .plain(format!(": {role}, good {end}; not shown again")),
    );
    document
}

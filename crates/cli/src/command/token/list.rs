//! `tailwater token list`: what programs may sign in with.

use chrono::{DateTime, Utc};
use tailwater_engine::Workspace;
use tailwater_engine::account::ApiToken;

use crate::document::{Document, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater token list
  tailwater token list --json";

/// Lists what programs may sign in with
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command.
pub async fn run(workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let tokens = workspace.api_tokens().await?;
    let now = workspace.clock().now();
    printer.answer(&tokens, |tokens| to_document(tokens, now))?;
    Ok(Outcome::Done)
}

fn to_document(tokens: &[ApiToken], now: DateTime<Utc>) -> Document {
    let mut document = Document::new();
    if tokens.is_empty() {
        document.line("there is no token");
        document.line("next: `tailwater token create NAME --role operator`");
        return document;
    }
    let minute = |instant: DateTime<Utc>| instant.format("%Y-%m-%d %H:%M").to_string();
    let mut table = Table::new(["NAME", "ROLE", "ENDS IN", "MADE BY", "LAST USED", "EXPIRES"]);
    for token in tokens {
        let expiry = token.expires_at.map_or_else(|| "never".to_owned(), minute);
        let expiry = if token.is_expired(now) {
            Cell::new(format!("{expiry} (expired)")).styled(Style::Warning)
        } else {
            Cell::new(expiry)
        };
        table.row([
            Cell::new(&token.name).styled(Style::Strong),
            Cell::new(token.role.name()),
            Cell::new(format!("…{}", token.ending)),
            Cell::new(token.made_by.as_deref().unwrap_or("command line")),
            Cell::new(token.last_used_at.map_or_else(|| "never".to_owned(), minute)),
            expiry,
        ]);
    }
    document.table(table);
    document
}

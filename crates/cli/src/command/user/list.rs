//! `tailwater user list`: who may sign in.

use tailwater_engine::Workspace;
use tailwater_engine::account::User;

use crate::document::{Document, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater user list
  tailwater user list --json";

/// Lists who may sign in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command.
pub async fn run(workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let users = workspace.users().await?;
    printer.answer(&users, |users| to_document(users))?;
    Ok(Outcome::Done)
}

fn to_document(users: &[User]) -> Document {
    let mut document = Document::new();
    if users.is_empty() {
        document.line("there is no user yet");
        document.line(
            "next: `tailwater user add NAME --role admin`, or open the link that `tailwater serve` prints",
        );
        return document;
    }
    let mut table = Table::new(["NAME", "ROLE", "CALLED", "E-MAIL", "LAST SIGN-IN", "STATE"]);
    for user in users {
        let last = user.last_signed_in_at.map_or_else(
            || "never".to_owned(),
            |instant| instant.format("%Y-%m-%d %H:%M").to_string(),
        );
        let state = if user.is_disabled {
            Cell::new("disabled").styled(Style::Warning)
        } else {
            Cell::new("enabled")
        };
        table.row([
            Cell::new(&user.name).styled(Style::Strong),
            Cell::new(user.role.name()),
            Cell::new(user.display_name.as_deref().unwrap_or_default()),
            Cell::new(user.email.as_deref().unwrap_or_default()),
            Cell::new(last),
            state,
        ]);
    }
    document.table(table);
    document
}

//! `tailwater audit`: who changed what, and when.

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::account::{AuditCursor, AuditEntry, AuditQuery};

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater audit
  tailwater audit --actor ada --limit 20
  tailwater audit --action integration. --json

The newest stand first. Every change by page, API or command is there, and every sign-in; syncs have a history of \
their own.";

/// Shows who changed what, and when
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only acts of this user, of `token NAME`, `command line`, `local user` or `Tailwater`
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,

    /// Only this action, such as `user.add`; or all that begin so, such as `user.`
    #[arg(long)]
    action: Option<String>,

    /// How many acts at most
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,

    /// Go on where an earlier answer ended
    #[arg(long, value_name = "CURSOR")]
    before: Option<AuditCursor>,
}

/// A page of the log.
#[derive(Debug, Serialize)]
struct Answer {
    entries: Vec<AuditEntry>,
    /// What `--before` takes to go on; `None` at the end.
    next: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let page = workspace
        .audit_log(AuditQuery {
            before: args.before,
            limit: args.limit,
            actor: args.actor.clone(),
            action: args.action.clone(),
        })
        .await?;
    let answer = Answer {
        entries: page.entries,
        next: page.next.map(|cursor| cursor.to_string()),
    };
    printer.answer(&answer, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(answer: &Answer) -> Document {
    let mut document = Document::new();
    if answer.entries.is_empty() {
        document.line("nothing of that kind was done yet");
        return document;
    }
    let mut table = Table::new(["WHEN", "WHO", "ACTION", "ON", ""]);
    for entry in &answer.entries {
        table.row([
            Cell::new(entry.at.format("%Y-%m-%d %H:%M:%S").to_string()),
            Cell::new(entry.actor.title()),
            Cell::new(&entry.action).styled(Style::Strong),
            Cell::new(&entry.subject),
            Cell::new(&entry.detail),
        ]);
    }
    document.table(table);
    if let Some(next) = &answer.next {
        document.line(Line::new().prose(format!("more: `tailwater audit --before {next}`")));
    }
    document
}

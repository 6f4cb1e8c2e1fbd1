//! `tailwater project remove`: forgets a dbt project.

use serde::Serialize;
use tailwater_core::id::ProjectName;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater project remove shop

Nothing of the dbt project itself is touched. A project that an integration names cannot be removed.";

/// Forgets a dbt project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The project
    name: ProjectName,
}

/// What was removed.
#[derive(Debug, Serialize)]
struct Removed<'a> {
    removed: &'a ProjectName,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    workspace.remove_project(&args.name).await?;
    let event = AuditEvent::new("project.remove", args.name.as_str(), "");
    workspace.record_audit(&Actor::CommandLine, event).await?;
    printer.answer(&Removed { removed: &args.name }, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(removed: &Removed<'_>) -> Document {
    Line::new()
        .plain("removed project ")
        .strong(removed.removed.as_str())
        .into()
}

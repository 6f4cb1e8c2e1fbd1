//! `tailwater environment remove`: forgets an environment.

use serde::Serialize;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater environment remove shop staging

Artifacts that were handed over to it and the history of its runs go with it. Nothing of the dbt project itself is \
touched.";

/// Forgets an environment of a project, with its artifacts and history
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The project
    project: ProjectName,

    /// The environment
    name: EnvironmentName,
}

/// What was removed.
#[derive(Debug, Serialize)]
struct Removed<'a> {
    project: &'a ProjectName,
    removed: &'a EnvironmentName,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    workspace.remove_environment(&args.project, &args.name).await?;
    let subject = format!("{}/{}", args.project, args.name);
    let event = AuditEvent::new("environment.remove", &subject, "");
    workspace.record_audit(&Actor::CommandLine, event).await?;
    let removed = Removed {
        project: &args.project,
        removed: &args.name,
    };
    printer.answer(&removed, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(removed: &Removed<'_>) -> Document {
    Line::new()
        .plain("removed environment ")
        .strong(removed.removed.as_str())
        .plain(" of project ")
        .strong(removed.project.as_str())
        .into()
}

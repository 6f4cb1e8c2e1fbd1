//! `tailwater environment production`: says which environment is production.

use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::environment::Environment;

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater environment production shop live

Integrations are resolved against production, and pages show it unless told otherwise. The next sync of each \
integration resolves against it anew.";

/// Makes an environment the production of its project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The project
    project: ProjectName,

    /// The environment
    name: EnvironmentName,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let environment = workspace.set_production(&args.project, &args.name).await?;
    let subject = format!("{}/{}", args.project, args.name);
    let event = AuditEvent::new("environment.production", &subject, "");
    workspace.record_audit(&Actor::CommandLine, event).await?;
    printer.answer(&environment, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(environment: &Environment) -> Document {
    Line::new()
        .plain("production of project ")
        .strong(environment.project.as_str())
        .plain(" is ")
        .strong(environment.name.as_str())
        .into()
}
